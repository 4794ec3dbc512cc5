"""Requests that a deployment may run into."""

from typing import Final

from db.models import Collision
from db.pool import Conn

# OFFSET keeps the planner from walking through all requests, the newest first, in the hope of finding these soon;
# the numbers alone are read from an index.
LIST_COLLISIONS: Final = """
SELECT 'request' AS kind, r.id, r.title
FROM (
    SELECT o.id
    FROM (
        SELECT i.id FROM public.maintenance_requests AS i
        WHERE i.project_id = $1 AND i.priority = 'critical' AND i.status IN ('open', 'in_progress')
        OFFSET 0
    ) AS o
    ORDER BY o.id DESC
    LIMIT $2
) AS f
JOIN public.maintenance_requests AS r ON r.id = f.id
ORDER BY r.id DESC
"""


async def list_collisions(conn: Conn, project_id: int, limit: int = 5) -> list[Collision]:
    """Critical requests of a project that are not over, the newest first."""
    return [Collision(**dict(row)) for row in await conn.fetch(LIST_COLLISIONS, project_id, limit)]
