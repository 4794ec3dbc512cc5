"""What a decision on an approval can be based on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from db.care import LOCK_KEY
from db.models_approvals import PastDeployment
from db.pool import Conn

FIND_PROJECT: Final = """
SELECT p.id, p.name FROM public.projects AS p WHERE p.id = CASE $1::text
    WHEN 'deployment' THEN (SELECT d.project_id FROM public.deployments AS d WHERE d.id = $2::integer)
    ELSE (SELECT r.project_id FROM public.maintenance_requests AS r WHERE r.id = $2::integer)
END
"""


async def find_project(conn: Conn, kind: str, subject_id: int) -> tuple[int, str] | None:
    """Id and name of the project that a record belongs to, None where it has none."""
    row = await conn.fetchrow(FIND_PROJECT, kind, subject_id)
    return (row["id"], row["name"]) if row else None


# The record that is to be decided on is no past deployment, whatever its state.
# Those without deployed_at, few or none in most databases, are found by an index of their own.
LIST_PAST: Final = """
SELECT d.id, d.version, d.environment, coalesce(d.status, '') AS status,
    coalesce(d.deployed_at, d.created_at, 'epoch')::timestamptz AS at
FROM (
    (
        SELECT t.id, t.version, t.environment, t.status, t.deployed_at, t.created_at FROM public.deployments AS t
        WHERE t.project_id = $1 AND t.id <> $2::integer AND t.status IN ('success', 'failed', 'rolled_back')
            AND t.deployed_at IS NOT NULL
        ORDER BY t.deployed_at DESC, t.id DESC
        LIMIT 3
    )
    UNION ALL
    SELECT u.id, u.version, u.environment, u.status, u.deployed_at, u.created_at FROM public.deployments AS u
    WHERE u.project_id = $1 AND u.id <> $2::integer AND u.status IN ('success', 'failed', 'rolled_back')
        AND u.deployed_at IS NULL
) AS d
ORDER BY coalesce(d.deployed_at, d.created_at, 'epoch') DESC, d.id DESC
LIMIT 3
"""


async def list_past(conn: Conn, project_id: int, but_id: int) -> list[PastDeployment]:
    """The project's last three finished deployments, the newest first; `but_id` (0: none) is left out."""
    return [PastDeployment(**dict(row)) for row in await conn.fetch(LIST_PAST, project_id, but_id)]


COUNT_FINISHED: Final = """
SELECT count(*) AS finished, count(*) FILTER (WHERE d.status IN ('failed', 'rolled_back')) AS failed
FROM public.deployments AS d
WHERE d.project_id = $1 AND d.status IN ('success', 'failed', 'rolled_back')
    AND d.deployed_at >= $2::timestamptz::timestamp
"""


async def count_finished(conn: Conn, project_id: int, since: datetime) -> tuple[int, int]:
    """The project's deployments finished since then, and how many of those failed or were rolled back."""
    row = await conn.fetchrow(COUNT_FINISHED, project_id, since)
    return (row["finished"], row["failed"]) if row else (0, 0)


LIST_CRITICAL: Final = """
SELECT r.id, count(*) OVER () AS total
FROM public.maintenance_requests AS r
WHERE r.priority = 'critical' AND r.status IN ('open', 'in_progress')
    AND ($1::integer IS NULL OR r.project_id = $1) AND r.id <> $2::integer
ORDER BY r.id
LIMIT 10
"""


async def list_critical(conn: Conn, project_id: int | None, but_id: int) -> tuple[tuple[int, ...], int]:
    """Critical requests that are not done (ten at most), and how many there are; `but_id` (0: none) is left out."""
    rows = await conn.fetch(LIST_CRITICAL, project_id, but_id)
    return tuple(row["id"] for row in rows), rows[0]["total"] if rows else 0


# Autovacuum is no care that anybody started; what others may not see of a session has an empty name. A run of ours goes
# on while somebody holds its lock, and is told as that, not as what it is doing at the moment.
LIST_CARE: Final = """
SELECT w.what
FROM (
    SELECT p.pid, 'VACUUM' AS what FROM pg_stat_progress_vacuum AS p WHERE p.datname = current_database()
    UNION SELECT p.pid, 'ANALYZE' FROM pg_stat_progress_analyze AS p WHERE p.datname = current_database()
    UNION SELECT p.pid, p.command FROM pg_stat_progress_create_index AS p WHERE p.datname = current_database()
    UNION SELECT a.pid, 'a backup' FROM pg_stat_activity AS a
    WHERE a.datname = current_database() AND a.application_name IN ('pg_dump', 'techops backup')
) AS w
JOIN pg_stat_activity AS s ON s.pid = w.pid AND s.backend_type IS DISTINCT FROM 'autovacuum worker'
    AND s.application_name IS DISTINCT FROM 'techops care'
UNION
SELECT format('run %s of care (step %s of %s)', r.id, r.current_step, r.total_steps)
FROM techops.maintenance_runs AS r
WHERE r.status = 'running' AND EXISTS (
    SELECT FROM pg_locks AS l
    WHERE l.locktype = 'advisory' AND ((l.classid::bigint << 32) | l.objid::bigint) = $1 AND l.objsubid = 1
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
)
ORDER BY 1
"""


async def list_care(conn: Conn) -> Sequence[str]:
    """What of database care runs at this moment, whoever started it: VACUUM, ANALYZE, REINDEX, a backup."""
    return [row["what"] for row in await conn.fetch(LIST_CARE, LOCK_KEY)]
