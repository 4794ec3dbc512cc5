"""The worker: several at once, killed, cut off, stopped; nothing is lost and nothing told twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from pgqueuer.errors import RetryRequested

from bot.context import Deps
from bot.delivery import Job
from bot.worker import Binding, run_worker
from db.errors import Unavailable
from db.pool import DatabaseConfig
from db.queries import outbox, queue
from sandbox.workspace import Workspace
from tests.fixtures.delivery import Dashboard, Workers, cards, thread

WORKER = """
import asyncio, sys
from bot.context import Deps, utc_now
from bot.settings import Settings
from bot.slack import Slack
from bot.worker import run_worker
from db.pool import open_pool

async def main() -> None:
    settings = Settings(_env_file=None)
    pool = await open_pool(settings.database("worker"))
    deps = Deps(settings, pool, Slack(settings), utc_now)
    print("ready", flush=True)
    await run_worker(deps, asyncio.Event())

asyncio.run(main())
"""


@asynccontextmanager
async def process(slack: Workspace, database: DatabaseConfig) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker of its own process."""
    assert database.dsn is not None
    environment = os.environ | {
        "DATABASE_URL": database.dsn,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        async with asyncio.timeout(15):
            assert await running.stdout.readline() == b"ready\n"
        yield running
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGKILL)
        await running.wait()


async def insert(dashboard: Dashboard, number: int, name: str = "Fan") -> None:
    for count in range(number):
        await dashboard.request(f"{name} {count}")


def titles(slack: Workspace) -> Counter[str]:
    """How often each request's title heads a card."""
    return Counter(str(card.blocks[0]["text"]["text"]).split(" · ")[1] for card in cards(slack))


@pytest.mark.timeout(90)
async def test_a_killed_worker_loses_and_doubles_nothing(
    dashboard: Dashboard, slack: Workspace, database: DatabaseConfig
) -> None:
    async with process(slack, database) as first, process(slack, database):
        inserting = asyncio.create_task(insert(dashboard, 200))
        await slack.wait_for(lambda: len(cards(slack)) >= 40, timeout=20)
        first.send_signal(signal.SIGKILL)
        await inserting
        await dashboard.settled(within=50)
    assert titles(slack) == {f"Fan {count}": 1 for count in range(200)}


async def test_two_workers_share_the_work(dashboard: Dashboard, slack: Workspace, workers: Workers) -> None:
    async with workers(2):
        await insert(dashboard, 15)
        await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress'")
        await dashboard.settled()
    assert titles(slack) == {f"Fan {count}": 1 for count in range(15)}
    assert all(len(thread(slack, card)) == 1 for card in cards(slack))


async def test_a_worker_connects_again_when_its_connections_are_cut(
    dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    async with workers():
        await dashboard.request("Before")
        await slack.wait_for(lambda: cards(slack))
        for name in ("During", "After"):
            cut = await dashboard.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cut
            await dashboard.request(name)
            await slack.wait_for(lambda wanted=name: wanted in titles(slack), timeout=10)
        await dashboard.settled()
    assert titles(slack) == {"Before": 1, "During": 1, "After": 1}


async def test_a_worker_cut_off_in_the_middle_of_a_call_tells_nothing_twice(
    dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    slack.faults.add("delay", "chat.postMessage", delay=1.0)
    async with workers():
        await dashboard.request("Cut")
        await dashboard.until("SELECT EXISTS (SELECT FROM techops.messages WHERE intended_at IS NOT NULL)")
        await dashboard.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await dashboard.settled(within=20)
    assert titles(slack) == {"Cut": 1}


async def test_what_is_in_hand_is_finished_at_the_end(dashboard: Dashboard, slack: Workspace, workers: Workers) -> None:
    slack.faults.add("delay", "chat.postMessage", delay=0.5)
    async with workers():
        await dashboard.request("Last")
        await dashboard.until("SELECT EXISTS (SELECT FROM techops.messages WHERE intended_at IS NOT NULL)")
    assert titles(slack) == {"Last": 1}
    await dashboard.settled(within=1)


async def test_a_rest_that_slack_asks_for_is_kept_without_sleeping(
    dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    slack.faults.add("ratelimited", "chat.postMessage", retry_after=2, channel="C0OPS")
    async with workers():
        await dashboard.request("Patience", assignee=2)
        started = monotonic()
        # the person's message takes another lane, and does not wait for the channel
        await slack.wait_for(lambda: slack.messages_in(slack.dm("U0ENG").id))
        assert monotonic() - started < 1.5
        assert await dashboard.run(
            "SELECT status = 'queued' AND attempts = 1 FROM techops.pgqueuer"
            " WHERE convert_from(payload, 'UTF8') LIKE '%C0OPS%'"
        )
        await slack.wait_for(lambda: cards(slack))
        assert 2.0 <= monotonic() - started < 5.0
        await dashboard.settled()


async def test_a_job_that_fails_is_held_and_can_be_tried_again(deps: Deps, dashboard: Dashboard) -> None:
    broken = True
    ran: list[Job] = []

    async def work(_deps: Deps, job: Job) -> None:
        ran.append(job)
        if broken:
            raise ValueError("no such luck")

    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(deps, stop, table={"care": Binding(work)}))
    async with deps.pool.transaction() as conn:
        await outbox.insert_jobs(conn, [outbox.NewJob("care", "please")])
    await dashboard.until("SELECT EXISTS (SELECT FROM techops.pgqueuer WHERE status = 'failed')")
    async with deps.pool.acquire() as conn:
        [held] = await queue.list_held(conn)
        health = await queue.get_health(conn, datetime.now(UTC))
    assert (held.entrypoint, held.payload, held.reason) == ("care", "please", "no such luck")
    assert (health.held, health.due) == (1, 0)
    broken = False
    async with deps.pool.transaction() as conn:
        assert await queue.retry_held(conn, [held.id]) == 1
    await dashboard.settled()
    assert [job.payload for job in ran] == ["please", "please"]
    stop.set()
    await worker


async def test_what_time_mends_is_tried_again_and_says_why(deps: Deps, dashboard: Dashboard) -> None:
    errors: list[Exception] = [Unavailable("gone for a moment")]

    async def work(_deps: Deps, _job: Job) -> None:
        if errors:
            raise errors.pop()

    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(deps, stop, table={"care": Binding(work)}))
    async with deps.pool.transaction() as conn:
        await outbox.insert_jobs(conn, [outbox.NewJob("care", "please")])
    await dashboard.until("SELECT EXISTS (SELECT FROM techops.pgqueuer WHERE attempts = 1)")
    async with deps.pool.acquire() as conn:
        [waiting] = await queue.list_held(conn)
    assert (waiting.status, waiting.reason) == ("queued", "gone for a moment")
    await dashboard.settled()
    stop.set()
    await worker


async def test_a_limit_holds_over_all_workers(deps: Deps, dashboard: Dashboard) -> None:
    running = most = 0

    async def work(_deps: Deps, _job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1

    stop = asyncio.Event()
    table = {"care": Binding(work, limit=1)}
    both = [asyncio.create_task(run_worker(deps, stop, table=table)) for _ in range(2)]
    async with deps.pool.transaction() as conn:
        await outbox.insert_jobs(conn, [outbox.NewJob("care", str(number)) for number in range(10)])
    await dashboard.settled()
    assert most == 1
    stop.set()
    await asyncio.gather(*both)


async def test_a_worker_waits_for_a_database_that_is_away(deps: Deps, dashboard: Dashboard) -> None:
    ran = asyncio.Event()

    async def work(_deps: Deps, _job: Job) -> None:
        ran.set()

    name = await dashboard.run("SELECT current_database()")
    await dashboard.run(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(deps, stop, table={"care": Binding(work)}))
    await dashboard.run("SELECT pg_sleep(0.3)")
    assert not worker.done()
    await dashboard.run(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
    await outbox.insert_jobs(dashboard.connection, [outbox.NewJob("care", "")])
    async with asyncio.timeout(10):
        await ran.wait()
    stop.set()
    await worker


async def test_a_retry_asked_for_by_a_job_keeps_its_delay(deps: Deps, dashboard: Dashboard) -> None:
    async def work(_deps: Deps, _job: Job) -> None:
        raise RetryRequested(timedelta(hours=1), "in an hour")

    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(deps, stop, table={"care": Binding(work)}))
    await outbox.insert_jobs(dashboard.connection, [outbox.NewJob("care", "")])
    await dashboard.until("SELECT EXISTS (SELECT FROM techops.pgqueuer WHERE execute_after > now() + interval '1 min')")
    stop.set()
    await worker
