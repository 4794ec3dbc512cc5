"""Which records have cards: where they go by default, and how they are loaded and shown."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.services import approvals, collisions
from bot.settings import Settings
from bot.views.cards import request_card
from bot.views.care import run_card
from bot.views.deployment_cards import deployment_card
from bot.views.kit import Message
from db.models import Activity, SubjectKind
from db.pool import Conn
from db.queries import care_runs, deployments, history, requests

Show = Callable[[Activity | None], Message]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. `load` gives what shows the record, with its latest change, as it is now; None: deleted."""

    channel: Callable[[Settings], str]
    load: Callable[[Conn, int, datetime], Awaitable[Show | None]]


async def _load_request(conn: Conn, request_id: int, now: datetime) -> Show | None:
    row = await requests.find_request(conn, request_id)
    if row is None:
        return None
    closed = await history.find_entry(conn, request_id, row.status)
    approval = await approvals.state(conn, SubjectKind.MAINTENANCE, request_id)
    evidence = await approvals.evidence(conn, approval, now)
    return lambda last: request_card(row, last=last, closed=closed, approval=approval, evidence=evidence)


async def _load_deployment(conn: Conn, deployment_id: int, now: datetime) -> Show | None:
    row = await deployments.find_deployment(conn, deployment_id)
    if row is None:
        return None
    found = await collisions.find(conn, row.project_id)
    approval = await approvals.state(conn, SubjectKind.DEPLOYMENT, deployment_id)
    evidence = await approvals.evidence(conn, approval, now)
    return lambda last: deployment_card(row, last=last, collisions=found, approval=approval, evidence=evidence)


async def _load_care(conn: Conn, run_id: int, _now: datetime) -> Show | None:
    run = await care_runs.find_run(conn, run_id)
    return (lambda _last: run_card(run)) if run is not None else None


# Kinds that are not listed here have no card, and their changes are not announced.
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        SubjectKind.MAINTENANCE: Kind(lambda settings: settings.ops_channel, _load_request),
        SubjectKind.DEPLOYMENT: Kind(lambda settings: settings.deploy_channel, _load_deployment),
        SubjectKind.CARE: Kind(lambda settings: settings.ops_channel, _load_care),
    }
)
