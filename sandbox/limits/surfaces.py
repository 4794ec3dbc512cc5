"""Rules of whole messages, modals and Homes: counts, sums, names used twice.

https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/views
"""

import json
import secrets
from typing import Any

from sandbox.limits.blocks import any_block
from sandbox.limits.core import Check, Problems, anything, array, boolean, objects, plain, shape, string, unique
from sandbox.records import Json, SlackRefusal

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
# Not documented; reported as about 13,200 characters of all blocks: https://github.com/slackapi/bolt-js/issues/2509
MESSAGE_BLOCK_CHARACTERS = 13_200
MARKDOWN_CHARACTERS = 12_000  # markdown-block: all of one message together
CHARTS = 2  # data-visualization-block: two a message

_VIEW: dict[str, Check] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_HEAD: dict[str, Check] = {"type": anything, "blocks": array(any_block, 0, VIEW_BLOCKS)}
MODAL = shape(
    {**_HEAD, "title": plain(24)},
    {
        **_VIEW,
        "close": plain(24),
        "submit": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
HOME = shape(_HEAD, _VIEW)


def walk(blocks: Any) -> list[Json]:
    """All blocks, those inside containers too."""
    found: list[Json] = []
    for block in objects(blocks):
        found.append(block)
        found.extend(walk(block.get("child_blocks")))
    return found


def _distinct(problems: Problems, pointer: str, blocks: Any) -> None:
    unique(problems, pointer, [b.get("block_id") for b in walk(blocks)], "block_id")


def _refuse(error: str, problems: Problems) -> None:
    if problems.found:
        messages = [f"[ERROR] {message}" for message in problems.found]
        raise SlackRefusal(error, errors=problems.found, response_metadata={"messages": messages})


def _message_sums(problems: Problems, blocks: list[Json]) -> None:
    if sum(len(str(b.get("text"))) for b in walk(blocks) if b.get("type") == "markdown") > MARKDOWN_CHARACTERS:
        problems.add("/blocks", f"must be less than {MARKDOWN_CHARACTERS + 1} characters of markdown")
    kinds = [b.get("type") for b in walk(blocks)]
    if kinds.count("data_visualization") > CHARTS:
        problems.add("/blocks", f"no more than {CHARTS} data_visualization blocks allowed")
    if kinds.count("table") > 1:  # table-block: one a message
        problems.add("/blocks", "only_one_table_allowed")


def check_message(blocks: Any) -> None:
    """Raises SlackRefusal: invalid_blocks_format, invalid_blocks with its messages, or msg_blocks_too_long."""
    if not isinstance(blocks, list):
        raise SlackRefusal("invalid_blocks_format")
    problems = Problems("message")
    array(any_block, 0, MESSAGE_BLOCKS)(problems, "/blocks", blocks)
    _distinct(problems, "/blocks", blocks)
    _message_sums(problems, blocks)
    _refuse("invalid_blocks", problems)
    if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > MESSAGE_BLOCK_CHARACTERS:
        raise SlackRefusal("msg_blocks_too_long")


def _submit_present(problems: Problems, view: Json) -> None:
    """A modal with an input needs a submit button (https://docs.slack.dev/reference/views/modal-views)."""
    if not view.get("submit") and any(b.get("type") == "input" for b in walk(view.get("blocks"))):
        problems.add("/view", "`submit` is required when an input block is within the blocks array")


def _one_focus(problems: Problems, view: Json) -> None:
    elements = objects([b.get("element") for b in walk(view.get("blocks"))])
    if sum(1 for e in elements if e.get("focus_on_load")) > 1:
        problems.add("/view/blocks", "only one element can have focus_on_load")


def check_view(view: Any, kind: str) -> None:
    """Raises SlackRefusal: view_too_large, or invalid_arguments with its messages. `kind` is modal or home."""
    problems = Problems(kind)
    if not isinstance(view, dict):
        problems.add("/view", "must provide an object")
        _refuse("invalid_arguments", problems)
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        raise SlackRefusal("view_too_large")
    if view.get("type") != kind:
        problems.add("/view/type", f"must be a valid enum value: {kind}")
    (MODAL if kind == "modal" else HOME)(problems, "/view", view)
    _distinct(problems, "/view/blocks", view.get("blocks"))
    if kind == "modal":
        _submit_present(problems, view)
        _one_focus(problems, view)
    _refuse("invalid_arguments", problems)


def _with_action_ids(value: Any) -> Any:
    """Slack makes up the action_id that an interactive element lacks."""
    if not isinstance(value, dict) or value.get("type") in {"image", "plain_text", "mrkdwn"}:
        return value
    return {"action_id": secrets.token_urlsafe(4), **value}


def with_block_ids(blocks: list[Json]) -> list[Json]:
    """The blocks with the block_id and action_id that Slack makes up where they are absent."""
    named: list[Json] = []
    for block in blocks:
        copy = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
        if copy.get("type") == "actions":
            copy["elements"] = [_with_action_ids(e) for e in copy["elements"]]
        for slot in ("accessory", "element"):
            if copy.get(slot):
                copy[slot] = _with_action_ids(copy[slot])
        if copy.get("child_blocks"):
            copy["child_blocks"] = with_block_ids(copy["child_blocks"])
        named.append(copy)
    return named
