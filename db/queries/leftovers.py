"""What somebody has open, and how it is given to somebody else."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Final

from db.models_accounts import Left, Some
from db.pool import Conn

# Each part is one line: what it is, its entries in order. A deployment's requester is known from the log alone.
LIST_LEFT: Final = """
WITH pending AS (
    SELECT a.id, a.subject_kind, a.subject_id, a.role, a.own_counts,
        coalesce($1 IN (a.requested_by, a.on_behalf_of), false) AS own
    FROM techops.approvals AS a
    WHERE a.status = 'pending' AND a.expires_at > $2
), entries AS (
    SELECT 'assigned' AS part, r.id AS place, r.id::text AS name
    FROM public.maintenance_requests AS r
    WHERE r.assigned_to = $1 AND coalesce(r.status, 'open') IN ('open', 'in_progress')
    UNION ALL
    SELECT 'raised', r.id, r.id::text
    FROM public.maintenance_requests AS r
    WHERE r.requested_by = $1 AND r.assigned_to IS DISTINCT FROM $1
        AND coalesce(r.status, 'open') IN ('open', 'in_progress')
    UNION ALL
    SELECT 'deployments', d.id, d.id::text
    FROM (
        SELECT o.id, o.deployed_by FROM public.deployments AS o WHERE o.status IN ('pending', 'in_progress')
        UNION ALL
        SELECT o.id, o.deployed_by FROM public.deployments AS o WHERE o.status IS NULL
    ) AS d
    WHERE (d.deployed_by = $1 OR EXISTS (
        SELECT FROM techops.activity AS a
        WHERE a.subject_kind = 'deployment' AND a.subject_id = d.id AND a.verb = 'created' AND a.actor_id = $1
    ))
    UNION ALL
    SELECT 'asked', p.id, p.subject_kind || ':' || p.subject_id FROM pending AS p WHERE p.own
    UNION ALL
    SELECT 'deciding', p.id, p.subject_kind || ':' || p.subject_id
    FROM pending AS p
    JOIN public.users AS u ON u.id = $1
    WHERE (NOT p.own OR p.own_counts)
        AND (u.role = 'admin' OR p.role = 'user' OR (p.role = 'engineer' AND u.role = 'engineer'))
        AND NOT EXISTS (SELECT FROM techops.approval_votes AS v WHERE v.approval_id = p.id AND v.user_id = $1)
    UNION ALL
    SELECT 'locks', l.id, p.name || ' on ' || l.environment
    FROM techops.deployment_locks AS l JOIN public.projects AS p ON p.id = l.project_id
    WHERE l.holder_id = $1
    UNION ALL
    SELECT 'subscriptions', s.id, s.id::text || ' (' || s.kind || ')'
    FROM techops.subscriptions AS s
    WHERE s.created_by = $1
    UNION ALL
    SELECT 'tokens', t.id, t.name
    FROM techops.api_tokens AS t
    WHERE t.owner_id = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
)
SELECT e.part, count(*) AS total, (array_agg(e.name ORDER BY e.place))[1:$3] AS names
FROM entries AS e
GROUP BY e.part
"""


async def get_left(conn: Conn, user_id: int, now: datetime, limit: int) -> Left:
    """What somebody has open; the first `limit` of each."""
    rows = {row["part"]: row for row in await conn.fetch(LIST_LEFT, user_id, now, limit)}
    known: Mapping[str, Some] = {part: Some(tuple(row["names"]), row["total"]) for part, row in rows.items()}
    return Left(**{field.name: known.get(field.name, Some()) for field in fields(Left)})


MOVE_REQUESTS: Final = """
UPDATE public.maintenance_requests SET assigned_to = $2
WHERE assigned_to = $1 AND coalesce(status, 'open') IN ('open', 'in_progress')
RETURNING id
"""


async def update_assignees(conn: Conn, before: int, after: int) -> int:
    """Give the requests that are somebody's to do to somebody else; tells how many."""
    return len(await conn.fetch(MOVE_REQUESTS, before, after))


# What is in progress or over stays with whoever did it.
# Found among the few that are not finished, not among all that somebody has ever deployed.
MOVE_DEPLOYMENTS: Final = """
UPDATE public.deployments SET deployed_by = $2
WHERE id = ANY(ARRAY(
        SELECT o.id FROM public.deployments AS o WHERE o.deployed_by = $1 AND o.status IN ('pending', 'in_progress')
        UNION ALL
        SELECT o.id FROM public.deployments AS o WHERE o.deployed_by = $1 AND o.status IS NULL
    )) AND deployed_by = $1 AND coalesce(status, 'pending') = 'pending'
RETURNING id
"""


async def update_deployers(conn: Conn, before: int, after: int) -> int:
    """Give the pending deployments that somebody was to do to somebody else; tells how many."""
    return len(await conn.fetch(MOVE_DEPLOYMENTS, before, after))


MOVE_SUBSCRIPTIONS: Final = "UPDATE techops.subscriptions SET created_by = $2 WHERE created_by = $1 RETURNING id"


async def update_subscribers(conn: Conn, before: int, after: int) -> int:
    """Give subscriptions to somebody else, who then hears where a channel cannot be written to; tells how many."""
    return len(await conn.fetch(MOVE_SUBSCRIPTIONS, before, after))


REVOKE_TOKENS: Final = """
UPDATE techops.api_tokens SET revoked_at = $2 WHERE owner_id = $1 AND revoked_at IS NULL RETURNING id
"""


async def mark_tokens_revoked(conn: Conn, user_id: int, now: datetime) -> int:
    """End the life of somebody's tokens; tells of how many."""
    return len(await conn.fetch(REVOKE_TOKENS, user_id, now))


LIST_HELD: Final = """
SELECT l.project_id, l.environment FROM techops.deployment_locks AS l WHERE l.holder_id = $1 ORDER BY l.id
"""


async def list_held(conn: Conn, user_id: int) -> list[tuple[int, str]]:
    """What somebody has locked: projects and environments."""
    return [(row["project_id"], row["environment"]) for row in await conn.fetch(LIST_HELD, user_id)]
