"""Shortcuts that raise a request: from anywhere, and from a message."""

import asyncio

from sandbox.records import Message
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import told

RAISED = "was raised from this message"


def replies(bot: RunningBot, message: Message) -> list[str]:
    thread = message.thread_ts or message.ts
    found = bot.slack.messages_in(message.channel, thread_ts=thread)
    return [it.text for it in found if it.user == bot.slack.bot.id]


async def replied(bot: RunningBot) -> None:
    """Wait until no reply is on its way."""
    async with asyncio.timeout(10):
        while await bot.fetch("SELECT id FROM techops.pgqueuer WHERE entrypoint = 'reply'"):
            await asyncio.sleep(0.02)


async def raised(bot: RunningBot, message: Message, title: str = "Disk full") -> str:
    """Raise a request from a message; the description that the form began with."""
    opened = await bot.uma.shortcut("create_request", message)
    assert opened.view is not None, opened
    assert opened.view.title == "New maintenance request"
    described = str(opened.view.state["description"]["description"]["value"])
    done = await bot.uma.submit(opened.view, {"Title": title})
    assert not done.errors
    return described


async def test_anywhere(bot: RunningBot) -> None:
    opened = await bot.uma.shortcut("new_request")
    assert opened.view is not None
    assert opened.view.title == "New maintenance request"
    await bot.uma.submit(opened.view, {"Title": "Disk full", "Description": "On db1"})
    assert await bot.fetch("SELECT title FROM maintenance_requests") == [{"title": "Disk full"}]


async def test_a_message_becomes_a_request(bot: RunningBot) -> None:
    await told(bot.erik, "maintenance", "")
    message = await bot.eva.post("ops", "db1 is <full>, @erik please look")
    described = await raised(bot, message)
    answer = await bot.deps.slack.call("chat.getPermalink", channel=message.channel, message_ts=message.ts)
    link = answer["permalink"]
    assert described == f"db1 is <full>, @Erik Engineer please look\n\n{link}"
    [row] = await bot.fetch("SELECT description FROM maintenance_requests")
    assert row["description"] == described
    await bot.until(lambda: bool(replies(bot, message)))
    assert replies(bot, message) == [f"MR-1 “Disk full” {RAISED} by Uma User."]
    assert any("MR-1" in it.text for it in bot.uma.ephemerals("ops"))
    assert not bot.slack.refusals


async def test_a_reply_goes_to_the_same_thread_once(bot: RunningBot) -> None:
    first = await bot.eva.post("ops", "It is slow")
    second = await bot.eva.post("ops", "Now it is down", thread_ts=first.ts)
    opened = await bot.uma.shortcut("create_request", second)
    assert opened.view is not None
    assert f"?thread_ts={first.ts}&cid={first.channel}" in str(opened.view.state)
    await bot.uma.submit(opened.view, {"Title": "Down"}, repeat=3)
    await bot.until(lambda: bool(replies(bot, second)))
    await bot.card(1)
    assert len(replies(bot, first)) == 1
    assert len(await bot.fetch("SELECT id FROM maintenance_requests")) == 1


async def test_where_the_bot_is_not_only_the_person_hears(bot: RunningBot) -> None:
    message = await bot.eva.post("general", "The lift hums")
    await raised(bot, message, "Lift")
    assert any("MR-1" in it.text for it in bot.uma.ephemerals("general"))
    await bot.card(1)
    elsewhere = await bot.eva.post("ops", "Another")
    await raised(bot, elsewhere, "Other")
    await bot.until(lambda: bool(replies(bot, elsewhere)))
    await replied(bot)
    assert replies(bot, message) == []
    assert await bot.fetch("SELECT channel_id FROM techops.channel_pauses") == []


async def test_a_long_message_keeps_its_address(bot: RunningBot) -> None:
    message = await bot.eva.post("ops", "x" * 5000)
    described = await raised(bot, message)
    assert len(described) == 3000
    assert described.endswith(message.ts.replace(".", ""))


async def test_a_message_that_is_gone_by_then(bot: RunningBot) -> None:
    message = await bot.eva.post("ops", "Never mind")
    opened = await bot.uma.shortcut("create_request", message)
    assert opened.view is not None
    bot.slack.messages.delete(message)
    await bot.uma.submit(opened.view, {"Title": "Still"})
    await bot.card(1)
    await replied(bot)
    assert not [it for it in bot.cards() if RAISED in it.text]


async def test_a_reply_waits_where_slack_says_so(bot: RunningBot) -> None:
    message = await bot.eva.post("ops", "It hums")
    opened = await bot.uma.shortcut("create_request", message)
    assert opened.view is not None
    bot.slack.faults.add("ratelimited", "chat.postMessage", channel=message.channel, times=2, retry_after=1)
    await bot.uma.submit(opened.view, {"Title": "Hum"})
    await bot.until(lambda: bool(replies(bot, message)), 20)
    await replied(bot)
    assert len(replies(bot, message)) == 1


async def test_a_form_that_was_given_another_place_answers_nowhere(bot: RunningBot) -> None:
    theirs = bot.slack.add_channel("board", kind="private", members=[bot.eva.id])
    secret = await bot.eva.post(theirs.id, "Nobody else reads this")
    message = await bot.eva.post("ops", "It hums")
    opened = await bot.uma.shortcut("create_request", message)
    assert opened.view is not None
    remembered = opened.view.body["private_metadata"]
    place = f"{message.channel}:{message.ts}"
    assert place in remembered
    opened.view.body["private_metadata"] = remembered.replace(place, f"{theirs.id}:{secret.ts}")
    await bot.uma.submit(opened.view, {"Title": "Forged"})
    await bot.card(1)
    await replied(bot)
    assert replies(bot, secret) == []


async def test_members_of_a_private_channel_are_answered_there(bot: RunningBot) -> None:
    theirs = bot.slack.add_channel("board", kind="private", members=[bot.eva.id, bot.uma.id])
    message = await bot.eva.post(theirs.id, "It hums")
    await raised(bot, message, "Hum")
    await bot.until(lambda: bool(replies(bot, message)))
