"""The Web API client: errors have names, channels are found by name or, where they are not listed, written to by it."""

import pytest

from bot import app as bolt
from bot import manifest
from bot.context import Deps
from bot.slack import SlackRateLimited, SlackRefused, SlackUnavailable
from sandbox.manifest import Manifest
from sandbox.workspace import Workspace
from tests.fixtures.bot import RunningBot

ARGUMENTS = {"channel": "C0OPS", "text": "hello"}


async def test_errors_have_names(deps: Deps, slack: Workspace) -> None:
    slack.faults.add("ratelimited", "chat.postMessage", retry_after=7)
    with pytest.raises(SlackRateLimited) as limited:
        await deps.slack.call("chat.postMessage", **ARGUMENTS)
    assert limited.value.retry_after == 7
    for kind in ("server_error", "drop_before", "drop_after"):
        slack.faults.add(kind, "chat.postMessage")
        with pytest.raises(SlackUnavailable) as away:
            await deps.slack.call("chat.postMessage", **ARGUMENTS)
        assert away.value.sent
    slack.faults.add("delay", "chat.postMessage", delay=2.0)
    with pytest.raises(SlackUnavailable):
        await deps.slack.call("chat.postMessage", deadline=0.05, **ARGUMENTS)
    with pytest.raises(SlackRefused, match="channel_not_found"):
        await deps.slack.call("chat.postMessage", channel="C0NONE", text="hello")


async def test_nobody_listens(deps: Deps, slack: Workspace) -> None:
    deps.slack.client.base_url = "http://127.0.0.1:1/api/"
    with pytest.raises(SlackUnavailable) as away:
        await deps.slack.call("chat.postMessage", **ARGUMENTS)
    assert not away.value.sent


async def test_channels_are_found_by_name_with_or_without_sign(deps: Deps) -> None:
    assert await deps.slack.channel_id("#ops") == "C0OPS"
    assert await deps.slack.channel_id("ops") == "C0OPS"
    assert await deps.slack.channel_id("C0ANY") == "C0ANY"
    assert await deps.slack.channel_id("nowhere") is None


async def test_a_bot_that_may_not_list_channels_still_posts_and_edits(bot: RunningBot) -> None:
    described = manifest.build(bolt.registry(), url="https://bot.example.com")
    scopes = sorted(set(manifest.SCOPES) - {"channels:read", "groups:read"})
    bot.slack.manifest = Manifest(described | {"oauth_config": {"scopes": {"bot": scopes}}})
    await bot.erik.slash("/maintenance", "list")
    await bot.fetch("INSERT INTO maintenance_requests (requested_by, title, description) VALUES (1, 'Disk', 'Full')")
    card = await bot.card(1)
    await bot.erik.click(card, "maintenance.start")
    await bot.until(lambda: card.edits > 0)
    assert len(bot.cards()) == 1
