"""Due times are claimed once, and done by a worker as of the time that was claimed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.context import Deps
from bot.errors import Missing
from bot.worker import run_worker
from scheduler import registry as schedule
from tests.fixtures.bot import TestClock


async def claimed(deps: Deps) -> list[tuple[str, str, bool]]:
    async with deps.pool.acquire() as conn:
        rows = await conn.fetch("SELECT job, due_local, done_at FROM techops.claims ORDER BY due_local")
    return [(row["job"], row["due_local"].isoformat(), row["done_at"] is not None) for row in rows]


def at(deps: Deps, text: str) -> None:
    assert isinstance(deps.clock, TestClock)
    deps.clock.set(datetime.fromisoformat(text))


async def test_ten_schedulers_claim_one_due_time_once(deps: Deps) -> None:
    job = schedule.find(schedule.collect(), "housekeeping")
    won = await asyncio.gather(*(schedule.tick(deps, job) for _ in range(10)))
    assert sum(won) == 1
    assert len(await claimed(deps)) == 1


class TestInBerlin:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"techops_timezone": "Europe/Berlin"}

    async def test_an_hour_that_autumn_brings_twice_is_one_claim(self, deps: Deps) -> None:
        job = schedule.find(schedule.collect(), "housekeeping")
        at(deps, "2026-10-25T00:17:10+00:00")
        assert await schedule.tick(deps, job)
        at(deps, "2026-10-25T01:17:10+00:00")
        assert not await schedule.tick(deps, job)
        assert await claimed(deps) == [("housekeeping", "2026-10-25T02:17:00", False)]


@pytest.fixture
async def worker(deps: Deps) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(deps, stop))
    yield
    stop.set()
    await task


async def test_a_worker_does_what_was_claimed(deps: Deps, worker: None) -> None:
    async with deps.pool.transaction() as conn:
        await conn.execute(
            "INSERT INTO techops.acts (key, at) VALUES ('old', now() - interval '8 days'), ('new', now())"
        )
    assert await schedule.tick(deps, schedule.find(schedule.collect(), "housekeeping"))
    async with asyncio.timeout(10):
        while not (await claimed(deps))[0][2]:
            await asyncio.sleep(0.05)
    async with deps.pool.acquire() as conn:
        assert [row["key"] for row in await conn.fetch("SELECT key FROM techops.acts")] == ["new"]


async def test_the_clock_knows_every_job_and_its_next_time(deps: Deps) -> None:
    clock = schedule.build(deps, schedule.collect())
    clock.start(paused=True)
    try:
        jobs = {job.id: job.next_run_time for job in clock.get_jobs()}
        assert set(jobs) == {job.id for job in schedule.collect()}
        assert all(time is not None and time.astimezone(UTC) > datetime.now(UTC) for time in jobs.values())
    finally:
        clock.shutdown(wait=False)


def test_an_unknown_job_is_named_with_those_there_are() -> None:
    with pytest.raises(Missing, match="housekeeping"):
        schedule.find(schedule.collect(), "nothing")


async def nothing(deps: Deps, now: datetime) -> None:
    del deps, now


NIGHTLY = schedule.Job("nightly", "30 2 * * *", nothing, entry="care_run", catch_up=True)


async def test_what_was_missed_is_done_once_at_the_start(deps: Deps) -> None:
    at(deps, "2026-06-01T02:30:05+00:00")
    assert await schedule.catch_up(deps, [NIGHTLY]) == []  # a new installation owes nothing
    assert await schedule.tick(deps, NIGHTLY)
    at(deps, "2026-06-01T12:00:00+00:00")
    assert await schedule.catch_up(deps, [NIGHTLY]) == []
    at(deps, "2026-06-04T09:00:00+00:00")
    late = await asyncio.gather(*(schedule.catch_up(deps, [NIGHTLY]) for _ in range(5)))
    assert sorted(map(len, late)) == [0, 0, 0, 0, 1]
    assert [due for _, due, _ in await claimed(deps)] == ["2026-06-01T02:30:00", "2026-06-04T02:30:00"]
    async with deps.pool.acquire() as conn:
        entries = await conn.fetch("SELECT DISTINCT entrypoint FROM techops.pgqueuer")
    assert [row["entrypoint"] for row in entries] == ["care_run"]


async def test_what_is_not_worth_doing_late_is_left(deps: Deps) -> None:
    job = schedule.Job("often", "*/5 * * * *", nothing)
    at(deps, "2026-06-01T02:30:05+00:00")
    assert await schedule.tick(deps, job)
    at(deps, "2026-06-01T12:00:00+00:00")
    assert await schedule.catch_up(deps, [job]) == []
