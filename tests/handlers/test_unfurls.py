"""Links to records: shown below whatever message they are pasted in, where everybody who reads it may see them."""

from typing import Any

import pytest

from bot import app, manifest
from sandbox.manifest import Manifest
from sandbox.records import Message
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ERIK, EVA, Insert, told
from tests.views.checks import labels, shown

URL = "https://ops.example.com/bot"


@pytest.fixture
def bot_settings() -> dict[str, object]:
    return {"public_url": URL}


@pytest.fixture
async def linked(bot: RunningBot, insert: Insert) -> RunningBot:
    """Erik has an account, MR-1 and D-1 exist, and the workspace knows the app's domain."""
    bot.slack.manifest = Manifest(manifest.build(app.registry(), url=URL))
    await told(bot.erik, "maintenance", "")
    await insert("Disk *full* <!channel>", assigned_to=ERIK, requested_by=EVA, description="s3cret details")
    await told(bot.erik, "deploy", 'record "Web App" v2.1 staging')
    return bot


async def settled(bot: RunningBot) -> None:
    """Wait until no link is waiting to be shown."""
    while await bot.fetch("SELECT id FROM techops.pgqueuer WHERE entrypoint = 'unfurl'"):
        await bot.fetch("SELECT pg_sleep(0.02)")


async def previews(bot: RunningBot, message: Message) -> dict[str, str]:
    """What stands below the message, by link."""
    await settled(bot)
    return {url: shown(one["blocks"]) for url, one in message.unfurls.items()}


async def test_a_request_and_a_deployment(linked: RunningBot) -> None:
    message = await linked.erik.post("ops", f"Look at {URL}/r/1, and {URL}/d/1?from=mail#top.")
    found = await previews(linked, message)
    assert list(found) == [f"{URL}/r/1", f"{URL}/d/1?from=mail#top"]
    request, deployment = found.values()
    assert "MR-1 · Disk *full* <!channel>" in request
    assert "Erik Engineer" in request
    assert "s3cret" not in request
    assert "D-1 · Web App v2.1 to staging" in deployment
    assert all(not labels(one["blocks"]) for one in message.unfurls.values())
    assert not linked.slack.refusals


async def test_where_the_bot_is_not_a_member(linked: RunningBot) -> None:
    message = await linked.erik.post("general", f"{URL}/r/1")
    assert "MR-1" in (await previews(linked, message))[f"{URL}/r/1"]
    secret = linked.slack.add_channel("secret", bot=False, kind="private", members=[linked.erik.id, linked.eva.id])
    message = await linked.erik.post(secret.id, f"{URL}/r/1")
    assert "MR-1" in (await previews(linked, message))[f"{URL}/r/1"]


@pytest.mark.parametrize(
    "link",
    [
        f"{URL}/r/99",
        f"{URL}/r/0",
        f"{URL}/r/1/edit",
        f"{URL}/x/1",
        f"{URL}x/r/1",
        "https://ops.example.com/r/1",
        f"{URL.replace('https', 'http')}/r/1",
        f"{URL}/r/99999999999",
        "https://elsewhere.example/bot/r/1",
        "https://ops.example.com@elsewhere.example/bot/r/1",
        f"{URL}/r/%31",
    ],
)
async def test_nothing_else_is_shown(linked: RunningBot, link: str) -> None:
    message = await linked.erik.post("ops", link)
    assert await previews(linked, message) == {}
    assert linked.slack.calls_of("chat.unfurl") == []


async def test_not_in_a_channel_shared_with_another_workspace(linked: RunningBot) -> None:
    linked.slack.channel("ops").is_ext_shared = True
    message = await linked.erik.post("ops", f"{URL}/r/1")
    assert await previews(linked, message) == {}
    assert linked.slack.calls_of("chat.unfurl") == []


@pytest.mark.parametrize("flag", [True, None])
async def test_slack_s_own_word_counts_where_the_bot_cannot_look(linked: RunningBot, flag: bool | None) -> None:
    secret = linked.slack.add_channel("secret", bot=False, kind="private", members=[linked.erik.id])
    message = await linked.erik.post(secret.id, "nothing yet")
    await share(linked, message, is_ext_shared_channel=flag)
    assert await previews(linked, message) == {}


async def share(bot: RunningBot, message: Message, **envelope: Any) -> Any:
    """The event of a link in a message, with another envelope around it."""
    event = {
        "type": "link_shared",
        "user": bot.erik.id,
        "channel": message.channel,
        "message_ts": message.ts,
        "source": "conversations_history",
        "links": [{"url": f"{URL}/r/1", "domain": "ops.example.com"}],
    } | envelope.pop("event", {})
    body = {"type": "event_callback", "event_id": "Ev0000001", "team_id": bot.slack.team["id"], "event": event}
    body |= {name: value for name, value in envelope.items() if value is not None}
    return await bot.slack.delivery.send(bot.slack.delivery.prepare("events_api", body, "event link_shared"))


async def test_people_without_an_account_and_deactivated_ones(linked: RunningBot) -> None:
    message = await linked.uma.post("ops", f"{URL}/r/1")
    assert await previews(linked, message) == {}
    assert await linked.fetch("SELECT id FROM users WHERE email = 'uma@example.com'") == []
    await linked.fetch("UPDATE users SET is_active = false WHERE id = $1", ERIK)
    message = await linked.erik.post("ops", f"{URL}/r/1")
    assert await previews(linked, message) == {}


async def test_an_event_that_comes_twice_is_shown_once(linked: RunningBot) -> None:
    message = await linked.eva.post("ops", f"{URL}/r/1")
    for _ in range(3):
        assert not (await share(linked, message)).error
    assert "MR-1" in (await previews(linked, message))[f"{URL}/r/1"]
    assert len(linked.slack.calls_of("chat.unfurl")) == 1


async def test_five_links_at_most(linked: RunningBot, insert: Insert) -> None:
    numbers = [await insert(f"Request {number}") for number in range(7)]
    message = await linked.erik.post("ops", " ".join(f"{URL}/r/{number}" for number in [*numbers, numbers[0]]))
    assert list(await previews(linked, message)) == [f"{URL}/r/{number}" for number in numbers[:5]]


async def test_in_a_message_that_is_being_written(linked: RunningBot) -> None:
    draft = await linked.erik.compose(f"Look at {URL}/r/1")
    await settled(linked)
    assert "MR-1" in shown(draft.unfurls[f"{URL}/r/1"]["blocks"])
    assert "MR-1" in draft.unfurls[f"{URL}/r/1"]["preview"]["title"]["text"]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"links": "many"},
        {"links": [None, 7, {"url": None}, {"url": "http://[::1"}]},
        {"channel": "ops"},
        {"message_ts": "yesterday"},
        {"source": "composer"},
        {"source": "composer", "unfurl_id": "<>"},
        {"user": {"id": 5}},
    ],
)
async def test_events_of_another_shape_do_nothing(linked: RunningBot, spoilt: dict[str, object]) -> None:
    message = await linked.eva.post("ops", f"{URL}/r/1")
    answer = await share(linked, message, event=spoilt, is_ext_shared_channel=False)
    assert answer.status == 200
    assert await previews(linked, message) == {}


async def test_a_slow_slack_delays_nothing_and_is_asked_again(linked: RunningBot) -> None:
    linked.slack.faults.add("ratelimited", "chat.unfurl", times=1, retry_after=1)
    message = await linked.erik.post("ops", f"{URL}/r/1")
    assert "MR-1" in (await previews(linked, message))[f"{URL}/r/1"]


async def test_a_message_that_is_gone_by_then(linked: RunningBot) -> None:
    linked.slack.faults.add("ratelimited", "chat.unfurl", times=1, retry_after=1)
    message = await linked.erik.post("ops", f"{URL}/r/1")
    await linked.until(lambda: bool(linked.slack.calls_of("chat.unfurl")))
    linked.slack.messages.delete(message)
    await settled(linked)
    assert await linked.fetch("SELECT id FROM techops.pgqueuer WHERE status = 'failed'") == []
