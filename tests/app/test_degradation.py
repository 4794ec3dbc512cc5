"""Without its database, or without Slack: everybody is told, nothing is lost, and it goes on by itself."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.context import Deps
from bot.processes.web import serve_web
from bot.slack import Slack
from db import embedded
from db.migrate import migrate
from db.pool import DatabaseConfig, open_pool
from sandbox.acts import Person
from sandbox.workspace import Workspace
from tests.fixtures.bot import RunningBot, TestClock, as_owner, settings_for


@pytest.fixture
async def own_server(tmp_path: Path) -> AsyncIterator[embedded.EmbeddedServer]:
    """A server of the test's own, to be stopped and started."""
    server = await embedded.start(tmp_path, durable=False)
    yield server
    await server.stop()


async def answered(person: Person, text: str) -> tuple[str, float]:
    """What a command is answered, and after how many seconds."""
    begun = time.monotonic()
    ack = await person.slash("/maintenance", text, channel="ops")
    assert ack.status == 200, ack
    return ack.messages[0].text, time.monotonic() - begun


@pytest.fixture
async def address(slack: Workspace, own_server: embedded.EmbeddedServer) -> AsyncIterator[str]:
    """A web process's address, on that server."""
    config = DatabaseConfig(dsn=own_server.owner_dsn)
    await migrate(config)
    settings = settings_for(slack, config)
    pool, client = await open_pool(settings.database("test")), Slack(settings)
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    web = asyncio.create_task(serve_web(Deps(settings, pool, client, TestClock()), stop, ready.set_result))
    slack.bot_url = await ready
    yield slack.bot_url
    stop.set()
    await web
    await client.close()
    await pool.close()


async def test_the_bot_outlives_its_database(
    slack: Workspace, own_server: embedded.EmbeddedServer, tmp_path: Path, address: str
) -> None:
    opened = await slack.person("uma").slash("/maintenance", "new", channel="ops")
    assert opened.view is not None
    await own_server.stop()
    text, seconds = await answered(slack.person("uma"), "list")
    assert "database" in text.lower()
    assert seconds < 3
    kept = await slack.person("uma").submit(opened.view, {"title": "Disk", "description": "Full"})
    assert "database" in str(kept.errors).lower()
    async with aiohttp.ClientSession() as http, http.get(f"{address}/readyz") as response:
        assert response.status == 503
    again = await embedded.start(tmp_path, durable=False)
    try:
        assert not (await slack.person("uma").submit(opened.view, {})).errors
        text, _ = await answered(slack.person("uma"), "list")
        assert "1 request" in text
    finally:
        await again.stop()


async def test_a_locked_row_does_not_hold_a_person_over_the_deadline(bot: RunningBot) -> None:
    await bot.erik.slash("/maintenance", "list")
    await bot.fetch("INSERT INTO maintenance_requests (requested_by, title, description) VALUES (1, 'Disk', 'Full')")
    async with bot.deps.pool.transaction() as conn:
        await conn.execute("SELECT 1 FROM maintenance_requests WHERE id = 1 FOR UPDATE")
        text, seconds = await answered(bot.erik, "start 1")
        assert "in time" in text
        assert seconds < 3
    assert (await bot.fetch("SELECT status FROM maintenance_requests"))[0]["status"] == "open"


async def test_slack_away_work_goes_on_and_cards_follow(bot: RunningBot) -> None:
    await bot.erik.slash("/maintenance", "list")
    bot.slack.faults.add("server_error", "chat.postMessage", times=1)
    await bot.fetch("INSERT INTO maintenance_requests (requested_by, title, description) VALUES (1, 'Disk', 'Full')")
    text, _ = await answered(bot.erik, "start 1")
    assert "in progress" in text
    await bot.until(lambda: any("progress" in str(card.blocks).lower() for card in bot.cards()), 20)
    assert len(bot.cards()) == 1


class TestWhatSlackTells:
    @pytest.fixture
    def slack_options(self) -> dict[str, object]:
        return {"event_retry_delays": (0.0, 0.2, 0.5)}

    async def test_an_event_that_came_to_nothing_is_delivered_again(self, bot: RunningBot) -> None:
        for person in (bot.ada, bot.erik):
            await person.slash("/maintenance", "list")
        async with as_owner(bot.deps) as owner, owner.pool.transaction() as conn:
            await conn.execute("LOCK TABLE techops.slack_identities IN ACCESS EXCLUSIVE MODE")
            await bot.slack.change_user("erik", deleted=True)
        async with asyncio.timeout(10):
            while (await bot.fetch("SELECT is_active FROM users WHERE id = 2"))[0]["is_active"]:
                await asyncio.sleep(0.05)
        told = [it for it in bot.slack.deliveries if it.summary == "event user_change"]
        assert [it.status for it in told][:1] == [503]
        assert told[-1].retry_num > 0


async def test_a_form_that_opens_too_late_is_explained(bot: RunningBot) -> None:
    bot.slack.faults.add("refuse", "views.open", error="expired_trigger_id")
    text, _ = await answered(bot.uma, "new")
    assert "try again" in text


async def test_an_unexpected_failure_gives_an_id_to_quote(bot: RunningBot) -> None:
    await bot.erik.slash("/maintenance", "list")
    await bot.fetch("ALTER TABLE techops.comments RENAME TO comments_gone")
    await bot.fetch("INSERT INTO maintenance_requests (requested_by, title, description) VALUES (1, 'Disk', 'Full')")
    text, _ = await answered(bot.erik, "comment 1 hello")
    assert "hello" not in text
    assert re.search(r"\b[0-9a-f]{12}\b", text), text
