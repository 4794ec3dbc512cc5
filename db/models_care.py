"""Rows of database care: runs and steps, what they found, and what a report reads from the catalogue."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RunStatus(StrEnum):
    """State of a run. Stopped: its time window was over; interrupted: its process was gone."""

    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


class StepStatus(StrEnum):
    """State of a step. Failed: at least a part of it was not done; skipped: the run ended before it."""

    PENDING = "pending"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to be put right by a person. `key` is the same whenever the same matter is found again."""

    key: str
    text: str
    advice: str
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a step did, or what a look at the database shows: a sentence, then lines, failures before all others.

    `notes` say what could not be seen or done, and why. Unless it `is_complete`, something was left out, and what is
    not among the findings may be true all the same.
    """

    summary: str
    lines: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run; `duration_ms` is None until it is over."""

    position: int
    name: str
    status: str
    duration_ms: int | None
    summary: str | None
    failures: tuple[str, ...]
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of care with its steps in order. `request_id` is the maintenance request its findings went to."""

    id: int
    due_key: str | None
    source: str
    requester_name: str | None
    requested_by: int | None
    requested_at: datetime
    status: str
    waiting_for: str | None
    started_at: datetime | None
    finished_at: datetime | None
    current_step: int
    total_steps: int
    role_name: str | None
    notes: tuple[str, ...]
    cancel_asked_at: datetime | None
    canceller_name: str | None
    request_id: int | None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding that was not put right yet; `request_status` is None where it was not raised or its request is gone."""

    id: int
    key: str
    step: str
    text: str
    advice: str
    is_urgent: bool
    request_id: int | None
    request_status: str | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class CareTable:
    """A table as care sees it: `name` is quoted and qualified; `age` counts transactions since it was frozen."""

    oid: int
    name: str
    kind: str
    owner: str
    is_owned: bool
    live: int
    dead: int
    modified: int
    age: int
    was_analyzed: bool


@dataclass(frozen=True, slots=True)
class TableState:
    """What the catalogue says of a table after its care."""

    dead: int
    bytes: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TableSize:
    """Sizes in bytes, with those of the last run where it saw the table."""

    name: str
    table_bytes: int
    index_bytes: int
    total_bytes: int
    total_before: int | None
    measured_before: datetime | None


@dataclass(frozen=True, slots=True)
class IndexState:
    """An index: `definition` without its name tells duplicates, `expected_bytes` is what it would take if built anew.

    `scans` counts since the statistics began; `is_needed`: a constraint, uniqueness or replication rests on it.
    """

    oid: int
    name: str
    bare_name: str
    table_name: str
    owner: str
    is_owned: bool
    is_valid: bool
    is_busy: bool
    is_leftover: bool
    is_unique: bool
    is_needed: bool
    is_rebuildable: bool
    method: str
    shape: str
    scans: int
    bytes: int
    expected_bytes: int | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's share of a period: calls, total milliseconds and rows, by whom."""

    query: str
    role_name: str
    calls: int
    total_ms: float
    rows: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A session that waits for a lock, and one that holds it up."""

    pid: int
    role_name: str
    query: str
    relation: str | None
    mode: str
    waited_seconds: float
    blocking_pid: int | None
    blocking_role: str | None
    blocking_query: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session: seconds since its transaction and its statement began, None where there is none.

    `is_ours` and `is_superuser` are never ended by the bot. `backend_start` is None where our role may not see it.
    """

    pid: int
    backend_start: datetime | None
    role_name: str
    application_name: str
    state: str
    query: str
    transaction_seconds: float | None
    query_seconds: float | None
    is_ours: bool
    is_superuser: bool


@dataclass(frozen=True, slots=True)
class Bloat:
    """A table's size and how much of it is unused, in bytes."""

    name: str
    bytes: int
    wasted: int


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint that was never checked, or is not enforced; `violation_sql` finds rows that break it."""

    name: str
    table_name: str
    kind: str
    is_validated: bool
    is_enforced: bool
    violation_sql: str


@dataclass(frozen=True, slots=True)
class SequenceUse:
    """A sequence, and the share of its numbers that is used up (0 to 1); `limited_by` is the column that ends first."""

    name: str
    last_value: int
    limit: int
    share: float


@dataclass(frozen=True, slots=True)
class Ages:
    """Transactions and multixacts since the oldest row was frozen, and the ages at which PostgreSQL freezes itself."""

    transactions: int
    multixacts: int
    freeze_max_age: int
    multixact_freeze_max_age: int


@dataclass(frozen=True, slots=True)
class ConnectionUse:
    """Connections that are open and may be opened, and how many of ours by application and state."""

    used: int
    most: int
    by_application: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The server and the database at a glance."""

    version: str
    database: str
    bytes: int
    started_at: datetime
    used: int
    most: int
    cache_hit_share: float | None
    deadlocks: int
    oldest_transaction_seconds: float | None
    waiting: int
    age: int
    is_ssl: bool


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """An order to cancel a session's query or to end the session; `outcome` is None until it was carried out."""

    id: int
    pid: int
    backend_start: datetime
    means: str
    role_name: str | None
    application_name: str | None
    query: str | None
    slack_user_id: str
    outcome: str | None
