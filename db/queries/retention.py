"""What is kept for a time only goes by these statements, a bounded number of rows each, the oldest first.

Each takes the moment before which rows are old and how many may go, and returns how many went. What a job that still
waits may ask for (whether it has told of a change, whether a message was posted) stays as long as that job.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from db.pool import Conn


def _deletion(table: str, old: str, *, by: str | None = None, with_: str = "") -> str:
    """Deletes the rows `o` of a table that are `old`, the first by the column `by` first; `with_` goes before."""
    order = f"ORDER BY o.{by} " if by else ""
    return f"""
WITH {with_}gone AS (
    DELETE FROM techops.{table} WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.{table} AS o WHERE {old} {order}LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""  # noqa: S608 - fragments of this file


_WAITING: Final = """waiting AS (
    SELECT coalesce(min(q.created), 'infinity') AS since FROM techops.pgqueuer AS q
), """

DELETE_ACTS: Final = _deletion("acts", "o.at < $1", by="at")
DELETE_CLAIMS: Final = _deletion("claims", "o.claimed_at < $1", by="claimed_at")
DELETE_KEYS: Final = _deletion("idempotency_keys", "o.at < $1", by="at")
DELETE_DELIVERIES: Final = _deletion("webhook_deliveries", "o.at < $1", by="at")
# What is held keeps its log, which says why.
DELETE_JOB_LOG: Final = _deletion(
    "pgqueuer_log",
    "o.created < $1 AND NOT EXISTS (SELECT FROM techops.pgqueuer AS q WHERE q.id = o.job_id)",
    by="created",
)
DELETE_JOB_STATISTICS: Final = _deletion("pgqueuer_statistics", "o.created < $1", by="created")
# Planned before it was posted: the first bound is the index's.
DELETE_MESSAGES: Final = _deletion(
    "messages",
    "o.planned_at < least($1, (SELECT w.since FROM waiting AS w)) AND coalesce(o.posted_at, o.planned_at) < $1",
    by="planned_at",
    with_=_WAITING,
)
DELETE_PAUSES: Final = _deletion("channel_pauses", "o.until < $1")
DELETE_LEDGER: Final = _deletion(
    "ledger", "o.posted_at < least($1, (SELECT w.since FROM waiting AS w))", by="posted_at", with_=_WAITING
)
# Of a request that is open, the steps that come once stay: they are what says that they have come.
DELETE_REMINDERS: Final = _deletion(
    "reminders_sent",
    """o.sent_at < $1 AND (o.step LIKE ANY (ARRAY['overdue:%', 'snooze:%']) OR NOT EXISTS (
            SELECT FROM public.maintenance_requests AS r
            WHERE r.id = o.request_id AND r.status IN ('open', 'in_progress')
        ))""",
    by="sent_at",
)
# One that ended while its request was open has been told of and is gone; the others are of requests that were closed.
DELETE_SNOOZES: Final = _deletion("snoozes", "o.until < $1", by="until")
# The last one of a subscription says up to when its next one reaches back.
DELETE_DIGESTS: Final = _deletion(
    "digests_sent",
    """o.sent_at < $1 AND o.day < (
            SELECT max(n.day) FROM techops.digests_sent AS n WHERE n.subscription_id = o.subscription_id
        )""",
)
PRUNE_SIGN_INS: Final = "SELECT techops.prune_sign_ins($1, $2::integer)"
PRUNE_CARE: Final = "SELECT techops.prune_care($1, $2::integer)"

# By table; a function of the database's prunes several, which the bot's role may not write.
STATEMENTS: Final[Mapping[str, str]] = {
    "acts": DELETE_ACTS,
    "claims": DELETE_CLAIMS,
    "idempotency_keys": DELETE_KEYS,
    "webhook_deliveries": DELETE_DELIVERIES,
    "pgqueuer_log": DELETE_JOB_LOG,
    "pgqueuer_statistics": DELETE_JOB_STATISTICS,
    "messages": DELETE_MESSAGES,
    "channel_pauses": DELETE_PAUSES,
    "ledger": DELETE_LEDGER,
    "reminders_sent": DELETE_REMINDERS,
    "snoozes": DELETE_SNOOZES,
    "digests_sent": DELETE_DIGESTS,
}


async def delete_old(conn: Conn, table: str, before: datetime, most: int) -> int:
    """Delete up to `most` rows of a table of `STATEMENTS` that are older than `before`; returns how many.

    The keys of messages are forgotten too: a use case that asks again with the same key is then heard again.
    """
    return int(await conn.fetchval(STATEMENTS[table], before, most))


async def prune_sign_ins(conn: Conn, now: datetime, most: int) -> int:
    """Delete up to `most` each of sign-in attempts, links and page sessions that are of no use any more."""
    return int(await conn.fetchval(PRUNE_SIGN_INS, now, most))


async def prune_care(conn: Conn, before: datetime, most: int) -> int:
    """Delete up to `most` each of care runs, findings, ended sessions and removed backups of before."""
    return int(await conn.fetchval(PRUNE_CARE, before, most))
