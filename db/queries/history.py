"""What happened to a request: its status history, which the dashboard reads too, and the activity log."""

from typing import Final

from db.models import Activity, HistoryEntry
from db.pool import Conn

LIST_HISTORY: Final = """
SELECT h.id, h.maintenance_request_id AS request_id, h.old_status, h.new_status, h.changed_by,
    u.name AS changed_by_name, i.slack_user_id AS changed_by_slack_id, h.notes,
    coalesce(h.created_at::timestamptz, 'epoch') AS at
FROM public.maintenance_status_history AS h
JOIN public.users AS u ON u.id = h.changed_by
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE h.maintenance_request_id = $1
ORDER BY h.id DESC
LIMIT $2
"""


async def list_history(conn: Conn, request_id: int, limit: int = 200) -> list[HistoryEntry]:
    """Changes of a request's status, the newest first."""
    return [HistoryEntry(**dict(row)) for row in await conn.fetch(LIST_HISTORY, request_id, limit)]


FIND_ENTRY: Final = """
SELECT h.id, h.maintenance_request_id AS request_id, h.old_status, h.new_status, h.changed_by,
    u.name AS changed_by_name, i.slack_user_id AS changed_by_slack_id, h.notes,
    coalesce(h.created_at::timestamptz, 'epoch') AS at
FROM public.maintenance_status_history AS h
JOIN public.users AS u ON u.id = h.changed_by
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE h.maintenance_request_id = $1 AND h.new_status = $2
ORDER BY h.id DESC
LIMIT 1
"""


async def find_entry(conn: Conn, request_id: int, status: str) -> HistoryEntry | None:
    """The latest change that brought a request into this status; None for the status it was raised with."""
    row = await conn.fetchrow(FIND_ENTRY, request_id, status)
    return HistoryEntry(**dict(row)) if row else None


LIST_ACTIVITY: Final = """
SELECT a.id, a.at, a.actor_id, u.name AS actor_name, i.slack_user_id AS actor_slack_id, a.source, a.subject_kind,
    a.subject_id, a.verb, a.old, a.new, a.note
FROM techops.activity AS a
LEFT JOIN public.users AS u ON u.id = a.actor_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE a.subject_kind = $1 AND a.subject_id = $2
ORDER BY a.id DESC
LIMIT $3
"""


async def list_activity(conn: Conn, kind: str, subject_id: int, limit: int = 200) -> list[Activity]:
    """Changes of a record, the newest first."""
    return [Activity(**dict(row)) for row in await conn.fetch(LIST_ACTIVITY, kind, subject_id, limit)]


FIND_ASSIGNMENT: Final = """
SELECT a.id, a.at, a.actor_id, u.name AS actor_name, i.slack_user_id AS actor_slack_id, a.source, a.subject_kind,
    a.subject_id, a.verb, a.old, a.new, a.note
FROM techops.activity AS a
LEFT JOIN public.users AS u ON u.id = a.actor_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE a.subject_kind = 'maintenance' AND a.subject_id = $1 AND a.new ? 'assigned_to'
ORDER BY a.id DESC
LIMIT 1
"""


async def find_assignment(conn: Conn, request_id: int) -> Activity | None:
    """The latest change of who is to do a request; None where it is older than the log."""
    row = await conn.fetchrow(FIND_ASSIGNMENT, request_id)
    return Activity(**dict(row)) if row else None
