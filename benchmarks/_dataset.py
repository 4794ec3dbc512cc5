"""The named data set: 2,000 projects, 200 people, and per scale 500,000 deployments (half of them of five projects),
300,000 requests, a million rows of history and a million work logs.

Written with triggers off, as a copy of a dashboard that has run for two years would be; adopted in that state it has no
activity. Indexes are dropped while it is filled and made again afterwards, which takes a third of the time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from db.pool import DatabaseConfig, connect

PEOPLE: Final = 200
PROJECTS: Final = 2_000
TABLES: Final = ("deployments", "maintenance_requests", "maintenance_status_history", "maintenance_work_logs")

_PEOPLE: Final = """
INSERT INTO public.users (name, email, password_hash, role)
SELECT 'Person ' || n, n || '@example.com', 'x',
    CASE WHEN n <= 5 THEN 'admin' WHEN n <= 80 THEN 'engineer' ELSE 'user' END
FROM generate_series(1, 200) AS n
"""
_IDENTITIES: Final = """
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz)
SELECT 'T0SANDBOX', 'U1' || lpad(u.id::text, 4, '0'), u.id, u.name, 'Europe/Berlin' FROM public.users AS u
"""
_GROUPS: Final = "INSERT INTO public.project_groups (name) SELECT 'Group ' || n FROM generate_series(1, 20) AS n"
_PROJECTS: Final = """
INSERT INTO public.projects (name, group_id, status)
SELECT 'Project ' || n, 1 + n % 20, CASE WHEN n % 10 = 0 THEN 'archived' ELSE 'active' END
FROM generate_series(1, 2000) AS n
"""
# Half of everything belongs to five projects. Two years, in the order in which it happened.
_DEPLOYMENTS: Final = """
INSERT INTO public.deployments
    (project_id, version, environment, status, deployed_by, deployed_at, duration, created_at, updated_at)
SELECT CASE WHEN r.n % 2 = 0 THEN 1 + (r.n / 2) % 5 ELSE 1 + (r.n / 2) % 2000 END, 'v1.' || r.n,
    (ARRAY['production', 'staging', 'development'])[1 + r.n % 3],
    CASE WHEN r.fate < 0.85 THEN 'success' WHEN r.fate < 0.92 THEN 'failed' WHEN r.fate < 0.97 THEN 'rolled_back'
        ELSE 'pending' END,
    1 + r.n % 80, r.at, 20 + (r.pace * r.pace * 3000)::integer, r.at, r.at
FROM (
    SELECT n, random() AS fate, random() AS pace,
        now()::timestamp - (1 - n / $1::float) * interval '730 days' AS at
    FROM generate_series(1, $1::integer) AS n OFFSET 0
) AS r
"""
# Every thirtieth is still open; the due dates of the open ones lie from three months ago to one month ahead.
_REQUESTS: Final = """
INSERT INTO public.maintenance_requests
    (project_id, requested_by, assigned_to, title, description, priority, status, due_date, created_at, updated_at)
SELECT CASE WHEN n % 2 = 0 THEN 1 + (n / 2) % 5 ELSE 1 + (n / 2) % 2000 END, 1 + n % 200,
    CASE WHEN n % 4 = 0 THEN NULL ELSE 1 + n % 80 END, 'Request number ' || n, 'Something has to be done about it.',
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4],
    CASE WHEN n % 30 = 0 THEN (ARRAY['open', 'in_progress'])[1 + n / 30 % 2] WHEN n % 7 = 0 THEN 'cancelled'
        ELSE 'completed' END,
    CASE WHEN n % 30 = 0 THEN now()::timestamp + (30 - n / 30 % 120) * interval '1 day'
        WHEN n % 3 = 0 THEN now()::timestamp - (1 - n / $1::float) * interval '730 days' + interval '7 days' END,
    now()::timestamp - (1 - n / $1::float) * interval '730 days',
    now()::timestamp - (1 - n / $1::float) * interval '730 days'
FROM generate_series(1, $1::integer) AS n
"""
_HISTORY: Final = """
INSERT INTO public.maintenance_status_history (maintenance_request_id, old_status, new_status, changed_by, created_at)
SELECT 1 + n % $2::integer, 'open', 'in_progress', 1 + n % 80,
    now()::timestamp - (1 - n / $1::float) * interval '730 days'
FROM generate_series(1, $1::integer) AS n
"""
_LOGS: Final = """
INSERT INTO public.maintenance_work_logs
    (maintenance_request_id, user_id, work_description, hours_spent, work_date, created_at)
SELECT 1 + n % $2::integer, 1 + n % 80, 'Looked at it', 0.25 * (1 + n % 16),
    (now() - (1 - n / $1::float) * interval '730 days')::date,
    now()::timestamp - (1 - n / $1::float) * interval '730 days'
FROM generate_series(1, $1::integer) AS n
"""
_INDEXES: Final = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index AS i
WHERE i.indrelid = ANY($1::text[]::regclass[]) AND NOT i.indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows at a scale."""

    deployments: int
    requests: int
    history: int
    logs: int


def size(scale: float) -> Size:
    """The data set at this scale; 1 is the named one."""
    return Size(*(round(scale * rows) for rows in (500_000, 300_000, 1_000_000, 1_000_000)))


async def fill(config: DatabaseConfig, scale: float, *more: str, deployments: int | None = None) -> Size:
    """Fill an empty, migrated database with the named set, or other deployments, and by `more` statements."""
    rows = size(scale)
    rows = rows if deployments is None else replace(rows, deployments=deployments)
    async with _filling(config) as conn:
        await conn.execute(_DEPLOYMENTS, rows.deployments)
        await conn.execute(_REQUESTS, rows.requests)
        await conn.execute(_HISTORY, rows.history, max(1, rows.requests))
        await conn.execute(_LOGS, rows.logs, max(1, rows.requests))
        for statement in more:
            await conn.execute(statement)
    return rows


async def fill_people(config: DatabaseConfig, *statements: str) -> None:
    """Fill an empty, migrated database with people and projects, and then with what the statements insert."""
    async with _filling(config) as conn:
        for statement in statements:
            await conn.execute(statement)


@asynccontextmanager
async def _filling(config: DatabaseConfig) -> AsyncIterator[Any]:
    conn = await connect(config)
    try:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute("SET maintenance_work_mem = '512MB'")
        indexes = await _without_indexes(conn)
        for statement in (_PEOPLE, _IDENTITIES, _GROUPS, _PROJECTS):
            await conn.execute(statement)
        yield conn
        for definition in indexes:
            await conn.execute(definition)
        await conn.execute("VACUUM ANALYZE")
    finally:
        await conn.close()


async def _without_indexes(conn: Any) -> list[str]:
    """Drop what the constraints do not need, and return how to make it again."""
    found = await conn.fetch(_INDEXES, list(TABLES))
    for row in found:
        await conn.execute(f"DROP INDEX {row['name']}")
    return [row["definition"] for row in found]
