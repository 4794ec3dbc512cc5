"""What pipelines see: records together with the approval that counts now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from bot.context import Deps
from bot.rules.approvals import has_expired
from bot.rules.deploy_forms import DeployView
from bot.rules.deployments import missing_deployment
from bot.rules.requests import missing
from db.models import Deployment, DeploymentStatus, Request, SubjectKind
from db.models_approvals import Approval, ApprovalStatus
from db.pool import Conn
from db.queries import deployment_pages as pages
from db.queries import deployments, requests
from db.queries.keyset import Cursor
from db.queries.latest_approvals import list_latest

NONE: Final = "none"
_UNDECIDED: Final = frozenset({ApprovalStatus.PENDING.value, NONE})

Row = TypeVar("Row", Deployment, Request)


@dataclass(frozen=True, slots=True)
class Seen(Generic[Row]):
    """A record, its latest approval, and that in a word: none, pending, approved, rejected or expired."""

    row: Row
    approval: Approval | None
    word: str

    @property
    def without_approval(self) -> bool:
        """Whether it went on although a policy asks for an approval."""
        return self.approval is not None and self.approval.status == ApprovalStatus.SKIPPED


async def list_deployments(conn: Conn, ids: Sequence[int], now: datetime) -> Mapping[int, Seen[Deployment]]:
    """These deployments by number; those that are gone are left out."""
    rows = await deployments.list_by_ids(conn, ids)
    approvals = await list_latest(conn, SubjectKind.DEPLOYMENT, [row.id for row in rows])
    return {row.id: _seen(row, approvals.get(row.id), now) for row in rows}


async def get_deployment(deps: Deps, deployment_id: int) -> Seen[Deployment]:
    """One deployment.

    Raises:
        Missing: there is none.
    """
    async with deps.pool.acquire() as conn:
        found = await list_deployments(conn, [deployment_id], deps.now())
    if deployment_id not in found:
        raise missing_deployment(deployment_id)
    return found[deployment_id]


async def page(deps: Deps, view: DeployView, after: int | None, size: int) -> tuple[list[Seen[Deployment]], int | None]:
    """The newest deployments older than the one numbered `after`, and the number after which the next page begins."""
    narrowing = pages.Narrowing(view.project_id, view.environment, view.status)
    cursor = Cursor(after) if after is not None else None
    async with deps.pool.acquire() as conn:
        found = await pages.list_page(conn, narrowing, cursor, size)
        approvals = await list_latest(conn, SubjectKind.DEPLOYMENT, [row.id for row in found.rows])
    seen = [_seen(row, approvals.get(row.id), deps.now()) for row in found.rows]
    return seen, found.after.id if found.after else None


async def get_request(deps: Deps, request_id: int) -> Seen[Request]:
    """One maintenance request.

    Raises:
        Missing: there is none.
    """
    async with deps.pool.acquire() as conn:
        row = await requests.find_request(conn, request_id)
        if row is None:
            raise missing(request_id)
        approvals = await list_latest(conn, SubjectKind.MAINTENANCE, [row.id])
    return _seen(row, approvals.get(row.id), deps.now())


def is_waited_for(seen: Seen[Deployment]) -> bool:
    """Whether something is still to come that a pipeline waits for: a decision, a start, or an end.

    A decision that fell between two questions is told at once, instead of being waited for once more.
    """
    if seen.row.status == DeploymentStatus.IN_PROGRESS:
        return True
    return seen.row.status == DeploymentStatus.PENDING and seen.word in _UNDECIDED


def _seen(row: Row, approval: Approval | None, now: datetime) -> Seen[Row]:
    return Seen(row, approval, _word(approval, now))


def _word(approval: Approval | None, now: datetime) -> str:
    if approval is None or approval.status in {ApprovalStatus.VOID, ApprovalStatus.SKIPPED}:
        return NONE
    return ApprovalStatus.EXPIRED.value if has_expired(approval, now) else approval.status
