"""What a deployment may run into: the one place that knows."""

from db.models import Collision
from db.pool import Conn
from db.queries import collisions, evidence


async def find(conn: Conn, project_id: int) -> list[Collision]:
    """Care of the database or a backup that runs now, and critical requests of the project that are not done."""
    running = [Collision("care", 0, what) for what in await evidence.list_care(conn)]
    return [*running, *await collisions.list_collisions(conn, project_id)]
