"""Modals and their input blocks. A block's id is the name of its value in the submission.

Limits: https://docs.slack.dev/reference/block-kit/blocks/input-block and /reference/views.
"""

from collections.abc import Sequence
from datetime import date as calendar_date
from datetime import time as clock_time

from bot.views.answers import Block, View
from bot.views.wording import TEXT_LIMIT, clean, line, truncate

# Slack takes 3,000; the rest is left for what an answer needs to find its way back.
METADATA_LIMIT = 2000
MODAL_BLOCKS = 100
Option = tuple[str, str]


def modal(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    submit: str | None,
    metadata: str = "",
    *,
    close: str = "Cancel",
) -> View:
    """Make a dialog; title and button labels of at most 24 characters.

    Raises:
        ValueError: `metadata` exceeds 2,000 characters, or there are over 100 blocks; cut, they would lose meaning.
    """
    if len(metadata) > METADATA_LIMIT or len(blocks) > MODAL_BLOCKS:
        raise ValueError(f"Modal {callback_id} is too large: {len(metadata)} characters, {len(blocks)} blocks.")
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(title, 24),
        "blocks": list(blocks),
        "close": _plain(close, 24),
        "private_metadata": metadata,
    }
    if submit:
        view["submit"] = _plain(submit, 24)
    return view


def loading(title: str) -> View:
    """Make what stands in a modal's place until its data is there."""
    blocks: list[Block] = [{"type": "section", "text": _plain("One moment, please: this is being fetched.", 100)}]
    return modal("loading", title, blocks, None, close="Close")


def text(
    block_id: str,
    label: str,
    *,
    initial: str = "",
    optional: bool = False,
    placeholder: str = "",
    hint: str = "",
) -> Block:
    """Make a field for one line. Slack's own length limit is not set: the rules answer at the field, in a sentence."""
    element: Block = {"type": "plain_text_input", "action_id": block_id}
    start = line(initial, TEXT_LIMIT, empty="")
    if start:
        element["initial_value"] = start
    return _input(block_id, label, element, optional=optional, placeholder=placeholder, hint=hint)


def area(
    block_id: str,
    label: str,
    *,
    initial: str = "",
    optional: bool = False,
    placeholder: str = "",
    hint: str = "",
) -> Block:
    """Make a field for several lines, of at most 3,000 characters; a longer start is cut."""
    element: Block = {"type": "plain_text_input", "action_id": block_id, "multiline": True}
    start = truncate(clean(initial), TEXT_LIMIT)
    if start:
        element["initial_value"] = start
    return _input(block_id, label, element, optional=optional, placeholder=placeholder, hint=hint)


def number(
    block_id: str,
    label: str,
    *,
    initial: str = "",
    optional: bool = False,
    placeholder: str = "",
    hint: str = "",
) -> Block:
    """Make a field for an amount that may be written in words, such as 1h30m; hence no number_input."""
    return text(block_id, label, initial=initial, optional=optional, placeholder=placeholder, hint=hint)


def select(
    block_id: str,
    label: str,
    options: Sequence[Option],
    *,
    action_id: str | None = None,
    initial: str | None = None,
    optional: bool = False,
    hint: str = "",
) -> Block:
    """Make a menu of 1 to 100 (label, value) pairs; `initial` is the value chosen at first, if it is among them."""
    made = [_option(pair) for pair in options[:100]]
    element: Block = {"type": "static_select", "action_id": action_id or block_id, "options": made}
    chosen = [choice for choice in made if choice["value"] == initial]
    if chosen:
        element["initial_option"] = chosen[0]
    return _input(block_id, label, element, optional=optional, placeholder="Choose one", hint=hint)


def external_select(
    block_id: str,
    label: str,
    *,
    action_id: str,
    initial: Option | None = None,
    optional: bool = False,
    placeholder: str = "Type to search",
    hint: str = "",
) -> Block:
    """Make a menu whose options are asked for as the person types, and before the first letter too."""
    element: Block = {"type": "external_select", "action_id": action_id, "min_query_length": 0}
    if initial is not None:
        element["initial_option"] = _option(initial)
    return _input(block_id, label, element, optional=optional, placeholder=placeholder, hint=hint)


def users_select(
    block_id: str,
    label: str,
    *,
    initial: str | None = None,
    optional: bool = False,
    hint: str = "",
) -> Block:
    """Make a menu of the workspace's people; `initial` is a Slack user id."""
    element: Block = {"type": "users_select", "action_id": block_id}
    if initial:
        element["initial_user"] = initial
    return _input(block_id, label, element, optional=optional, placeholder="Choose a person", hint=hint)


def checkboxes(
    block_id: str,
    label: str,
    options: Sequence[Option],
    *,
    initial: Sequence[str] = (),
    optional: bool = False,
    hint: str = "",
) -> Block:
    """Make boxes to tick, 10 at most; `initial` are the values ticked at first. Its value joins them by commas."""
    made = [_option(pair) for pair in options[:10]]
    element: Block = {"type": "checkboxes", "action_id": block_id, "options": made}
    ticked = [choice for choice in made if choice["value"] in initial]
    if ticked:
        element["initial_options"] = ticked
    return _input(block_id, label, element, optional=optional, placeholder="", hint=hint)


def date(
    block_id: str,
    label: str,
    *,
    initial: calendar_date | None = None,
    optional: bool = False,
    hint: str = "",
) -> Block:
    """Make a date picker; its value is YYYY-MM-DD."""
    element: Block = {"type": "datepicker", "action_id": block_id}
    if initial is not None:
        element["initial_date"] = initial.isoformat()
    return _input(block_id, label, element, optional=optional, placeholder="Choose a date", hint=hint)


def time(
    block_id: str,
    label: str,
    *,
    initial: clock_time | None = None,
    optional: bool = False,
    hint: str = "",
) -> Block:
    """Make a time picker; its value is HH:MM."""
    element: Block = {"type": "timepicker", "action_id": block_id}
    if initial is not None:
        element["initial_time"] = f"{initial:%H:%M}"
    return _input(block_id, label, element, optional=optional, placeholder="Choose a time", hint=hint)


def _input(block_id: str, label: str, element: Block, *, optional: bool, placeholder: str, hint: str) -> Block:
    if placeholder:
        element["placeholder"] = _plain(placeholder, 150)
    block: Block = {"type": "input", "block_id": block_id, "label": _plain(label, 2000), "element": element}
    if optional:
        block["optional"] = True
    if hint:
        block["hint"] = _plain(hint, 2000)
    return block


def _option(pair: Option) -> Block:
    label, value = pair
    return {"text": _plain(label, 75), "value": truncate(value, 150)}


def _plain(content: str, limit: int) -> Block:
    return {"type": "plain_text", "text": line(content, limit), "emoji": False}
