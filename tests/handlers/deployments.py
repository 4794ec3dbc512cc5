"""Helps for tests of deployments: the card, and what the database holds."""

from typing import Any

from sandbox.records import Message
from tests.fixtures.bot import RunningBot

CHANNEL = "deployments"
ROW = """
SELECT status, version, environment, deployed_by, deployed_at, duration, notes FROM deployments WHERE id = $1
"""
ACTIVITY = """
SELECT verb, actor_id, note FROM techops.activity WHERE subject_kind = 'deployment' AND subject_id = $1 ORDER BY id
"""
WEB_APP = 2
TABLES = (
    "deployments",
    "techops.deployment_details",
    "techops.freezes",
    "techops.deployment_locks",
    "techops.lock_waiters",
    "techops.approvals",
    "techops.activity",
    "techops.acts",
)


async def row_of(bot: RunningBot, number: int) -> dict[str, Any]:
    """A deployment as the dashboard sees it."""
    [row] = await bot.fetch(ROW, number)
    return row


async def card_of(bot: RunningBot, number: int) -> Message:
    """The card of a deployment, once it is there."""
    wanted = f"D-{number}"
    await bot.until(lambda: any(wanted in str(message.text) for message in bot.cards(CHANNEL)))
    return next(message for message in bot.cards(CHANNEL) if wanted in str(message.text))


def thread_of(bot: RunningBot, card: Message) -> list[str]:
    """The texts in a card's thread, oldest first."""
    return [message.text for message in bot.slack.messages_in(card.channel, thread_ts=card.ts)]


async def held_now(bot: RunningBot) -> dict[str, object]:
    """Everything that an act upon deployments may change."""
    return {table: await bot.fetch(f"TABLE {table} ORDER BY 1") for table in TABLES}
