"""Every hour: what is kept for a time only goes. Never the activity, which `techops audit prune` exports first."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.context import Deps
from db.pool import Conn
from db.queries import queue, retention

ID: Final = "housekeeping"
CRON: Final = "17 * * * *"
# Rows a transaction: a few hundredths of a second, in which nobody waits for it.
BATCH: Final = 5_000
# A million rows a table and hour, more than a hundred commands a second leave; the rest has time until the next hour.
BATCHES: Final = 200

_WEEK: Final = timedelta(days=7)
_MONTH: Final = timedelta(days=30)
_QUARTER: Final = timedelta(days=90)
# How long the rows of a table are kept after their end.
KEPT: Final[Mapping[str, timedelta]] = {
    # Slack repeats an event for an hour at most; a week is what somebody who investigates wants to see.
    "acts": _WEEK,
    "claims": _WEEK,
    "idempotency_keys": _WEEK,
    # A deployment may be rolled back, by its sender's number, long after it was told of.
    "webhook_deliveries": _QUARTER,
    # A queue that was held up by a mistake in the settings may be let go weeks later.
    "pgqueuer_log": _MONTH,
    "pgqueuer_statistics": _MONTH,
    "messages": _MONTH,
    "channel_pauses": _MONTH,
    "ledger": _QUARTER,
    "reminders_sent": _MONTH,
    "snoozes": _MONTH,
    "digests_sent": _MONTH,
}
# Two nights a year are compared with each other, such as that of a year's end.
KEPT_CARE: Final = timedelta(days=400)

_log = structlog.get_logger(__name__)
_Delete = Callable[[Conn, int], Awaitable[int]]


async def run(deps: Deps, now: datetime) -> None:
    """Delete what is older than `KEPT` says, in batches; what belongs to signing in, once it is of no use.

    Jobs that would wait because the server's clock was set back are made due.
    """
    async with deps.pool.transaction() as conn:
        freed = await queue.mark_due(conn)
    if freed:
        _log.warning("jobs_were_from_the_future", jobs=freed)
    for table, kept in KEPT.items():
        await _empty(deps, table, partial(_delete_old, table, now - kept))
    await _empty(deps, "links", lambda conn, most: retention.prune_sign_ins(conn, now, most))
    await _empty(deps, "maintenance_runs", lambda conn, most: retention.prune_care(conn, now - KEPT_CARE, most))


async def _delete_old(table: str, before: datetime, conn: Conn, most: int) -> int:
    return await retention.delete_old(conn, table, before, most)


async def _empty(deps: Deps, table: str, delete: _Delete) -> None:
    """Delete batch by batch, each for itself, until one is not full."""
    for _ in range(BATCHES):
        async with deps.pool.transaction() as conn:
            if await delete(conn, BATCH) < BATCH:
                return
    _log.warning("housekeeping_behind", table=table, rows=BATCH * BATCHES)
