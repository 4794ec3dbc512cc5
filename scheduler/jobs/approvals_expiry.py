"""Every minute: approvals that nobody decided in time expire; at half time those who may decide are reminded."""

from datetime import datetime
from typing import Final

from bot.context import Act, Deps
from bot.services import approvals

ID: Final = "approvals_expiry"
CRON: Final = "* * * * *"


async def run(deps: Deps, now: datetime) -> None:
    """Expire first, so that nobody is reminded of what has expired. Running twice does nothing more."""
    act = Act(person=None, source="scheduler", origin={"job": ID})
    await approvals.expire_due(deps, act, now)
    await approvals.remind_due(deps, act, now)
