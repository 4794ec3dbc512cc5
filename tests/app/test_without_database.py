"""The database stopped, or silent: every kind of request is answered within 3 s, privately, with what to do."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from bot import app as bolt
from bot import manifest
from bot.context import Deps
from bot.processes.web import serve_web
from bot.slack import Slack
from db import embedded
from db.migrate import migrate
from db.pool import DatabaseConfig, open_pool
from sandbox.acts import Person
from sandbox.manifest import Manifest
from sandbox.records import Message, View
from sandbox.workspace import Workspace
from tests.fixtures.bot import TestClock, settings_for

MORE: dict[str, dict[str, object]] = {
    "http": {},
    "socket": {"slack_app_token": "xapp-sandbox-app", "slack_signing_secret": None},
}
BUTTON = {"text": {"type": "plain_text", "text": "Assign me"}, "action_id": "maintenance.assign_me", "value": "1"}
WORDS = "database"


@dataclass
class Alone:
    """A web process whose database can be taken away, a person, and what they had opened before."""

    slack: Workspace
    person: Person
    server: psutil.Process
    form: View
    message: Message

    def stop(self) -> None:
        """As a server that nobody restarts: connections are refused."""
        self.server.send_signal(signal.SIGINT)
        self.server.wait(10)

    def silence(self) -> None:
        """As a network that drops everything: connected, and no word."""
        for process in (*self.server.children(recursive=True), self.server):
            process.suspend()


async def a_command(it: Alone) -> str:
    return (await it.person.slash("/maintenance", "list", channel="ops")).text


async def a_button(it: Alone) -> str:
    before = len(it.person.ephemerals("ops"))
    ack = await it.person.click(it.message, "maintenance.assign_me", element=BUTTON)
    assert ack.ok, ack
    await it.slack.wait_for(lambda: len(it.person.ephemerals("ops")) > before)
    return it.person.ephemerals("ops")[-1].text


async def a_submission(it: Alone) -> str:
    result = await it.person.submit(it.form, {"title": "Disk", "description": "Full"})
    assert not result.trouble
    return str(result.errors)


async def a_search(it: Alone) -> str:
    return " ".join(it["text"]["text"] for it in await it.person.options(it.form, "maintenance.project", "web"))


async def a_shortcut(it: Alone) -> str:
    ack = await it.person.shortcut("new_request")
    assert ack.view is not None, ack
    return json.dumps(ack.view.body)


async def a_message_shortcut(it: Alone) -> str:
    before = len(it.person.ephemerals("ops"))
    ack = await it.person.shortcut("create_request", it.message)
    assert ack.ok, ack
    await it.slack.wait_for(lambda: len(it.person.ephemerals("ops")) > before)
    return it.person.ephemerals("ops")[-1].text


async def a_home(it: Alone) -> str:
    answer = await it.person.open_home()
    assert answer is not None
    assert not answer.error, answer
    assert it.person.home is not None
    return json.dumps(it.person.home.blocks)


KINDS: tuple[Callable[[Alone], Awaitable[str]], ...] = (
    a_command, a_button, a_submission, a_search, a_shortcut, a_message_shortcut, a_home,
)  # fmt: skip


@pytest.fixture(params=["http", "socket"])
async def alone(slack: Workspace, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Alone]:
    more = MORE[request.param]
    server = await embedded.start(tmp_path, durable=False)
    config = DatabaseConfig(dsn=server.owner_dsn)
    await migrate(config)
    url = None if more else "https://bot.example.com"
    slack.manifest = Manifest(manifest.build(bolt.registry(), url=url))
    settings = settings_for(slack, config, **more)
    pool, client, stop = await open_pool(settings.database("test")), Slack(settings), asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    web = asyncio.create_task(serve_web(Deps(settings, pool, client, TestClock()), stop, ready.set_result))
    address = await ready
    slack.bot_url = None if more else address
    if more:
        await slack.wait_for(lambda: slack.sockets.connected, timeout=10)
    person = slack.person("uma")
    opened = await person.slash("/maintenance", "new", channel="ops")
    assert opened.view is not None
    [file] = tmp_path.rglob("postmaster.pid")
    postmaster = psutil.Process(int(file.read_text().split()[0]))
    yield Alone(slack, person, postmaster, opened.view, await slack.person("eva").post("ops", "It is slow."))
    stop.set()
    if postmaster.is_running():
        for process in (postmaster, *postmaster.children(recursive=True)):
            process.resume()
    await web
    await client.close()
    await pool.close()
    await server.stop()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("gone", ["stop", "silence"])
async def test_every_kind_of_request_is_answered_in_words(alone: Alone, gone: str) -> None:
    await asyncio.to_thread(getattr(alone, gone))
    shown = len(alone.slack.messages_in("ops"))

    async def timed(kind: Callable[[Alone], Awaitable[str]]) -> tuple[str, str, float]:
        begun = time.monotonic()
        return kind.__name__, await kind(alone), time.monotonic() - begun

    for name, text, seconds in await asyncio.gather(*(timed(kind) for kind in KINDS)):
        assert WORDS in text.lower(), (name, text)
        assert "try again" in text.lower(), (name, text)
        assert seconds < 3, (name, seconds)
    assert len(alone.slack.messages_in("ops")) == shown  # nobody else saw any of it
