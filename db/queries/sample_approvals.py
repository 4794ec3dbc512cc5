"""The sample's past, approved: what its production deployments and critical requests would have needed."""

from datetime import datetime
from typing import Final

from db.pool import Conn

# Whoever approves is active, may, and is not the one whose own it is; different people for different records.
INSERT_VOTES: Final = """
INSERT INTO techops.approval_votes (approval_id, user_id, vote, at)
SELECT a.id, v.id, 'approve', least(s.created_at + interval '25 minutes', $1)
FROM techops.approvals AS a
JOIN (
    SELECT 'deployment' AS kind, d.id, d.created_at::timestamptz AS created_at FROM public.deployments AS d
    UNION ALL
    SELECT 'maintenance', r.id, r.created_at::timestamptz FROM public.maintenance_requests AS r
) AS s ON s.kind = a.subject_kind AND s.id = a.subject_id
CROSS JOIN LATERAL (
    SELECT u.id FROM public.users AS u
    WHERE u.is_active AND u.role IN ('engineer', 'admin') AND u.id IS DISTINCT FROM a.requested_by
    ORDER BY md5(u.id || ' ' || a.id), u.id
    LIMIT 1
) AS v
WHERE a.status = 'skipped'
ORDER BY a.id
"""

UPDATE_SKIPPED: Final = """
UPDATE techops.approvals AS a SET
    status = 'approved', decided_at = v.at, requested_at = v.at - interval '25 minutes',
    remind_at = v.at - interval '25 minutes' + (a.remind_at - a.requested_at),
    expires_at = v.at - interval '25 minutes' + (a.expires_at - a.requested_at)
FROM techops.approval_votes AS v
WHERE v.approval_id = a.id AND a.status = 'skipped'
"""

UPDATE_PENDING: Final = """
UPDATE techops.approvals AS a SET
    requested_at = $1::timestamptz, remind_at = $1::timestamptz + (a.remind_at - a.requested_at),
    expires_at = $1::timestamptz + (a.expires_at - a.requested_at)
WHERE a.status = 'pending'
"""

DELETE_SKIPPED_ACTIVITY: Final = """
DELETE FROM techops.activity AS l WHERE l.xid = pg_current_xact_id() AND l.verb = 'approval_skipped'
"""

UPDATE_APPROVAL_ACTIVITY: Final = """
UPDATE techops.activity AS l SET
    at = CASE WHEN l.verb = 'approval_requested' THEN a.requested_at ELSE a.decided_at END,
    actor_id = CASE WHEN l.verb = 'approval_requested' THEN a.requested_by
        ELSE (SELECT v.user_id FROM techops.approval_votes AS v WHERE v.approval_id = a.id) END
FROM techops.approvals AS a
WHERE l.xid = pg_current_xact_id() AND l.verb IN ('approval_requested', 'approved', 'approval_granted')
    AND a.id = coalesce(l.new ->> 'approval_id', l.new ->> 'id')::bigint
"""


async def approve_past(conn: Conn, now: datetime) -> None:
    """Approve what is past, by somebody else and soon after it was asked; what waits has been asked for just now."""
    await conn.execute(INSERT_VOTES, now)
    await conn.execute(UPDATE_SKIPPED)
    await conn.execute(UPDATE_PENDING, now)
    await conn.execute(DELETE_SKIPPED_ACTIVITY)
    await conn.execute(UPDATE_APPROVAL_ACTIVITY)
