"""More at once than a process can do: everybody is answered or refused in words, and memory stays bounded."""

import asyncio
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import aiohttp
import psutil
import pytest

from sandbox.workspace import Workspace
from tests.fixtures.delivery import Dashboard
from tests.processes.commands import running

BURST = 2_000
STALLED = 500
MOST_GROWTH = 64 * 1024 * 1024
COMMAND = {"command": "/maintenance", "team_id": "T0SANDBOX", "user_id": "U0ENG", "channel_id": "C0OPS", "text": "list"}
LOCK = "LOCK TABLE techops.slack_identities IN ACCESS EXCLUSIVE MODE"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Web:
    """A `web` process, asked by more people at once than a workspace has."""

    slack: Workspace
    address: str
    process: psutil.Process

    def memory(self) -> int:
        return int(self.process.memory_full_info().uss)

    async def ask(self, http: aiohttp.ClientSession, number: int) -> str:
        """One signed command; the status and what was said."""
        body = urlencode(COMMAND | {"trigger_id": f"{number}.1.2", "response_url": f"{self.slack.base_url}/x"})
        stamp = str(int(time.time()))
        base = f"v0:{stamp}:{body}".encode()
        signature = hmac.new(self.slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
            "Content-Type": FORM,
        }
        async with http.post(f"{self.address}/slack/events", data=body, headers=headers) as response:
            text = await response.text()
            said = json.loads(text) if response.status == 200 else {"text": text, "response_type": "ephemeral"}
            assert said["response_type"] == "ephemeral"
            return f"{response.status} {said['text']}"


@pytest.fixture
async def web(dashboard: Dashboard, slack: Workspace, env: dict[str, str], tmp_path: Path) -> AsyncIterator[Web]:
    async with running("web", env=env, cwd=tmp_path) as process:
        slack.bot_url = json.loads(await process.line('"listening"'))["address"]
        assert "no request" in (await slack.person("erik").slash("/maintenance", "list", channel="ops")).text
        assert slack.bot_url is not None
        yield Web(slack, slack.bot_url, psutil.Process(process.process.pid))


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=60)
    # the system's own limit of open files is often 1,024
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=800), timeout=timeout) as session:
        yield session


@pytest.mark.timeout(90)
async def test_a_burst_while_the_database_is_slow_is_answered_in_words(
    dashboard: Dashboard, web: Web, http: aiohttp.ClientSession
) -> None:
    before = web.memory()
    async with dashboard.connection.transaction():
        await dashboard.run(LOCK)
        said = Counter(await asyncio.gather(*(web.ask(http, number) for number in range(BURST))))
    assert said.total() == BURST
    assert sum(number for text, number in said.items() if "did not answer in time" in text) >= 200, said
    assert sum(number for text, number in said.items() if "More is asked of me" in text) > 0, said
    assert all("try again" in text for text in said), said
    assert web.memory() - before < MOST_GROWTH
    ack = await web.slack.person("erik").slash("/maintenance", "list", channel="ops")
    assert "no request" in ack.text  # and all is as before


@pytest.mark.timeout(60)
async def test_bodies_that_never_end_do_not_fill_the_memory(web: Web, http: aiohttp.ClientSession) -> None:
    place = urlsplit(web.address)
    lines = ("POST /slack/events HTTP/1.1", f"Host: {place.netloc}", f"Content-Type: {FORM}", "Content-Length: 900000")
    head = "\r\n".join((*lines, "", "")).encode()
    writers = []
    for _ in range(STALLED):
        _reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(head + b"x" * 1000)
        writers.append(writer)
    said = await until(web, http, "503")
    assert "try again" in said
    # nobody waits for the rest of them for long
    await until(web, http, "200")
    for writer in writers:
        writer.close()


async def until(web: Web, http: aiohttp.ClientSession, status: str) -> str:
    """Ask until that is the answer's status."""
    async with asyncio.timeout(10):
        while not (said := await web.ask(http, time.monotonic_ns())).startswith(status):
            await asyncio.sleep(0.02)
        return said
