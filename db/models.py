"""Rows as the rest of the program sees them: frozen, typed, with instants in UTC.

Status, priority and role are plain text here, because an adopted database may hold values
that no rule knows; `bot.rules` compares them with the enumerations below.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

JsonObject = dict[str, object]
Row = TypeVar("Row")


class Role(StrEnum):
    """A dashboard role; an admin may do what an engineer may, an engineer what a user may."""

    USER = "user"
    ENGINEER = "engineer"
    ADMIN = "admin"


class Priority(StrEnum):
    """Priority of a maintenance request, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class RequestStatus(StrEnum):
    """State of a maintenance request."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Environment(StrEnum):
    """Where something is deployed to, the most delicate first."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"


class DeploymentStatus(StrEnum):
    """State of a deployment."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


class SubjectKind(StrEnum):
    """What an activity, a card or an approval is about."""

    MAINTENANCE = "maintenance"
    DEPLOYMENT = "deployment"
    PROJECT = "project"
    USER = "user"
    CARE = "care"


@dataclass(frozen=True, slots=True)
class User:
    """A dashboard account, with the Slack person tied to it where there is one."""

    id: int
    name: str
    email: str
    role: str
    is_active: bool
    slack_user_id: str | None
    tz: str | None


@dataclass(frozen=True, slots=True)
class Project:
    """A project and the group it is filed under."""

    id: int
    name: str
    status: str
    group_name: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """A maintenance request joined with the names that a card shows. `hours` is the sum of its work logs."""

    id: int
    title: str
    description: str
    priority: str
    status: str
    project_id: int | None
    project_name: str | None
    requested_by: int
    requester_name: str
    requester_slack_id: str | None
    assigned_to: int | None
    assignee_name: str | None
    assignee_slack_id: str | None
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    hours: Decimal


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of a request's status."""

    id: int
    request_id: int
    old_status: str | None
    new_status: str
    changed_by: int
    changed_by_name: str
    changed_by_slack_id: str | None
    notes: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class WorkLog:
    """Work done on a request on one day; hours may be absent in rows the dashboard wrote."""

    id: int
    request_id: int
    request_title: str
    user_id: int
    user_name: str
    user_slack_id: str | None
    description: str
    hours: Decimal | None
    work_date: date
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark on a request, made in Slack."""

    id: int
    request_id: int
    user_id: int | None
    user_name: str | None
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """One change of one record: `old` and `new` hold the changed columns only (all of them at creation)."""

    id: int
    at: datetime
    actor_id: int | None
    actor_name: str | None
    actor_slack_id: str | None
    source: str
    subject_kind: str
    subject_id: int
    verb: str
    old: JsonObject | None
    new: JsonObject | None
    note: str | None


@dataclass(frozen=True, slots=True)
class ReportLine:
    """Hours in a report, added up by person, project and request."""

    user_id: int
    user_name: str
    project_name: str | None
    request_id: int
    request_title: str
    hours: Decimal
    logs: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment joined with the names that a card shows.

    `deployed_by` started or recorded it, at `deployed_at`; `duration` is in seconds. `requested_by` made the record.
    `started_at` is known where the bot started it. `override` is why a freeze was lifted for it, by `overrider_name`.
    """

    id: int
    project_id: int
    project_name: str
    version: str
    environment: str
    status: str
    deployed_by: int | None
    deployer_name: str | None
    deployer_slack_id: str | None
    deployed_at: datetime | None
    duration: int | None
    notes: str | None
    created_at: datetime
    updated_at: datetime
    requested_by: int | None
    requester_name: str | None
    requester_slack_id: str | None
    started_at: datetime | None
    override: str | None
    overrider_name: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """What runs in one environment of a project, and the newest deployment there where that is another one."""

    current: Deployment | None
    newest: Deployment | None


@dataclass(frozen=True, slots=True)
class Freeze:
    """A window in which an environment ("all": each of them) is not deployed to.

    It lasts from `starts_at` until just before `ends_at`; `tz` is the zone in which it was given.
    """

    id: int
    environment: str
    starts_at: datetime
    ends_at: datetime
    tz: str
    reason: str
    creator_name: str | None
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lock:
    """An environment of a project that one person keeps for themselves."""

    project_id: int
    project_name: str
    environment: str
    holder_id: int
    holder_name: str
    holder_slack_id: str | None
    reason: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Collision:
    """Something that a deployment may run into: `kind` is request (with its number) or care (0), `title` says what."""

    kind: str
    id: int
    title: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A slice of a list read by keyset. `before` and `after` are opaque cursors, None at an end."""

    rows: tuple[Row, ...]
    before: str | None
    after: str | None
