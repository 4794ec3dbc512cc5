import asyncio
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.sandbox.conftest import buttons

SILENT = {"settings": {"interactivity": {"is_enabled": False}}, "oauth_config": {"scopes": {"bot": ["chat:write"]}}}


async def test_a_button_for_some_is_pressed_by_them_alone(
    slack: Workspace, bot: AsyncApp, client: AsyncWebClient
) -> None:
    pressed: list[str] = []

    async def listener(ack: Any, body: dict[str, Any]) -> None:
        pressed.append(body["user"]["id"])
        await ack()

    bot.action("go")(listener)
    blocks = buttons("go")
    blocks[0]["elements"][0]["visible_to_user_ids"] = ["U0ENG"]
    await client.chat_postMessage(channel="ops", text="card", blocks=blocks)
    card = slack.messages_in("ops")[0]
    with pytest.raises(LookupError, match="uma does not see 'go'"):
        await slack.person("uma").click(card, "go")
    await slack.person("erik").click(card, "go")
    assert pressed == ["U0ENG"]


async def test_two_people_press_at_the_same_time(slack: Workspace, bot: AsyncApp, client: AsyncWebClient) -> None:
    both = asyncio.Barrier(2)

    async def listener(ack: Any) -> None:
        await both.wait()
        await ack()

    bot.action("go")(listener)
    await client.chat_postMessage(channel="ops", text="card", blocks=buttons("go"))
    card = slack.messages_in("ops")[0]
    acks = await asyncio.gather(*(slack.person(name).click(card, "go") for name in ("erik", "eva")))
    assert [a.error for a in acks] == ["", ""]


@pytest.mark.parametrize("slack_options", [{"manifest": SILENT}])
async def test_an_app_without_interactivity_hears_no_click(slack: Workspace, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="ops", text="card", blocks=buttons("go"))
    ack = await slack.person("erik").click(slack.messages_in("ops")[0], "go")
    assert ack.error == "interactivity_disabled"
    assert (await slack.person("erik").shortcut("new")).error == "unknown_shortcut"
    assert not slack.deliveries


async def test_coming_into_a_channel_and_writing_to_the_bot(slack: Workspace, bot: AsyncApp) -> None:
    joined: list[str] = []

    async def listener(event: dict[str, Any]) -> None:
        joined.append(event["channel"])

    bot.event("member_joined_channel")(listener)
    await slack.join("techops", "general")
    assert joined == ["C0GENERAL"]
    assert (await bot.client.chat_postMessage(channel="general", text="thanks"))["ok"]
    person = slack.person("erik")
    await person.post(person.dm, "hello bot")
    await bot.client.chat_postMessage(channel=person.id, text="hello Erik")
    assert [m.text for m in person.dms_from_bot()] == ["hello Erik"]
    with pytest.raises(LookupError, match="is not in"):
        await slack.person("uma").post("secret", "let me in")


def test_who_and_what_is_unknown_is_named(slack: Workspace) -> None:
    with pytest.raises(KeyError, match="nobody is called"):
        slack.person("nobody")
    with pytest.raises(KeyError, match="there is no channel"):
        slack.channel("nowhere")


async def test_a_reader_too_slow_for_the_feed_is_told_to_load_again(slack: Workspace) -> None:
    queue = slack.feed.subscribe()
    for _ in range(1001):
        slack.feed.publish("tick")
    assert (queue.qsize(), queue.get_nowait()["type"]) == (1, "reload")
    slack.feed.publish("tick")
    assert queue.get_nowait()["type"] == "tick"
    slack.feed.unsubscribe(queue)
    slack.feed.publish("tick")
    assert queue.empty()


async def test_only_the_last_versions_and_tickets_are_kept(slack: Workspace, client: AsyncWebClient) -> None:
    sent = await client.chat_postMessage(channel="ops", text="0", blocks=buttons("b0"))
    for number in range(1, 26):
        await client.chat_update(channel="C0OPS", ts=sent["ts"], text=str(number), blocks=buttons(f"b{number}"))
    message = slack.messages_in("ops")[0]
    assert [v[0]["elements"][0]["action_id"] for v in message.revisions] == [f"b{n}" for n in range(5, 25)]
    first = slack.tickets.trigger("U0ENG")
    for _ in range(5000):
        slack.tickets.trigger("U0ENG")
    with pytest.raises(Exception, match="invalid_trigger_id"):
        slack.tickets.exchange(first)
