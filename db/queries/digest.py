"""What a digest tells: what is late, what is due today, what waits, and what happened since the last one.

With a project (not NULL) only what belongs to it. The conditions on due dates are those of the partial index on open
requests, word for word; what happened since is read from the end of an index.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from db.models import Request
from db.models_subscriptions import Day, Deployed, Waiting
from db.pool import Conn
from db.queries import requests


@dataclass(frozen=True, slots=True)
class Counts:
    """Distinct requests opened and closed, and hours logged, in a period."""

    opened: int
    closed: int
    hours: Decimal


LIST_DUE: Final = """
SELECT r.id, count(*) OVER () AS total
FROM public.maintenance_requests AS r
WHERE r.status IN ('open', 'in_progress')
    AND coalesce(r.due_date, 'infinity'::timestamp) >= $1::timestamptz::timestamp
    AND coalesce(r.due_date, 'infinity'::timestamp) < $2::timestamptz::timestamp
    AND ($3::integer IS NULL OR r.project_id = $3)
ORDER BY coalesce(r.due_date, 'infinity'::timestamp), r.id
LIMIT $4
"""


async def list_due(
    conn: Conn, first: datetime, before: datetime, project_id: int | None, limit: int
) -> tuple[list[Request], int]:
    """Open requests due from `first` until just before `before`, the earliest first, and how many there are."""
    rows = await conn.fetch(LIST_DUE, first, before, project_id, limit)
    return await requests.list_by_ids(conn, [row["id"] for row in rows]), rows[0]["total"] if rows else 0


LIST_WAITING: Final = """
SELECT a.id AS approval_id, a.subject_kind, a.subject_id,
    coalesce(r.title, d.version || ' to ' || d.environment, '') AS title, p.name AS project_name,
    a.requested_at AS since, count(*) OVER () AS total
FROM techops.approvals AS a
LEFT JOIN public.maintenance_requests AS r ON a.subject_kind = 'maintenance' AND r.id = a.subject_id
LEFT JOIN public.deployments AS d ON a.subject_kind = 'deployment' AND d.id = a.subject_id
LEFT JOIN public.projects AS p ON p.id = coalesce(r.project_id, d.project_id)
WHERE a.status = 'pending' AND a.expires_at > $1 AND ($2::integer IS NULL OR p.id = $2)
ORDER BY a.requested_at, a.id
LIMIT $3
"""


async def list_waiting(conn: Conn, now: datetime, project_id: int | None, limit: int) -> tuple[list[Waiting], int]:
    """What waits for approval, the longest first, and how much there is."""
    rows = await conn.fetch(LIST_WAITING, now, project_id, limit)
    kept = [{name: value for name, value in row.items() if name != "total"} for row in rows]
    return [Waiting(**values) for values in kept], rows[0]["total"] if rows else 0


COUNT_CHANGES: Final = """
SELECT
    (
        SELECT count(*) FROM public.maintenance_requests AS r
        WHERE r.created_at >= $1::timestamptz::timestamp AND r.created_at < $2::timestamptz::timestamp
            AND ($3::integer IS NULL OR r.project_id = $3)
    ) AS opened,
    (
        SELECT count(DISTINCT h.maintenance_request_id)
        FROM public.maintenance_status_history AS h
        JOIN public.maintenance_requests AS r ON r.id = h.maintenance_request_id
        WHERE h.new_status IN ('completed', 'cancelled')
            AND h.created_at >= $1::timestamptz::timestamp AND h.created_at < $2::timestamptz::timestamp
            AND ($3::integer IS NULL OR r.project_id = $3)
    ) AS closed,
    (
        SELECT coalesce(sum(l.hours_spent) FILTER (WHERE l.hours_spent <> 'NaN'), 0)
        FROM public.maintenance_work_logs AS l
        JOIN public.maintenance_requests AS r ON r.id = l.maintenance_request_id
        WHERE l.created_at >= $1::timestamptz::timestamp AND l.created_at < $2::timestamptz::timestamp
            AND ($3::integer IS NULL OR r.project_id = $3)
    ) AS hours
"""


async def get_counts(conn: Conn, since: datetime, until: datetime, project_id: int | None) -> Counts:
    """How many requests were opened and closed, and how many hours logged, from `since` until just before `until`."""
    row = await conn.fetchrow(COUNT_CHANGES, since, until, project_id)
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return Counts(row["opened"], row["closed"], Decimal(row["hours"]))


# Failures first, then the newest. What was not deployed yet has no place in it.
LIST_DEPLOYED: Final = """
SELECT d.id, p.name AS project_name, d.version, d.environment, coalesce(d.status, '') AS status,
    d.deployed_at::timestamptz AS at
FROM public.deployments AS d
JOIN public.projects AS p ON p.id = d.project_id
WHERE d.deployed_at >= $1::timestamptz::timestamp AND d.deployed_at < $2::timestamptz::timestamp
    AND ($3::integer IS NULL OR d.project_id = $3)
    AND d.status <> 'pending'
ORDER BY d.status IN ('failed', 'rolled_back') DESC, d.deployed_at DESC, d.id DESC
LIMIT $4
"""

COUNT_DEPLOYED: Final = """
SELECT coalesce(d.status, '') AS status, count(*) AS number
FROM public.deployments AS d
WHERE d.deployed_at >= $1::timestamptz::timestamp AND d.deployed_at < $2::timestamptz::timestamp
    AND ($3::integer IS NULL OR d.project_id = $3)
    AND d.status <> 'pending'
GROUP BY 1
ORDER BY 1
"""


async def list_deployed(
    conn: Conn, since: datetime, until: datetime, project_id: int | None, limit: int
) -> tuple[list[Deployed], dict[str, int]]:
    """What was deployed in the period, failures first, and how many deployments are in which state."""
    rows = await conn.fetch(LIST_DEPLOYED, since, until, project_id, limit)
    counted = await conn.fetch(COUNT_DEPLOYED, since, until, project_id)
    return [Deployed(**dict(row)) for row in rows], {row["status"]: row["number"] for row in counted}


LIST_DAYS: Final = """
WITH opened AS (
    SELECT (r.created_at::timestamptz AT TIME ZONE $4)::date AS day, count(*) AS number
    FROM public.maintenance_requests AS r
    WHERE r.created_at >= $1::timestamptz::timestamp AND r.created_at < $2::timestamptz::timestamp
        AND ($3::integer IS NULL OR r.project_id = $3)
    GROUP BY 1
), closed AS (
    SELECT (h.created_at::timestamptz AT TIME ZONE $4)::date AS day, count(DISTINCT r.id) AS number
    FROM public.maintenance_status_history AS h
    JOIN public.maintenance_requests AS r ON r.id = h.maintenance_request_id
    WHERE h.new_status IN ('completed', 'cancelled')
        AND h.created_at >= $1::timestamptz::timestamp AND h.created_at < $2::timestamptz::timestamp
        AND ($3::integer IS NULL OR r.project_id = $3)
    GROUP BY 1
), deployed AS (
    SELECT (d.deployed_at::timestamptz AT TIME ZONE $4)::date AS day,
        count(*) FILTER (WHERE d.status = 'success') AS succeeded,
        count(*) FILTER (WHERE d.status IN ('failed', 'rolled_back')) AS failed
    FROM public.deployments AS d
    WHERE d.deployed_at >= $1::timestamptz::timestamp AND d.deployed_at < $2::timestamptz::timestamp
        AND ($3::integer IS NULL OR d.project_id = $3)
    GROUP BY 1
)
SELECT days.day::date AS day, coalesce(o.number, 0) AS opened, coalesce(c.number, 0) AS closed,
    coalesce(d.succeeded, 0) AS succeeded, coalesce(d.failed, 0) AS failed
FROM generate_series(
    ($1::timestamptz AT TIME ZONE $4)::date, ($2::timestamptz AT TIME ZONE $4)::date, interval '1 day'
) AS days (day)
LEFT JOIN opened AS o ON o.day = days.day
LEFT JOIN closed AS c ON c.day = days.day
LEFT JOIN deployed AS d ON d.day = days.day
ORDER BY 1
"""


async def list_days(conn: Conn, since: datetime, until: datetime, project_id: int | None, tz: str) -> list[Day]:
    """What happened on each local day of the period."""
    return [Day(**dict(row)) for row in await conn.fetch(LIST_DAYS, since, until, project_id, tz)]
