"""Every minute: whoever has something due, and works now, is reminded of it."""

from datetime import datetime
from typing import Final

import structlog

from bot.context import Deps
from bot.services import remind

ID: Final = "reminders"
CRON: Final = "* * * * *"

_log = structlog.get_logger(__name__)


async def run(deps: Deps, now: datetime) -> None:
    """Note what is due as said, and enqueue it. Running twice, or in several places at once, says nothing twice."""
    done = await remind.remind_due(deps, now)
    if done.people or done.unreachable or done.escalated:
        _log.info(
            "reminded",
            people=done.people,
            requests=done.requests,
            unreachable=done.unreachable,
            escalated=done.escalated,
        )
