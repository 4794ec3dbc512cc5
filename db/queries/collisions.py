"""Requests that a deployment may run into."""

from typing import Final

from db.models import Collision
from db.pool import Conn

LIST_COLLISIONS: Final = """
SELECT 'request' AS kind, r.id, r.title
FROM public.maintenance_requests AS r
WHERE r.project_id = $1 AND r.priority = 'critical' AND r.status IN ('open', 'in_progress')
ORDER BY r.id DESC
LIMIT $2
"""


async def list_collisions(conn: Conn, project_id: int, limit: int = 5) -> list[Collision]:
    """Critical requests of a project that are not over, the newest first."""
    return [Collision(**dict(row)) for row in await conn.fetch(LIST_COLLISIONS, project_id, limit)]
