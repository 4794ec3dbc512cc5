"""Digests: claimed once a subscription and local day, gathered when they are sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.auth import Actor
from bot.context import Deps
from bot.rules import dora
from bot.rules import subscriptions as rules
from bot.services import projects
from db.models_subscriptions import Cadence, Digest, Subscription, Topic
from db.pool import Conn
from db.queries import delivery, outbox, stats
from db.queries import digest as queries
from db.queries import subscriptions as subscription_queries

ENTRY: Final = "digest"
SHOWN: Final = 5
_STATS_DAYS: Final = 30
# Earlier than any due date that is shown.
_BEGINNING: Final = datetime(2, 1, 2, tzinfo=UTC)


class DigestWork(BaseModel):
    """Payload of a digest's job: whose, and the period that it tells of."""

    model_config = ConfigDict(frozen=True)

    subscription: int
    key: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """What a digest is about."""

    cadence: str
    tz: str
    project_id: int | None = None
    project_name: str | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """A digest, with the measures of deployments where it is a weekly one."""

    digest: Digest
    stats: dora.DeploymentStats | None


async def send_due(deps: Deps, now: datetime) -> int:
    """Have every digest sent whose local time has come and which was not taken yet; how many that were."""
    taken, now = 0, now.astimezone(UTC)
    async with deps.pool.acquire() as conn:
        found = await subscription_queries.list_digests(conn, now.date() - timedelta(days=2), now)
    for it in found:
        day = rules.due_day(it.at, it.tz, it.days, created_at=it.created_at, sent=it.sent, now=now)
        if day is None:
            continue
        since = rules.period_start(it.cadence, now, it.last_at)
        work = DigestWork(subscription=it.id, key=f"digest:{it.id}:{day.isoformat()}", since=since, until=now)
        async with deps.pool.transaction() as conn:
            if await subscription_queries.insert_digest(conn, it.id, day, now):
                await outbox.insert_jobs(conn, [outbox.NewJob(ENTRY, work.model_dump_json())])
                taken += 1
    return taken


async def preview(deps: Deps, person: Actor, channel_id: str | None, wish: str) -> Gathered:
    """What the channel's digest would tell now, or where it has none, one of all projects; `wish` may say weekly.

    Raises:
        BadInput: nothing that a preview can be asked for.
    """
    cadence, project = rules.parse_preview(wish)
    async with deps.pool.acquire() as conn:
        every = await subscription_queries.list_subscriptions(conn)
    own = [it for it in every if it.kind == Topic.DIGEST and it.channel_id == channel_id and not project]
    chosen = next((it for it in own if cadence in {None, it.cadence}), None)
    if chosen is None:
        return await preview_of(deps, project, cadence or Cadence.DAILY, person.tz)
    return await _preview(deps, scope_of(chosen), chosen.id)


async def preview_of(deps: Deps, project: str | None, cadence: Cadence, tz: str) -> Gathered:
    """What a digest of a project (None: of all) would tell now.

    Raises:
        BadInput: no such project.
    """
    found = await projects.named(deps, project) if project else None
    return await _preview(deps, Scope(cadence, tz, found.id if found else None, found.name if found else None), None)


def scope_of(it: Subscription) -> Scope:
    """What a subscription's digest is about."""
    return Scope(it.cadence or Cadence.DAILY, it.tz or "UTC", it.project_id, it.project_name)


async def gather(deps: Deps, scope: Scope, since: datetime, until: datetime) -> Gathered:
    """Read what a digest of a period tells, all at one moment."""
    async with deps.pool.transaction() as conn:
        await delivery.begin_snapshot(conn)
        digest = await _digest(conn, scope, since, until)
    if scope.cadence != Cadence.WEEKLY:
        return Gathered(digest, None)
    async with deps.pool.transaction(stats.PLANNING) as conn:
        return Gathered(digest, await _stats(conn, scope, until))


async def _preview(deps: Deps, scope: Scope, subscription_id: int | None) -> Gathered:
    now, last = deps.now(), None
    if subscription_id is not None:
        async with deps.pool.acquire() as conn:
            last = await subscription_queries.find_last_digest(conn, subscription_id)
    return await gather(deps, scope, rules.period_start(scope.cadence, now, last), now)


async def _digest(conn: Conn, scope: Scope, since: datetime, until: datetime) -> Digest:
    project_id = scope.project_id
    overdue, overdue_total = await queries.list_due(conn, _BEGINNING, until, project_id, SHOWN)
    today, today_total = await queries.list_due(conn, until, rules.end_of_day(until, scope.tz), project_id, SHOWN)
    waiting, waiting_total = await queries.list_waiting(conn, until, project_id, SHOWN)
    counts = await queries.get_counts(conn, since, until, project_id)
    deployed, by_status = await queries.list_deployed(conn, since, until, project_id, SHOWN)
    weekly = scope.cadence == Cadence.WEEKLY
    days = await queries.list_days(conn, since, until, project_id, scope.tz) if weekly else []
    return Digest(
        cadence=scope.cadence,
        project_name=scope.project_name,
        since=since,
        until=until,
        overdue=overdue,
        overdue_total=overdue_total,
        today=today,
        today_total=today_total,
        waiting=waiting,
        waiting_total=waiting_total,
        opened=counts.opened,
        closed=counts.closed,
        deployments=deployed,
        by_status=by_status,
        hours=counts.hours,
        days=days,
    )


async def _stats(conn: Conn, scope: Scope, until: datetime) -> dora.DeploymentStats:
    over = dora.window(_STATS_DAYS, now=until, tz=scope.tz)
    periods = stats.Periods(over.before, over.since, over.until)
    return dora.measure(await stats.count_deployments(conn, periods, over.edges, scope.project_id), over)
