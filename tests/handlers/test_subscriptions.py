"""`/techops subscribe`, `subscriptions`, `unsubscribe`, `digest now`, and the buttons of digests."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.rules.subscriptions import zone_named
from scheduler.jobs import digest
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ERIK, Insert, labels, told, whispered

TABLE = "SELECT channel_id, kind, project_id, cadence, at, tz, days FROM techops.subscriptions ORDER BY id"


async def say(bot: RunningBot, text: str, channel: str = "ops") -> str:
    ack = await bot.erik.slash("techops", text, channel)
    assert ack.ok, ack
    return f"{ack.text}\n{ack.messages[0].blocks}"


async def test_subscribed_listed_changed_and_ended(bot: RunningBot) -> None:
    answer = await say(bot, 'subscribe digest project:"Web App" at 08:30 tz:asia/kolkata on mon,thu')
    assert "Daily digest of Web App, Monday and Thursday at 08:30 (Asia/Kolkata)" in answer
    assert "unsubscribe 1" in answer
    kept = {"channel_id": "C0OPS", "kind": "digest", "project_id": 2, "cadence": "daily"}
    assert await bot.fetch(TABLE) == [kept | {"at": time(8, 30), "tz": "Asia/Kolkata", "days": [1, 4]}]
    await say(bot, 'subscribe daily digest project:"Web App"')
    # his own zone, the usual time and days; still one subscription
    assert await bot.fetch(TABLE) == [kept | {"at": time(9), "tz": "America/New_York", "days": [1, 2, 3, 4, 5, 6, 7]}]
    assert "Weekly digest, Monday at 09:00" in await say(bot, "subscribe digest weekly", "deployments")
    listed = await say(bot, "subscriptions", "deployments")
    assert listed.index("Weekly digest") < listed.index("Daily digest of Web App")
    assert "has ended" in await say(bot, "unsubscribe 1")
    assert "There is no subscription 1" in await say(bot, "unsubscribe 1")


@pytest.mark.parametrize("kind", ["maintenance", "deployments", "database", "reminders"])
async def test_other_kinds_have_no_time(bot: RunningBot, kind: str) -> None:
    assert "This channel gets" in await say(bot, f"subscribe {kind}")
    assert "as they happen" in await say(bot, f"subscribe {kind} weekly")
    [row] = await bot.fetch(TABLE)
    assert (row["kind"], row["cadence"], row["at"]) == (kind, None, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("subscribe", "Say to what"),
        ("subscribe digets", "Did you mean digest?"),
        ("subscribe digest at 25:00", "no time of day"),
        ("subscribe digest tz:Europe/Berlim", "Did you mean Europe/Berlin?"),
        ("subscribe digest on someday", "I do not understand"),
        ("subscribe digest hourly", "I do not understand"),
        ("subscribe digest project:Nothing", "There is no project"),
        ("unsubscribe", "Say which one"),
        ("unsubscribe 99", "There is no subscription 99"),
        ("digest tomorrow", "I do not understand"),
    ],
)
async def test_refusals(bot: RunningBot, text: str, reason: str) -> None:
    assert reason in await say(bot, text)
    assert await bot.fetch(TABLE) == []


async def test_a_channel_without_the_bot_is_not_subscribed(bot: RunningBot) -> None:
    assert "/invite @techops" in await say(bot, "subscribe digest", "general")
    assert "archived" in await say(bot, "subscribe digest", "old")
    assert await bot.fetch(TABLE) == []


async def test_a_user_ends_what_belongs_to_their_channel_only(bot: RunningBot) -> None:
    await say(bot, "subscribe digest")
    refused = await bot.uma.slash("techops", "unsubscribe 1", "deployments")
    assert "belongs to another channel" in refused.text
    ended = await bot.uma.slash("techops", "unsubscribe 1", "ops")
    assert "has ended" in ended.text


async def test_subscribing_again_goes_on_where_it_was_paused(bot: RunningBot) -> None:
    await say(bot, "subscribe digest")
    await bot.fetch("UPDATE techops.subscriptions SET paused_at = now(), paused_reason = 'not_in_channel'")
    assert "Paused since" in await say(bot, "subscriptions")
    await say(bot, "subscribe digest")
    assert await bot.fetch("SELECT paused_at FROM techops.subscriptions") == [{"paused_at": None}]


async def test_who_raises_a_request_hears_in_which_channel_its_card_is(bot: RunningBot) -> None:
    await say(bot, "subscribe maintenance", "deployments")
    form = (await bot.uma.slash("maintenance", "new", "ops")).view
    assert form is not None
    await bot.uma.submit(form, {"title": "Disk full", "description": "No space left"})
    await bot.until(lambda: "C0DEPLOY" in whispered(bot.uma))
    await bot.until(lambda: len(bot.cards("deployments")) == 1)
    assert bot.cards("ops") == []


async def test_a_preview_is_for_one_person_only(bot: RunningBot, insert: Insert) -> None:
    await insert("Late thing", due_date="2026-01-01T10:00", project_id=2)
    await insert("Elsewhere", due_date="2026-01-01T10:00", project_id=1)
    before = len(bot.cards())
    assert "Elsewhere" in await say(bot, "digest now")
    await say(bot, 'subscribe digest project:"Web App"')
    shown = await say(bot, "digest now")
    assert "Daily digest of Web App" in shown
    assert "Late thing" in shown
    assert "Elsewhere" not in shown
    assert "Weekly digest" in await say(bot, "digest now weekly")
    assert len(bot.cards()) == before


async def test_rows_of_a_digest_have_live_buttons(bot: RunningBot, insert: Insert) -> None:
    monday = datetime(2030, 11, 25, 9, tzinfo=UTC)
    await say(bot, "subscribe digest tz:UTC")
    number = await insert("Late thing", due_date="2030-11-20T10:00")
    await bot.fetch("INSERT INTO deployments (project_id, version, environment) VALUES (1, 'v3', 'production')")
    await bot.fetch("UPDATE techops.approvals SET expires_at = '2031-01-01'")
    bot.clock.set(monday)
    await digest.run(bot.deps, monday)
    await bot.until(lambda: any("digest" in it.text for it in bot.cards()))
    [message] = [it for it in bot.cards() if "digest" in it.text]
    assert labels(message) == ["Open", "Assign to me", "Open"]
    await bot.erik.click(message, "digest.open", value="D-1")
    await bot.until(lambda: "v3" in whispered(bot.erik))
    await bot.erik.click(message, "digest.take")
    await bot.until(lambda: "assigned to you" in whispered(bot.erik))
    await bot.erik.click(message, "digest.open")
    await bot.until(lambda: f"MR-{number}" in whispered(bot.erik) and "No space left" in whispered(bot.erik))
    rows = await bot.fetch("SELECT assigned_to FROM maintenance_requests WHERE id = $1", number)
    assert rows == [{"assigned_to": ERIK}]
    # what the digest says is what the rows say when it is sent
    await digest.run(bot.deps, monday + timedelta(days=1))
    await bot.until(lambda: len([it for it in bot.cards() if "digest" in it.text]) == 2)
    assert labels(bot.cards()[-1]) == ["Open", "Open"]


def test_zones_are_found_whatever_their_case() -> None:
    assert zone_named("europe/berlin") == "Europe/Berlin"
    assert zone_named("America/New York") == "America/New_York"


async def test_help_names_them(bot: RunningBot) -> None:
    text = await told(bot.erik, "techops", "help")
    for verb in ("subscribe KIND", "subscriptions", "unsubscribe N", "digest now", "snooze ID WHEN", "hours"):
        assert verb in text
