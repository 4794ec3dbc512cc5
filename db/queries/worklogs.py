"""Work done on requests, and its hours added up."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from db.errors import NotFound
from db.models import ReportLine, WorkLog
from db.pool import Conn, Row


@dataclass(frozen=True, slots=True)
class ReportScope:
    """Whose hours a report adds up: of one person, of one project, or all."""

    user_id: int | None = None
    project_id: int | None = None


# Of dates beyond every calendar the nearest that there is stands for them, and NaN hours count as none.

# One class of advisory locks for all days of a person; a person logs one thing at a time.
LOCK_PERSON: Final = "SELECT pg_advisory_xact_lock(1463831911, $1)"


async def lock_person(conn: Conn, user_id: int) -> None:
    """Let nobody else add to a person's hours before the end of the transaction."""
    await conn.fetchval(LOCK_PERSON, user_id)


GET_DAY_TOTAL: Final = """
SELECT coalesce(sum(l.hours_spent), 0)
FROM public.maintenance_work_logs AS l
WHERE l.user_id = $1 AND l.work_date = $2 AND l.hours_spent <> 'NaN'
"""


async def get_day_total(conn: Conn, user_id: int, day: date) -> Decimal:
    """Hours of a person on one day, all requests together."""
    return Decimal(await conn.fetchval(GET_DAY_TOTAL, user_id, day))


INSERT_LOG: Final = """
INSERT INTO public.maintenance_work_logs
    (maintenance_request_id, user_id, work_description, hours_spent, work_date, created_at)
VALUES ($1, $2, $3, $4, $5, $6::timestamptz::timestamp)
RETURNING id
"""


async def insert_log(
    conn: Conn, request_id: int, user_id: int, description: str, hours: Decimal, day: date, now: datetime
) -> int:
    """Add a work log and return its id."""
    return int(await conn.fetchval(INSERT_LOG, request_id, user_id, description, hours, day, now))


FIND_LOG: Final = """
SELECT l.id, l.maintenance_request_id AS request_id, r.title AS request_title, l.user_id, u.name AS user_name,
    i.slack_user_id AS user_slack_id, l.work_description AS description, NULLIF(l.hours_spent, 'NaN') AS hours,
    least(greatest(l.work_date, '0002-01-01'), '9999-12-31') AS work_date,
    coalesce(l.created_at::timestamptz, 'epoch') AS created_at
FROM public.maintenance_work_logs AS l
JOIN public.maintenance_requests AS r ON r.id = l.maintenance_request_id
JOIN public.users AS u ON u.id = l.user_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE l.id = $1
"""


async def find_log(conn: Conn, log_id: int) -> WorkLog | None:
    """One work log, None where there is none."""
    row = await conn.fetchrow(FIND_LOG, log_id)
    return _log(row) if row else None


async def get_log(conn: Conn, log_id: int) -> WorkLog:
    """One work log.

    Raises:
        NotFound: there is none with this id.
    """
    found = await find_log(conn, log_id)
    if found is None:
        raise NotFound("work log", log_id)
    return found


LIST_LOGS: Final = """
SELECT l.id, l.maintenance_request_id AS request_id, r.title AS request_title, l.user_id, u.name AS user_name,
    i.slack_user_id AS user_slack_id, l.work_description AS description, NULLIF(l.hours_spent, 'NaN') AS hours,
    least(greatest(l.work_date, '0002-01-01'), '9999-12-31') AS work_date,
    coalesce(l.created_at::timestamptz, 'epoch') AS created_at
FROM public.maintenance_work_logs AS l
JOIN public.maintenance_requests AS r ON r.id = l.maintenance_request_id
JOIN public.users AS u ON u.id = l.user_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE l.maintenance_request_id = $1
ORDER BY l.work_date DESC, l.id DESC
LIMIT $2
"""


async def list_logs(conn: Conn, request_id: int, limit: int = 500) -> list[WorkLog]:
    """The work on a request, the latest day first."""
    return [_log(row) for row in await conn.fetch(LIST_LOGS, request_id, limit)]


DELETE_LOG: Final = "DELETE FROM public.maintenance_work_logs WHERE id = $1 RETURNING true"


async def delete_log(conn: Conn, log_id: int) -> bool:
    """Remove a work log; False where it is gone already."""
    return await conn.fetchval(DELETE_LOG, log_id) is True


LIST_REPORT: Final = """
SELECT u.id AS user_id, u.name AS user_name, p.name AS project_name, r.id AS request_id, r.title AS request_title,
    s.hours, s.logs
FROM (
    SELECT l.user_id, l.maintenance_request_id,
        coalesce(sum(l.hours_spent) FILTER (WHERE l.hours_spent <> 'NaN'), 0) AS hours, count(*) AS logs
    FROM public.maintenance_work_logs AS l
    WHERE l.work_date BETWEEN $1 AND $2
    GROUP BY l.user_id, l.maintenance_request_id
) AS s
JOIN public.maintenance_requests AS r ON r.id = s.maintenance_request_id
JOIN public.users AS u ON u.id = s.user_id
LEFT JOIN public.projects AS p ON p.id = r.project_id
ORDER BY lower(u.name), u.id, lower(p.name), p.id, r.id
LIMIT $3
"""
LIST_REPORT_OF_PERSON: Final = """
SELECT u.id AS user_id, u.name AS user_name, p.name AS project_name, r.id AS request_id, r.title AS request_title,
    s.hours, s.logs
FROM (
    SELECT l.user_id, l.maintenance_request_id,
        coalesce(sum(l.hours_spent) FILTER (WHERE l.hours_spent <> 'NaN'), 0) AS hours, count(*) AS logs
    FROM public.maintenance_work_logs AS l
    WHERE l.work_date BETWEEN $1 AND $2 AND l.user_id = $4
    GROUP BY l.user_id, l.maintenance_request_id
) AS s
JOIN public.maintenance_requests AS r ON r.id = s.maintenance_request_id
JOIN public.users AS u ON u.id = s.user_id
LEFT JOIN public.projects AS p ON p.id = r.project_id
ORDER BY lower(p.name), p.id, r.id
LIMIT $3
"""
LIST_REPORT_OF_PROJECT: Final = """
SELECT u.id AS user_id, u.name AS user_name, p.name AS project_name, r.id AS request_id, r.title AS request_title,
    coalesce(sum(l.hours_spent) FILTER (WHERE l.hours_spent <> 'NaN'), 0) AS hours, count(*) AS logs
FROM public.maintenance_requests AS r
JOIN public.maintenance_work_logs AS l ON l.maintenance_request_id = r.id
JOIN public.users AS u ON u.id = l.user_id
JOIN public.projects AS p ON p.id = r.project_id
WHERE r.project_id = $4 AND l.work_date BETWEEN $1 AND $2
GROUP BY u.id, u.name, p.id, p.name, r.id, r.title
ORDER BY lower(u.name), u.id, r.id
LIMIT $3
"""


async def list_report(conn: Conn, scope: ReportScope, first: date, last: date, limit: int) -> list[ReportLine]:
    """Hours from `first` to `last`, both included, added up by person and request."""
    if scope.user_id is not None:
        rows = await conn.fetch(LIST_REPORT_OF_PERSON, first, last, limit, scope.user_id)
    elif scope.project_id is not None:
        rows = await conn.fetch(LIST_REPORT_OF_PROJECT, first, last, limit, scope.project_id)
    else:
        rows = await conn.fetch(LIST_REPORT, first, last, limit)
    return [ReportLine(**dict(row)) for row in rows]


def _log(row: Row) -> WorkLog:
    return WorkLog(**dict(row))
