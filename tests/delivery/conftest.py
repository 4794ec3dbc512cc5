"""A dashboard with people, a workspace, and workers started by the tests themselves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from bot.context import Deps, utc_now
from bot.delivery import ENTRIES, Job
from bot.settings import Settings
from bot.slack import Slack
from bot.worker import run_worker
from db.pool import DatabaseConfig, open_pool
from sandbox.records import Message
from sandbox.workspace import Workspace

PEOPLE = """
INSERT INTO users (id, email, name, password_hash, role) VALUES
    (1, 'ada@example.com', 'Ada Admin', 'x', 'admin'),
    (2, 'erik@example.com', 'Erik Engineer', 'x', 'engineer'),
    (3, 'eva@example.com', 'Eva Engineer', 'x', 'engineer'),
    (4, 'uma@example.com', 'Uma User', 'x', 'user');
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz) VALUES
    ('T0SANDBOX', 'U0ADMIN', 1, 'Ada Admin', 'UTC'),
    ('T0SANDBOX', 'U0ENG', 2, 'Erik Engineer', 'UTC'),
    ('T0SANDBOX', 'U0ENG2', 3, 'Eva Engineer', 'UTC');
"""
NEW_REQUEST = """
INSERT INTO maintenance_requests (requested_by, assigned_to, title, description)
VALUES (4, $2, $1, 'It has to be done.') RETURNING id
"""


@dataclass
class Dashboard:
    """The other program: plain SQL on a connection of its own, without any setting of ours."""

    connection: Any
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, query: str, *args: object) -> Any:
        """The first column of the first row, if any."""
        async with self.turn:
            return await self.connection.fetchval(query, *args)

    async def rows(self, query: str, *args: object) -> list[dict[str, Any]]:
        async with self.turn:
            return [dict(row) for row in await self.connection.fetch(query, *args)]

    async def request(self, title: str = "Replace the fan", assignee: int | None = None) -> int:
        return int(await self.run(NEW_REQUEST, title, assignee))

    async def until(self, query: str, *args: object, timeout: float = 10.0) -> None:
        """Wait until the query's first value is true."""
        async with asyncio.timeout(timeout):
            while not await self.run(query, *args):
                await asyncio.sleep(0.02)

    async def settled(self, timeout: float = 10.0) -> None:
        """Wait until the queue is empty and everything noted is posted."""
        await self.until(
            "SELECT NOT EXISTS (SELECT FROM techops.pgqueuer)"
            " AND NOT EXISTS (SELECT FROM techops.ledger WHERE posted_at IS NULL)",
            timeout=timeout,
        )


def settings_for(slack: Workspace, database: DatabaseConfig, **more: object) -> Settings:
    values: dict[str, object] = {
        "database_url": database.dsn,
        "slack_bot_token": slack.bot_token,
        "slack_signing_secret": slack.signing_secret,
        "slack_api_url": slack.api_url,
    }
    return Settings(_env_file=None, **(values | more))  # type: ignore[arg-type]


@asynccontextmanager
async def open_deps(settings: Settings) -> AsyncIterator[Deps]:
    pool = await open_pool(settings.database("test"))
    client = Slack(settings)
    try:
        yield Deps(settings, pool, client, utc_now)
    finally:
        await client.close()
        await pool.close()


@pytest.fixture
async def deps(slack: Workspace, database: DatabaseConfig) -> AsyncIterator[Deps]:
    async with open_deps(settings_for(slack, database)) as opened:
        yield opened


@pytest.fixture
async def dashboard(database: DatabaseConfig) -> AsyncIterator[Dashboard]:
    connection = await asyncpg.connect(database.dsn)
    try:
        await connection.execute("BEGIN; SET LOCAL app.announce = off;" + PEOPLE + "COMMIT")
        yield Dashboard(connection)
    finally:
        await connection.close()


Workers = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture
def workers(deps: Deps) -> Workers:
    """Run workers for a while: `async with workers(2): ...`."""

    @asynccontextmanager
    async def running(number: int = 1) -> AsyncIterator[None]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(run_worker(deps, stop)) for _ in range(number)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    return running


def cards(slack: Workspace, channel: str = "ops") -> list[Message]:
    """What the bot has posted at top level, oldest first."""
    return [m for m in slack.messages_in(channel) if m.user == slack.bot.id]


def thread(slack: Workspace, card: Message) -> list[str]:
    """The texts in a card's thread, oldest first."""
    return [m.text for m in slack.messages_in(card.channel, thread_ts=card.ts)]


def shown(message: Message) -> str:
    """Everything a message shows, for searching in it."""
    return f"{message.text} {message.blocks}"


@dataclass
class Clock:
    """The real time plus what a test has let pass."""

    passed: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def let_pass(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)


@dataclass
class ByHand:
    """Runs the queue's jobs one after the other, as a worker would, for tests of what happens in between."""

    deps: Deps
    dashboard: Dashboard
    clock: Clock

    async def run(self, *, keep: bool = False) -> list[Exception]:
        """Run every job that is queued, new ones too, once; those that end well leave the queue unless kept."""
        seen: set[int] = set()
        raised: list[Exception] = []
        while rows := [row for row in await self.dashboard.rows(QUEUED) if row["id"] not in seen]:
            for row in rows:
                seen.add(row["id"])
                job = Job(row["id"], row["payload"].decode(), row["attempts"], row["created"])
                try:
                    await ENTRIES[row["entrypoint"]](self.deps, job)
                except Exception as error:
                    raised.append(error)
                else:
                    if not keep:
                        await self.dashboard.run("DELETE FROM techops.pgqueuer WHERE id = $1", row["id"])
        return raised

    async def left(self) -> int:
        return int(await self.dashboard.run("SELECT count(*) FROM techops.pgqueuer"))


QUEUED = "SELECT id, entrypoint, payload, attempts, created FROM techops.pgqueuer WHERE status = 'queued' ORDER BY id"


@pytest.fixture
def by_hand(deps: Deps, dashboard: Dashboard) -> ByHand:
    clock = Clock()
    return ByHand(replace(deps, clock=clock), dashboard, clock)
