"""`techops scheduler` and `techops run-job`."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from bot.context import Deps
from bot.processes.figures import published
from bot.processes.parts import database, open_deps, stopping
from bot.settings import Settings
from db.errors import DatabaseError
from scheduler import registry as schedule

_AGAIN_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 30.0
# More than a clock is corrected by in passing.
_JUMP_SECONDS: Final = 20.0
_log = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Tick until told to stop."""
    async with (
        stopping() as stop,
        database(settings) as complete,
        open_deps(complete, "scheduler") as deps,
        published(deps),
    ):
        await serve_clock(deps, stop)


async def serve_clock(deps: Deps, stop: asyncio.Event, look: float = _LOOK_SECONDS) -> None:
    """Tick until `stop`; every `look` seconds make up for what was missed, and look whether the clock was set."""
    jobs = schedule.collect()
    while not stop.is_set():
        clock = schedule.build(deps, jobs)
        clock.start()
        _log.info("scheduler_started", jobs=[job.id for job in jobs])
        try:
            await _watch(deps, jobs, stop, look)
        finally:
            clock.shutdown(wait=False)


async def _watch(deps: Deps, jobs: Sequence[schedule.Job], stop: asyncio.Event, look: float) -> None:
    """Until `stop`, or until the clock was set: what APScheduler waits for is then hours away, or long past."""
    while not stop.is_set():
        apart = _apart(deps)
        await _catch_up(deps, jobs, stop)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), look)
        jumped = _apart(deps) - apart
        if abs(jumped) > _JUMP_SECONDS:
            _log.warning("clock_was_set", seconds=round(jumped))
            return


def _apart(deps: Deps) -> float:
    """The wall clock less one that nobody sets and that stands still while the machine sleeps, in seconds."""
    return deps.now().timestamp() - asyncio.get_running_loop().time()


async def _catch_up(deps: Deps, jobs: Sequence[schedule.Job], stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            late = await schedule.catch_up(deps, jobs)
        except DatabaseError as error:
            _log.warning("catch_up_waits_for_the_database", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _AGAIN_SECONDS)
        else:
            if late:
                _log.info("caught_up", jobs=late)
            return


async def run_job(settings: Settings, job_id: str, moment: datetime | None = None) -> None:
    """Do one scheduled job's work here and now, as of `moment`, else of now."""
    jobs = schedule.collect()
    job = schedule.find(jobs, job_id)
    async with database(settings) as complete, open_deps(complete, "run-job", owner=job.needs_owner) as deps:
        await job.run(deps, moment or deps.now())
