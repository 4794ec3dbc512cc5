"""Rules of blocks, https://docs.slack.dev/reference/block-kit/blocks (the page of each is named beside it)."""

from collections.abc import Mapping
from typing import Any

from sandbox.limits.core import (
    Check,
    Problems,
    anything,
    array,
    boolean,
    by_type,
    objects,
    one_of,
    plain,
    shape,
    string,
    text,
    unique,
)
from sandbox.limits.data import DATA_TABLE, DATA_VISUALIZATION, TABLE
from sandbox.limits.elements import ACCESSORIES, ACTIONS, CONTEXT, ID, IMAGE, INPUTS, MODAL_INPUTS, URL
from sandbox.limits.richtext import RICH_TEXT

ALL_SURFACES = frozenset({"message", "modal", "home"})
# https://docs.slack.dev/blocks.json, "available-in-surfaces"
ONLY_IN_MESSAGES = frozenset({"markdown", "table", "data_table", "data_visualization", "container"})


def block(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *more: Check) -> Check:
    """A block: the given fields, and a block_id."""
    return shape({"type": anything, **required}, {"block_id": ID, **(optional or {})}, *more)


def _text_or_fields(problems: Problems, pointer: str, section: Any) -> None:
    if section.get("text") is None and section.get("fields") is None:
        problems.add(pointer, "must define either `text` or `fields`")


def _distinct_actions(problems: Problems, pointer: str, actions: Any) -> None:
    ids = [e.get("action_id") for e in objects(actions.get("elements"))]
    unique(problems, f"{pointer}/elements", ids, "action_id")


def _image_source(problems: Problems, pointer: str, image: Any) -> None:
    if ("image_url" in image) == ("slack_file" in image):
        problems.add(pointer, "must define either `image_url` or `slack_file`, and not both")


def _input_fits_surface(problems: Problems, pointer: str, value: Any) -> None:
    """E-mail, URL, number and file inputs exist in modals only (their pages under block-elements)."""
    element = value.get("element")
    kind = element.get("type") if isinstance(element, dict) else None
    if isinstance(kind, str) and kind in MODAL_INPUTS and problems.surface != "modal":
        problems.add(f"{pointer}/element/type", f"unsupported type: {kind}")


def _collapsible(problems: Problems, pointer: str, container: Any) -> None:
    if container.get("default_collapsed") and not container.get("is_collapsible"):
        problems.add(pointer, "default_collapsed requires is_collapsible")


def _plain_element(problems: Problems, pointer: str, value: Any) -> None:
    by_type(CONTEXT)(problems, pointer, value)
    if isinstance(value, dict) and value.get("type") == "image":
        _image_source(problems, pointer, value)


SIMPLE: dict[str, Check] = {
    "section": block(  # section-block
        {},
        {"text": text(3000), "fields": array(text(2000), 1, 10), "accessory": by_type(ACCESSORIES), "expand": boolean},
        _text_or_fields,
    ),
    "header": block({"text": plain(150)}),  # header-block
    "context": block({"elements": array(_plain_element, 1, 10)}),  # context-block
    "actions": block({"elements": array(by_type(ACTIONS), 1, 25)}, {}, _distinct_actions),  # actions-block
    "divider": block({}),  # divider-block
    "image": block(  # image-block
        {"alt_text": string(2000)}, {"image_url": URL, "slack_file": anything, "title": plain(2000)}, _image_source
    ),
    "input": block(  # input-block
        {"label": plain(2000), "element": by_type(INPUTS)},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
        _input_fits_surface,
    ),
    "rich_text": RICH_TEXT,  # rich-text-block
    "table": TABLE,  # table-block
}
# container-block: at most ten children; a container does not nest
CONTAINER = block(
    {"title": plain(150), "child_blocks": array(by_type(SIMPLE), 1, 10)},
    {
        "subtitle": text(150),
        "icon": IMAGE,
        "width": one_of("narrow", "standard", "wide", "full"),
        "is_collapsible": boolean,
        "default_collapsed": boolean,
        "has_header_divider": boolean,
    },
    _collapsible,
)
BLOCKS: dict[str, Check] = {
    **SIMPLE,
    "data_table": DATA_TABLE,  # data-table-block
    "data_visualization": DATA_VISUALIZATION,  # data-visualization-block
    "markdown": block({"text": string(12_000)}),  # markdown-block
    "container": CONTAINER,
}


def any_block(problems: Problems, pointer: str, value: Any) -> None:
    """A block that may stand on the surface at hand."""
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind in ONLY_IN_MESSAGES and problems.surface != "message":
        problems.add(f"{pointer}/type", f"unsupported type: {kind}")
        return
    by_type(BLOCKS)(problems, pointer, value)
