"""Scheduled jobs: every scheduler ticks, one transaction claims (job, local time) and enqueues, a worker does it."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, ConfigDict

import scheduler.jobs
from bot.context import Deps
from bot.errors import Missing
from db.errors import DatabaseError
from db.queries import claims

_LATE: Final = timedelta(minutes=2)
_CATCH_UP_WITHIN: Final = timedelta(hours=24)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its name, when it is due (five crontab fields, in TECHOPS_TIMEZONE), and what it does as of a moment.

    `entry` is the queue's entry point that does it: an ordinary worker's, or one of those of the tables' owner.
    `catch_up`: when nobody ticked at its latest due time, it is done once at the start.
    """

    id: str
    cron: str
    run: Callable[[Deps, datetime], Awaitable[None]]
    entry: str = "scheduled"
    catch_up: bool = False

    @property
    def needs_owner(self) -> bool:
        """Whether it works as the owner of the tables."""
        return self.entry != "scheduled"


class Due(BaseModel):
    """What is enqueued: a job, and the wall time (in TECHOPS_TIMEZONE) that was claimed for it."""

    model_config = ConfigDict(frozen=True)

    job: str
    due_local: datetime


def collect() -> tuple[Job, ...]:
    """The jobs, one a module of `scheduler.jobs`.

    Raises:
        ValueError: two have the same ID.
    """
    names = [info.name for info in pkgutil.iter_modules(scheduler.jobs.__path__, "scheduler.jobs.")]
    modules = [importlib.import_module(name) for name in names]
    jobs = tuple(_job(module) for module in modules)
    if len({job.id for job in jobs}) < len(jobs):
        raise ValueError("two scheduled jobs have the same ID")
    return jobs


def _job(module: ModuleType) -> Job:
    entry = getattr(module, "CARE_ENTRY", "scheduled")
    return Job(module.ID, module.CRON, module.run, entry, getattr(module, "CATCH_UP", False))


def find(jobs: Sequence[Job], job_id: str) -> Job:
    """The job of this name.

    Raises:
        Missing: there is none; the text lists those there are.
    """
    for job in jobs:
        if job.id == job_id:
            return job
    raise Missing(f"There is no scheduled job {job_id}. Jobs are: {', '.join(job.id for job in jobs)}.")


async def tick(deps: Deps, job: Job) -> bool:
    """Claim the present minute for the job and enqueue it; False where another scheduler was faster."""
    return await _claim(deps, job, _local(deps, deps.now()))


async def catch_up(deps: Deps, jobs: Sequence[Job]) -> list[str]:
    """Claim the latest due time of the last day where nobody ticked at it; the names of the jobs that are done late.

    A job that was never due before is left alone: a new installation owes nothing.
    """
    async with deps.pool.acquire() as conn:
        known = {last.job: last.due_local for last in await claims.list_last(conn)}
    late = []
    for job in jobs:
        due = _latest_due(deps, job, known[job.id]) if job.catch_up and job.id in known else None
        if due is not None and due > known[job.id] and await _claim(deps, job, due):
            late.append(job.id)
    return late


async def _claim(deps: Deps, job: Job, due_local: datetime) -> bool:
    async with deps.pool.transaction() as conn:
        claimed = await claims.insert_claim(conn, job.id, due_local, deps.now())
        if claimed:
            await claims.enqueue_job(conn, job.entry, job.id, due_local)
    return claimed


def _latest_due(deps: Deps, job: Job, known: datetime) -> datetime | None:
    """The last due time of the day that ends now, None where there was none after the one that is known."""
    trigger = CronTrigger.from_crontab(job.cron, timezone=deps.settings.techops_timezone)
    # In UTC: within one zone Python compares and adds by the wall clock, which autumn puts back.
    now = deps.now().astimezone(UTC)
    known_at = known.replace(tzinfo=ZoneInfo(deps.settings.techops_timezone)).astimezone(UTC)
    due, following = None, _after(trigger, max(known_at, now - _CATCH_UP_WITHIN))
    while following is not None and following <= now:
        due, following = following, _after(trigger, following + timedelta(minutes=1))
    return _local(deps, due) if due is not None else None


def _after(trigger: CronTrigger, moment: datetime) -> datetime | None:
    found = trigger.get_next_fire_time(None, moment)
    return found.astimezone(UTC) if found is not None else None


def next_due(deps: Deps, job: Job) -> datetime:
    """When the job is due next."""
    trigger = CronTrigger.from_crontab(job.cron, timezone=deps.settings.techops_timezone)
    following = trigger.get_next_fire_time(None, deps.now())
    assert isinstance(following, datetime)  # noqa: S101 - five crontab fields have no end
    return following


def _local(deps: Deps, moment: datetime) -> datetime:
    zone = ZoneInfo(deps.settings.techops_timezone)
    return moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


async def run_claimed(deps: Deps, jobs: Sequence[Job], due: Due) -> None:
    """Do the work of a claimed due time, as of that time.

    As of now where the workers were away and it comes late, or where the clock was ahead that claimed it.

    Raises:
        Missing: this version knows no such job.
    """
    zone = ZoneInfo(deps.settings.techops_timezone)
    moment = due.due_local.replace(tzinfo=zone)
    if abs(deps.now() - moment) > _LATE:
        moment = deps.now()
    await find(jobs, due.job).run(deps, moment)
    async with deps.pool.transaction() as conn:
        await claims.mark_claim_done(conn, due.job, due.due_local, deps.now())


def build(deps: Deps, jobs: Sequence[Job]) -> AsyncIOScheduler:
    """The clock, not started yet. A tick that comes over 30 s late is left to the next one."""
    clock = AsyncIOScheduler(timezone=deps.settings.techops_timezone)
    for job in jobs:
        trigger = CronTrigger.from_crontab(job.cron, timezone=deps.settings.techops_timezone)
        clock.add_job(_safe_tick, trigger, args=(deps, job), id=job.id, misfire_grace_time=30, coalesce=True)
    return clock


async def _safe_tick(deps: Deps, job: Job) -> None:
    try:
        await tick(deps, job)
    except DatabaseError as error:
        # The clock outlives a restart of the database; what comes every minute comes again, and this says what did not.
        _log.warning("tick_missed", job=job.id, reason=str(error))
