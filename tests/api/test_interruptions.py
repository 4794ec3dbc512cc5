"""A database that restarts, or a process that ends, while pipelines wait."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from bot.context import Act, Deps
from bot.processes import web
from bot.services import tokens
from bot.slack import Slack
from db import embedded
from db.migrate import migrate
from db.pool import DatabaseConfig, open_pool
from sandbox.workspace import Workspace
from tests.api.conftest import PRODUCTION, Client
from tests.api.test_waiting import DECIDE, until_waiting
from tests.fixtures.bot import INSERT_PROJECTS, INSERT_USERS, TestClock, settings_for


@pytest.fixture
async def own_server(tmp_path: Path) -> AsyncIterator[embedded.EmbeddedServer]:
    """A server of the test's own, to be stopped and started."""
    server = await embedded.start(tmp_path, durable=False)
    yield server
    await server.stop()


async def execute(server: embedded.EmbeddedServer, statement: str, *args: object) -> None:
    connection = await asyncpg.connect(server.owner_dsn)
    try:
        await connection.execute(statement, *args)
    finally:
        await connection.close()


@pytest.fixture
async def stop() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def client(
    slack: Workspace, own_server: embedded.EmbeddedServer, stop: asyncio.Event, http: aiohttp.ClientSession
) -> AsyncIterator[Client]:
    """A web process on that server, and a token."""
    config = DatabaseConfig(dsn=own_server.owner_dsn)
    await migrate(config)
    await execute(own_server, INSERT_USERS)
    await execute(own_server, INSERT_PROJECTS)
    settings = settings_for(slack, config)
    pool, outbound = await open_pool(settings.database("test")), Slack(settings)
    deps = Deps(settings, pool, outbound, TestClock())
    secret, _ = await tokens.create(deps, Act(None, "cli"), "ci", owner="erik@example.com", scopes=[], expires="")
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(web.serve_web(deps, stop, ready.set_result))
    yield Client(http, await ready, secret)
    stop.set()
    await serving
    await outbound.close()
    await pool.close()


async def test_a_database_restart_in_the_middle_loses_nothing(
    own_server: embedded.EmbeddedServer, tmp_path: Path, client: Client
) -> None:
    number = await client.made(PRODUCTION)
    waiting = asyncio.create_task(client.get(f"/deployments/{number}?wait=25"))
    in_time = asyncio.create_task(client.get(f"/deployments/{number}?wait=1.5"))
    await until_waiting(client, lambda n: n == 2)
    await own_server.stop()
    for refused in (await in_time, await client.post("/deployments", PRODUCTION), await client.get("/deployments")):
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) >= 1
    again = await embedded.start(tmp_path, durable=False)
    try:
        await execute(again, DECIDE, number, "approved")
        answer = await waiting
        assert (answer.status, answer.body["approval"]) == (200, "approved")
    finally:
        await again.stop()


async def test_a_process_that_ends_answers_whoever_waits(client: Client, stop: asyncio.Event) -> None:
    number = await client.made(PRODUCTION)
    waiting = [asyncio.create_task(client.get(f"/deployments/{number}?wait=25")) for _ in range(20)]
    await until_waiting(client, lambda n: n == 20)
    stop.set()
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*waiting)
    assert {(answer.status, answer.body["approval"]) for answer in answers} == {(200, "pending")}
