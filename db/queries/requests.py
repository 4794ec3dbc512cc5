"""Maintenance requests: read with the names that are shown with them, and changed."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from db.errors import NotFound
from db.models import Request
from db.patterns import literal
from db.pool import Conn, Row

# A due date that no calendar here can hold (infinity, years above 9999, before Christ) counts as none. The column of
# hours takes NaN too.
COLUMNS: Final = """
    r.id, r.title, r.description, coalesce(r.priority, '') AS priority, coalesce(r.status, '') AS status,
    r.project_id, p.name AS project_name,
    r.requested_by, q.name AS requester_name, qi.slack_user_id AS requester_slack_id,
    r.assigned_to, e.name AS assignee_name, ei.slack_user_id AS assignee_slack_id,
    CASE WHEN r.due_date > '0002-01-01' AND r.due_date < '9999-01-01' THEN r.due_date::timestamptz END AS due_at,
    coalesce(r.created_at::timestamptz, 'epoch') AS created_at,
    coalesce(r.updated_at, r.created_at, 'epoch')::timestamptz AS updated_at,
    coalesce((
        SELECT sum(l.hours_spent) FROM public.maintenance_work_logs AS l
        WHERE l.maintenance_request_id = r.id AND l.hours_spent <> 'NaN'
    ), 0) AS hours"""
FROM: Final = """
FROM public.maintenance_requests AS r
JOIN public.users AS q ON q.id = r.requested_by
LEFT JOIN techops.slack_identities AS qi ON qi.user_id = q.id
LEFT JOIN public.users AS e ON e.id = r.assigned_to
LEFT JOIN techops.slack_identities AS ei ON ei.user_id = e.id
LEFT JOIN public.projects AS p ON p.id = r.project_id
"""
LIST_BY_IDS: Final = f"SELECT {COLUMNS} {FROM} WHERE r.id = ANY($1::integer[])"
# Not the same with an array of one: PostgreSQL expects ten of those, and would plan anew each time, for longer than it
# takes to read.
FIND_REQUEST: Final = f"SELECT {COLUMNS} {FROM} WHERE r.id = $1"


async def list_by_ids(conn: Conn, ids: Sequence[int]) -> list[Request]:
    """These requests in this order; those that are gone are left out."""
    found = {row["id"]: _request(row) for row in await conn.fetch(LIST_BY_IDS, list(ids))}
    return [found[request_id] for request_id in ids if request_id in found]


async def find_request(conn: Conn, request_id: int) -> Request | None:
    """One request, None where there is none."""
    row = await conn.fetchrow(FIND_REQUEST, request_id)
    return _request(row) if row else None


async def get_request(conn: Conn, request_id: int) -> Request:
    """One request.

    Raises:
        NotFound: there is none with this id.
    """
    found = await find_request(conn, request_id)
    if found is None:
        raise NotFound("request", request_id)
    return found


LOCK_REQUEST: Final = "SELECT r.id FROM public.maintenance_requests AS r WHERE r.id = $1 FOR NO KEY UPDATE"
HOLD_REQUEST: Final = "SELECT r.id FROM public.maintenance_requests AS r WHERE r.id = $1 FOR SHARE"


async def find_locked(conn: Conn, request_id: int) -> Request | None:
    """One request, which nobody else can change until the end of the transaction; None where there is none.

    Read in a statement of its own, after the wait: joined to the lock, the names would be those of before it.
    """
    return await find_request(conn, request_id) if await conn.fetchval(LOCK_REQUEST, request_id) else None


async def find_held(conn: Conn, request_id: int) -> Request | None:
    """One request, which keeps its status until the end of the transaction, shared with others who only need that."""
    return await find_request(conn, request_id) if await conn.fetchval(HOLD_REQUEST, request_id) else None


INSERT_REQUEST: Final = """
INSERT INTO public.maintenance_requests
    (project_id, requested_by, assigned_to, title, description, priority, due_date, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::timestamptz::timestamp, $8::timestamptz::timestamp, $8::timestamptz::timestamp)
RETURNING id
"""


async def insert_request(
    conn: Conn,
    *,
    project_id: int | None,
    requested_by: int,
    assigned_to: int | None,
    title: str,
    description: str,
    priority: str,
    due_at: datetime | None,
    now: datetime,
) -> int:
    """Add an open request and return its id."""
    values = (project_id, requested_by, assigned_to, title, description, priority, due_at, now)
    return int(await conn.fetchval(INSERT_REQUEST, *values))


UPDATE_STATUS: Final = "UPDATE public.maintenance_requests SET status = $2 WHERE id = $1"


async def update_status(conn: Conn, request_id: int, status: str) -> None:
    """Give a request another status; the status history is written by the table's trigger."""
    await conn.execute(UPDATE_STATUS, request_id, status)


UPDATE_ASSIGNEE: Final = "UPDATE public.maintenance_requests SET assigned_to = $2 WHERE id = $1"


async def update_assignee(conn: Conn, request_id: int, user_id: int | None) -> None:
    """Give a request to somebody, or to nobody."""
    await conn.execute(UPDATE_ASSIGNEE, request_id, user_id)


UPDATE_PRIORITY: Final = "UPDATE public.maintenance_requests SET priority = $2 WHERE id = $1"


async def update_priority(conn: Conn, request_id: int, priority: str) -> None:
    """Give a request another priority."""
    await conn.execute(UPDATE_PRIORITY, request_id, priority)


UPDATE_DUE: Final = "UPDATE public.maintenance_requests SET due_date = $2::timestamptz::timestamp WHERE id = $1"


async def update_due(conn: Conn, request_id: int, due_at: datetime | None) -> None:
    """Give a request another due date, or none."""
    await conn.execute(UPDATE_DUE, request_id, due_at)


# What is not changed is not written either: the due date keeps its seconds, unknown priorities stay.
UPDATE_REQUEST: Final = """
UPDATE public.maintenance_requests AS r SET
    title = CASE WHEN 'title' = ANY($2::text[]) THEN $3 ELSE r.title END,
    description = CASE WHEN 'description' = ANY($2::text[]) THEN $4 ELSE r.description END,
    project_id = CASE WHEN 'project' = ANY($2::text[]) THEN $5 ELSE r.project_id END,
    priority = CASE WHEN 'priority' = ANY($2::text[]) THEN $6 ELSE r.priority END,
    due_date = CASE WHEN 'due' = ANY($2::text[]) THEN $7::timestamptz::timestamp ELSE r.due_date END,
    assigned_to = CASE WHEN 'assignee' = ANY($2::text[]) THEN $8 ELSE r.assigned_to END
WHERE r.id = $1
"""


async def update_request(
    conn: Conn,
    request_id: int,
    changed: Sequence[str],
    *,
    title: str | None = None,
    description: str | None = None,
    project_id: int | None = None,
    priority: str | None = None,
    due_at: datetime | None = None,
    assigned_to: int | None = None,
) -> None:
    """Change the columns named in `changed` (title, description, project, priority, due, assignee), and no others."""
    values = (title, description, project_id, priority, due_at, assigned_to)
    await conn.execute(UPDATE_REQUEST, request_id, list(changed), *values)


# Newest first; the words may stand anywhere in title and description, in any order.
SEARCH_REQUESTS: Final = r"""
SELECT r.id
FROM public.maintenance_requests AS r
WHERE (r.title || E'\n' || r.description) ILIKE ALL ($1::text[])
ORDER BY r.id DESC
LIMIT $2
"""


async def list_found(conn: Conn, words: Sequence[str], limit: int) -> list[Request]:
    """The newest requests whose title or description hold all these words, whatever their case."""
    patterns = [f"%{literal(word)}%" for word in words]
    return await list_by_ids(conn, [row["id"] for row in await conn.fetch(SEARCH_REQUESTS, patterns, limit)])


def _request(row: Row) -> Request:
    values = dict(row)
    return Request(**{**values, "hours": Decimal(values["hours"])})
