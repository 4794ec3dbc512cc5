"""Slack's building blocks, counted and cut to their limits. Everything shown in Slack is made of these.

Limits: https://docs.slack.dev/reference/block-kit (each function names its own). Text from people goes in
through `plain`, `rich` or `escape`; `mrkdwn` takes only what is already markup.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.views.answers import Block, Reply
from bot.views.inputs import (
    area,
    checkboxes,
    date,
    external_select,
    loading,
    modal,
    number,
    select,
    text,
    time,
    users_select,
)
from bot.views.wording import (
    EMPTY,
    TEXT_LIMIT,
    Bold,
    Code,
    Part,
    clean,
    code_parts,
    count,
    date_token,
    escape,
    line,
    mention,
    rich_elements,
    spoken,
    truncate,
    truncate_markup,
    visible,
)

__all__ = [
    "MESSAGE_BLOCKS",
    "MESSAGE_SIZE",
    "Bold",
    "Code",
    "Message",
    "Part",
    "actions",
    "and_more",
    "area",
    "button",
    "checkboxes",
    "clean",
    "code_parts",
    "confirm",
    "context",
    "count",
    "date",
    "date_token",
    "divider",
    "escape",
    "external_select",
    "field",
    "fields",
    "header",
    "line",
    "loading",
    "mention",
    "modal",
    "mrkdwn",
    "note",
    "number",
    "option",
    "overflow",
    "plain",
    "quote",
    "reply",
    "rich",
    "say",
    "section",
    "select",
    "size",
    "spoken",
    "stack",
    "text",
    "time",
    "truncate",
    "users_select",
    "visible",
]

MESSAGE_BLOCKS = 50
# Slack refuses a message whose blocks together exceed about 13,200 characters (`msg_blocks_too_long`, undocumented).
MESSAGE_SIZE = 12_000

_MORE_SIZE = 400
_FORMATTING = re.compile(r"[*_~`]|:[\w+-]+:|^(?:&gt;|[•-] )")


@dataclass(frozen=True, slots=True)
class Message:
    """What others see in a channel, thread or DM. `text` is a full sentence for notifications and screen readers."""

    text: str
    blocks: list[Block]


def plain(content: str, limit: int = TEXT_LIMIT) -> Block:
    """Make a text object that shows exactly what was typed: no mentions, no formatting, no emoji codes."""
    cleaned = clean(content)
    return {"type": "plain_text", "text": truncate(cleaned, limit) if visible(cleaned) else EMPTY, "emoji": False}


def mrkdwn(markup: str, limit: int = TEXT_LIMIT) -> Block:
    """Make a text object of markup that is already escaped; addresses and names in it are not turned into links."""
    return {"type": "mrkdwn", "text": truncate_markup(markup, limit) or EMPTY, "verbatim": True}


def header(content: str) -> Block:
    """Make a heading; plain text of at most 150 characters."""
    return {"type": "header", "text": plain(line(content), 150)}


def section(content: str | Block, *, accessory: Block | None = None) -> Block:
    """Make a paragraph of plain text, or of a text object, of at most 3,000 characters."""
    block: Block = {"type": "section", "text": plain(content) if isinstance(content, str) else content}
    if accessory is not None:
        block["accessory"] = accessory
    return block


def field(label: str, value: str, *, markup: bool = False) -> Block:
    """Make a labelled value. One that Slack would format is shown as plain text, so that it stays as it was typed."""
    shown = value if markup else escape(line(value, 200))
    if not markup and _FORMATTING.search(shown):
        return plain(f"{label}\n{line(value, 200)}", 2000)
    return mrkdwn(f"*{label}*\n{shown}", 2000)


def fields(entries: Sequence[Block]) -> Block:
    """Make a section of up to 10 fields, in two columns."""
    return {"type": "section", "fields": list(entries[:10])}


def context(*elements: str | Block) -> Block:
    """Make a small line of up to 10 texts; strings are plain text."""
    shown = [plain(element, 500) if isinstance(element, str) else element for element in elements]
    return {"type": "context", "elements": shown[:10]}


def note(*parts: Part) -> Block:
    """Make a small line in which words and dates stand beside each other."""
    return {"type": "context", "elements": [mrkdwn(spoken(parts))]}


def divider() -> Block:
    """Make a line between two matters."""
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    """Make a row of up to 25 buttons and menus."""
    return {"type": "actions", "elements": list(elements[:25])}


def button(label: str, action_id: str, value: str, style: str | None = None, confirm: Block | None = None) -> Block:
    """Make a button; label of at most 75 characters.

    Raises:
        ValueError: the value exceeds 2,000 characters; cut, it would mean something else.
    """
    if len(value) > 2000:  # noqa: PLR2004 - Slack's limit, named in the docstring
        raise ValueError(f"The value of button {action_id} has {len(value)} characters; Slack takes 2000.")
    made: Block = {"type": "button", "text": plain(label, 75), "action_id": action_id}
    if value:
        made["value"] = value
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    return made


def confirm(title: str, question: str, yes: str, no: str) -> Block:
    """Make the dialog that asks again before something costly."""
    return {"title": plain(title, 100), "text": plain(question, 300), "confirm": plain(yes, 30), "deny": plain(no, 30)}


def option(label: str, value: str) -> Block:
    """Make a choice of a menu; label of at most 75 characters, value of at most 150."""
    return {"text": plain(line(label), 75), "value": truncate(value, 150)}


def overflow(action_id: str, options: Sequence[tuple[str, str]]) -> Block:
    """Make the menu behind the three dots: up to 5 (label, value) pairs."""
    return {"type": "overflow", "action_id": action_id, "options": [option(*pair) for pair in options[:5]]}


def rich(*parts: Part, limit: int = TEXT_LIMIT) -> Block:
    """Make a paragraph in which people's text stands exactly as typed beside bold words, code and dates."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": rich_elements(parts, limit)}]}


def quote(*parts: Part, limit: int = TEXT_LIMIT) -> Block:
    """Make an indented quotation of somebody's words."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": rich_elements(parts, limit)}]}


def size(blocks: Sequence[Block]) -> int:
    """Count the characters of blocks as they travel."""
    return len(json.dumps(list(blocks), ensure_ascii=False, separators=(",", ":")))


def and_more(left: int, hint: str = "") -> Block:
    """Say how many entries were left out, and where they are."""
    ending = code_parts(f": {hint}") if hint else ["."]
    return note(f"and {left:,} more", *ending)


def stack(
    head: Sequence[Block],
    items: Sequence[Sequence[Block]],
    tail: Sequence[Block] = (),
    *,
    more: Callable[[int], Block] = and_more,
    total: int | None = None,
    most: int = MESSAGE_BLOCKS,
    room: int = MESSAGE_SIZE,
) -> list[Block]:
    """Put as many items between head and tail as a message holds; `more` makes the line that counts the rest.

    `total` is the number of entries where `items` are only the first of them. `most` blocks and `room` characters
    are what a part of a message may take.
    """
    room_blocks = most - len(head) - len(tail) - 1
    room_size = room - size(head) - size(tail) - _MORE_SIZE
    shown: list[Block] = []
    fitted = 0
    for item in items:
        room_blocks -= len(item)
        room_size -= size(item)
        if room_blocks < 0 or room_size < 0:
            break
        shown.extend(item)
        fitted += 1
    left = max(total or 0, len(items)) - fitted
    return [*head, *shown, *([more(left)] if left else []), *tail]


def reply(sentence: str, blocks: Sequence[Block] = (), *, replace: bool = False) -> Reply:
    """Answer in private; `sentence` is escaped markup, what is read aloud."""
    return Reply(truncate_markup(sentence), list(blocks), replace)


def say(*parts: Part, blocks: Sequence[Block] = (), replace: bool = False) -> Reply:
    """Answer in private with one sentence, and what follows it."""
    return Reply(spoken(parts), [rich(*parts), *blocks], replace)
