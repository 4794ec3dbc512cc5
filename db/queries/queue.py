"""The queue from outside: how it does, what is held in it, and letting it try again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from db.pool import Conn, Row


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """Jobs that are due, how long the oldest of them has been (seconds), in work, waiting, held; channels at rest.

    `waiting` were tried before and come back by themselves; `held` wait for `techops queue retry`.
    """

    due: int
    oldest_seconds: float
    running: int
    waiting: int
    held: int
    paused_channels: int
    maybe_duplicates: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job that is held (`failed`), or that was tried in vain and comes back at `next_try`, with the latest reason."""

    id: int
    entrypoint: str
    payload: str
    status: str
    attempts: int
    created: datetime
    next_try: datetime
    reason: str | None


GET_HEALTH: Final = """
SELECT
    count(*) FILTER (WHERE q.status = 'queued' AND q.execute_after <= now()) AS due,
    coalesce(extract(epoch FROM now() - min(q.execute_after)
        FILTER (WHERE q.status = 'queued' AND q.execute_after <= now())), 0)::double precision AS oldest_seconds,
    count(*) FILTER (WHERE q.status = 'picked') AS running,
    count(*) FILTER (WHERE q.status = 'queued' AND q.execute_after > now() AND q.attempts > 0) AS waiting,
    count(*) FILTER (WHERE q.status = 'failed') AS held,
    (SELECT count(*) FROM techops.channel_pauses AS p WHERE p.until > $1) AS paused_channels,
    coalesce((SELECT c.total FROM techops.counters AS c WHERE c.name = 'techops_maybe_duplicate_total'), 0)
        AS maybe_duplicates,
    coalesce((SELECT c.total FROM techops.counters AS c WHERE c.name = 'techops_reminders_unreachable_total'), 0)
        AS unreachable
FROM techops.pgqueuer AS q
"""


async def get_health(conn: Conn, now: datetime) -> QueueHealth:
    """How the queue does; its own times are the server's."""
    row = await conn.fetchrow(GET_HEALTH, now)
    assert row is not None  # noqa: S101 - an aggregate has one row
    return QueueHealth(**dict(row))


LIST_HELD: Final = """
SELECT q.id, q.entrypoint, left(convert_from(coalesce(q.payload, ''), 'UTF8'), 200) AS payload,
    q.status::text AS status, q.attempts, q.created, q.execute_after AS next_try,
    coalesce(log.traceback -> 'additional_context' ->> 'reason', log.traceback ->> 'exception_message') AS reason
FROM (
    SELECT h.id, h.entrypoint, h.payload, h.status, h.attempts, h.created, h.execute_after FROM techops.pgqueuer AS h
    WHERE h.status = 'failed' OR (h.status = 'queued' AND h.attempts > 0)
    ORDER BY h.status, h.id
    LIMIT $1
) AS q
LEFT JOIN LATERAL (
    SELECT l.traceback FROM techops.pgqueuer_log AS l
    WHERE l.job_id = q.id AND l.traceback IS NOT NULL
    ORDER BY l.created DESC, l.id DESC
    LIMIT 1
) AS log ON true
ORDER BY q.status, q.id
"""


async def list_held(conn: Conn, limit: int = 100) -> list[HeldJob]:
    """Jobs that are held or were tried in vain, oldest first; payloads are cut to 200 characters."""
    return [_held(row) for row in await conn.fetch(LIST_HELD, limit)]


RETRY_HELD: Final = """
WITH again AS (
    UPDATE techops.pgqueuer
    SET status = 'queued', execute_after = now(), updated = now(), attempts = 0, queue_manager_id = NULL, slot = NULL
    WHERE (status = 'failed' OR (status = 'queued' AND attempts > 0)) AND ($1::bigint[] IS NULL OR id = ANY($1))
    RETURNING id, entrypoint, priority
), logged AS (
    INSERT INTO techops.pgqueuer_log (job_id, status, entrypoint, priority)
    SELECT a.id, 'queued', a.entrypoint, a.priority FROM again AS a
), rested AS (
    DELETE FROM techops.channel_pauses WHERE reason <> 'rate limited'
), trusted AS (
    UPDATE techops.messages SET blind_posts = 0 WHERE message_ts IS NULL AND blind_posts > 0
), woken AS (
    SELECT pg_notify('ch_pgqueuer', json_build_object('channel', 'ch_pgqueuer', 'operation', 'update',
        'sent_at', now(), 'table', 'pgqueuer', 'type', 'table_changed_event')::text)
)
SELECT (SELECT count(*) FROM again) AS retried FROM woken
"""


async def retry_held(conn: Conn, job_ids: Sequence[int] | None = None) -> int:
    """Let held and waiting jobs run now, all or those named, unreachable channels too; returns how many jobs."""
    return int(await conn.fetchval(RETRY_HELD, list(job_ids) if job_ids is not None else None))


RELEASE_JOBS: Final = """
UPDATE techops.pgqueuer SET status = 'queued', updated = now(), queue_manager_id = NULL, slot = NULL
WHERE queue_manager_id = ANY($1::uuid[]) AND status = 'picked'
RETURNING id
"""


async def mark_jobs_free(conn: Conn, manager_ids: Sequence[UUID]) -> int:
    """Put jobs back that belong to queue managers which are gone; returns how many."""
    return len(await conn.fetch(RELEASE_JOBS, list(manager_ids)))


MARK_DUE: Final = """
UPDATE techops.pgqueuer
SET execute_after = least(execute_after, now()), heartbeat = least(heartbeat, now())
WHERE (status = 'queued' AND created > now() + interval '1 minute' AND execute_after > now())
    OR (status = 'picked' AND heartbeat > now() + interval '1 minute')
RETURNING id
"""


async def mark_due(conn: Conn) -> int:
    """Make jobs due whose times were written before the server's clock was set back; returns how many.

    What a worker has in hand goes on: it renews its heartbeat every few seconds.
    """
    return len(await conn.fetch(MARK_DUE))


def _held(row: Row) -> HeldJob:
    return HeldJob(**dict(row))
