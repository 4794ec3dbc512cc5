"""Rows of subscriptions and of the digests they bring."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from db.models import Request


class Topic(StrEnum):
    """What a channel can subscribe to."""

    MAINTENANCE = "maintenance"
    DEPLOYMENTS = "deployments"
    DIGEST = "digest"
    DATABASE = "database"
    REMINDERS = "reminders"


class Cadence(StrEnum):
    """How often a digest comes."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a channel hears of. `at` (local to `tz`), `tz` and `days` (1 is Monday) are set for digests only.

    `creator_slack_id` is None where nobody can be written to.
    """

    id: int
    channel_id: str
    kind: str
    project_id: int | None
    project_name: str | None
    cadence: str | None
    at: time | None
    tz: str | None
    days: list[int] | None
    created_by: int | None
    creator_name: str | None
    creator_slack_id: str | None
    created_at: datetime
    paused_at: datetime | None
    paused_reason: str | None


@dataclass(frozen=True, slots=True)
class DueDigest:
    """A digest as the clock sees it; `sent` are local days on which it was sent, `last_at` when it was sent last."""

    id: int
    cadence: str
    at: time
    tz: str
    days: list[int]
    created_at: datetime
    sent: list[date]
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for approval."""

    approval_id: int
    subject_kind: str
    subject_id: int
    title: str
    project_name: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment that a digest tells of."""

    id: int
    project_name: str
    version: str
    environment: str
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day, local to the digest's zone."""

    day: date
    opened: int
    closed: int
    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True)
class Digest:
    """What a digest tells, from `since` to `until`: the first few of each, and how many there are.

    `by_status` counts deployments; `days` is filled for weekly digests.
    """

    cadence: str
    project_name: str | None
    since: datetime
    until: datetime
    overdue: list[Request]
    overdue_total: int
    today: list[Request]
    today_total: int
    waiting: list[Waiting]
    waiting_total: int
    opened: int
    closed: int
    deployments: list[Deployed]
    by_status: dict[str, int]
    hours: Decimal
    days: list[Day]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say."""
        lists = (self.overdue_total, self.today_total, self.waiting_total, self.opened, self.closed)
        return not any(lists) and not self.by_status and not self.hours
