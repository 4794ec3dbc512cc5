"""What every message and dialog has to satisfy, and ways to look into them."""

import re
from collections.abc import Iterator, Sequence

from bot.views.answers import Reply, View
from bot.views.kit import Message
from sandbox.limits import check_message, check_view

_DATE = r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|-?\d{1,4}-\d\d-\d\d \d\d:\d\d UTC>"
_TOKENS = re.compile(_DATE)
_ENTITIES = re.compile("&(?:amp|lt|gt);")
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def walk(value: object) -> Iterator[dict[str, object]]:
    """Every object inside blocks or a view."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from walk(inner)


def strings(value: object) -> Iterator[str]:
    """Every string inside blocks or a view."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def shown(value: object) -> str:
    """All that a reader sees, one text a line, with Slack's entities undone."""
    texts = [str(part["text"]) for part in walk(value) if isinstance(part.get("text"), str)]
    return "\n".join(texts).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def assert_escaped(markup: str, *allowed: str) -> None:
    """Only our own dates and the `allowed` tokens are markup; everything else is text."""
    rest = _TOKENS.sub("", markup)
    for token in allowed:
        rest = rest.replace(token, "")
    assert not re.search("[<>]", rest), markup
    assert "&" not in _ENTITIES.sub("", rest), markup


def assert_harmless(value: object, *allowed: str) -> None:
    for part in walk(value):
        if part.get("type") == "mrkdwn":
            assert_escaped(str(part["text"]), *allowed)
    for string in strings(value):
        assert not _HARMFUL.search(string), repr(string)


def assert_sendable(message: Message | Reply, *allowed: str) -> None:
    """Slack takes it, it speaks a sentence, and nobody's text can act as markup."""
    blocks = list(message.blocks)
    check_message(blocks)
    assert re.search(r"\w", message.text)
    assert len(message.text) <= 3000
    assert_escaped(message.text, *allowed)
    assert_harmless([message.text, blocks], *allowed)


def assert_openable(view: View) -> None:
    check_view(view, "modal")
    assert_harmless(view)


def labels(value: object) -> list[str]:
    """The labels of buttons, in order."""
    return [label(part) for part in walk(value) if part.get("type") == "button"]


def label(element: dict[str, object]) -> str:
    text = element["text"]
    assert isinstance(text, dict)
    return str(text["text"])


def menu(value: object) -> list[tuple[str, str]]:
    """The entries of the overflow menu: (label, value)."""
    for part in walk(value):
        if part.get("type") == "overflow":
            options = part["options"]
            assert isinstance(options, list)
            return [(label(option), option["value"]) for option in options]
    return []


def inputs(view: View) -> dict[str, dict[str, object]]:
    """Input blocks by block id."""
    blocks = view["blocks"]
    assert isinstance(blocks, Sequence)
    return {block["block_id"]: block for block in blocks if block["type"] == "input"}


def element(view: View, block_id: str) -> dict[str, object]:
    found = inputs(view)[block_id]["element"]
    assert isinstance(found, dict)
    return found


def plain_of(value: object) -> str:
    assert isinstance(value, dict)
    return str(value["text"])
