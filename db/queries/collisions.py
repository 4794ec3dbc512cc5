"""What a deployment may run into. Care of the database and backups join the lookup here once they are recorded."""

from typing import Final

from db.models import Collision
from db.pool import Conn

LIST_COLLISIONS: Final = """
SELECT 'request' AS kind, r.id, r.title, coalesce(r.created_at::timestamptz, 'epoch') AS since
FROM public.maintenance_requests AS r
WHERE r.project_id = $1 AND r.priority = 'critical' AND r.status IN ('open', 'in_progress')
ORDER BY r.id DESC
LIMIT $2
"""


async def list_collisions(conn: Conn, project_id: int, limit: int = 5) -> list[Collision]:
    """What goes on that a deployment of this project may run into: critical requests that are not over."""
    return [Collision(**dict(row)) for row in await conn.fetch(LIST_COLLISIONS, project_id, limit)]
