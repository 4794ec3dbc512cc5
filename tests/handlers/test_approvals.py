"""Approve, Reject and Ask again, through signed requests: what they change, who may, and what a late click is told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.acts import Person
from sandbox.records import Message, View
from scheduler.jobs import approvals_expiry
from tests.fixtures.bot import RunningBot
from tests.fixtures.delivery import shown, thread
from tests.handlers.conftest import ADA, ERIK, EVA, Snapshot, labels, told, whispered

REQUEST = """
INSERT INTO maintenance_requests (title, description, requested_by, priority, project_id)
VALUES ('Disk full', 'No space left', $1, $2, 1) RETURNING id
"""
DEPLOYMENT = """
INSERT INTO deployments (project_id, version, environment, deployed_by) VALUES (1, 'v1', 'production', $1) RETURNING id
"""
APPROVAL = (
    "SELECT id, status FROM techops.approvals WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 1"
)
VOTES = "SELECT user_id, vote, comment FROM techops.approval_votes ORDER BY at"


async def approval_of(bot: RunningBot, kind: str = "maintenance", subject_id: int = 1) -> tuple[int, str]:
    [row] = await bot.fetch(APPROVAL, kind, subject_id)
    return row["id"], row["status"]


async def status_of(bot: RunningBot) -> str:
    [row] = await bot.fetch("SELECT status FROM maintenance_requests WHERE id = 1")
    return str(row["status"])


@pytest.fixture
async def uma_id(bot: RunningBot) -> int:
    """Uma's account; the others are known to Slack too then."""
    for person in (bot.erik, bot.eva, bot.ada, bot.uma):
        await told(person, "maintenance", "")
    [row] = await bot.fetch("SELECT id FROM users WHERE email = 'uma@example.com'")
    return int(row["id"])


@pytest.fixture
async def card(bot: RunningBot, uma_id: int) -> Message:
    """The card of Uma's critical request, which waits for approval."""
    await bot.fetch(REQUEST, uma_id, "critical")
    return await bot.card(1)


def direct(person: Person) -> list[str]:
    """What the bot has told a person by direct message."""
    return [shown(message) for message in person.dms_from_bot()]


async def edit_form(person: Person) -> View:
    opened = await person.slash("maintenance", "edit 1")
    assert opened.view is not None
    return opened.view


async def test_a_critical_request_is_started_once_it_is_approved(bot: RunningBot, card: Message) -> None:
    assert labels(card)[:2] == ["Approve", "Reject"]
    assert "Waiting for approval" in str(card.blocks)
    by_words = await told(bot.erik, "maintenance", "start 1")
    await bot.erik.click(card, "maintenance.start")
    for refused in (by_words, whispered(bot.erik)):
        assert "cannot be started before it is approved" in refused
        assert "an engineer or admin" in refused
    assert await status_of(bot) == "open"
    await bot.eva.click(card, "approvals.approve")
    await bot.until(lambda: "Approved" in str(card.blocks) and "Approve" not in labels(card))
    assert "Eva Engineer" in str(card.blocks)
    assert bot.eva.ephemerals("ops") == [], "the card itself is the answer"
    assert "is in progress now" in await told(bot.erik, "maintenance", "start 1")
    await bot.until(lambda: any("Eva Engineer approved MR-1" in line for line in thread(bot.slack, card)))
    await bot.until(lambda: any("Approved" in text and "Eva Engineer" in text for text in direct(bot.uma)))


async def test_a_rejected_request_is_cancelled_with_the_reason(bot: RunningBot, card: Message) -> None:
    form = await bot.eva.click(card, "approvals.reject")
    assert form.view is not None
    empty = await bot.eva.submit(form.view, {"Reason": "  "})
    assert empty.errors
    assert (await bot.eva.submit(form.view, {"Reason": "Use <the> old disk"})).closed
    await bot.until(lambda: "Rejected" in str(card.blocks) and "Use <the> old disk" in str(card.blocks))
    assert await status_of(bot) == "cancelled"
    history = await bot.fetch("SELECT new_status, changed_by, notes FROM maintenance_status_history")
    assert history == [{"new_status": "cancelled", "changed_by": EVA, "notes": "Use <the> old disk"}]
    activity = await bot.fetch("SELECT actor_id, note FROM techops.activity WHERE verb = 'rejected'")
    assert activity == [{"actor_id": EVA, "note": "Use <the> old disk"}]
    assert await bot.fetch(VOTES) == [{"user_id": EVA, "vote": "reject", "comment": "Use <the> old disk"}]
    await bot.until(lambda: any("Rejected by Eva Engineer" in text for text in direct(bot.uma)))
    await bot.until(lambda: any("Eva Engineer rejected MR-1" in line for line in thread(bot.slack, card)))
    assert "is open again now" in await told(bot.erik, "maintenance", "reopen 1")
    assert (await approval_of(bot))[1] == "pending", "opened again, it is asked for again"


async def test_a_deployment_that_is_rejected_stays_pending_and_can_be_asked_for_again(
    bot: RunningBot, card: Message
) -> None:
    [deployment] = await bot.fetch(DEPLOYMENT, ERIK)
    approval, _ = await approval_of(bot, "deployment", deployment["id"])
    form = await bot.eva.click(card, "approvals.reject", element={"value": str(approval)})
    assert form.view is not None
    assert form.view.title == f"Reject D-{deployment['id']}"
    assert (await bot.eva.submit(form.view, {"Reason": "Not on a Friday"})).closed
    assert await approval_of(bot, "deployment", deployment["id"]) == (approval, "rejected")
    assert await bot.fetch("SELECT status FROM deployments") == [{"status": "pending"}]
    await bot.until(lambda: any("Not on a Friday" in text for text in direct(bot.erik)))
    again = {"value": f"deployment:{deployment['id']}"}
    await bot.uma.click(card, "approvals.ask_again", element=again)
    assert "engineer" in whispered(bot.uma)
    await bot.erik.click(card, "approvals.ask_again", element=again)
    newer, status = await approval_of(bot, "deployment", deployment["id"])
    assert status == "pending"
    assert newer > approval
    await bot.erik.click(card, "approvals.ask_again", element=again)
    assert "already waiting for approval" in whispered(bot.erik)


async def test_ones_own_does_not_count_not_even_an_admins(bot: RunningBot, uma_id: int, snapshot: Snapshot) -> None:
    await bot.fetch(REQUEST, ADA, "critical")
    card = await bot.card(1)
    before = await snapshot()
    for action in ("approvals.approve", "approvals.reject"):
        clicked = await bot.ada.click(card, action)
        assert clicked.view is None
        assert "is your own" in whispered(bot.ada)
    await bot.uma.click(card, "approvals.approve")
    assert "an engineer or admin" in whispered(bot.uma)
    assert "your role is user" in whispered(bot.uma)
    assert await snapshot() == before
    assert await bot.fetch(VOTES) == []


async def test_ones_own_counts_where_the_policy_says_so(bot: RunningBot, uma_id: int) -> None:
    assert "one's own counts" in await told(bot.ada, "techops", "policy set maintenance critical own:yes")
    await bot.fetch(REQUEST, ADA, "critical")
    await bot.ada.click(await bot.card(1), "approvals.approve")
    assert (await approval_of(bot))[1] == "approved"


async def test_an_admin_counts_as_engineer_and_an_engineer_not_as_admin(bot: RunningBot, card: Message) -> None:
    await bot.ada.click(card, "approvals.approve")
    assert (await approval_of(bot))[1] == "approved"
    await told(bot.ada, "techops", "policy set maintenance critical role:admin")
    await bot.fetch("UPDATE maintenance_requests SET title = 'Two disks full'")
    await bot.until(lambda: "Two disks full" in str(card.blocks))
    await bot.erik.click(card, "approvals.approve")
    assert "Only an admin can decide" in whispered(bot.erik)
    await bot.ada.click(card, "approvals.approve")
    assert (await approval_of(bot))[1] == "approved"


async def test_a_late_click_is_told_what_happened(bot: RunningBot, card: Message, snapshot: Snapshot) -> None:
    await bot.eva.click(card, "approvals.approve")
    await bot.until(lambda: "Approve" not in labels(card))
    before = await snapshot()
    for action in ("approvals.approve", "approvals.reject"):
        await bot.erik.click(card, action, stale=True)
        assert "was already approved by Eva Engineer" in whispered(bot.erik)
    assert await snapshot() == before


async def test_an_old_button_asks_the_database(bot: RunningBot, card: Message) -> None:
    old, _ = await approval_of(bot)
    await bot.fetch("UPDATE maintenance_requests SET title = 'Quite another'")
    await bot.until(lambda: "Quite another" in str(card.blocks))
    await bot.eva.click(card, "approvals.approve", element={"value": str(old)})
    assert "has already changed since" in whispered(bot.eva)
    for value in ("999", "0", "x", "1;", "9" * 40, "maintenance:1", ""):
        await bot.eva.click(card, "approvals.approve", element={"value": value})
        assert await bot.fetch(VOTES) == [], value
    assert "deleted" in whispered(bot.eva) or "another version" in whispered(bot.eva)
    for value in ("user:1", "maintenance:0", "deployment:99", "maintenance:" + "9" * 30, "1"):
        await bot.eva.click(card, "approvals.ask_again", element={"value": value})
    assert (await approval_of(bot))[1] == "pending"
    await bot.eva.click(card, "approvals.approve")
    assert (await approval_of(bot))[1] == "approved"


async def test_a_button_whose_request_was_deleted(bot: RunningBot, card: Message) -> None:
    await bot.fetch("DELETE FROM maintenance_requests")
    await bot.eva.click(card, "approvals.approve", stale=True)
    assert "has been deleted" in whispered(bot.eva)


async def test_somebody_deactivated_decides_nothing(bot: RunningBot, card: Message) -> None:
    form = await bot.eva.click(card, "approvals.reject")
    assert form.view is not None
    await bot.fetch("UPDATE users SET is_active = false WHERE id = $1", EVA)
    await bot.eva.click(card, "approvals.approve")
    assert "deactivated" in whispered(bot.eva)
    await bot.eva.submit(form.view, {"Reason": "No"})
    assert await bot.fetch(VOTES) == []
    assert (await approval_of(bot))[1] == "pending"


async def test_two_are_needed_and_each_counts_once(bot: RunningBot, uma_id: int) -> None:
    await told(bot.ada, "techops", "policy set maintenance critical required:2")
    await bot.fetch(REQUEST, uma_id, "critical")
    card = await bot.card(1)
    await bot.eva.click(card, "approvals.approve")
    await bot.until(lambda: "1 of 2 approvals" in str(card.blocks))
    await bot.eva.click(card, "approvals.approve")
    assert "You have already approved MR-1" in whispered(bot.eva)
    assert "1 of 2 approvals" in await told(bot.erik, "maintenance", "start 1")
    await bot.erik.click(card, "approvals.approve")
    await bot.until(lambda: "Eva Engineer and Erik Engineer" in str(card.blocks))
    assert (await approval_of(bot))[1] == "approved"


async def test_a_click_that_is_delivered_five_times_counts_once(bot: RunningBot, card: Message) -> None:
    await bot.eva.click(card, "approvals.approve", repeat=5)
    assert len(await bot.fetch(VOTES)) == 1
    assert (await approval_of(bot))[1] == "approved"


async def test_approve_against_reject_ends_in_one_decision(bot: RunningBot, card: Message) -> None:
    form = await bot.erik.click(card, "approvals.reject")
    assert form.view is not None
    await asyncio.gather(bot.eva.click(card, "approvals.approve"), bot.erik.submit(form.view, {"Reason": "No"}))
    [vote] = await bot.fetch(VOTES)
    expected = {"approve": ("approved", "open"), "reject": ("rejected", "cancelled")}[vote["vote"]]
    assert ((await approval_of(bot))[1], await status_of(bot)) == expected


async def test_lowering_a_critical_priority_takes_somebody_who_could_approve_it(bot: RunningBot, uma_id: int) -> None:
    await bot.fetch(REQUEST, ERIK, "critical")
    assert "is your own" in await told(bot.erik, "maintenance", "priority 1 high")
    refused = await bot.erik.submit(await edit_form(bot.erik), {"Priority": "Low"})
    assert "is your own" in str(refused.errors)
    [row] = await bot.fetch("SELECT priority FROM maintenance_requests")
    assert row["priority"] == "critical"
    assert "has priority high now" in await told(bot.eva, "maintenance", "priority 1 high")
    assert (await approval_of(bot))[1] == "void"
    assert "is in progress now" in await told(bot.erik, "maintenance", "start 1")


async def test_a_change_made_in_the_dashboard_shows_as_without_approval(bot: RunningBot, card: Message) -> None:
    await bot.fetch("UPDATE maintenance_requests SET status = 'in_progress'")
    await bot.until(lambda: "Without approval" in str(card.blocks))
    await bot.eva.click(card, "approvals.approve", stale=True)
    assert "already gone on without approval" in whispered(bot.eva)


async def test_the_card_carries_the_evidence(bot: RunningBot, uma_id: int) -> None:
    await bot.fetch(
        "INSERT INTO deployments (project_id, version, environment, status, deployed_at) VALUES"
        " (1, 'v7', 'staging', 'success', now() - interval '1 day'),"
        " (1, 'v8', 'staging', 'failed', now() - interval '1 hour'),"
        " (1, 'v0', 'staging', 'failed', now() - interval '40 days'),"
        " (2, 'v99', 'staging', 'failed', now())"
    )
    await bot.fetch(REQUEST, uma_id, "critical")
    await bot.fetch(REQUEST, uma_id, "critical")
    card = await bot.card(1)
    shown = str(card.blocks)
    for words in ("v7 to staging success", "v8 to staging failed", "50 % (1 of 2)", "no backup recorded yet"):
        assert words in shown, words
    assert "v99" not in shown
    await bot.erik.click(card, "maintenance.assign_me")
    await bot.until(lambda: "MR-2" in str(card.blocks))


async def test_show_has_the_buttons_too(bot: RunningBot, card: Message) -> None:
    shown = await bot.eva.slash("maintenance", "show 1")
    [message] = shown.messages
    await bot.eva.click(message, "approvals.approve")
    assert "MR-1 is approved now" in whispered(bot.eva, "general")


async def test_a_reminder_can_be_decided_on_where_it_stands(bot: RunningBot, card: Message) -> None:
    await approvals_expiry.run(bot.deps, datetime.now(UTC) + timedelta(hours=12, minutes=1))
    await bot.until(lambda: any("Waiting for approval" in text for text in direct(bot.eva)))
    assert direct(bot.uma) == [], "it is her own"
    [reminder] = bot.eva.dms_from_bot()
    await bot.eva.click(reminder, "approvals.approve")
    assert (await approval_of(bot))[1] == "approved"
    await bot.until(lambda: "is approved now" in shown(bot.eva.dms_from_bot()[0]))
    assert "approvals.approve" not in shown(bot.eva.dms_from_bot()[0])
    [late] = bot.erik.dms_from_bot()
    await bot.erik.click(late, "approvals.approve")
    assert "already approved by Eva Engineer" in whispered(bot.erik, bot.erik.dm)


async def test_an_expired_approval_is_asked_for_again_from_the_card(bot: RunningBot, card: Message) -> None:
    await approvals_expiry.run(bot.deps, datetime.now(UTC) + timedelta(hours=25))
    await bot.until(lambda: "Ask again" in labels(card))
    assert "nobody decided in time" in str(card.blocks)
    await bot.until(lambda: any("nobody decided in time" in text for text in direct(bot.uma)))
    assert "has expired" in await told(bot.erik, "maintenance", "start 1")
    await bot.uma.click(card, "approvals.ask_again")
    await bot.until(lambda: "Approve" in labels(card))
    await bot.eva.click(card, "approvals.approve")
    assert "is in progress now" in await told(bot.erik, "maintenance", "start 1")


async def test_a_production_deployment_from_request_to_start(bot: RunningBot, uma_id: int) -> None:
    await told(bot.erik, "deploy", 'request "Web App" v2.1.0 prod')
    await bot.until(lambda: any("v2.1.0" in shown(message) for message in bot.cards("deployments")))
    [card] = bot.cards("deployments")
    assert "Approve" in labels(card)
    assert "before it is approved" in await told(bot.erik, "deploy", "start 1")
    await bot.erik.click(card, "approvals.approve")
    assert "D-1 is your own" in whispered(bot.erik, "deployments")
    await bot.ada.click(card, "approvals.approve")
    await bot.until(lambda: "Approved" in str(card.blocks) and "Approve" not in labels(card))
    await bot.until(lambda: any("Ada Admin approved D-1." in line for line in thread(bot.slack, card)))
    await bot.until(lambda: any("D-1" in text and "Approved" in text for text in direct(bot.erik)))
    await told(bot.erik, "deploy", "start 1")
    assert await bot.fetch("SELECT status FROM deployments") == [{"status": "in_progress"}]
    assert (await approval_of(bot, "deployment"))[1] == "approved"
    await told(bot.erik, "deploy", 'record "Web App" v2.2.0 production success')
    await bot.until(lambda: any("Without approval" in shown(message) for message in bot.cards("deployments")))


async def test_a_freeze_that_is_overridden_still_needs_the_approval(bot: RunningBot, uma_id: int) -> None:
    await told(bot.ada, "deploy", 'request "Web App" v2.1.0 prod')
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    await told(bot.ada, "deploy", f"freeze production {today}..{today} Sale tz:UTC")
    assert "before it is approved" in await told(bot.ada, "deploy", 'start 1 override:"It is urgent"')
    await bot.until(lambda: any("v2.1.0" in shown(message) for message in bot.cards("deployments")))
    assert await bot.fetch("SELECT status FROM deployments") == [{"status": "pending"}]
