"""Backups: which are kept, what is alarming, what pg_restore's complaints mean, and whether two databases are alike."""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from bot.rules.suggest import closest
from bot.rules.wording import bad, listed, quoted
from db.models_backups import Contents

EXAMPLE: Final = "/techops db backup run"
DAILY: Final = 7
WEEKLY: Final = 4
MONTHLY: Final = 6
MOST_SHRUNK: Final = 0.30
LATE_AFTER: Final = timedelta(hours=26)
_MOST_NAMED: Final = 5
_MOST_COMPLAINT: Final = 300

# What pg_restore 17 and newer says on a server older than 17; the setting is of no consequence to the data.
_KNOWN_ERROR: Final = 'ERROR:  unrecognized configuration parameter "transaction_timeout"'
_KNOWN_COMMAND: Final = "Command was: SET transaction_timeout = 0;"
_MISSING_ROLE: Final = re.compile(r'ERROR:  role "(.+)" does not exist')
_RIGHTS: Final = re.compile(r"Command was: (?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES|ALTER .* OWNER TO )")
_COMPLAINT: Final = re.compile(r"^pg_restore: (?:error|fatal|warning|from|while|\[)", re.MULTILINE)
_IGNORED: Final = re.compile(r"pg_restore: warning: errors ignored on restore: (\d+)")
# The server's troubles, not the archive's.
_SERVERS_OWN: Final = re.compile(
    r"No space left on device|could not extend file|server closed the connection|connection to server"
    r"|terminating connection|shutting down|starting up|out of shared memory|could not resize shared memory"
)


class Verb(StrEnum):
    """What can be asked about backups."""

    RUN = "run"
    LIST = "list"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Point:
    """An archive and when it was made."""

    id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Complaints:
    """What pg_restore said: `ignored` of the one known to be harmless, roles that do not exist, everything else."""

    ignored: int
    missing_roles: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def is_server(self) -> bool:
        """Whether it is the server that failed, so that nothing is said about the archive."""
        return any(_SERVERS_OWN.search(text) for text in self.others)


def parse_backup(text: str) -> Verb:
    """Read run | list | verify; nothing means list. Raises BadInput."""
    words = text.split()
    word = words[0].casefold() if words else Verb.LIST
    if len(words) > 1:
        raise bad(f"{word} takes nothing else.", example=EXAMPLE)
    if word in set(Verb):
        return Verb(word)
    near = closest(word, Verb)
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(text)} is nothing to do with backups.{hint} Say {listed(Verb)}.", example=EXAMPLE)


def kept(verified: Sequence[Point], zone: str) -> frozenset[int]:
    """Which verified archives to keep: the newest of each of the last 7 days, 4 weeks and 6 months that have any.

    Days without a backup do not count, so that the newest one is kept however old it is. `zone` says when days begin.
    """
    tz = ZoneInfo(zone)
    newest_first = sorted(verified, key=lambda point: (point.at, point.id), reverse=True)
    spans: tuple[tuple[int, Callable[[datetime], Hashable]], ...] = (
        (DAILY, lambda at: at.date()),
        (WEEKLY, lambda at: at.isocalendar()[:2]),
        (MONTHLY, lambda at: (at.year, at.month)),
    )
    return frozenset(point_id for number, span in spans for point_id in _newest_of_each(newest_first, number, span, tz))


def _newest_of_each(
    newest_first: Sequence[Point], number: int, span: Callable[[datetime], Hashable], tz: ZoneInfo
) -> list[int]:
    found: dict[Hashable, int] = {}
    for point in newest_first:
        found.setdefault(span(point.at.astimezone(tz)), point.id)
    return list(found.values())[:number]


def condemned(verified: Sequence[Point], unproven: Sequence[Point], zone: str) -> list[int]:
    """Which archives may go, the oldest first.

    The rule above is computed on the verified ones alone. The others neither displace one of those nor last as long:
    the newest of each of the last seven days stays, to be looked at. Where nothing at all is verified, the rule holds
    for the others: they are all there is.
    """
    if not verified:
        staying = kept(unproven, zone)
    else:
        latest = sorted(unproven, key=lambda point: (point.at, point.id), reverse=True)
        staying = kept(verified, zone) | set(_newest_of_each(latest, DAILY, lambda at: at.date(), ZoneInfo(zone)))
    going = [point for point in (*verified, *unproven) if point.id not in staying]
    return [point.id for point in sorted(going, key=lambda point: (point.at, point.id))]


def shrunk(before: int | None, now: int) -> int | None:
    """By how many percent an archive is smaller than the one before, where that is alarming; sizes in bytes."""
    if not before or now >= before * (1 - MOST_SHRUNK):
        return None
    return round((1 - now / before) * 100)


def is_late(last: datetime, now: datetime) -> bool:
    """Whether the last verified backup, or else the installation, is too long ago."""
    return now - last > LATE_AFTER


def differences(expected: Contents, found: Contents) -> list[str]:
    """How a restored database differs from the one that was dumped, in words; nothing where it is the same."""
    said = []
    for table in sorted({*expected.tables, *found.tables}):
        before, after = expected.tables.get(table), found.tables.get(table)
        if before != after:
            said.append(f"{table}: {_rows(before)} in the database, {_rows(after)} in the backup")
    said += [f"constraint {name} is missing in the backup" for name in sorted(expected.constraints - found.constraints)]
    said += [f"constraint {name} is only in the backup" for name in sorted(found.constraints - expected.constraints)]
    return said


def few(texts: Sequence[str]) -> str:
    """The first texts of a list, and how many more there are."""
    more = len(texts) - _MOST_NAMED
    return "; ".join(texts[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def read_complaints(said: str) -> Complaints:
    """Sort what pg_restore wrote to its standard error, with messages in English."""
    ignored, roles, others = 0, [], []
    for text in _blocks(said):
        lines = text.splitlines()
        missing = _MISSING_ROLE.search(text)
        if lines[0].endswith(_KNOWN_ERROR) and lines[1:] == [_KNOWN_COMMAND]:
            ignored += 1
        elif missing and _RIGHTS.search(text):
            roles.append(missing[1])
        elif text.startswith(("pg_restore: error", "pg_restore: fatal", "pg_restore: [")):
            others.append(_short(lines))
    counted = _IGNORED.search(said)
    if counted and int(counted[1]) != ignored + len(roles) + len(others):
        others.append(f"pg_restore ignored {counted[1]} errors, and said what {ignored + len(roles)} of them are")
    return Complaints(ignored, tuple(dict.fromkeys(roles)), tuple(others))


def harmless(complaints: Complaints, *, tool_major: int, server_major: int) -> bool:
    """Whether all there is to it is that a newer pg_restore sets what an older server does not know."""
    return tool_major > server_major and complaints.ignored > 0 and not complaints.others


def _blocks(said: str) -> list[str]:
    starts = [match.start() for match in _COMPLAINT.finditer(said)]
    return [said[start:end].strip() for start, end in pairwise([*starts, len(said)])]


def _short(lines: Sequence[str]) -> str:
    text = " ".join(line.strip() for line in lines if line.strip()).removeprefix("pg_restore: error: ")
    return text if len(text) <= _MOST_COMPLAINT else text[: _MOST_COMPLAINT - 1] + "…"


def _rows(number: int | None) -> str:
    if number is None:
        return "no such table"
    return "1 row" if number == 1 else f"{number:,} rows"
