"""Reminders acted on: their buttons and menu, `/techops snooze` and `/techops hours`, through signed requests."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.records import Message
from scheduler.jobs import reminders
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ADA, ERIK, Insert, labels, told, whispered

MONDAY = datetime(2030, 11, 25, 10, tzinfo=UTC)
ALWAYS = """
INSERT INTO techops.working_hours (user_id, starts_at, ends_at, days, updated_at)
SELECT id, '00:00', '23:59', '{1,2,3,4,5,6,7}', now() FROM users
"""


@pytest.fixture
async def reminded(bot: RunningBot, insert: Insert) -> tuple[int, Message]:
    """A request in progress of Erik, and what reminds him of it; his zone is New York's."""
    await told(bot.erik, "maintenance", "help")
    await told(bot.erik, "maintenance", "list")
    number = await insert("Disk full", assigned_to=ERIK, status="in_progress", due_date="2030-11-25T10:00")
    await bot.fetch(ALWAYS)
    bot.clock.set(MONDAY)
    await reminders.run(bot.deps, MONDAY)
    dm = bot.slack.dm(bot.erik.id).id
    await bot.until(lambda: bool(bot.slack.messages_in(dm)))
    return number, bot.slack.messages_in(dm)[-1]


def said(bot: RunningBot) -> str:
    return whispered(bot.erik, bot.slack.dm(bot.erik.id).id)


async def test_it_has_live_buttons(bot: RunningBot, reminded: tuple[int, Message]) -> None:
    number, message = reminded
    assert labels(message) == ["Complete", "Open"]
    opened = await bot.erik.click(message, "maintenance.complete")
    assert opened.view is not None
    assert opened.view.title == f"Complete MR-{number}"
    await bot.erik.submit(opened.view, {"note": "cleaned up"})
    rows = await bot.fetch("SELECT status FROM maintenance_requests WHERE id = $1", number)
    assert rows == [{"status": "completed"}]
    await bot.erik.click(message, "reminders.open")
    await bot.until(lambda: "is completed" in said(bot))
    await bot.erik.select(message, "reminders.snooze", "Until tomorrow")
    await bot.until(lambda: "is over" in said(bot))


async def test_what_is_not_begun_can_be_started(bot: RunningBot, insert: Insert, reminded: tuple[int, Message]) -> None:
    number = await insert("Not begun", assigned_to=ERIK, due_date="2030-11-25T10:05")
    await reminders.run(bot.deps, MONDAY + timedelta(minutes=5))
    dm = bot.slack.dm(bot.erik.id).id
    await bot.until(lambda: len(bot.slack.messages_in(dm)) == 2)
    message = bot.slack.messages_in(dm)[-1]
    assert labels(message) == ["Start", "Complete", "Open"]
    await bot.erik.click(message, "reminders.start")
    await bot.until(lambda: "is in progress now" in said(bot))
    assert await bot.fetch("SELECT status FROM maintenance_requests WHERE id = $1", number) == [
        {"status": "in_progress"}
    ]


@pytest.mark.parametrize(
    ("choice", "until"),
    [
        # he works from 8 to 16, Tuesday and Thursday, in New York, five hours behind
        ("Until tomorrow", "2030-11-26T13:00+00:00"),
        ("Until next working day", "2030-11-26T13:00+00:00"),
    ],
)
async def test_put_off_by_the_menu(bot: RunningBot, reminded: tuple[int, Message], choice: str, until: str) -> None:
    number, message = reminded
    assert "08:00 to 16:00, Tuesday and Thursday" in await told(bot.erik, "techops", "hours 8-16 tue,thu")
    await bot.erik.select(message, "reminders.snooze", choice)
    await bot.until(lambda: f"MR-{number}" in said(bot))
    [row] = await bot.fetch("SELECT request_id, until FROM techops.snoozes")
    assert row == {"request_id": number, "until": datetime.fromisoformat(until)}


async def test_put_off_until_a_date(bot: RunningBot, reminded: tuple[int, Message]) -> None:
    number, message = reminded
    opened = await bot.erik.select(message, "reminders.snooze", "Until a date…")
    assert opened.view is not None
    assert opened.view.title == f"Snooze MR-{number}"
    refused = await bot.erik.submit(opened.view, {"until": "2030-11-20"})
    assert "passed" in refused.errors["until"]
    await bot.erik.submit(opened.view, {"until": "2030-12-03"})
    [row] = await bot.fetch("SELECT until FROM techops.snoozes")
    assert row["until"] == datetime(2030, 12, 3, 5, tzinfo=UTC)


async def test_put_off_by_command_and_reminded_again(bot: RunningBot, reminded: tuple[int, Message]) -> None:
    number, _message = reminded
    dm = bot.slack.dm(bot.erik.id).id
    assert "again" in await told(bot.erik, "techops", f"snooze MR-{number} in 3 hours")
    for hours, messages in ((1, 1), (3, 2), (4, 2)):
        await reminders.run(bot.deps, MONDAY + timedelta(hours=hours))
        await bot.until(lambda wanted=messages: len(bot.slack.messages_in(dm)) == wanted)
    assert await bot.fetch("TABLE techops.snoozes") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("snooze", "Say which request"),
        ("snooze MR-99 tomorrow", "There is no MR-99"),
        ("snooze MR-{} yesterday", "passed"),
        ("snooze MR-{} none", "has to come back"),
        ("hours 17-9", "ends before it begins"),
        ("hours 9-17 someday", "no day of the week"),
        ("hours whenever", "from when to when"),
        ("hours 25-26", "no hours of a day"),
    ],
)
async def test_refusals(bot: RunningBot, reminded: tuple[int, Message], text: str, reason: str) -> None:
    assert reason in await told(bot.erik, "techops", text.format(reminded[0]))


async def test_only_whose_reminders_they_are(bot: RunningBot, reminded: tuple[int, Message]) -> None:
    assert "You get no reminders" in await told(bot.eva, "techops", f"snooze MR-{reminded[0]} tomorrow")
    assert "no reminders" not in await told(bot.ada, "techops", f"snooze MR-{reminded[0]} tomorrow")  # its requester


async def test_working_hours_are_shown_set_and_forgotten(bot: RunningBot) -> None:
    assert "09:00 to 17:00, Monday to Friday" in await told(bot.eva, "techops", "hours")
    assert "07:30 to 12:00, Monday, Tuesday and Saturday" in await told(bot.eva, "techops", "hours sat,mon-tue 7:30-12")
    assert "07:30 to 12:00" in await told(bot.eva, "techops", "hours")
    assert "usual hours" in await told(bot.eva, "techops", "hours default")
    assert await bot.fetch("TABLE techops.working_hours") == []


async def test_an_urgent_one_is_taken_from_the_channel(bot: RunningBot, insert: Insert) -> None:
    await told(bot.erik, "maintenance", "list")
    number = await insert("Nobody's", due_date="2030-11-20T10:00", priority="critical")
    await bot.fetch(ALWAYS)
    await reminders.run(bot.deps, MONDAY)
    await bot.until(lambda: any("urgent" in it.text for it in bot.cards()))
    [message] = [it for it in bot.cards() if "urgent" in it.text]
    assert labels(message) == ["Assign to me", "Open"]
    await bot.erik.click(message, "reminders.take")
    await bot.until(lambda: "assigned to you" in whispered(bot.erik))
    assert await bot.fetch("SELECT assigned_to FROM maintenance_requests WHERE id = $1", number) == [
        {"assigned_to": ERIK}
    ]
    assert ADA != ERIK
