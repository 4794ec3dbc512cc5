"""People's text made harmless and short, and phrases that read the same as markup, as rich text and aloud.

Slack's rules: https://docs.slack.dev/messaging/formatting-message-text (escaping, dates, mentions).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rules.ids import card_label
from bot.views.answers import Block

TEXT_LIMIT = 3000
ELLIPSIS = "…"
EMPTY = "(empty)"

# Controls do nothing good in Slack, and direction marks can make a text read as something it is not.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
_LINE_END = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CUT_MARKUP = re.compile(r"(?:<[^>]*|&[a-z]{0,3})$")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Bold:
    """Words that stand out."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Something to type."""

    text: str


Part = str | datetime | Bold | Code


def clean(text: str) -> str:
    """Keep letters, line ends and tabs; drop control characters, direction marks and halves of characters."""
    if text.isprintable():  # as nearly every text is, and none of what would be dropped
        return text
    return _SURROGATE.sub("\ufffd", _HARMFUL.sub("", _LINE_END.sub("\n", text)))


def line(text: str, limit: int | None = None, *, empty: str = EMPTY) -> str:
    """Bring `text` onto one line of at most `limit` units; `empty` stands for a text without anything to see."""
    joined = " ".join(clean(text).split())
    if not visible(joined):
        joined = empty
    return joined if limit is None else truncate(joined, limit)


def visible(text: str) -> bool:
    """Say whether there is anything to see: Slack refuses texts of blanks alone."""
    return any(char.isprintable() and not char.isspace() for char in text)


def units(text: str) -> int:
    """Length in UTF-16 units, the larger of the two ways in which Slack's clients and servers count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def truncate(text: str, limit: int) -> str:
    """Cut plain text to `limit` units, the last of them an ellipsis."""
    return text if units(text) <= limit else _head(text, limit - 1).rstrip(" \n\t\u200d") + ELLIPSIS


def truncate_markup(text: str, limit: int = TEXT_LIMIT) -> str:
    """Cut mrkdwn to `limit` units without leaving half an entity, mention or date behind."""
    if units(text) <= limit:
        return text
    return _CUT_MARKUP.sub("", _head(text, limit - 1)).rstrip() + ELLIPSIS


def escape(text: str, limit: int | None = None) -> str:
    """Make people's text safe in mrkdwn: `<!channel>` stays text. `limit` counts the escaped units."""
    escaped = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if limit is None else truncate_markup(escaped, limit)


def date_token(at: datetime) -> str:
    """Write an instant as mrkdwn that each reader sees in their own time zone."""
    return f"<!date^{_epoch(at)}^{{date_short_pretty}} {{time}}|{utc(at)}>"


def utc(at: datetime) -> str:
    """Write an instant for programs that cannot read Slack's date tokens."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def mention(slack_id: str | None, name: str) -> str:
    """Name a person in mrkdwn; only where a notification is wanted, else write the name alone."""
    return f"<@{slack_id}>" if slack_id and slack_id.isalnum() else escape(line(name, 80))


def code_parts(text: str) -> list[Part]:
    """Split a sentence at its `backticks` into text and code."""
    found = _CODE.split(text)
    return [Code(piece) if index % 2 else piece for index, piece in enumerate(found) if piece]


def spoken(parts: Iterable[Part], limit: int = TEXT_LIMIT) -> str:
    """Write parts as the `text` of a message: what a notification shows and a screen reader says."""
    return truncate_markup("".join(_spoken(part) for part in parts), limit)


def rich_elements(parts: Iterable[Part], limit: int = TEXT_LIMIT) -> list[Block]:
    """Write parts as elements of a rich_text section, of at most `limit` units altogether."""
    elements: list[Block] = []
    for part in parts:
        element, length = _element(part, limit)
        limit -= length
        if length:
            elements.append(element)
        if limit <= 1:
            break
    return elements or [{"type": "text", "text": EMPTY}]


def status_label(status: str) -> str:
    """Name a status for people; one that no rule knows is shown as it is."""
    return line(status.replace("_", " ").capitalize(), 50, empty="Unknown")


def priority_label(priority: str) -> str:
    """Name a priority for people."""
    return line(priority.capitalize(), 50, empty="Unknown")


def quoted(request_id: int, title: str) -> list[Part]:
    """Name a request in a sentence: its label, then its title in quotation marks."""
    return [Bold(card_label(request_id)), f" “{line(title, 150, empty='(no title)')}”"]


def join_words(words: Sequence[str]) -> str:
    """Join as in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def count(number: int, noun: str) -> str:
    """Write a number with its noun: "1 request", "1,204 requests"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _head(text: str, limit: int) -> str:
    """Take the beginning that fits `limit` units."""
    head = text[:limit]
    while units(head) > limit:
        head = head[: -max(1, (units(head) - limit) // 2)]
    return head


def _epoch(at: datetime) -> int:
    return max(0, int(at.timestamp()))


def _spoken(part: Part) -> str:
    if isinstance(part, datetime):
        return date_token(part)
    if isinstance(part, Code):
        return f"`{escape(part.text)}`"
    return escape(part.text if isinstance(part, Bold) else part)


def _element(part: Part, room: int) -> tuple[Block, int]:
    """Write one part, cut to `room` units; with its length."""
    if isinstance(part, datetime):
        form = "{date_short_pretty} {time}"
        fallback = utc(part)
        return {"type": "date", "timestamp": _epoch(part), "format": form, "fallback": fallback}, len(fallback)
    text = truncate(clean(part if isinstance(part, str) else part.text), room)
    element: Block = {"type": "text", "text": text}
    if not isinstance(part, str):
        element["style"] = {"bold" if isinstance(part, Bold) else "code": True}
    return element, units(text)
