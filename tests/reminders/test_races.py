"""Three schedulers and two workers at the due minute, one of each killed in it: everything is said exactly once."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from db.pool import DatabaseConfig
from sandbox.records import User
from sandbox.workspace import Workspace
from tests.fixtures.delivery import shown
from tests.fixtures.reminders import Desk, utc

PEOPLE = 40
EACH = 3
DUE = utc("2026-11-30T09:00")  # a Monday
PROCESS = """
import asyncio, sys
from datetime import timedelta
from bot.context import Deps, utc_now
from bot.settings import Settings
from bot.slack import Slack
from bot.worker import run_worker
from db.pool import open_pool
from scheduler import registry as schedule

async def tick(deps: Deps) -> None:
    jobs = [job for job in schedule.collect() if job.id in {"reminders", "digest"}]
    while True:
        for job in jobs:
            await schedule.tick(deps, job)
        await asyncio.sleep(0.05)

async def main() -> None:
    settings = Settings(_env_file=None)
    pool = await open_pool(settings.database("race"))
    print("ready", flush=True)
    offset = timedelta(seconds=float(await asyncio.to_thread(sys.stdin.readline)))
    deps = Deps(settings, pool, Slack(settings), lambda: utc_now() + offset)
    await (tick(deps) if sys.argv[1] == "scheduler" else run_worker(deps, asyncio.Event()))

asyncio.run(main())
"""


@dataclass
class Shift:
    """How far the clock of everybody, Slack included, is ahead."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.seconds


@pytest.fixture
def shift() -> Shift:
    return Shift()


@pytest.fixture
def slack_options(shift: Shift) -> dict[str, Any]:
    return {"clock": shift}


@asynccontextmanager
async def process(kind: str, slack: Workspace, database: DatabaseConfig) -> AsyncIterator[asyncio.subprocess.Process]:
    assert database.dsn is not None
    environment = os.environ | {
        "DATABASE_URL": database.dsn,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "LOG_LEVEL": "error",
    }
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, kind, env=environment, stdin=pipe, stdout=pipe
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGKILL)
        await running.wait()


async def _ready(running: asyncio.subprocess.Process) -> None:
    assert running.stdout is not None
    while await running.stdout.readline() != b"ready\n":
        assert running.returncode is None


async def _fill(desk: Desk) -> list[str]:
    """People with requests that have been late since Friday, and a digest at the same minute."""
    run, ids = desk.dashboard.run, [f"U1{number:03}" for number in range(PEOPLE)]
    await run("SET app.announce = off")
    for number, slack_id in enumerate(ids, 100):
        name = f"p{number}"
        desk.slack.add_user(User(slack_id, name, name, f"{name}@example.com", "UTC"))
        await run("INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $2, 'x')", number, name)
        await run(
            "INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz)"
            " VALUES ('T0SANDBOX', $1, $2, $3, 'UTC')",
            slack_id,
            number,
            name,
        )
        await run(
            "INSERT INTO maintenance_requests (requested_by, assigned_to, title, description, priority, due_date)"
            " SELECT 4, $1, 'Fan ' || n, 'd', 'high', '2026-11-27 12:00' FROM generate_series(1, $2) AS n",
            number,
            EACH,
        )
    await run(
        "INSERT INTO techops.subscriptions (channel_id, kind, cadence, at, tz, days, created_at)"
        " VALUES ('C0OPS', 'digest', 'daily', '09:00', 'UTC', '{1}', '2026-01-01')"
    )
    await run("RESET app.announce")
    return ids


@pytest.mark.timeout(150)
async def test_everything_exactly_once(desk: Desk, slack: Workspace, database: DatabaseConfig, shift: Shift) -> None:
    ids = await _fill(desk)
    async with AsyncExitStack() as stack:
        kinds = ("scheduler", "scheduler", "scheduler", "worker", "worker")
        running = [await stack.enter_async_context(process(kind, slack, database)) for kind in kinds]
        async with asyncio.timeout(60):
            await asyncio.gather(*map(_ready, running))
        shift.seconds = (DUE - datetime.now(UTC)).total_seconds() - 1.0
        for one in running:
            assert one.stdin is not None
            one.stdin.write(f"{shift.seconds}\n".encode())
            await one.stdin.drain()
        await slack.wait_for(lambda: slack.calls_of("chat.postMessage"), timeout=30)
        running[0].send_signal(signal.SIGKILL)
        running[3].send_signal(signal.SIGKILL)
        await desk.dashboard.until(
            "SELECT count(done_at) >= 2 FROM techops.claims WHERE due_local = '2026-11-30 09:00'", within=60
        )
        await desk.dashboard.until(
            "SELECT NOT EXISTS (SELECT FROM techops.pgqueuer WHERE entrypoint <> 'scheduled')", within=60
        )
    said = {slack_id: [shown(message) for message in desk.dms(slack_id)] for slack_id in ids}
    assert {slack_id: len(messages) for slack_id, messages in said.items()} == dict.fromkeys(ids, 1)
    assert all(message.count("Fan ") >= EACH for messages in said.values() for message in messages)
    assert sorted("digest" in message.text for message in desk.posts()) == [False, True]
    assert await desk.dashboard.run("SELECT count(*) FROM techops.messages WHERE message_ts IS NULL AND key <> ''") <= 1
