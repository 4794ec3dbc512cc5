"""At half past two the care worker cares for the database, once, whoever ticks and whichever worker takes it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bot.context import Deps
from scheduler import registry as schedule
from scheduler.jobs import nightly_maintenance
from tests.care.conftest import care_worker
from tests.fixtures.bot import TestClock, as_owner
from tests.fixtures.delivery import Dashboard

RUNS = "SELECT status, source, due_key FROM techops.maintenance_runs ORDER BY id"
DONE = "SELECT done_at IS NOT NULL FROM techops.claims WHERE job = 'nightly_maintenance'"


@pytest.fixture
async def deps(deps: Deps) -> AsyncIterator[Deps]:
    """Care is the work of the tables' owner."""
    async with as_owner(deps) as owner:
        yield owner


@pytest.fixture
def night(deps: Deps) -> schedule.Job:
    assert isinstance(deps.clock, TestClock)
    deps.clock.set(datetime.fromisoformat("2026-11-23T02:30:10+00:00"))
    return schedule.find(schedule.collect(), "nightly_maintenance")


async def test_three_schedulers_and_two_care_workers_make_one_run(
    deps: Deps, dashboard: Dashboard, night: schedule.Job
) -> None:
    won = await asyncio.gather(*(schedule.tick(deps, night) for _ in range(3)))
    assert sum(won) == 1
    async with care_worker(deps), care_worker(deps):
        await dashboard.until(DONE, within=30)
    assert await dashboard.rows(RUNS) == [
        {"status": "succeeded", "source": "scheduler", "due_key": "nightly_maintenance 2026-11-23T02:30:00"}
    ]


async def test_what_the_queue_hands_out_again_is_not_done_again(
    deps: Deps, dashboard: Dashboard, night: schedule.Job
) -> None:
    await schedule.tick(deps, night)
    payload = await dashboard.run("SELECT payload FROM techops.pgqueuer WHERE entrypoint = 'care_run'")
    async with care_worker(deps):
        await dashboard.until(DONE, within=30)
        await dashboard.run(
            "INSERT INTO techops.pgqueuer (priority, entrypoint, payload, status) VALUES (0, 'care_run', $1, 'queued')",
            payload,
        )
        await dashboard.until("SELECT NOT EXISTS (SELECT FROM techops.pgqueuer WHERE entrypoint = 'care_run')")
    assert len(await dashboard.rows(RUNS)) == 1


async def test_a_due_time_that_waits_for_a_deployment_counts_as_done_when_it_is(
    deps: Deps, dashboard: Dashboard, night: schedule.Job
) -> None:
    assert isinstance(deps.clock, TestClock)
    await dashboard.run("INSERT INTO projects (name) VALUES ('Shop')")
    await dashboard.run(
        "INSERT INTO deployments (project_id, version, environment, status, updated_at)"
        " VALUES (1, 'v9', 'staging', 'in_progress', $1::timestamptz::timestamp)",
        deps.now(),
    )
    await schedule.tick(deps, night)
    async with care_worker(deps):
        await dashboard.until("SELECT EXISTS (SELECT FROM techops.maintenance_runs WHERE status = 'waiting')")
        assert not await dashboard.run(DONE)
        await dashboard.run("UPDATE deployments SET status = 'success'")
        await dashboard.until("SELECT EXISTS (SELECT FROM techops.pgqueuer WHERE execute_after > now())")
        await dashboard.run("UPDATE techops.pgqueuer SET execute_after = now() WHERE entrypoint = 'care_run'")
        await dashboard.until(DONE, within=30)
    assert [row["status"] for row in await dashboard.rows(RUNS)] == ["succeeded"]


async def test_the_job_itself_does_the_work_here(deps: Deps, dashboard: Dashboard) -> None:
    await nightly_maintenance.run(deps, deps.now())
    assert [row["status"] for row in await dashboard.rows(RUNS)] == ["succeeded"]
    assert await dashboard.run("SELECT count(*) FROM techops.pgqueuer WHERE entrypoint = 'announce'") > 0
