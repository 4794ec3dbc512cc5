"""The card's buttons and menu: what they do, who may, what a click too late is told, and races."""

import asyncio

import pytest

from sandbox.records import Message
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ERIK, Insert, Snapshot, labels, told, whispered

STATUS = "SELECT status, assigned_to FROM maintenance_requests WHERE id = $1"


@pytest.fixture
async def card(bot: RunningBot, insert: Insert) -> Message:
    """The card of request 1, with people whose accounts are known."""
    for person in (bot.erik, bot.eva, bot.uma):
        await told(person, "maintenance", "")
    await insert()
    await bot.fetch("UPDATE maintenance_requests SET priority = 'high'")
    return await bot.card(1)


async def test_the_buttons_follow_the_state(bot: RunningBot, card: Message) -> None:
    assert labels(card) == ["Assign to me", "Start", "Log work", "Edit", "Cancel request", "History"]
    await bot.erik.click(card, "maintenance.assign_me")
    await bot.until(lambda: "Assign to me" not in labels(card))
    await bot.erik.click(card, "maintenance.start")
    await bot.until(lambda: labels(card) == ["Log work", "Complete", "Edit", "Cancel request", "History"])
    await told(bot.erik, "maintenance", "complete 1")
    await bot.until(lambda: labels(card) == ["History", "Reopen"])
    assert "Completed by Erik Engineer" in str(card.blocks)
    await bot.erik.select(card, "maintenance.more", "Reopen")
    await bot.until(lambda: "Start" in labels(card))
    assert bot.erik.ephemerals("ops") == [], "the card itself is the answer"


async def test_the_menu(bot: RunningBot, card: Message) -> None:
    await bot.uma.select(card, "maintenance.more", "History")
    assert "History of MR-1" in whispered(bot.uma)
    edit = await bot.erik.select(card, "maintenance.more", "Edit")
    assert edit.view is not None
    assert edit.view.title == "Edit MR-1"
    cancel = await bot.erik.select(card, "maintenance.more", "Cancel request")
    assert cancel.view is not None
    assert (await bot.erik.submit(cancel.view, {"Reason": "Solved itself"})).closed
    await bot.until(lambda: "Cancelled by Erik Engineer" in str(card.blocks))
    [entry] = await bot.fetch("SELECT changed_by, notes FROM maintenance_status_history")
    assert entry == {"changed_by": ERIK, "notes": "Solved itself"}


async def test_a_click_without_the_role_says_which_one(bot: RunningBot, card: Message, snapshot: Snapshot) -> None:
    before = await snapshot()
    for action_id in ("maintenance.assign_me", "maintenance.start", "maintenance.log_work"):
        clicked = await bot.uma.click(card, action_id)
        assert clicked.view is None
        assert "engineer" in whispered(bot.uma), action_id
    for entry in ("Edit", "Cancel request"):
        chosen = await bot.uma.select(card, "maintenance.more", entry)
        assert chosen.view is None
        assert "engineer" in whispered(bot.uma), entry
    assert len(bot.uma.ephemerals("ops")) == 5
    assert await snapshot() == before


async def test_a_click_too_late_says_who_was_faster(bot: RunningBot, card: Message) -> None:
    await bot.erik.click(card, "maintenance.assign_me")
    await bot.erik.click(card, "maintenance.start")
    await bot.until(lambda: "In progress" in str(card.blocks))
    await bot.eva.click(card, "maintenance.start", stale=True)
    assert "already in progress (by Erik Engineer" in whispered(bot.eva)
    await bot.eva.click(card, "maintenance.assign_me", stale=True)
    assert "already assigned to Erik Engineer" in whispered(bot.eva)
    await told(bot.erik, "maintenance", "complete 1")
    await bot.until(lambda: "Completed" in str(card.blocks))
    await bot.eva.click(card, "maintenance.complete", stale=True)
    assert "already completed (by Erik Engineer" in whispered(bot.eva)
    [row] = await bot.fetch(STATUS, 1)
    assert row == {"status": "completed", "assigned_to": ERIK}


async def test_two_people_press_start(bot: RunningBot, card: Message) -> None:
    await asyncio.gather(bot.erik.click(card, "maintenance.start"), bot.eva.click(card, "maintenance.start"))
    assert len(await bot.fetch("SELECT FROM maintenance_status_history")) == 1
    [winner] = await bot.fetch("SELECT changed_by FROM maintenance_status_history")
    late, name = (bot.eva, "Erik") if winner["changed_by"] == ERIK else (bot.erik, "Eva")
    assert f"already in progress (by {name} Engineer" in whispered(late)
    assert len(bot.erik.ephemerals("ops")) + len(bot.eva.ephemerals("ops")) == 1


async def test_two_people_take_it(bot: RunningBot, card: Message) -> None:
    action_id = "maintenance.assign_me"
    await asyncio.gather(bot.erik.click(card, action_id), bot.eva.click(card, action_id))
    assert len(await bot.fetch("SELECT FROM techops.activity WHERE verb = 'assigned'")) == 1
    assert len(bot.erik.ephemerals("ops")) + len(bot.eva.ephemerals("ops")) == 1


async def test_five_deliveries_of_one_click_are_one_act(bot: RunningBot, card: Message) -> None:
    clicked = await bot.erik.click(card, "maintenance.start", repeat=5)
    assert [answer.error for answer in clicked.repeats] == [""] * 5
    assert len(await bot.fetch("SELECT FROM maintenance_status_history")) == 1
    assert bot.erik.ephemerals("ops") == [], "nobody is told that it was done already: it was the same click"
    assert len(await bot.fetch("SELECT FROM techops.acts WHERE key LIKE 'action:%'")) == 1


async def test_a_dialog_of_the_card_submitted_twice(bot: RunningBot, card: Message) -> None:
    await told(bot.erik, "maintenance", "start 1")
    await bot.until(lambda: "Complete" in labels(card))
    form = await bot.erik.click(card, "maintenance.complete")
    assert form.view is not None
    done = await bot.erik.submit(form.view, {"Hours": "2", "Note": "Done"}, repeat=3)
    assert [answer.error for answer in done.ack.repeats] == [""] * 3
    logs = await bot.fetch("SELECT hours_spent, work_description FROM maintenance_work_logs")
    assert logs == [{"hours_spent": 2, "work_description": "Done"}]
    assert len(await bot.fetch("SELECT FROM maintenance_status_history WHERE new_status = 'completed'")) == 1


async def test_a_card_whose_request_is_gone(bot: RunningBot, card: Message) -> None:
    form = await bot.erik.click(card, "maintenance.log_work")
    assert form.view is not None
    await bot.fetch("DELETE FROM maintenance_requests")
    await bot.until(lambda: "was deleted from the dashboard" in str(card.blocks))
    for action_id in ("maintenance.assign_me", "maintenance.start", "maintenance.log_work"):
        await bot.erik.click(card, action_id, stale=True)
        assert "There is no MR-1" in whispered(bot.erik), action_id
    refused = await bot.erik.submit(form.view, {"Hours": "1", "What was done": "x"})
    assert "There is no MR-1" in refused.errors["hours"]
    assert len(bot.erik.ephemerals("ops")) == 3


async def test_values_that_no_card_carries(bot: RunningBot, card: Message, snapshot: Snapshot) -> None:
    before = await snapshot()
    for value in ("", "x", "1; DROP TABLE users", "99999999999999999999", "-1", "0"):
        await bot.erik.click(card, "maintenance.start", value=value)
        assert "number" in whispered(bot.erik), value
    odd = {"type": "button", "action_id": "maintenance.more", "text": {"type": "plain_text", "text": "x"}}
    for value in ("edit", "destroy:1", "edit:x", ":"):
        await bot.erik.click(card, "maintenance.more", element=odd | {"value": value})
        assert "fault in the bot" not in whispered(bot.erik), value
    assert len(bot.erik.ephemerals("ops")) == 10
    assert await snapshot() == before


async def test_the_buttons_of_a_private_answer_are_answered(bot: RunningBot, insert: Insert) -> None:
    number = await insert()
    shown = (await bot.erik.slash("maintenance", f"show {number}")).messages[0]
    await bot.erik.click(shown, "maintenance.assign_me")
    assert "is assigned to you now" in whispered(bot.erik, "general")
    await bot.erik.click(shown, "maintenance.start")
    assert "is in progress now" in whispered(bot.erik, "general")
    form = await bot.erik.click(shown, "maintenance.log_work")
    assert form.view is not None
    assert (await bot.erik.submit(form.view, {"Hours": "0,5", "What was done": "Looked"})).closed
    assert "0.5 hours" in whispered(bot.erik, "general")
    await bot.erik.select(shown, "maintenance.more", "History")
    assert "History of MR-1" in whispered(bot.erik, "general")


async def test_completing_logs_the_work_of_the_persons_own_day(bot: RunningBot, card: Message) -> None:
    await told(bot.eva, "maintenance", "start 1")
    await told(bot.eva, "worklog", "1 23h Watched it")
    await bot.until(lambda: "Complete" in labels(card))
    form = await bot.eva.click(card, "maintenance.complete")
    assert form.view is not None
    refused = await bot.eva.submit(form.view, {"Hours": "1.5"})
    assert "At most 1 can be added" in refused.errors["hours"]
    [row] = await bot.fetch(STATUS, 1)
    assert row["status"] == "in_progress", "the completion is undone with the hours"
    assert (await bot.eva.submit(form.view, {"Hours": "1"})).closed
    days = await bot.fetch("SELECT DISTINCT work_date FROM maintenance_work_logs")
    [today] = await bot.fetch("SELECT (now() AT TIME ZONE 'Asia/Kolkata')::date AS work_date")
    assert days == [today]
