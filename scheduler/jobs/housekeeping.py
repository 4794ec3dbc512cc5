"""Every hour: what was kept only against repeated deliveries goes once none can come any more."""

from datetime import datetime, timedelta
from typing import Final

from bot.context import Deps
from db.queries import claims, idempotency, links, queue, reminders, subscriptions, webhooks

ID: Final = "housekeeping"
CRON: Final = "17 * * * *"
# Slack repeats an event for an hour at most; a week is what somebody who investigates wants to see.
_KEEP: Final = timedelta(days=7)
# A queue that was held up by a mistake in the settings may be let go weeks later.
_KEEP_TRACES: Final = timedelta(days=30)

# A deployment may be rolled back, by its sender's number, long after it was told of.
_KEEP_DELIVERIES: Final = timedelta(days=90)


async def run(deps: Deps, now: datetime) -> None:
    """Delete keys and claims older than a week; the queue's own log, and mornings of reminders, older than a month.

    Links, attempts to sign in and sessions go when the database's function says that they are of no use any more.
    """
    async with deps.pool.transaction() as conn:
        await claims.delete_before(conn, now - _KEEP)
        await idempotency.delete_before(conn, now - _KEEP)
        await webhooks.delete_before(conn, now - _KEEP_DELIVERIES)
        await queue.delete_traces(conn, now - _KEEP_TRACES)
        await reminders.delete_before(conn, now - _KEEP_TRACES)
        await subscriptions.delete_before(conn, now - _KEEP_TRACES)
        await links.prune(conn, now)
