"""What the App Home shows of one person, as the database has it."""

from dataclasses import dataclass
from datetime import datetime

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
class Health:
    """The queue's jobs: due, for how many seconds the oldest, tried in vain and waiting, held for good.

    `backup_at`: when the last verified backup was made, None where there is none.
    """

    due: int
    oldest_seconds: float
    waiting: int
    held: int
    backup_at: datetime | None


@dataclass(frozen=True, slots=True)
class Home:
    """One person's Home: approvals they may decide on (and how many in all), requests, deployments of their projects.

    `more_deployments`: there are further ones. `health` is for admins.
    """

    approvals: tuple[Approval, ...] = ()
    approvals_total: int = 0
    requests: OpenRequests = OpenRequests()
    deployments: tuple[Deployment, ...] = ()
    more_deployments: bool = False
    health: Health | None = None
