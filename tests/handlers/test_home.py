"""The App Home, opened and acted on through signed requests."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.acts import Person
from sandbox.records import View
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ADA, ERIK, EVA, Insert, told
from tests.views.checks import labels, shown, walk


def text_of(person: Person) -> str:
    """All that the person's Home shows."""
    return shown(home_of(person).blocks)


def home_of(person: Person) -> View:
    assert person.home is not None
    return person.home


def block_of(person: Person, action_id: str, value: str) -> str:
    """The block of the button that carries this value."""
    for block in home_of(person).blocks:
        for part in walk(block):
            if part.get("action_id") == action_id and part.get("value") == value:
                return str(block["block_id"])
    raise LookupError(f"no {action_id} for {value}")


async def press(person: Person, action_id: str, value: str) -> Any:
    return await person.click(home_of(person), action_id, block_id=block_of(person, action_id, value))


def after(text: str, title: str) -> str:
    """What stands under a title."""
    return text.partition(f"\n{title}\n")[2]


async def introduce(bot: RunningBot) -> None:
    for person in (bot.ada, bot.erik, bot.eva):
        await told(person, "maintenance", "")


async def test_it_shows_what_waits_and_what_was_asked_for(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    now = bot.clock()

    def due(days: int) -> str:
        return f"{now + timedelta(days=days):%Y-%m-%dT%H:%M}"

    await insert("Late", assigned_to=ERIK, due_date=due(-1))
    await insert("Soon", assigned_to=ERIK, due_date=due(2))
    await insert("Some day", assigned_to=ERIK, due_date=due(30))
    await insert("Asked by Erik", requested_by=ERIK, assigned_to=EVA)
    await insert("Over", assigned_to=ERIK, status="completed")
    await insert("Eva's", assigned_to=EVA)
    await bot.erik.open_home()
    shows = text_of(bot.erik)
    assert "3 open requests assigned to you. Waiting for you: 1 overdue request" in shows
    places = [shows.index(word) for word in ("Late", "Soon", "Some day", "Your requests", "Asked by Erik")]
    assert places == sorted(places)
    assert "Eva's" not in shows
    assert "MR-5" not in shows
    assert "Health" not in shows
    assert not bot.slack.refusals


async def test_other_tabs_are_ignored(bot: RunningBot) -> None:
    await bot.erik.open_home("messages")
    assert bot.erik.home is None


async def test_a_newcomer_gets_an_account_and_a_home(bot: RunningBot) -> None:
    await bot.uma.open_home()
    assert "No open request is assigned to you. Nothing is due, nothing to decide." in text_of(bot.uma)
    assert labels(home_of(bot.uma).blocks) == ["New request", "Settings"]
    assert await bot.fetch("SELECT role FROM users WHERE email = 'uma@example.com'") == [{"role": "user"}]


async def test_a_deactivated_person_sees_nothing_of_before(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    await insert("Secret plan", assigned_to=ERIK)
    await bot.erik.open_home()
    assert "Secret plan" in text_of(bot.erik)
    await bot.fetch("UPDATE users SET is_active = false WHERE id = $1", ERIK)
    await bot.erik.open_home()
    assert "deactivated" in text_of(bot.erik)
    assert "Secret plan" not in text_of(bot.erik)
    assert labels(home_of(bot.erik).blocks) == []


async def critical(bot: RunningBot, insert: Insert, **columns: Any) -> str:
    """A critical request, which waits for approval; the number of that."""
    number = await insert("Replace the switch", priority="critical", **columns)
    [row] = await bot.fetch("SELECT id FROM techops.approvals WHERE subject_id = $1 AND status = 'pending'", number)
    return str(row["id"])


async def test_approved_from_home(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    approval = await critical(bot, insert, requested_by=ERIK)
    await bot.eva.open_home()
    assert "Waiting for you: 1 approval" in text_of(bot.eva)
    pressed = await press(bot.eva, "approvals.approve", approval)
    assert pressed.view is not None
    assert "is approved now and can be started" in shown(pressed.view.blocks)
    assert "Replace the switch" not in text_of(bot.eva)
    assert await bot.fetch("SELECT user_id FROM techops.approval_votes") == [{"user_id": EVA}]
    assert not bot.slack.refusals


async def test_one_s_own_and_what_others_decided_are_not_offered(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    approval = await critical(bot, insert, requested_by=ERIK)
    await bot.erik.open_home()
    assert "Approve" not in labels(home_of(bot.erik).blocks)
    await bot.uma.open_home()
    assert "Approve" not in labels(home_of(bot.uma).blocks)
    await bot.eva.open_home()
    await bot.ada.open_home()
    await press(bot.ada, "approvals.approve", approval)
    late = await press(bot.eva, "approvals.approve", approval)
    assert late.view is not None
    assert "already approved by Ada Admin" in shown(late.view.blocks)
    assert "Approve" not in labels(home_of(bot.eva).blocks)


async def test_rejected_in_the_form_that_home_opened(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    approval = await critical(bot, insert, requested_by=ERIK)
    await bot.eva.open_home()
    opened = await press(bot.eva, "approvals.reject", approval)
    assert opened.view is not None
    assert "Replace the switch" in text_of(bot.eva)
    await bot.eva.submit(opened.view, {"reason": "Not today"})
    assert "Replace the switch" not in text_of(bot.eva)
    assert await bot.fetch("SELECT status FROM maintenance_requests") == [{"status": "cancelled"}]


async def test_raised_from_home_and_seen_there(bot: RunningBot) -> None:
    await bot.uma.open_home()
    opened = await bot.uma.click(home_of(bot.uma), "maintenance.new")
    assert opened.view is not None
    assert opened.view.title == "New maintenance request"
    await bot.uma.submit(opened.view, {"Title": "Projector is dark", "Description": "Room 4"})
    assert "MR-1  Projector is dark" in after(text_of(bot.uma), "Your requests")
    assert not bot.slack.refusals


async def test_opened_and_worked_on_from_home(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    number = await insert("Disk full", assigned_to=ERIK)
    await bot.erik.open_home()
    opened = await press(bot.erik, "home.open", str(number))
    assert opened.view is not None
    await bot.erik.click(opened.view, "maintenance.start")
    assert await bot.fetch("SELECT status FROM maintenance_requests") == [{"status": "in_progress"}]
    assert "In progress · Medium priority" in text_of(bot.erik)
    assert not bot.slack.refusals


async def test_deployments_of_my_projects(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    await insert("Concerns the platform", requested_by=EVA, project_id=1)
    await told(bot.ada, "deploy", 'record "E-commerce Platform" v1.0 staging')
    await told(bot.ada, "deploy", 'record "Web App" v2.0 staging')
    await told(bot.uma, "deploy", 'request "Web App" v2.1 staging')
    shows: dict[str, str] = {}
    for person in (bot.ada, bot.erik, bot.eva, bot.uma):
        await person.open_home()
        shows[person.user.name] = text_of(person)
    assert "v1.0" in shows["ada"]
    assert "v2.0" in shows["ada"]
    assert "Recent deployments" not in shows["erik"]
    assert "v1.0" in shows["eva"]
    assert "v2.0" not in shows["eva"]
    assert "v1.0" not in shows["uma"]
    assert "v2.1" in shows["uma"]
    opened = await press(bot.eva, "home.open_deployment", "1")
    assert opened.view is not None
    assert "v1.0" in shown(opened.view.blocks)
    bot.clock.offset += timedelta(days=91)
    await bot.eva.open_home()
    assert "Recent deployments" not in text_of(bot.eva)


async def test_common_acts_of_engineers(bot: RunningBot) -> None:
    await introduce(bot)
    await bot.erik.open_home()
    recorded = await bot.erik.click(home_of(bot.erik), "home.record")
    assert recorded.view is not None
    assert recorded.view.title == "Record deployment"
    hours = await bot.erik.click(home_of(bot.erik), "home.hours")
    assert hours.view is not None
    assert "no work is logged" in shown(hours.view.blocks)
    await bot.uma.open_home()
    made_up = await bot.uma.click(home_of(bot.uma), "home.record", element={"value": "new"})
    assert made_up.view is not None
    assert "engineer" in shown(made_up.view.blocks)


async def test_admins_see_the_database_s_health(bot: RunningBot) -> None:
    await bot.ada.open_home()
    assert "Queue: " in text_of(bot.ada)
    assert "has not run yet" in text_of(bot.ada)
    assert "`/techops db sizes` shows them now" in text_of(bot.ada)
    assert "no verified backup yet" in text_of(bot.ada)


async def test_500_items_fit(bot: RunningBot) -> None:
    await introduce(bot)
    await bot.fetch(
        """
        INSERT INTO maintenance_requests (title, description, requested_by, assigned_to, due_date, priority)
        SELECT repeat('<&> *x* ', 31), 'x', $1, $2, now() + (n - 300) * interval '1 hour', 'critical'
        FROM generate_series(1, 500) AS n, set_config('app.announce', 'off', true)
        """,
        ADA,
        ERIK,
    )
    await bot.erik.open_home()
    assert "500 open requests assigned to you" in text_of(bot.erik)
    assert "and 490 more, which follow as these are decided." in text_of(bot.erik)
    assert "and 290 more, type `/maintenance list assignee:me`" in text_of(bot.erik)
    assert len(home_of(bot.erik).blocks) <= 100
    assert not bot.slack.refusals


@pytest.mark.parametrize("fault", [("server_error", {}), ("delay", {"delay": 10.0})])
async def test_an_act_stands_where_home_cannot_be_published(
    bot: RunningBot, insert: Insert, fault: tuple[str, dict[str, float]]
) -> None:
    await introduce(bot)
    approval = await critical(bot, insert, requested_by=ERIK)
    await bot.eva.open_home()
    kind, details = fault
    bot.slack.faults.add(kind, "views.publish", **details)
    pressed = await press(bot.eva, "approvals.approve", approval)
    assert pressed.ok
    assert pressed.view is not None
    assert await bot.fetch("SELECT user_id FROM techops.approval_votes") == [{"user_id": EVA}]
    await bot.until(lambda: "Replace the switch" not in text_of(bot.eva))


async def test_an_act_that_came_too_late_is_shown_as_well(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    approval = await critical(bot, insert, requested_by=ERIK)
    await bot.eva.open_home()
    await bot.fetch("UPDATE techops.approvals SET status = 'expired'")
    pressed = await press(bot.eva, "approvals.approve", approval)
    assert pressed.view is not None
    assert "Replace the switch" not in text_of(bot.eva)


async def test_acts_elsewhere_show_on_a_home_that_is_open(bot: RunningBot, insert: Insert) -> None:
    await introduce(bot)
    number = await insert("Disk full", assigned_to=ERIK)
    await told(bot.erik, "maintenance", f"comment {number} before it was opened")
    assert bot.erik.home is None
    await bot.erik.open_home()
    assert "Open · Medium priority" in text_of(bot.erik)
    await told(bot.erik, "maintenance", f"start {number}")
    await bot.until(lambda: "In progress · Medium priority" in text_of(bot.erik))
    card = await bot.card(number)
    await bot.erik.click(card, "maintenance.complete")
    await bot.erik.submit(bot.erik.views[-1], {"note": "cleaned"})
    await bot.until(lambda: "Disk full" not in text_of(bot.erik))
    assert bot.eva.home is None
    bot.clock.offset += timedelta(days=2)
    await told(bot.erik, "maintenance", f"reopen {number}")
    assert await bot.fetch("SELECT id FROM techops.pgqueuer WHERE entrypoint = 'home'") == []
    assert not bot.slack.refusals


async def test_a_home_of_somebody_deactivated_meanwhile_is_left_alone(bot: RunningBot) -> None:
    await introduce(bot)
    await bot.erik.open_home()
    shown_before = len(bot.slack.calls_of("views.publish"))
    await bot.fetch("UPDATE users SET is_active = false WHERE id = $1", ERIK)
    await bot.fetch(
        """
        INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
        SELECT 0, 'home', convert_to($1, 'UTF8'), now(), 'queued'
        """,
        f'{{"team": "{bot.slack.team["id"]}", "user": "{bot.erik.id}"}}',
    )
    while await bot.fetch("SELECT id FROM techops.pgqueuer WHERE entrypoint = 'home'"):
        await bot.fetch("SELECT pg_sleep(0.02)")
    assert len(bot.slack.calls_of("views.publish")) == shown_before
