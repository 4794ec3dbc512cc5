"""Records as their cards show them, with everything a card needs in one round trip."""

from typing import Final

from db.models import HistoryEntry, Request
from db.pool import Conn

# The dashboard's timestamps have no zone: the session's TimeZone, which is the dashboard's, makes instants of them.
FIND_SHOWN_REQUEST: Final = """
SELECT r.id, r.title, r.description, coalesce(r.priority, '') AS priority, coalesce(r.status, '') AS status,
    r.project_id, p.name AS project_name,
    r.requested_by, q.name AS requester_name, qi.slack_user_id AS requester_slack_id,
    r.assigned_to, a.name AS assignee_name, ai.slack_user_id AS assignee_slack_id,
    r.due_date::timestamptz AS due_at,
    coalesce(r.created_at, r.updated_at, 'epoch')::timestamptz AS created_at,
    coalesce(r.updated_at, r.created_at, 'epoch')::timestamptz AS updated_at,
    coalesce((SELECT sum(w.hours_spent) FROM public.maintenance_work_logs AS w
        WHERE w.maintenance_request_id = r.id), 0) AS hours
FROM public.maintenance_requests AS r
JOIN public.users AS q ON q.id = r.requested_by
LEFT JOIN techops.slack_identities AS qi ON qi.user_id = q.id
LEFT JOIN public.users AS a ON a.id = r.assigned_to
LEFT JOIN techops.slack_identities AS ai ON ai.user_id = a.id
LEFT JOIN public.projects AS p ON p.id = r.project_id
WHERE r.id = $1
"""


async def find_shown_request(conn: Conn, request_id: int) -> Request | None:
    """The request as it is now; None where it was deleted."""
    row = await conn.fetchrow(FIND_SHOWN_REQUEST, request_id)
    return Request(**dict(row)) if row else None


FIND_CLOSING: Final = """
SELECT h.id, h.maintenance_request_id AS request_id, h.old_status, h.new_status, h.changed_by,
    u.name AS changed_by_name, i.slack_user_id AS changed_by_slack_id, h.notes, h.created_at::timestamptz AS at
FROM public.maintenance_status_history AS h
JOIN public.users AS u ON u.id = h.changed_by
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE h.maintenance_request_id = $1 AND h.new_status = $2 AND h.created_at IS NOT NULL
ORDER BY h.id DESC
LIMIT 1
"""


async def find_closing(conn: Conn, request_id: int, status: str) -> HistoryEntry | None:
    """The change that last brought the request into this status; None where the history does not tell."""
    row = await conn.fetchrow(FIND_CLOSING, request_id, status)
    return HistoryEntry(**dict(row)) if row else None
