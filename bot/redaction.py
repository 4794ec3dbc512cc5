"""The last net before a line is logged: known forms of secrets, texts that errors carry, and lines that are too long.

What is logged names ids and outcomes in the first place. This is for what libraries and errors bring along.
"""

import re
import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from types import TracebackType
from typing import Any, Final

from bot.errors import BotError
from db.errors import ConstraintError, DataRejected

LONGEST: Final = 300
_LONGEST_TRACEBACK: Final = 20_000
_DEEPEST: Final = 6
_SECRETS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\bxox[a-z](?:\.xox[a-z])?-[\w-]+"), "xox*-[secret]"),
    (re.compile(r"\bxapp-[\w-]+"), "xapp-[secret]"),
    (re.compile(r"\btops_[\w-]+"), "tops_[secret]"),
    (re.compile(r"\b(postgres(?:ql)?://[^:/@\s]*):[^\s]*@"), r"\1:[secret]@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), r"\1 [secret]"),
    (re.compile(r"https?://hooks\.slack\.com/\S+"), "https://hooks.slack.com/[secret]"),
    (re.compile(r"([?&](?:token|key|secret|ticket|password)=)[^&\s\"'<>]+", re.IGNORECASE), r"\1[secret]"),
    (
        re.compile(r"\b((?:password|passwd|secret|token)['\"]?\s*[=:]\s*)['\"]?[^\s'\",;]+", re.IGNORECASE),
        r"\1[secret]",
    ),
    (re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{50,}"), "[hash]"),
)
# PostgreSQL quotes the value that it does not take, and whole rows in DETAIL and CONTEXT.
_DETAIL: Final = re.compile(r"\s*\b(?:DETAIL|CONTEXT|HINT|STATEMENT|QUERY):.*", re.DOTALL)
_QUOTED_VALUE: Final = re.compile(
    r"((?:invalid input (?:syntax|value) for [^:]*: |\bvalue ))\".*?\"(?=$|\s)", re.DOTALL
)
# Their messages come from code; those of others may repeat what somebody has typed.
_SPEAK: Final = (
    *(AttributeError, TypeError, NameError, ImportError, RuntimeError, OSError, MemoryError, AssertionError),
)
# Classes of SQLSTATE whose messages quote values: data, constraints, views' checks, and what functions raise.
_QUOTING: Final = frozenset({"22", "23", "44", "P0"})

_Exc = tuple[type[BaseException], BaseException, TracebackType | None]


def scrub(text: str, longest: int = LONGEST) -> str:
    """The text without secrets of known forms, without what PostgreSQL quotes, cut to `longest` characters."""
    text = _QUOTED_VALUE.sub(r'\1"[value]"', _DETAIL.sub("", text))
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"


def clean(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: every text of the line is scrubbed; a rendered traceback may be longer."""
    for name, value in event.items():
        event[name] = scrub(value, _LONGEST_TRACEBACK) if name == "exception" else _cleaned(value)
    return event


def _cleaned(value: object) -> object:
    match value:
        case str():
            return scrub(value.strip().partition("\n")[0])
        case bool() | int() | float() | None:
            return value
        case bytes():
            return f"[{len(value)} bytes]"
        case Mapping():
            return {scrub(str(name)): _cleaned(inner) for name, inner in value.items()}
        case Sequence() | set() | frozenset():
            return [_cleaned(inner) for inner in value]
        case BaseException():
            return message_of(value)
    return scrub(str(value).partition("\n")[0])


def exception_text(exc_info: _Exc) -> str:
    """An exception as logged: types, places in the code, and messages only where they cannot hold what people type."""
    return "\n".join(_chain(exc_info[1], 0))


def message_of(error: BaseException) -> str:
    """The type, with SQLSTATE and constraint where there are any, and the message where code alone wrote it."""
    name = type(error).__name__
    facts = [str(getattr(error, fact, None) or "") for fact in ("sqlstate", "constraint")]
    known = ", ".join(filter(None, facts))
    said = scrub(str(error).strip().partition("\n")[0]) if _may_speak(error) else "[message withheld]"
    return f"{name}{f' [{known}]' if known else ''}: {said}" if said else name


def _may_speak(error: BaseException) -> bool:
    if isinstance(error, DataRejected | ConstraintError | BotError):
        return False
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str):
        return sqlstate[:2] not in _QUOTING
    return isinstance(error, _SPEAK) or type(error).__module__.startswith(("bot.slack", "db."))


def _chain(error: BaseException, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        yield "..."
        return
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _chain(before, depth + 1)
        yield "which led to"
    yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__))
    if isinstance(error, BaseExceptionGroup):
        yield f"{type(error).__name__} of {len(error.exceptions)}:"
        for inner in error.exceptions:
            yield from _chain(inner, depth + 1)
    else:
        yield message_of(error)
