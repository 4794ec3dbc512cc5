"""Ending other sessions' queries, and sessions. What may never be ended is refused by the statement itself."""

from datetime import datetime
from typing import Final

from db.models_care import SessionEnd
from db.pool import Conn

INSERT_END: Final = """
INSERT INTO techops.session_ends
    (pid, backend_start, means, role_name, application_name, query, asked_by, slack_user_id, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id
"""
ENQUEUE_END: Final = """
INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
VALUES (0, 'care_kill', convert_to($1::jsonb::text, 'UTF8'), now(), 'queued')
"""


async def insert_end(
    conn: Conn,
    *,
    pid: int,
    backend_start: datetime,
    means: str,
    role_name: str,
    application_name: str,
    query: str,
    asked_by: int,
    slack_user_id: str,
    now: datetime,
) -> int:
    """Order the end of a query (`cancel`) or a session (`terminate`), left to the care worker; returns its id."""
    values = (pid, backend_start, means, role_name, application_name, query, asked_by, slack_user_id, now)
    end_id = int(await conn.fetchval(INSERT_END, *values))
    await conn.execute(ENQUEUE_END, {"end": end_id})
    return end_id


FIND_END: Final = """
SELECT e.id, e.pid, e.backend_start, e.means, e.role_name, e.application_name, e.query, e.slack_user_id, e.outcome
FROM techops.session_ends AS e
WHERE e.id = $1
"""


async def find_end(conn: Conn, end_id: int) -> SessionEnd | None:
    """An order, None where there is none."""
    row = await conn.fetchrow(FIND_END, end_id)
    return SessionEnd(**dict(row)) if row else None


FIND_CANCELLED: Final = """
SELECT EXISTS (
    SELECT FROM techops.session_ends AS e
    WHERE e.pid = $1 AND e.backend_start = $2 AND e.means = 'cancel' AND e.outcome IS NOT NULL
)
"""


async def was_cancelled(conn: Conn, pid: int, backend_start: datetime) -> bool:
    """Whether this very session's query was cancelled before."""
    return await conn.fetchval(FIND_CANCELLED, pid, backend_start) is True


MARK_ENDED: Final = "UPDATE techops.session_ends SET outcome = $2, done_at = $3 WHERE id = $1 AND outcome IS NULL"


async def mark_ended(conn: Conn, end_id: int, outcome: str, now: datetime) -> None:
    """Keep what came of an order."""
    await conn.execute(MARK_ENDED, end_id, outcome, now)


# The number of a process may be another session's by now; both it and the start have to be those that were shown.
CANCEL_QUERY: Final = """
SELECT pg_cancel_backend(a.pid)
FROM pg_stat_activity AS a
LEFT JOIN pg_roles AS r ON r.oid = a.usesysid
WHERE a.pid = $1 AND a.backend_start = $2 AND a.datname = current_database() AND a.backend_type = 'client backend'
    AND a.pid <> pg_backend_pid() AND coalesce(a.application_name, '') !~ '^techops( |$)'
    AND NOT coalesce(r.rolsuper, true)
"""
TERMINATE_SESSION: Final = """
SELECT pg_terminate_backend(a.pid)
FROM pg_stat_activity AS a
LEFT JOIN pg_roles AS r ON r.oid = a.usesysid
WHERE a.pid = $1 AND a.backend_start = $2 AND a.datname = current_database() AND a.backend_type = 'client backend'
    AND a.pid <> pg_backend_pid() AND coalesce(a.application_name, '') !~ '^techops( |$)'
    AND NOT coalesce(r.rolsuper, true)
    AND EXISTS (
        SELECT FROM techops.session_ends AS e
        WHERE e.pid = a.pid AND e.backend_start = a.backend_start AND e.means = 'cancel' AND e.outcome IS NOT NULL
    )
"""


async def cancel_query(conn: Conn, pid: int, backend_start: datetime) -> bool | None:
    """Ask a session to give its query up; None where it is no such session any more, or one that is never touched.

    Raises:
        DatabaseError: this role may not.
    """
    sent: bool | None = await conn.fetchval(CANCEL_QUERY, pid, backend_start)
    return sent


async def terminate_session(conn: Conn, pid: int, backend_start: datetime) -> bool | None:
    """End a session whose query was cancelled before; None and errors as `cancel_query`."""
    sent: bool | None = await conn.fetchval(TERMINATE_SESSION, pid, backend_start)
    return sent


FIND_STATE: Final = "SELECT a.state, a.query_start FROM pg_stat_activity AS a WHERE a.pid = $1 AND a.backend_start = $2"


async def find_state(conn: Conn, pid: int, backend_start: datetime) -> str | None:
    """What a session does (active, idle, idle in transaction, ...); None where it is gone."""
    row = await conn.fetchrow(FIND_STATE, pid, backend_start)
    return str(row["state"] or "unknown") if row else None
