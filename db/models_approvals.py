"""Rows of approvals: who has to agree, who has decided, and what a decision is based on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from db.models import JsonObject


class ApprovalStatus(StrEnum):
    """State of an approval. Skipped: the record went on without it; void: what was asked for has changed since."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    VOID = "void"
    SKIPPED = "skipped"


class Vote(StrEnum):
    """What a person decides."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Policy:
    """How many approvals are needed for a priority or an environment (`match`), everywhere or in one project.

    `required` 0 exempts; `hours` is the time until an undecided approval expires.
    """

    id: int
    subject_kind: str
    match: str
    project_id: int | None
    project_name: str | None
    required: int
    role: str
    own_counts: bool
    hours: int


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote that was cast; the person may be gone since."""

    user_id: int
    name: str | None
    vote: str
    comment: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Requester:
    """Somebody whose own the subject of an approval is."""

    user_id: int
    name: str | None
    slack_user_id: str | None


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval with its votes in the order they were cast, and whose own its subject is."""

    id: int
    subject_kind: str
    subject_id: int
    required: int
    role: str
    own_counts: bool
    status: str
    asked: JsonObject
    requesters: tuple[Requester, ...]
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    votes: tuple[CastVote, ...]


@dataclass(frozen=True, slots=True)
class PastDeployment:
    """One of a project's last deployments."""

    id: int
    version: str
    environment: str
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze that holds now; `ends_at` is its last instant."""

    environment: str
    reason: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a decision can be based on, as it is now.

    `finished` and `failed` count the project's deployments of the last 30 days; `critical` are the open critical
    requests, of the project where there is one, the first ten of `critical_total`. `care` names what is running of
    database care; `backup_at` is when the last backup was verified, None where none is recorded.
    """

    project_name: str | None
    deployments: tuple[PastDeployment, ...]
    finished: int
    failed: int
    critical: tuple[int, ...]
    critical_total: int
    care: tuple[str, ...]
    backup_at: datetime | None
    freezes: tuple[Frozen, ...]
