"""Deployments that need an approval: no start before it, and nothing else that lifts it."""

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import labels, told, whispered
from tests.handlers.deployments import CHANNEL, card_of, row_of


async def test_production_is_started_once_it_is_approved(bot: RunningBot) -> None:
    for person in (bot.ada, bot.eva):
        await told(person, "deploy", "")
    answer = await told(bot.erik, "deploy", "request Web App v2 prod")
    assert "once it is approved" in answer
    card = await card_of(bot, 1)
    assert labels(card) == ["Approve", "Reject"]
    assert "cannot be started before it is approved" in await told(bot.erik, "deploy", "start 1")
    await bot.eva.click(card, "approvals.approve")
    await bot.until(lambda: labels(card) == ["Start"])
    assert "Approved" in str(card.blocks)
    await bot.erik.click(card, "deploy.start")
    await bot.until(lambda: labels(card) == ["Succeeded", "Failed"])
    assert (await row_of(bot, 1))["status"] == "in_progress"


async def test_an_override_lifts_the_freeze_and_never_the_approval(bot: RunningBot) -> None:
    await told(bot.ada, "deploy", "")
    await told(bot.eva, "deploy", "")
    await told(bot.erik, "deploy", "request Web App v2 prod")
    await told(bot.ada, "deploy", "freeze prod today..tomorrow Audit")
    assert "before it is approved" in await told(bot.ada, "deploy", "start 1 override:Hotfix")
    assert (await row_of(bot, 1))["status"] == "pending"
    card = await card_of(bot, 1)
    await bot.eva.click(card, "approvals.approve")
    await bot.until(lambda: "Start" in labels(card))
    await bot.erik.click(card, "deploy.start")
    assert "is frozen until" in whispered(bot.erik, CHANNEL)
    assert "is in progress now" in await told(bot.ada, "deploy", "start 1 override:Hotfix")


async def test_what_is_recorded_without_approval_says_so_on_its_card(bot: RunningBot) -> None:
    assert "was recorded" in await told(bot.erik, "deploy", "record Web App v2 prod")
    card = await card_of(bot, 1)
    assert "Without approval" in str(card.blocks)
    assert "Without approval" in await told(bot.uma, "deploy", "show 1")
    assert labels(card) == ["Roll back"]


async def test_a_rejected_deployment_stays_pending_and_shows_as_rejected(bot: RunningBot) -> None:
    await told(bot.eva, "deploy", "")
    await told(bot.erik, "deploy", "request Web App v2 prod")
    card = await card_of(bot, 1)
    form = await bot.eva.click(card, "approvals.reject")
    assert form.view is not None
    assert (await bot.eva.submit(form.view, {"Reason": "Not on a Friday"})).closed
    await bot.until(lambda: labels(card) == ["Ask again"])
    assert "Rejected" in str(card.blocks)
    assert (await row_of(bot, 1))["status"] == "pending"
    assert "was rejected by Eva Engineer" in await told(bot.erik, "deploy", "start 1")


async def test_the_evidence_names_the_freezes_of_the_environment(bot: RunningBot) -> None:
    await told(bot.ada, "deploy", "")
    await told(bot.erik, "deploy", "request Web App v2 prod")
    card = await card_of(bot, 1)
    await told(bot.ada, "deploy", "freeze all today..tomorrow Audit of the year")
    await told(bot.ada, "deploy", "freeze dev today..tomorrow Another")
    await bot.fetch("UPDATE deployments SET notes = 'seen' WHERE id = 1")
    await bot.until(lambda: "Audit of the year" in str(card.blocks))
    assert "Another" not in str(card.blocks)
