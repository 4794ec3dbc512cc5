"""What is kept for a time only goes by these statements, a bounded number of rows each, the oldest first.

Each takes the moment before which rows are old and how many may go, and returns how many went. What a job that still
waits may ask for (whether it has told of a change, whether a message was posted) stays as long as that job.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from db.pool import Conn

DELETE_ACTS: Final = """
WITH gone AS (
    DELETE FROM techops.acts WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.acts AS o WHERE o.at < $1 ORDER BY o.at LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
DELETE_CLAIMS: Final = """
WITH gone AS (
    DELETE FROM techops.claims WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.claims AS o WHERE o.claimed_at < $1 ORDER BY o.claimed_at LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
DELETE_KEYS: Final = """
WITH gone AS (
    DELETE FROM techops.idempotency_keys WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.idempotency_keys AS o WHERE o.at < $1 ORDER BY o.at LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
DELETE_DELIVERIES: Final = """
WITH gone AS (
    DELETE FROM techops.webhook_deliveries WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.webhook_deliveries AS o WHERE o.at < $1 ORDER BY o.at LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
# What is held keeps its log, which says why.
DELETE_JOB_LOG: Final = """
WITH gone AS (
    DELETE FROM techops.pgqueuer_log WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.pgqueuer_log AS o
        WHERE o.created < $1 AND NOT EXISTS (SELECT FROM techops.pgqueuer AS q WHERE q.id = o.job_id)
        ORDER BY o.created LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
DELETE_JOB_STATISTICS: Final = """
WITH gone AS (
    DELETE FROM techops.pgqueuer_statistics WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.pgqueuer_statistics AS o WHERE o.created < $1 ORDER BY o.created LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
# Planned before it was posted: the first bound is the index's.
DELETE_MESSAGES: Final = """
WITH waiting AS (
    SELECT coalesce(min(q.created), 'infinity') AS since FROM techops.pgqueuer AS q
), gone AS (
    DELETE FROM techops.messages WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.messages AS o
        WHERE o.planned_at < least($1, (SELECT w.since FROM waiting AS w)) AND coalesce(o.posted_at, o.planned_at) < $1
        ORDER BY o.planned_at LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
DELETE_PAUSES: Final = """
WITH gone AS (
    DELETE FROM techops.channel_pauses WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.channel_pauses AS o WHERE o.until < $1 LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
DELETE_LEDGER: Final = """
WITH waiting AS (
    SELECT coalesce(min(q.created), 'infinity') AS since FROM techops.pgqueuer AS q
), gone AS (
    DELETE FROM techops.ledger WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.ledger AS o
        WHERE o.posted_at < least($1, (SELECT w.since FROM waiting AS w))
        ORDER BY o.posted_at LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
# Of a request that is open, the steps that come once stay: they are what says that they have come.
DELETE_REMINDERS: Final = """
WITH gone AS (
    DELETE FROM techops.reminders_sent WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.reminders_sent AS o
        WHERE o.sent_at < $1 AND (o.step LIKE ANY (ARRAY['overdue:%', 'snooze:%']) OR NOT EXISTS (
            SELECT FROM public.maintenance_requests AS r
            WHERE r.id = o.request_id AND r.status IN ('open', 'in_progress')
        ))
        ORDER BY o.sent_at LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
# One that ended while its request was open has been told of and is gone; the others are of requests that were closed.
DELETE_SNOOZES: Final = """
WITH gone AS (
    DELETE FROM techops.snoozes WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.snoozes AS o WHERE o.until < $1 ORDER BY o.until LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
# The last one of a subscription says up to when its next one reaches back.
DELETE_DIGESTS: Final = """
WITH gone AS (
    DELETE FROM techops.digests_sent WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM techops.digests_sent AS o
        WHERE o.sent_at < $1 AND o.day < (
            SELECT max(n.day) FROM techops.digests_sent AS n WHERE n.subscription_id = o.subscription_id
        )
        LIMIT $2
    )) RETURNING true
)
SELECT count(*) FROM gone
"""
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
