"""What the App Home shows of one person, as the database has it."""

from dataclasses import dataclass
from datetime import datetime, time

from db.models import Deployment, Request
from db.models_approvals import Approval


@dataclass(frozen=True, slots=True)
class Part:
    """The first requests of a part of the Home, and how many there are in all."""

    rows: tuple[Request, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class OpenRequests:
    """A person's open requests. The first three are assigned to them and exclude each other; `mine` they asked for."""

    overdue: Part = Part()
    due_soon: Part = Part()
    assigned: Part = Part()
    mine: Part = Part()


@dataclass(frozen=True, slots=True)
class PersonSettings:
    """What a person has set. `own_tz` is None where Slack's counts; no `starts_at`: the usual working hours."""

    own_tz: str | None = None
    slack_tz: str | None = None
    direct_messages: bool = True
    starts_at: time | None = None
    ends_at: time | None = None
    days: list[int] | None = None


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """How the database does, from what is written down or known already; nothing is measured for it.

    `last_backup_at` and `last_backup_status` are of the newest one that is over, `verified_at` of the newest that was
    restored and compared. `care_failed` steps of the last nightly maintenance failed. `table_bytes` were measured at
    `measured_at`. `long_transactions` last for five minutes or more, the longest for `longest_seconds`; of
    `hidden_sessions` the bot's role sees nothing.
    """

    verified_at: datetime | None = None
    last_backup_at: datetime | None = None
    last_backup_status: str | None = None
    care_at: datetime | None = None
    care_status: str | None = None
    care_failed: int = 0
    table_bytes: int | None = None
    measured_at: datetime | None = None
    long_transactions: int = 0
    longest_seconds: float = 0.0
    hidden_sessions: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The queue's jobs: due, for how many seconds the oldest, tried in vain and waiting, held for good."""

    due: int
    oldest_seconds: float
    waiting: int
    held: int
    database: DatabaseHealth = DatabaseHealth()


@dataclass(frozen=True, slots=True)
class Home:
    """One person's Home: approvals they may decide on (and how many in all), requests, deployments of their projects.

    `more_deployments`: there are further ones. `health` is for admins. `settings` are the person's own.
    """

    approvals: tuple[Approval, ...] = ()
    approvals_total: int = 0
    requests: OpenRequests = OpenRequests()
    deployments: tuple[Deployment, ...] = ()
    more_deployments: bool = False
    health: Health | None = None
    settings: PersonSettings = PersonSettings()
