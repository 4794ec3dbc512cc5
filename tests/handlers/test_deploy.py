"""/deploy from request to rollback, what it writes, its card, its lists, and who may."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.records import Message
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ERIK, EVA, Insert, labels, told, whispered
from tests.handlers.deployments import ACTIVITY, CHANNEL, card_of, held_now, row_of, thread_of


@pytest.fixture
async def card(bot: RunningBot) -> Message:
    """The card of deployment 1, pending, of the Web App to staging, which needs no approval."""
    for person in (bot.eva, bot.uma):
        await told(person, "deploy", "")
    await told(bot.erik, "deploy", 'request "Web App" v2.1.0 staging New checkout')
    return await card_of(bot, 1)


def at(moment: datetime) -> datetime:
    """As the dashboard's column holds it, in UTC here."""
    return moment.astimezone(UTC).replace(tzinfo=None)


async def test_a_life_by_commands(bot: RunningBot) -> None:
    answer = await told(bot.erik, "deploy", 'request "web app" v2.1.0 stage New checkout')
    assert "Web App v2.1.0 to staging was requested" in answer
    assert await row_of(bot, 1) == {
        "status": "pending",
        "version": "v2.1.0",
        "environment": "staging",
        "deployed_by": None,
        "deployed_at": None,
        "duration": None,
        "notes": "New checkout",
    }
    start = datetime.now(UTC) + timedelta(hours=1)
    bot.clock.set(start)
    assert "is in progress now" in await told(bot.eva, "deploy", "start D-1 here we go")
    row = await row_of(bot, 1)
    assert (row["status"], row["deployed_by"]) == ("in_progress", EVA)
    assert abs(row["deployed_at"] - at(start)) < timedelta(seconds=5)
    bot.clock.set(start + timedelta(minutes=4))
    assert "succeeded after 4m" in await told(bot.erik, "deploy", "finish 1 success all green")
    row = await row_of(bot, 1)
    assert (row["status"], row["deployed_by"], row["notes"]) == ("success", EVA, "New checkout\nall green")
    assert 240 <= row["duration"] <= 245
    assert abs(row["deployed_at"] - at(start)) < timedelta(seconds=5)
    assert "was rolled back" in await told(bot.eva, "deploy", "rollback #1 Checkout fails")
    after = await row_of(bot, 1)
    assert (after["status"], after["duration"]) == ("rolled_back", row["duration"])
    assert after["notes"] == "New checkout\nall green\nRolled back: Checkout fails"
    activity = [tuple(change.values()) for change in await bot.fetch(ACTIVITY, 1)]
    assert activity == [
        ("created", ERIK, None),
        ("started", EVA, "here we go"),
        ("succeeded", ERIK, "all green"),
        ("rolled_back", EVA, "Checkout fails"),
    ]


async def test_the_card_is_edited_through_its_life(bot: RunningBot, card: Message) -> None:
    assert labels(card) == ["Start"]
    assert "Web App v2.1.0 to staging" in str(card.blocks)
    await bot.eva.click(card, "deploy.start")
    await bot.until(lambda: labels(card) == ["Succeeded", "Failed"])
    assert "Eva Engineer" in str(card.blocks)
    form = await bot.eva.click(card, "deploy.failed")
    assert form.view is not None
    assert form.view.title == "D-1 failed"
    assert (await bot.eva.submit(form.view, {"Duration": "1h5m", "Notes": "Timed out"})).closed
    await bot.until(lambda: labels(card) == ["Roll back"])
    assert "1h 5m" in str(card.blocks)
    form = await bot.erik.click(card, "deploy.roll_back")
    assert form.view is not None
    assert (await bot.erik.submit(form.view, {"Reason": "Checkout fails"})).closed
    await bot.until(lambda: labels(card) == [] and "was rolled back" in card.text)
    await bot.until(lambda: len(thread_of(bot, card)) == 3)
    assert [line.split(".")[0] for line in thread_of(bot, card)] == [
        "Eva Engineer started D-1",
        "Eva Engineer says that D-1 failed after 1h 5m",
        "Erik Engineer rolled D-1 back",
    ]
    row = await row_of(bot, 1)
    assert (row["status"], row["duration"], row["deployed_by"]) == ("rolled_back", 3900, EVA)
    assert len(bot.cards(CHANNEL)) == 1


async def test_the_button_succeeded_measures_the_duration(bot: RunningBot, card: Message) -> None:
    await bot.eva.click(card, "deploy.start")
    await bot.until(lambda: "Succeeded" in labels(card))
    bot.clock.offset += timedelta(seconds=90)
    form = await bot.eva.click(card, "deploy.succeeded")
    assert form.view is not None
    refused = await bot.eva.submit(form.view, {"Duration": "-5"})
    assert "negative" in refused.errors["duration"]
    assert (await bot.eva.submit(form.view, {"Duration": None}, repeat=3)).closed
    row = await row_of(bot, 1)
    assert row["status"] == "success"
    assert 90 <= row["duration"] <= 95
    assert len(await bot.fetch("SELECT FROM techops.activity WHERE verb = 'succeeded'")) == 1


async def test_two_people_press_start(bot: RunningBot, card: Message) -> None:
    await asyncio.gather(bot.erik.click(card, "deploy.start"), bot.eva.click(card, "deploy.start"))
    [started] = await bot.fetch("SELECT actor_id FROM techops.activity WHERE verb = 'started'")
    row = await row_of(bot, 1)
    assert row["deployed_by"] == started["actor_id"]
    late, name = (bot.eva, "Erik") if started["actor_id"] == ERIK else (bot.erik, "Eva")
    assert f"already in progress (by {name} Engineer" in whispered(late, CHANNEL)
    assert len(bot.erik.ephemerals(CHANNEL)) + len(bot.eva.ephemerals(CHANNEL)) == 1


async def test_five_deliveries_of_one_click_are_one_act(bot: RunningBot, card: Message) -> None:
    clicked = await bot.erik.click(card, "deploy.start", repeat=5)
    assert [answer.error for answer in clicked.repeats] == [""] * 5
    assert len(await bot.fetch("SELECT FROM techops.activity WHERE verb = 'started'")) == 1
    assert bot.erik.ephemerals(CHANNEL) == [], "it was the same click"


async def test_a_click_too_late_or_without_the_role_changes_nothing(bot: RunningBot, card: Message) -> None:
    before = await held_now(bot)
    await bot.uma.click(card, "deploy.start")
    assert "engineer" in whispered(bot.uma, CHANNEL)
    assert await held_now(bot) == before
    await told(bot.erik, "deploy", "start 1")
    await bot.until(lambda: "Failed" in labels(card))
    await told(bot.erik, "deploy", "finish 1 success")
    await bot.until(lambda: labels(card) == ["Roll back"])
    before = await held_now(bot)
    await bot.eva.click(card, "deploy.start", stale=True)
    assert "finished with success (by Erik Engineer" in whispered(bot.eva, CHANNEL)
    late = await bot.eva.click(card, "deploy.failed", stale=True)
    assert late.view is None
    assert "so you cannot finish it" in whispered(bot.eva, CHANNEL)
    for value in ("", "x", "0", "99999999999999999999"):
        await bot.eva.click(card, "deploy.roll_back", value=value)
        assert "number" in whispered(bot.eva, CHANNEL), value
    assert await held_now(bot) == before


async def test_recording_by_words(bot: RunningBot) -> None:
    answer = await told(bot.erik, "deploy", "record Web App 2026.11 dev failed 300 “disk full”")
    assert "was recorded as failed" in answer
    row = await row_of(bot, 1)
    assert abs(row.pop("deployed_at") - at(datetime.now(UTC))) < timedelta(seconds=10)
    assert row == {
        "status": "failed",
        "version": "2026.11",
        "environment": "development",
        "deployed_by": ERIK,
        "duration": 300,
        "notes": "disk full",
    }
    await told(bot.erik, "deploy", "record env:staging project:#2 version:v3")
    assert (await row_of(bot, 2))["status"] == "success"
    recorded = await card_of(bot, 1)
    assert labels(recorded) == ["Roll back"]


@pytest.mark.parametrize("by_shortcut", [False, True])
async def test_recording_by_the_form(bot: RunningBot, *, by_shortcut: bool) -> None:
    opened = await (bot.erik.shortcut("record_deployment") if by_shortcut else bot.erik.slash("deploy", "record"))
    view = opened.view
    assert view is not None
    assert (view.title, view.body["submit"]["text"]) == ("Record deployment", "Create")
    options = await bot.erik.options(view, "deploy.project", "web")
    assert [option["text"]["text"] for option in options] == ["Web App"]
    values = {"Project": "Web App", "Version": "v" * 101, "Environment": "Staging"}
    assert "101 characters" in (await bot.erik.submit(view, values)).errors["version"]
    refused = await bot.erik.submit(view, {"Version": "v2", "Duration": "1h90m"})
    assert "59" in refused.errors["duration"]
    assert (await bot.erik.submit(view, {"Duration": "90s", "Notes": "By hand"}, repeat=3)).closed
    rows = await bot.fetch("SELECT project_id, version, environment, status, duration, notes FROM deployments")
    assert [tuple(row.values()) for row in rows] == [(2, "v2", "staging", "success", 90, "By hand")]


async def test_what_runs_where(bot: RunningBot, insert: Insert) -> None:
    assert "Nothing has been deployed yet" in await told(bot.uma, "deploy", "")
    await told(bot.erik, "deploy", "record Web App v1 staging")
    await told(bot.erik, "deploy", "record Web App v2 staging")
    await told(bot.eva, "deploy", "record Web App v3 staging failed")
    await told(bot.eva, "deploy", 'record "E-commerce Platform" 7.0 production')
    whole = await told(bot.uma, "deploy", "")
    assert "2 environments" in whole
    assert "7.0" in whole
    assert "D-4 · Success by Eva Engineer" in whole
    mine = await told(bot.uma, "deploy", "status web app")
    assert "  v2" in mine
    assert "Newest: v3, D-3 · Failed by Eva Engineer" in mine
    assert "  v1" not in mine
    assert "7.0" not in mine
    await told(bot.erik, "deploy", "rollback 2")
    assert "  v1" in await told(bot.uma, "deploy", 'status "Web App"')


async def test_show_tells_what_happened(bot: RunningBot, card: Message) -> None:
    await told(bot.erik, "deploy", "start D-1 carefully")
    for text in ("show D-1", "D-1", "show 1"):
        shown = await told(bot.uma, "deploy", text)
        for word in ("is in progress", "Web App", "New checkout", "Erik Engineer started D-1.", "carefully"):
            assert word in shown, (text, word)


async def test_lists_by_pages(bot: RunningBot) -> None:
    await bot.fetch(
        "WITH quiet AS (SELECT set_config('app.announce', 'off', true)) "
        "INSERT INTO deployments (project_id, version, environment, status, deployed_at) "
        "SELECT 1 + n % 2, 'v' || n, CASE WHEN n % 3 = 0 THEN 'staging' ELSE 'development' END, "
        "CASE WHEN n % 4 = 0 THEN 'failed' ELSE 'success' END, now() FROM quiet, generate_series(1, 25) AS n"
    )
    first = (await bot.uma.slash("deploy", "list")).messages[0]
    assert "D-25" in str(first.blocks)
    assert "D-16" in str(first.blocks)
    assert "D-15" not in str(first.blocks)
    assert labels(first) == ["Next"]
    await bot.uma.click(first, "deploy.list_next")
    second = bot.uma.ephemerals("general")[-1]
    assert "D-15" in str(second.blocks)
    assert "D-16" not in str(second.blocks)
    assert labels(second) == ["Previous", "Next"]
    await bot.uma.click(second, "deploy.list_previous")
    assert "D-25" in whispered(bot.uma, "general")
    narrowed = await told(bot.uma, "deploy", 'list project:"web app" env:stage status:success')
    assert "Deployments, project Web App, staging, success" in narrowed
    assert [number for number in range(1, 26) if f"D-{number} ·" in narrowed] == [3, 9, 15, 21]
    assert "D-12 ·" in await told(bot.uma, "deploy", "list staging failed project:#1")
    assert "there are none" in await told(bot.uma, "deploy", "list pending")


async def test_the_dashboards_deployments_have_cards_too(bot: RunningBot) -> None:
    await bot.fetch(
        "INSERT INTO deployments (project_id, version, environment, status) VALUES (2, 'v9', 'staging', 'in_progress')"
    )
    card = await card_of(bot, 1)
    assert labels(card) == ["Succeeded", "Failed"]
    assert "succeeded" in await told(bot.erik, "deploy", "finish 1 success")
    row = await row_of(bot, 1)
    assert row["deployed_by"] == ERIK
    assert row["deployed_at"] is not None
    assert row["duration"] is not None
    assert row["duration"] <= 10
    await bot.until(lambda: labels(card) == ["Roll back"])
    await bot.fetch("DELETE FROM deployments")
    await bot.until(lambda: "was deleted from the dashboard" in str(card.blocks))
    await bot.erik.click(card, "deploy.roll_back", stale=True)
    assert "There is no deployment D-1" in whispered(bot.erik, CHANNEL)


async def test_warnings_of_critical_requests(bot: RunningBot, insert: Insert) -> None:
    await insert("Database is slow", project_id=2, priority="critical")
    await insert("Elsewhere", project_id=1, priority="critical")
    await insert("Not so bad", project_id=2, priority="high")
    answer = await told(bot.erik, "deploy", "request Web App v2 staging")
    assert "MR-1 is a critical request of this project and not done" in answer
    assert "MR-2" not in answer
    assert "MR-3" not in answer
    card = await card_of(bot, 1)
    assert "MR-1 is a critical request" in str(card.blocks)
    await bot.erik.click(card, "deploy.start")
    assert "MR-1 is a critical request" in whispered(bot.erik, CHANNEL)
    assert (await row_of(bot, 1))["status"] == "in_progress"


async def test_what_users_may(bot: RunningBot) -> None:
    await told(bot.uma, "deploy", "")
    before = await held_now(bot)
    for text in ("record Web App v1 dev", "start 1", "finish 1 success", "rollback 1", "lock Web App prod x"):
        assert "Only an engineer or an admin" in await told(bot.uma, "deploy", text), text
    for text in ("freeze all 2030-01-01..2030-01-02 x", "unfreeze 1"):
        assert "Only an admin" in await told(bot.erik, "deploy", text), text
    refused = await bot.uma.shortcut("record_deployment")
    assert refused.view is not None
    assert "engineer" in str(refused.view.blocks)
    assert await held_now(bot) == before
    assert "was requested" in await told(bot.uma, "deploy", "request Web App v1 dev")
    assert "was requested" in await told(bot.erik, "deploy", "request Web App v1 dev")
    for text in ("status", "list", "show 1", "freezes", "help"):
        await told(bot.uma, "deploy", text)
