"""How requests of people came out: told to the log and to the counters, in the same four words."""

import re
from collections.abc import Mapping
from typing import Final

from bot import logs
from bot.context import Act, Deps
from bot.errors import BotError, Overloaded
from bot.meters import OTHER
from bot.registry import Entry, Kind
from db import errors as db_errors

OK: Final = "ok"
REFUSED: Final = "refused"
FAILED: Final = "failed"
LATE: Final = "late"
# What names a record in a command's first word, a button's value or a form's metadata; nothing else gets into the log.
_RECORD: Final = re.compile(r"(?:(?:MR|D)-?|#)?[0-9]{1,10}", re.IGNORECASE | re.ASCII)


def outcome_of(error: Exception) -> str:
    """The word for a request that ended with this error."""
    match error:
        case TimeoutError() | db_errors.Timeout() | Overloaded():
            return LATE
        case BotError() | db_errors.NotFound() | db_errors.DataRejected() | db_errors.CheckFailed():
            return REFUSED
    return FAILED


def begin(kind: Kind, entry: Entry | None, details: Mapping[str, object]) -> None:
    """Tell the log what was asked for: the name out of the registry, and the record, where a number stands for one."""
    logs.describe(kind=kind.value, entry=entry.name if entry else None, record=_record(details))


def account(deps: Deps, kind: Kind, name: str | None, act: Act | None, outcome: str, seconds: float) -> None:
    """Tell how it came out. `name` is one out of the registry, None for what nothing is registered for."""
    deps.meters.acked(kind.value, name or OTHER, outcome, seconds)
    logs.describe(outcome=outcome, person=act.person.user_id if act and act.person else None)


def _record(details: Mapping[str, object]) -> str | None:
    view = details.get("view")
    for given in (details.get("text"), details.get("value"), getattr(view, "private_metadata", None)):
        word = given.split(maxsplit=1)[0] if isinstance(given, str) and given.strip() else ""
        if _RECORD.fullmatch(word):
            return word.upper()
    return None
