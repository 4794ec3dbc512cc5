"""Rows of the audit: what was done, the segments it is sealed in, and what a look at the chain finds."""

from dataclasses import dataclass
from datetime import datetime

from db.models import JsonObject


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change of one record, with who did it and from where.

    `origin`: team, channel, message and user in Slack; token and token_id of the API; job of the scheduler.
    """

    id: int
    at: datetime
    actor_id: int | None
    actor_name: str | None
    source: str
    origin: JsonObject | None
    note: str | None
    subject_kind: str
    subject_id: int
    verb: str
    old: JsonObject | None
    new: JsonObject | None


@dataclass(frozen=True, slots=True)
class AuditView:
    """Which changes; None does not narrow. `since` is the first moment, `until` the first one past it."""

    kind: str | None = None
    subject_id: int | None = None
    actor_id: int | None = None
    project_id: int | None = None
    verb: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment as it was sealed just now, or the last one: its number, its hash in hexadecimal, its rows."""

    number: int
    hash: str
    rows: int
    late: int
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """A segment beside what is there. `found` counts its rows in the table.

    `is_removed`: they were exported to `file` (with its SHA-256) and deleted.
    """

    number: int
    rows: int
    found: int
    follows: bool
    is_whole: bool
    is_same: bool
    is_removed: bool
    hash: str
    file: str | None
    file_sha256: str | None


@dataclass(frozen=True, slots=True)
class Unsealed:
    """Rows in no segment. `added`: rows that cannot have come late, 20 ids at most; `waiting` for the next sealing."""

    added: tuple[int, ...]
    added_count: int
    added_segment: int | None
    waiting: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs in a segment, 20 ids each at most, with how many there are."""

    removed: tuple[int, ...]
    removed_count: int
    altered: tuple[int, ...]
    altered_count: int


@dataclass(frozen=True, slots=True)
class SealRecord:
    """A segment as it is written to a file: everything its hash covers, and the hash; bytes in hexadecimal."""

    number: int
    form: int
    ids: str
    upto: int
    settled: int
    rows: int
    late: int
    sealed_at: str
    next_xid: str
    content: str
    marks: str
    previous: str
    hash: str
