"""Keys of what was done already, so that one act has one effect however often it is delivered."""

from datetime import datetime
from typing import Final

from db.models import JsonObject
from db.pool import Conn

INSERT_ACT: Final = """
INSERT INTO techops.acts (key, at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING true
"""


async def insert_act(conn: Conn, key: str, now: datetime) -> bool:
    """Claim the key in this transaction; False where it was committed before. Waits for a concurrent claim to end."""
    return await conn.fetchval(INSERT_ACT, key, now) is True


UPDATE_ANSWER: Final = "UPDATE techops.acts SET answer = $2 WHERE key = $1"


async def update_answer(conn: Conn, key: str, answer: JsonObject) -> None:
    """Keep what the person was answered, for a second delivery of the same act."""
    await conn.execute(UPDATE_ANSWER, key, answer)


FIND_ANSWER: Final = "SELECT answer FROM techops.acts WHERE key = $1"


async def find_answer(conn: Conn, key: str) -> JsonObject | None:
    """What the act was answered; None where that was never kept."""
    answer = await conn.fetchval(FIND_ANSWER, key)
    return answer if isinstance(answer, dict) else None
