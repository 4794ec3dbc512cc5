"""Settings: the form from the Home and by command, the zone that outlives Slack's, and what is not sent any more."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sandbox.records import View
from scheduler.jobs import reminders
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ADA, ERIK, Insert, told
from tests.handlers.test_home import home_of, text_of
from tests.views.checks import shown

MONDAY = datetime(2030, 11, 25, 10, tzinfo=UTC)
WHOLE_WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


async def form(bot: RunningBot) -> View:
    """The form, opened from Erik's Home."""
    await bot.erik.open_home()
    opened = await bot.erik.click(home_of(bot.erik), "settings.open")
    assert opened.view is not None, opened
    assert opened.view.title == "Settings"
    return opened.view


async def set_to(bot: RunningBot, **values: Any) -> Any:
    view = await form(bot)
    if "zone" in values:
        await bot.erik.options(view, "settings.zone", values["zone"])
    return await bot.erik.submit(view, values)


async def zone_of(bot: RunningBot) -> str:
    [row] = await bot.fetch("SELECT tz FROM techops.slack_identities WHERE user_id = $1", ERIK)
    return str(row["tz"])


async def dms(bot: RunningBot) -> list[str]:
    return [message.text for message in bot.slack.messages_in(bot.slack.dm(bot.erik.id).id)]


async def worked_off(bot: RunningBot) -> None:
    """Wait until nothing is on its way."""

    async def left() -> list[dict[str, Any]]:
        return await bot.fetch("SELECT id FROM techops.pgqueuer")

    async def idle() -> None:
        while await left():
            await bot.fetch("SELECT pg_sleep(0.02)")

    await idle()


async def test_set_on_the_home_and_seen_there(bot: RunningBot) -> None:
    answer = await set_to(bot, **{"from": "08:00", "until": "16:30", "days": ["Monday", "Thursday"]})
    assert answer.closed
    assert not answer.errors
    rows = await bot.fetch("SELECT user_id, starts_at, ends_at, days FROM techops.working_hours")
    assert rows == [{"user_id": ERIK, "starts_at": time(8), "ends_at": time(16, 30), "days": [1, 4]}]
    assert "08:00 to 16:30, Monday and Thursday" in text_of(bot.erik)
    assert "08:00 to 16:30, Monday and Thursday" in await told(bot.erik, "techops", "hours")
    assert await dms(bot) == []
    assert not bot.slack.refusals


async def test_the_usual_hours_need_no_row(bot: RunningBot) -> None:
    await told(bot.erik, "techops", "hours 7-9 sun")
    view = await form(bot)
    assert view.state["days"]["days"]["selected_options"][0]["value"] == "7"
    await bot.erik.submit(view, {"from": "09:00", "until": "17:00", "days": WHOLE_WEEK[:5]})
    assert await bot.fetch("TABLE techops.working_hours") == []


async def test_refusals_stand_at_their_fields(bot: RunningBot) -> None:
    answer = await set_to(bot, **{"from": "17:00", "until": "09:00"})
    assert "ends before it begins" in answer.errors["until"]
    view = await form(bot)
    view.state["days"]["days"]["selected_options"] = [{"value": "9"}, {"value": "Monday"}]
    assert "at least one day" in (await bot.erik.submit(view)).errors["days"]
    view = await form(bot)
    view.state["zone"]["settings.zone"]["selected_option"] = {"value": "Mars/Olympus"}
    assert "no time zone" in (await bot.erik.submit(view)).errors["zone"]
    view = await form(bot)
    view.state["from"]["from"]["selected_time"] = "25:99"
    assert "time of day" in (await bot.erik.submit(view)).errors["from"]
    assert await bot.fetch("SELECT tz, direct_messages FROM techops.person_settings") == [
        {"tz": None, "direct_messages": True}
    ]


async def test_a_zone_of_one_s_own_outlives_what_slack_says(bot: RunningBot) -> None:
    await told(bot.erik, "maintenance", "")
    slack_s = bot.erik.user.tz
    assert await zone_of(bot) == slack_s
    await set_to(bot, zone="Asia/Tokyo")
    assert await zone_of(bot) == "Asia/Tokyo"
    assert "Asia/Tokyo" in await told(bot.erik, "techops", "hours")
    await bot.slack.change_user("erik", tz="Africa/Cairo")
    assert await zone_of(bot) == "Asia/Tokyo"
    bot.clock.offset += timedelta(days=2)
    await told(bot.erik, "maintenance", "")
    assert await zone_of(bot) == "Asia/Tokyo"
    assert "Slack says Africa/Cairo" in shown((await form(bot)).blocks)
    await set_to(bot, zone="slack")
    assert await zone_of(bot) == "Africa/Cairo"
    await bot.slack.change_user("erik", tz=slack_s)
    assert await zone_of(bot) == slack_s


async def test_zones_are_found_by_city(bot: RunningBot) -> None:
    view = await form(bot)
    offered = [choice["value"] for choice in await bot.erik.options(view, "settings.zone", "new york")]
    assert offered == ["America/New_York"]
    every = await bot.erik.options(view, "settings.zone", "")
    assert every[0]["value"] == "slack"
    assert len(every) == 100
    assert not bot.slack.refusals


async def test_by_command_it_is_said(bot: RunningBot) -> None:
    ack = await bot.uma.slash("techops", "settings", "ops")
    assert ack.view is not None
    await bot.uma.submit(ack.view, {"direct_messages": "Off"})
    await bot.until(lambda: any("you get no reminders" in it.text for it in bot.uma.ephemerals("ops")))


async def test_who_wants_no_messages_gets_none_and_finds_it_on_the_home(bot: RunningBot, insert: Insert) -> None:
    await set_to(bot, direct_messages="Off", days=WHOLE_WEEK, **{"from": "00:00", "until": "23:59"})
    number = await insert("Disk full", assigned_to=ERIK, due_date="2030-11-25T10:00")
    await told(bot.eva, "maintenance", f"assign {await insert('Lift hums')} @erik")
    bot.clock.set(MONDAY)
    done = await reminders.run(bot.deps, MONDAY)
    assert done is None
    await worked_off(bot)
    assert await dms(bot) == []
    rows = await bot.fetch("SELECT step, reached FROM techops.reminders_sent WHERE request_id = $1", number)
    assert rows == [{"step": "due", "reached": False}]
    counted = "SELECT total FROM techops.counters WHERE name = 'techops_reminders_unreachable_total'"
    assert await bot.fetch(counted) == [{"total": 0}]
    await bot.erik.open_home()
    assert "Disk full" in text_of(bot.erik)
    assert "Lift hums" in text_of(bot.erik)
    assert "Direct messages: off" in text_of(bot.erik)


async def test_who_turns_them_off_in_between_gets_none_either(bot: RunningBot, insert: Insert) -> None:
    await set_to(bot, days=WHOLE_WEEK, **{"from": "00:00", "until": "23:59"})
    await insert("Disk full", assigned_to=ERIK, due_date="2030-11-25T10:00")
    bot.clock.set(MONDAY)
    bot.slack.faults.add("ratelimited", "chat.postMessage", times=1, retry_after=1)
    await reminders.run(bot.deps, MONDAY)
    await bot.until(lambda: any(call.error == "ratelimited" for call in bot.slack.calls_of("chat.postMessage")))
    await bot.fetch("UPDATE techops.person_settings SET direct_messages = false")
    await worked_off(bot)
    assert await dms(bot) == []


async def test_decisions_still_come(bot: RunningBot, insert: Insert) -> None:
    await set_to(bot, direct_messages="Off")
    number = await insert("Replace the switch", priority="critical", requested_by=ERIK)
    assert number
    await bot.eva.open_home()
    await bot.eva.click(home_of(bot.eva), "approvals.approve")
    await bot.until(lambda: bool(bot.slack.messages_in(bot.slack.dm(bot.erik.id).id)))
    assert "Approved by Eva" in (await dms(bot))[0]


async def test_messages_come_again_but_not_what_was_missed(bot: RunningBot, insert: Insert) -> None:
    await set_to(bot, direct_messages="Off", days=WHOLE_WEEK, **{"from": "00:00", "until": "23:59"})
    await insert("Disk full", assigned_to=ERIK, requested_by=ADA, due_date="2030-11-25T10:00")
    bot.clock.set(MONDAY)
    await reminders.run(bot.deps, MONDAY)
    await set_to(bot, direct_messages="On")
    await reminders.run(bot.deps, MONDAY + timedelta(minutes=1))
    await worked_off(bot)
    assert await dms(bot) == []
    bot.clock.set(MONDAY + timedelta(hours=19, minutes=30))
    await reminders.run(bot.deps, bot.clock())
    await bot.until(lambda: bool(bot.slack.messages_in(bot.slack.dm(bot.erik.id).id)))
    assert "overdue" in (await dms(bot))[0]
