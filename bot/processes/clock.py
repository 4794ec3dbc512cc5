"""`techops scheduler` and `techops run-job`."""

import asyncio
from datetime import datetime

import structlog

from bot.context import Deps
from bot.processes.parts import database, open_deps, stopping
from bot.settings import Settings
from scheduler import registry as schedule

_log = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Tick until told to stop."""
    async with stopping() as stop, database(settings) as complete, open_deps(complete, "scheduler") as deps:
        await serve_clock(deps, stop)


async def serve_clock(deps: Deps, stop: asyncio.Event) -> None:
    """Tick until `stop`."""
    clock = schedule.build(deps, schedule.collect())
    clock.start()
    _log.info("scheduler_started", jobs=[job.id for job in clock.get_jobs()])
    await stop.wait()
    clock.shutdown(wait=False)


async def run_job(settings: Settings, job_id: str, moment: datetime | None = None) -> None:
    """Do one scheduled job's work here and now, as of `moment`, else of now."""
    jobs = schedule.collect()
    job = schedule.find(jobs, job_id)
    async with database(settings) as complete, open_deps(complete, "run-job") as deps:
        await job.run(deps, moment or deps.now())
