"""Processes that stay: started apart, or all together by `techops up`."""

import asyncio
import json
import signal
from pathlib import Path

import aiohttp
import asyncpg
import psutil

from bot.services.sample.catalogue import PEOPLE
from db.pool import DatabaseConfig
from sandbox.workspace import Workspace
from tests.processes.commands import environment, running

INSERT_COLLEAGUE = "INSERT INTO users (email, name, password_hash) VALUES ('carla@example.com', 'Carla', 'x')"


def address_in(line: str) -> str:
    """The address in a log line of `web`."""
    return str(json.loads(line)["address"])


async def test_web_worker_and_scheduler_are_separate_processes(
    slack: Workspace, database: DatabaseConfig, tmp_path: Path, team: None
) -> None:
    assert database.dsn is not None
    env = environment(
        tmp_path,
        DATABASE_URL=database.dsn,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_SIGNING_SECRET=slack.signing_secret,
        SLACK_API_URL=slack.api_url,
    )
    async with (
        running("web", env=env, cwd=tmp_path) as web,
        running("worker", env=env, cwd=tmp_path) as worker,
        running("scheduler", env=env, cwd=tmp_path) as clock,
    ):
        address = address_in(await web.line('"listening"'))
        await clock.line("scheduler_started")
        slack.bot_url = address
        opened = await slack.person("uma").slash("/maintenance", "new", channel="ops")
        assert opened.view is not None
        result = await slack.person("uma").submit(opened.view, {"title": "Disk is full", "description": "On db1"})
        assert not result.errors
        ops = slack.channel("ops")
        await slack.wait_for(lambda: any("MR-1" in m.text for m in ops.messages.values()), timeout=10)
        async with aiohttp.ClientSession() as http, http.get(f"{address}/readyz") as response:
            assert response.status == 200
        assert [await it.end() for it in (web, worker, clock)] == [0, 0, 0]


async def test_up_keeps_its_data_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "home with spaces"
    home.mkdir()
    env = environment(home)
    for seen in (len(PEOPLE), len(PEOPLE) + 1):
        async with running("up", env=env, cwd=tmp_path) as up:
            line = await up.line("Sandbox workspace: http://127.0.0.1:")
            assert "key=" in line
            assert "\x1b" not in line
            # an empty database is filled, once; another start leaves it as it is
            assert any("Sample data: 10 people" in said for said in up.lines) == (seen == len(PEOPLE))
            dsn = await embedded_dsn(up.process.pid, home)
            connection = await asyncpg.connect(dsn)
            assert await connection.fetchval("SELECT count(*) FROM users") == seen
            if seen == len(PEOPLE):
                await connection.execute(INSERT_COLLEAGUE)
            await connection.close()
            children = psutil.Process(up.process.pid).children(recursive=True)
            assert len(children) >= 2
            assert await up.end(signal.SIGINT) == 0
            _gone, alive = await asyncio.to_thread(psutil.wait_procs, children, timeout=10)
            assert not alive


async def embedded_dsn(pid: int, home: Path) -> str:
    """The address of the embedded database, from where its files are."""
    del pid
    from db import embedded

    server = await embedded.start(home / "data")
    dsn = server.owner_dsn
    assert server.adopted
    await server.stop()
    return dsn
