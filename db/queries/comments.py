"""Remarks on requests."""

from datetime import datetime
from typing import Final

from db.models import Comment
from db.pool import Conn

INSERT_COMMENT: Final = """
INSERT INTO techops.comments (maintenance_request_id, user_id, body, created_at) VALUES ($1, $2, $3, $4) RETURNING id
"""


async def insert_comment(conn: Conn, request_id: int, user_id: int, body: str, now: datetime) -> int:
    """Add a remark and return its id."""
    return int(await conn.fetchval(INSERT_COMMENT, request_id, user_id, body, now))


LIST_COMMENTS: Final = """
SELECT c.id, c.maintenance_request_id AS request_id, c.user_id, u.name AS user_name, c.body, c.created_at AS at
FROM techops.comments AS c
LEFT JOIN public.users AS u ON u.id = c.user_id
WHERE c.maintenance_request_id = $1
ORDER BY c.id DESC
LIMIT $2
"""


async def list_comments(conn: Conn, request_id: int, limit: int = 200) -> list[Comment]:
    """Remarks on a request, the newest first."""
    return [Comment(**dict(row)) for row in await conn.fetch(LIST_COMMENTS, request_id, limit)]
