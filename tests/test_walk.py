"""Everything that can be asked of the bot, with its own role signed in: no right is missing, and none is borrowed."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import app as bolt
from bot.api.operations import OPERATIONS
from bot.context import Act
from bot.registry import Kind
from bot.services import tokens
from bot.worker import bindings, run_worker
from db import embedded
from db.migrate import migrate
from db.pool import DatabaseConfig
from db.rights import ROLE
from scheduler import registry as schedule
from tests.api.conftest import Client
from tests.fixtures.database import fast_place
from tests.strangers.given import tie_again
from tests.strangers.house import FAULT, MEMBERS, House, open_house
from tests.strangers.table import TABLE, Line, without_line
from tests.strangers.test_who_what import arranged, payload_of

SECRET = "0123456789abcdef"
LEFT = """
SELECT EXISTS (
    SELECT FROM techops.pgqueuer AS q
    WHERE q.entrypoint = ANY($1) AND q.status IN ('queued', 'picked') AND q.execute_after < now() + interval '2 seconds'
)
"""
SESSIONS = """
SELECT DISTINCT a.usename::text AS role, a.application_name AS name FROM pg_stat_activity AS a
WHERE a.application_name LIKE 'techops%'
"""
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/deployments"): {"project": "Walked", "version": "v1", "environment": "staging"},
    ("PATCH", "/deployments/{id}"): {"status": "in_progress"},
    ("POST", "/maintenance-requests"): {"title": "Fan", "description": "It is loud"},
    ("POST", "/webhooks/generic"): {
        "project": "Walked", "version": "v2", "environment": "staging", "status": "success", "id": "run-1",
    },
}  # fmt: skip


@asynccontextmanager
async def running_worker(house: House) -> AsyncIterator[None]:
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(house.bot.deps, stop))
    try:
        yield
    finally:
        stop.set()
        await worker


async def walk_the_table(house: House) -> None:
    registry = bolt.registry()
    assert without_line([(kind, entry.name) for kind in Kind for entry in registry.entries(kind)]) == set()
    for line in TABLE:
        for who in [who for who in MEMBERS if who in line.may] or ["admin"]:
            await one(house, line, who)


async def one(house: House, line: Line, who: str) -> None:
    given = await arranged(house, line, who)
    told = await house.send(who, *payload_of(house, line, who, given))
    assert told.status == 200, (str(line), who, told)
    assert FAULT not in told.text, (str(line), who, told)
    await tie_again(house)


async def walk_the_api(house: House) -> None:
    deps = house.bot.deps
    await house.value("INSERT INTO projects (name, status) VALUES ('Walked', 'active') RETURNING id")
    secret, _ = await tokens.create(deps, Act(None, "cli"), "walk", owner="ada@example.com", scopes=[], expires="")
    client = Client(house.http, house.bot.address, secret)
    made: dict[str, int] = {}
    for operation in OPERATIONS:
        kind = operation.path.split("/")[1]
        path = operation.path.replace("{id}", str(made.get(kind, 0)))
        headers = {"Idempotency-Key": operation.name} if operation.method == "POST" else {}
        if kind == "webhooks":
            headers |= {"Authorization": f"Bearer {SECRET}", "X-Delivery-Id": "walk-2"}
        answer = await client.send(
            operation.method, path, BODIES.get((operation.method, operation.path)), headers=headers
        )
        assert answer.status < 500, (operation.name, answer)
        if isinstance(answer.body, dict) and "id" in answer.body:
            made.setdefault(kind, int(answer.body["id"]))
    assert set(made) >= {"deployments", "maintenance-requests"}
    for path in ("/healthz", "/readyz", "/metrics", "/r/1", "/d/1"):
        async with house.http.get(f"{house.bot.address}{path}") as response:
            assert response.status < 500, (path, await response.text())


async def walk_the_schedule(house: House) -> None:
    deps = house.bot.deps
    jobs = [job for job in schedule.collect() if not job.needs_owner]
    assert jobs
    for job in jobs:
        await job.run(deps, deps.now())
    await schedule.catch_up(deps, schedule.collect())


async def settle(house: House) -> None:
    async with asyncio.timeout(120):
        while await house.value(LEFT, list(bindings())):
            await asyncio.sleep(0.1)


async def refused(log: Path) -> list[str]:
    """What the server has refused for want of a right, with the statement in question."""
    lines = (await asyncio.to_thread(log.read_text, encoding="utf-8")).splitlines()
    return [" ".join(lines[number : number + 6]) for number, it in enumerate(lines) if "permission denied" in it]


@pytest.mark.timeout(400)
async def test_all_that_can_be_asked_is_done_with_the_bots_own_rights() -> None:
    directory = Path(tempfile.mkdtemp(prefix="techops-", dir=fast_place()))
    server = await embedded.start(directory, durable=False)
    try:
        owner = DatabaseConfig(dsn=server.owner_dsn)
        await migrate(owner)
        more = {"database_url": server.dsn, "public_url": "https://bot.example.com", "webhook_secret": SECRET}
        async with open_house(owner, **more) as house, running_worker(house):
            house.slack.ack_timeout = 30.0  # how fast it is, others measure
            await walk_the_table(house)
            await walk_the_api(house)
            await walk_the_schedule(house)
            await settle(house)
            async with house.bot.deps.pool.acquire() as conn:
                assert await conn.fetchval("SELECT current_user::text") == ROLE
            sessions = await house.rows(SESSIONS)
            assert {session["role"] for session in sessions} == {ROLE}, json.dumps(sessions)
        assert await refused(directory / "postgres" / "server.log") == []
    finally:
        await server.stop()
        shutil.rmtree(directory)
