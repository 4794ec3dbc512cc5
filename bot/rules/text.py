"""Text as people type it: words, quotes, `key:value` options, and what may be stored.

Command texts arrive escaped (`should_escape`): mentions as <@U1|name>, channels as <#C1|name>, links as <https://x|x>;
& < > may arrive as entities. Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.rules.days import is_time_of_day
from bot.rules.mentions import MENTION
from bot.rules.suggest import closest
from bot.rules.wording import bad, listed, quoted

TITLE_LIMIT: Final = 255
QUOTES: Final = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02'
DIRECTION_MARKS: Final = {ord(mark): None for mark in "\u200e\u200f\u061c"}
DIRECTION_CONTROLS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LINE_ENDS: Final = re.compile("\r\n|[\r\u2028\u2029]")
TOKEN: Final = re.compile(
    rf"(?P<key>[A-Za-z]+):(?P<value>[{QUOTES}][^{QUOTES}]*[{QUOTES}]\S*|<[@#!][^<>\n]*>|[^\s{QUOTES}]\S*)?(?=\s|$)"
    rf"|(?P<plain>[{QUOTES}][^{QUOTES}]*[{QUOTES}]\S*|<[^<>\n]*>\S*|\S+)"
)
LINK: Final = re.compile(r"<((?:https?://|mailto:|tel:)[^<>|\s]+)(?:\|[^<>]*)?>")
CHANNEL: Final = re.compile(r"<#[A-Z0-9]+\|([^<>]*)>")
NAMED: Final = re.compile(r"<@[A-Z0-9]+\|([^<>]+)>")
SHORTEST_NEAR_MISS: Final = 3
NEAR_MISS: Final = 0.82  # "projct" is one, "data" for date and "update" are words of their own


@dataclass(frozen=True, slots=True)
class Words:
    """A command's text: `plain` words (quotes taken off) in order, and `options` by key."""

    plain: tuple[str, ...]
    options: dict[str, str]
    raw: tuple[str, ...] = field(default=(), repr=False)

    def rest(self, start: int = 0) -> str:
        """The plain words from `start` on as one text: blanks, line ends and inner quotes as they were typed.

        Quotes around the whole of it are taken off.
        """
        if len(self.plain) == start + 1:
            return NAMED.sub(r"@\1", self.plain[start]).strip()
        return readable(NAMED.sub(r"@\1", "".join(self.raw[start:]))).strip()

    def is_quoted(self, place: int) -> bool:
        """Whether the plain word at `place` stood in quotes: then it is text, whatever it looks like."""
        return self.raw[place].lstrip()[:1] in set(QUOTES)


def split(text: str, known: Collection[str], *, timed: Collection[str] = ()) -> Words:
    """Take a command's text apart. Only keys in `known` are options; they may stand anywhere.

    The value of a key in `timed` may go on with a time of day in the next word: due:friday 17:00.
    Raises BadInput for an unclosed quote, an option without value or given twice, a near miss of a known key,
    and characters that cannot be seen.
    """
    plain: list[str] = []
    raw: list[str] = []
    options: dict[str, str] = {}
    open_key: str | None = None
    for gap, token in _tokens(_visible(text, what="Your text")):
        key = _option_key(token, known)
        if key is not None:
            _put(options, key, _option_value(token, key))
        elif open_key is not None and is_time_of_day(token.group()):
            options[open_key] += f" {token.group()}"
        else:
            plain.append(_value(token.group()))
            raw.append(gap + token.group())
        open_key = key if key in timed else None
    return Words(tuple(plain), options, tuple(raw))


def readable(text: str) -> str:
    """Slack's escapes in a command's text undone: links and channels as people see them, & < > as typed."""
    shown = CHANNEL.sub(r"#\1", LINK.sub(r"\1", text))
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def clean_title(text: str, limit: int = TITLE_LIMIT) -> str:
    """A title on one line. Raises BadInput (field "title") for an empty one and for more than `limit` characters."""
    return _limited(" ".join(_visible(text, what="The title", field="title").split()), limit, "title")


def clean_text(text: str, limit: int, *, field: str = "description") -> str:
    """Text of several lines, stripped. Raises BadInput (with `field`) when empty or over `limit` characters."""
    what = f"The {field.replace('_', ' ')}"
    return _limited(_visible(text, what=what, field=field).strip(), limit, field)


def is_blank(text: str) -> bool:
    """Whether nothing in `text` can be seen."""
    return all(char.isspace() or unicodedata.category(char) in {"Cf", "Cc", "Zs"} for char in text)


def _limited(text: str, limit: int, field: str) -> str:
    name = field.replace("_", " ")
    if is_blank(text):
        raise bad(f"The {name} is empty. Write at least one word.", field=field)
    if len(text) > limit:
        raise bad(f"The {name} has {len(text)} characters; at most {limit} fit. Shorten it.", field=field)
    return text


def _visible(text: str, *, what: str, field: str | None = None) -> str:
    """`text` with plain line ends and without direction marks. Raises BadInput for what cannot be seen or stored."""
    normal = LINE_ENDS.sub("\n", text).translate(DIRECTION_MARKS)
    for char in normal:
        if char in DIRECTION_CONTROLS:
            raise bad(
                f"{what} contains a hidden character that turns the direction of writing ({_code(char)}). "
                "Delete it, or type the text again instead of pasting it.",
                field=field,
            )
        if char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cs"}:
            raise bad(
                f"{what} contains a control character that cannot be stored ({_code(char)}). "
                "Delete it, or type the text again instead of pasting it.",
                field=field,
            )
    return normal


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"


def _tokens(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    end = 0
    for token in TOKEN.finditer(text):
        _check_closed(token)
        yield text[end : token.start()], token
        end = token.end()


def _check_closed(token: re.Match[str]) -> None:
    start = token["plain"] or token["value"] or ""
    key, colon, value = start.partition(":")
    opened = value if colon and key.isalpha() else start
    if opened[:1] in set(QUOTES) and not any(quote in opened[1:] for quote in QUOTES):
        raise bad(
            f"The quote before {quoted(opened[1:] or 'the end')} is never closed. "
            "Add the second quote, or take the first one out.",
        )


def _option_key(token: re.Match[str], known: Collection[str]) -> str | None:
    if token["key"] is None:
        return None
    key = token["key"].casefold()
    if key in known:
        return key
    near = _near_miss(key, token["value"] or "", known)
    if near is not None:
        raise bad(
            f"{quoted(token.group())} is no option here. Did you mean {near}:? "
            f"The options are {listed(f'{name}:' for name in known)}. Put quotes around it to keep it as text."
        )
    return None


def _near_miss(key: str, value: str, known: Collection[str]) -> str | None:
    if len(key) < SHORTEST_NEAR_MISS or not value or value.startswith("//") or not known:
        return None
    return closest(key, known, cutoff=NEAR_MISS)


def _option_value(token: re.Match[str], key: str) -> str:
    value = _value(token["value"] or "")
    if is_blank(value):
        raise bad(
            f"The option {key}: needs a value right after the colon; a value with blanks needs quotes, "
            f'as in {key}:"two words". '
            f'To keep it as text, put quotes around it: "{key}:"'
        )
    return value


def _put(options: dict[str, str], key: str, value: str) -> None:
    if key in options:
        raise bad(f"The option {key}: is given twice ({quoted(options[key])} and {quoted(value)}). Give it once.")
    options[key] = value


def _value(token: str) -> str:
    if MENTION.fullmatch(token):
        return token
    whole = len(token) > 1 and token[0] in QUOTES and token[-1] in QUOTES
    return readable(token[1:-1] if whole else token)
