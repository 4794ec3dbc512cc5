"""Locks of environments, and who waits for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.models import Lock
from db.pool import Conn


@dataclass(frozen=True, slots=True)
class Waiter:
    """Somebody whose start was refused because of a lock, with the deployment; no Slack id where they have none."""

    user_id: int
    slack_user_id: str | None
    deployment_id: int


FIND_LOCK: Final = """
SELECT l.project_id, p.name AS project_name, l.environment, l.holder_id, u.name AS holder_name,
    i.slack_user_id AS holder_slack_id, l.reason, l.taken_at
FROM techops.deployment_locks AS l
JOIN public.projects AS p ON p.id = l.project_id
JOIN public.users AS u ON u.id = l.holder_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE l.project_id = $1 AND l.environment = $2
"""


async def find_lock(conn: Conn, project_id: int, environment: str) -> Lock | None:
    """The lock of an environment, None where nobody holds it."""
    row = await conn.fetchrow(FIND_LOCK, project_id, environment)
    return Lock(**dict(row)) if row else None


HOLD_LOCK: Final = """
SELECT l.id FROM techops.deployment_locks AS l WHERE l.project_id = $1 AND l.environment = $2 FOR UPDATE
"""


async def find_held(conn: Conn, project_id: int, environment: str) -> Lock | None:
    """The lock of an environment, which stays as it is until the end of the transaction; None where there is none."""
    held = await conn.fetchval(HOLD_LOCK, project_id, environment)
    return await find_lock(conn, project_id, environment) if held else None


LIST_LOCKS: Final = """
SELECT l.project_id, p.name AS project_name, l.environment, l.holder_id, u.name AS holder_name,
    i.slack_user_id AS holder_slack_id, l.reason, l.taken_at
FROM techops.deployment_locks AS l
JOIN public.projects AS p ON p.id = l.project_id
JOIN public.users AS u ON u.id = l.holder_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE $1::integer IS NULL OR l.project_id = $1
ORDER BY l.taken_at DESC, l.id DESC
LIMIT $2
"""


async def list_locks(conn: Conn, project_id: int | None, limit: int) -> list[Lock]:
    """The locks of a project, or all of them, the newest first."""
    return [Lock(**dict(row)) for row in await conn.fetch(LIST_LOCKS, project_id, limit)]


INSERT_LOCK: Final = """
INSERT INTO techops.deployment_locks (project_id, environment, holder_id, reason, taken_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (project_id, environment) DO NOTHING
RETURNING true
"""


async def insert_lock(
    conn: Conn, project_id: int, environment: str, holder_id: int, reason: str, now: datetime
) -> bool:
    """Lock an environment; False where somebody holds it."""
    return await conn.fetchval(INSERT_LOCK, project_id, environment, holder_id, reason, now) is True


UPDATE_LOCK: Final = """
UPDATE techops.deployment_locks SET
    taken_at = CASE WHEN holder_id = $3 THEN taken_at ELSE $5 END, holder_id = $3, reason = $4
WHERE project_id = $1 AND environment = $2
"""


async def update_lock(
    conn: Conn, project_id: int, environment: str, holder_id: int, reason: str, now: datetime
) -> None:
    """Give a lock to somebody, or another reason to its holder."""
    await conn.execute(UPDATE_LOCK, project_id, environment, holder_id, reason, now)


DELETE_LOCK: Final = "DELETE FROM techops.deployment_locks WHERE project_id = $1 AND environment = $2"


async def delete_lock(conn: Conn, project_id: int, environment: str) -> None:
    """Release a lock."""
    await conn.execute(DELETE_LOCK, project_id, environment)


INSERT_WAITER: Final = """
INSERT INTO techops.lock_waiters (project_id, environment, user_id, deployment_id, since)
SELECT l.project_id, l.environment, $3, $4, $5
FROM techops.deployment_locks AS l
WHERE l.project_id = $1 AND l.environment = $2 AND l.holder_id <> $3
FOR KEY SHARE
ON CONFLICT (project_id, environment, user_id, deployment_id) DO UPDATE SET since = lock_waiters.since
RETURNING true
"""


async def insert_waiter(
    conn: Conn, project_id: int, environment: str, user_id: int, deployment_id: int, now: datetime
) -> bool:
    """Note that somebody waits for a lock; False where there is none any more, or where it is their own by now."""
    return await conn.fetchval(INSERT_WAITER, project_id, environment, user_id, deployment_id, now) is True


DELETE_WAITERS: Final = """
WITH gone AS (
    DELETE FROM techops.lock_waiters
    WHERE project_id = $1 AND environment = $2 AND ($3::integer IS NULL OR user_id = $3)
    RETURNING user_id, deployment_id
)
SELECT g.user_id, i.slack_user_id, g.deployment_id
FROM gone AS g
JOIN public.users AS u ON u.id = g.user_id AND u.is_active IS NOT FALSE
JOIN public.deployments AS d ON d.id = g.deployment_id AND coalesce(d.status, 'pending') = 'pending'
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
ORDER BY g.user_id, g.deployment_id
"""


async def delete_waiters(conn: Conn, project_id: int, environment: str, user_id: int | None = None) -> list[Waiter]:
    """Forget who waits for a lock, all of them or one person; tells who that was.

    Left out are deactivated people, and deployments that somebody else has started in the meantime.
    """
    rows = await conn.fetch(DELETE_WAITERS, project_id, environment, user_id)
    return [Waiter(**dict(row)) for row in rows]
