"""The same requests over a WebSocket."""

import aiohttp
import pytest

from tests.fixtures.bot import RunningBot


@pytest.fixture
def bot_settings() -> dict[str, object]:
    return {"slack_app_token": "xapp-sandbox-app", "slack_signing_secret": None}


async def test_a_request_lives_its_life_over_the_socket(bot: RunningBot) -> None:
    opened = await bot.uma.slash("/maintenance", "new", channel="ops")
    assert opened.view is not None
    assert not (await bot.uma.submit(opened.view, {"title": "", "description": "On db1"})).sent
    refused = await bot.uma.submit(opened.view, {"title": "x" * 256, "description": "On db1"})
    assert "title" in refused.errors
    assert not (await bot.uma.submit(opened.view, {"title": "Disk is full"})).errors
    card = await bot.card(1)
    ack = await bot.erik.click(card, "maintenance.assign_me")
    assert ack.status == 200 or not ack.error
    await bot.until(lambda: "Erik Engineer" in str(card.blocks))


async def test_readiness_tells_of_the_socket(bot: RunningBot) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{bot.address}/readyz") as response:
        assert response.status == 200
        assert (await response.json())["checks"]["socket"] == "ok"


async def test_http_requests_are_refused_without_a_signing_secret(bot: RunningBot) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{bot.address}/slack/events", data="x") as response:
        assert response.status == 401


async def test_a_dropped_connection_comes_back(bot: RunningBot) -> None:
    await bot.slack.sockets.disconnect()
    await bot.slack.wait_for(lambda: bot.slack.sockets.connected, timeout=20)
    assert (await bot.uma.slash("/worklog", "help")).messages
