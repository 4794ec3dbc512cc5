"""Every hour: what was kept only against repeated deliveries goes once none can come any more."""

from datetime import datetime, timedelta
from typing import Final

from bot.context import Deps
from db.queries import claims

ID: Final = "housekeeping"
CRON: Final = "17 * * * *"
# Slack repeats an event for an hour at most; a week is what somebody who investigates wants to see.
_KEEP: Final = timedelta(days=7)


async def run(deps: Deps, now: datetime) -> None:
    """Delete what is older than a week."""
    async with deps.pool.transaction() as conn:
        await claims.delete_before(conn, now - _KEEP)
