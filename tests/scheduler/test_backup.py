"""The night's backup goes to the worker of the tables' owner, and is done once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.context import Deps
from bot.services import backups
from bot.services.backups.run import exclusive, owner_of
from bot.worker import care_bindings, run_worker
from scheduler import registry as schedule
from scheduler.jobs import backup
from tests.fixtures.bot import as_owner

DONE = "SELECT done_at FROM techops.claims WHERE job = 'backup'"
WAITING = "SELECT count(*) FROM techops.pgqueuer WHERE entrypoint = 'backup_run' AND attempts > 0 AND status = 'queued'"
QUEUED = "SELECT count(*) FROM techops.pgqueuer WHERE entrypoint = 'backup_run'"


@pytest.fixture
def bot_settings(tmp_path: Path) -> dict[str, object]:
    return {"backup_dir": tmp_path / "archives"}


@pytest.fixture
async def deps(deps: Deps) -> AsyncIterator[Deps]:
    """Backups are the work of the tables' owner."""
    async with as_owner(deps) as owner:
        yield owner


@pytest.fixture
async def care(deps: Deps) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(run_worker(deps, stop, table=care_bindings())) for _ in range(2)]
    yield
    stop.set()
    await asyncio.gather(*tasks)


async def until(deps: Deps, query: str, wanted: object) -> None:
    async with asyncio.timeout(30):
        while True:
            async with deps.pool.acquire() as conn:
                found = await conn.fetchval(query)
            if found == wanted or (wanted is any and found is not None):
                return
            await asyncio.sleep(0.05)


async def test_a_due_time_is_one_backup(deps: Deps, care: None, tmp_path: Path) -> None:
    job = schedule.find(schedule.collect(), "backup")
    assert (job.cron, job.entry, job.catch_up) == ("30 1 * * *", "backup_run", True)
    await asyncio.gather(*(schedule.tick(deps, job) for _ in range(3)))
    await until(deps, DONE, any)
    await until(deps, QUEUED, 0)
    assert len(await backups.list_backups(deps)) == 1
    assert len([*(tmp_path / "archives").glob("*.dump")]) == 1


async def test_it_waits_while_another_is_made(deps: Deps, care: None) -> None:
    async with exclusive(owner_of(deps)):
        await schedule.tick(deps, schedule.find(schedule.collect(), "backup"))
        await until(deps, WAITING, 1)
    assert await backups.list_backups(deps) == []


async def test_a_failure_is_no_success_of_the_job(deps: Deps, care: None, tmp_path: Path) -> None:
    (tmp_path / "archives").write_text("a file, no directory")
    with pytest.raises(backups.BackupFailed, match="cannot be made"):
        await backup.run(deps, deps.now())
    await schedule.tick(deps, schedule.find(schedule.collect(), "backup"))
    await until(deps, QUEUED, 0)
    await until(deps, DONE, None)
    assert len(await backups.list_backups(deps)) == 2


async def test_a_night_that_lies_ahead_counts_as_that_night(deps: Deps) -> None:
    night = deps.now() + timedelta(days=2)
    await backup.run(deps, night)
    assert [row.started_at for row in await backups.list_backups(deps)] == [night]
