"""Runs among people and processes: one card, one run at a time, cancelled, out of time, waiting, killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import WrongState
from bot.services import collisions
from bot.services.care import runs
from db.models_care import RunStatus, StepStatus
from db.pool import DatabaseConfig
from sandbox.workspace import Workspace
from tests.care.conftest import care_worker
from tests.fixtures.bot import TestClock
from tests.fixtures.delivery import Dashboard, Workers, cards, shown, thread

CLI = Act(person=None, source="cli")
ADA = Actor(1, "Ada Admin", "ada@example.com", "admin", "UTC", "T0SANDBOX", "U0ADMIN")
RUNNING = "SELECT EXISTS (SELECT FROM techops.maintenance_runs WHERE status = 'running')"
OVER = "SELECT EXISTS (SELECT FROM techops.maintenance_runs WHERE finished_at IS NOT NULL)"
STATUSES = "SELECT status FROM techops.maintenance_runs ORDER BY id"
DEPLOYMENT = """
INSERT INTO deployments (project_id, version, environment, status) VALUES
    ((SELECT min(id) FROM projects), 'v9', 'production', 'in_progress') RETURNING id
"""
CARE = """
import asyncio
from bot.context import Act, Deps, utc_now
from bot.services.care import runs
from bot.settings import Settings
from bot.slack import Slack
from db.pool import open_pool

async def main() -> None:
    settings = Settings(_env_file=None)
    pool = await open_pool(settings.database("care"))
    await runs.run_now(Deps(settings, pool, Slack(settings), utc_now), Act(person=None, source="cli"))

asyncio.run(main())
"""


def by_ada() -> Act:
    return Act(person=ADA, source="slack")


@asynccontextmanager
async def held(database: DatabaseConfig, table: str) -> AsyncIterator[None]:
    """Keep everybody out of a table, so that a run stands still there for seconds."""
    connection = await asyncpg.connect(database.dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def statuses(dashboard: Dashboard) -> list[str]:
    return [row["status"] for row in await dashboard.rows(STATUSES)]


async def test_one_card_follows_the_run_and_its_thread_has_the_detail(
    owner: Deps, dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    async with workers(2), care_worker(owner):
        run = await runs.order(owner, by_ada())
        await dashboard.until(OVER, within=30)
        await dashboard.settled(within=40)
    [card] = [it for it in cards(slack) if "Database care" in shown(it)]
    assert "13 of 13 steps" in card.text
    assert "3 steps failed" in card.text
    told = shown(card)
    assert told.index("Failed: ") < told.index("Done: ")
    assert "by Ada Admin" in told
    assert "Cancel run" not in told
    lines = thread(slack, card)
    assert len(lines) == run.total_steps
    messages = slack.messages_in(card.channel, thread_ts=card.ts)
    vacuum = next(shown(it) for it in messages if "VACUUM" in it.text)
    assert vacuum.index("Failed: public.strangers") < vacuum.index("public.events: 28,000 dead rows")


async def test_a_run_is_followed_while_it_goes_on_and_can_be_cancelled(
    deps: Deps, dashboard: Dashboard, slack: Workspace, workers: Workers, database: DatabaseConfig
) -> None:
    async with workers(), care_worker(deps):
        async with held(database, "project_groups"):
            run = await runs.order(deps, by_ada())
            await dashboard.until(RUNNING)
            await slack.wait_for(lambda: any("step 1 of 13" in it.text for it in cards(slack)), timeout=10)
            [card] = cards(slack)
            assert "Cancel run" in shown(card)
            with pytest.raises(WrongState, match="at step 1 of 13 already"):
                await runs.order(deps, by_ada())
            async with deps.pool.acquire() as conn:
                found = [it.title for it in await collisions.find(conn, 1)]
            assert f"run {run.id} of care (step 1 of 13)" in found
            await runs.cancel(deps, by_ada(), run.id)
            # while the table is still held: the statement was given up, not waited for
            await dashboard.until(OVER, within=4)
        await dashboard.settled(within=20)
    assert await statuses(dashboard) == [RunStatus.CANCELLED]
    [card] = cards(slack)
    assert card.text.startswith("Database care was cancelled: 1 of 13 steps")
    assert "cancelled by Ada Admin" in shown(card)
    assert any("Ada Admin has cancelled this run" in line for line in thread(slack, card))
    with pytest.raises(WrongState, match="over already"):
        await runs.cancel(deps, by_ada(), run.id)


async def test_a_run_that_waits_is_cancelled_at_once(deps: Deps, dashboard: Dashboard) -> None:
    run = await runs.order(deps, by_ada())
    with pytest.raises(WrongState, match="queued already"):
        await runs.order(deps, by_ada())
    assert (await runs.cancel(deps, by_ada(), run.id)).status == RunStatus.CANCELLED
    async with care_worker(deps):
        await dashboard.until("SELECT NOT EXISTS (SELECT FROM techops.pgqueuer WHERE entrypoint = 'care_run')")
    assert await statuses(dashboard) == [RunStatus.CANCELLED]


async def test_of_two_processes_one_cares(deps: Deps, dashboard: Dashboard, database: DatabaseConfig) -> None:
    async with held(database, "project_groups"):
        first = asyncio.create_task(runs.run_now(deps, CLI))
        await dashboard.until(RUNNING)
        with pytest.raises(WrongState, match="of care is at step 1 of 13 already"):
            await runs.run_now(deps, CLI)
    assert (await first).status == RunStatus.SUCCEEDED
    assert await statuses(dashboard) == [RunStatus.SUCCEEDED]


async def test_of_two_that_begin_at_the_same_moment_one_cares(deps: Deps, dashboard: Dashboard) -> None:
    both = await asyncio.gather(*(runs.run_now(deps, CLI) for _ in range(2)), return_exceptions=True)
    assert sorted(type(it).__name__ for it in both) == ["Run", "WrongState"]
    found = await dashboard.rows(
        "SELECT started_at, finished_at FROM techops.maintenance_runs WHERE status = 'succeeded'"
    )
    assert len(found) == 1


async def test_one_that_comes_while_another_runs_is_done_afterwards(
    deps: Deps, dashboard: Dashboard, database: DatabaseConfig
) -> None:
    async with care_worker(deps):
        async with held(database, "project_groups"):
            first = asyncio.create_task(runs.run_now(deps, CLI))
            await dashboard.until(RUNNING)
            assert await runs.run_due(deps, "nightly 1") is not None
            assert await statuses(dashboard) == [RunStatus.RUNNING, RunStatus.QUEUED]
        await first
        await dashboard.run("UPDATE techops.pgqueuer SET execute_after = now() WHERE entrypoint = 'care_run'")
        await dashboard.until("SELECT bool_and(finished_at IS NOT NULL) FROM techops.maintenance_runs", within=20)
    assert await statuses(dashboard) == [RunStatus.SUCCEEDED] * 2


async def test_after_its_time_a_run_stops_in_order(deps: Deps, dashboard: Dashboard, database: DatabaseConfig) -> None:
    clock = deps.clock
    assert isinstance(clock, TestClock)
    async with held(database, "project_groups"):
        run = asyncio.create_task(runs.run_now(deps, CLI))
        await dashboard.until(RUNNING)
        clock.offset += timedelta(hours=3)
    ended = await run
    assert ended.status == RunStatus.STOPPED
    assert ended.steps[0].failures[-1].startswith("Left for the next run: ")
    assert {it.status for it in ended.steps[1:]} == {StepStatus.SKIPPED}


async def test_a_deployment_in_progress_is_waited_for(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("INSERT INTO projects (name) VALUES ('Shop')")
    deployment = await dashboard.run(DEPLOYMENT)
    async with care_worker(deps):
        run = await runs.run_now(deps, CLI)
        assert run.status == RunStatus.WAITING
        assert run.waiting_for == f"D-{deployment}, Shop to production, is in progress"
        delay = await dashboard.run(
            "SELECT extract(epoch FROM execute_after - now()) FROM techops.pgqueuer WHERE entrypoint = 'care_run'"
        )
        assert 50 < delay <= 60
        await dashboard.run("UPDATE deployments SET status = 'success'")
        await dashboard.run("UPDATE techops.pgqueuer SET execute_after = now() WHERE entrypoint = 'care_run'")
        await dashboard.until(OVER, within=20)
    assert await statuses(dashboard) == [RunStatus.SUCCEEDED]


async def test_no_run_waits_longer_than_two_hours(deps: Deps, dashboard: Dashboard) -> None:
    await dashboard.run("INSERT INTO projects (name) VALUES ('Shop')")
    await dashboard.run(DEPLOYMENT)
    assert (await runs.run_now(deps, CLI)).status == RunStatus.WAITING
    await dashboard.run("UPDATE techops.maintenance_runs SET requested_at = requested_at - interval '2 hours'")
    ended = await runs.run_now(deps, CLI)
    assert ended.status == RunStatus.SUCCEEDED
    assert "still in progress after two hours" in ended.notes[-1]


async def test_a_run_that_was_killed_is_found_interrupted_by_the_next(
    deps: Deps, slack: Workspace, dashboard: Dashboard, database: DatabaseConfig
) -> None:
    assert database.dsn is not None
    environment = os.environ | {
        "DATABASE_URL": database.dsn,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
    }
    async with held(database, "project_groups"):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", CARE, env=environment)
        await dashboard.until(RUNNING, within=20)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        # the server notices that its client is gone when it has something to say, at the latest with the lock timeout
    await dashboard.until("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')")
    run = await runs.order(deps, by_ada())
    async with care_worker(deps):
        await dashboard.until("SELECT status = 'succeeded' FROM techops.maintenance_runs WHERE id = $1", run.id)
    assert await statuses(dashboard) == [RunStatus.INTERRUPTED, RunStatus.SUCCEEDED]


async def test_a_due_time_that_was_interrupted_is_taken_up_again_and_a_finished_one_is_not(
    deps: Deps, dashboard: Dashboard
) -> None:
    first = await runs.run_due(deps, "nightly 1")
    again = await runs.run_due(deps, "nightly 1")
    assert first is not None
    assert again is not None
    assert first.id == again.id
    await dashboard.run("UPDATE techops.maintenance_runs SET status = 'running', finished_at = NULL")
    anew = await runs.run_due(deps, "nightly 1")
    assert anew is not None
    assert anew.id > first.id
    assert await statuses(dashboard) == [RunStatus.INTERRUPTED, RunStatus.SUCCEEDED]
    assert [it.status for it in anew.steps] == [StepStatus.OK] * 13


def test_every_step_has_a_function() -> None:
    from bot.rules.care import STEPS
    from bot.services.care import carry, looks

    found: list[Callable[..., Any]] = [carry.ACTS.get(name) or looks.step(name) for name in STEPS]
    assert len(found) == 13
