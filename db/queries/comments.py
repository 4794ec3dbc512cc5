"""Remarks on requests."""

from datetime import datetime
from typing import Final

from db.pool import Conn

INSERT_COMMENT: Final = """
INSERT INTO techops.comments (maintenance_request_id, user_id, body, created_at) VALUES ($1, $2, $3, $4) RETURNING id
"""


async def insert_comment(conn: Conn, request_id: int, user_id: int, body: str, now: datetime) -> int:
    """Add a remark and return its id."""
    return int(await conn.fetchval(INSERT_COMMENT, request_id, user_id, body, now))
