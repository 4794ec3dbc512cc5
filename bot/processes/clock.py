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


async def serve_clock(deps: Deps, stop: asyncio.Event) -> None:
    """Tick until `stop`."""
    jobs = schedule.collect()
    clock = schedule.build(deps, jobs)
    clock.start()
    _log.info("scheduler_started", jobs=[job.id for job in jobs])
    await _catch_up(deps, jobs, stop)
    await stop.wait()
    clock.shutdown(wait=False)


async def _catch_up(deps: Deps, jobs: Sequence[schedule.Job], stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            late = await schedule.catch_up(deps, jobs)
        except DatabaseError as error:
            _log.warning("catch_up_waits_for_the_database", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _AGAIN_SECONDS)
        else:
            _log.info("caught_up", jobs=late)
            return


async def run_job(settings: Settings, job_id: str, moment: datetime | None = None) -> None:
    """Do one scheduled job's work here and now, as of `moment`, else of now."""
    jobs = schedule.collect()
    job = schedule.find(jobs, job_id)
    async with database(settings) as complete, open_deps(complete, "run-job", owner=job.needs_owner) as deps:
        await job.run(deps, moment or deps.now())
