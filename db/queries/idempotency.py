"""Keys that programs send so that a call which they repeat has one effect."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.pool import Conn


@dataclass(frozen=True, slots=True)
class KeptKey:
    """What a key was sent with, and the record that came of it; `subject_id` is None where none did."""

    body_sha256: bytes
    subject_kind: str | None
    subject_id: int | None


INSERT_KEY: Final = """
INSERT INTO techops.idempotency_keys (token_id, key, body_sha256, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (token_id, key) DO NOTHING
RETURNING true
"""


async def insert_key(conn: Conn, token_id: int, key: str, body_sha256: bytes, now: datetime) -> bool:
    """Claim the key in this transaction; False where it was committed before. Waits for a concurrent claim to end."""
    return await conn.fetchval(INSERT_KEY, token_id, key, body_sha256, now) is True


# The triggers have told of the record already: its first activity in this transaction names it.
MARK_KEY: Final = """
UPDATE techops.idempotency_keys AS k SET subject_kind = a.subject_kind, subject_id = a.subject_id
FROM (
    SELECT a.subject_kind, a.subject_id FROM techops.activity AS a
    WHERE a.xid = pg_current_xact_id() AND a.subject_kind = $3
    ORDER BY a.id LIMIT 1
) AS a
WHERE k.token_id = $1 AND k.key = $2
"""


async def mark_key(conn: Conn, token_id: int, key: str, subject_kind: str) -> None:
    """Keep which record of this kind the transaction made or changed."""
    await conn.execute(MARK_KEY, token_id, key, subject_kind)


FIND_KEY: Final = """
SELECT k.body_sha256, k.subject_kind, k.subject_id FROM techops.idempotency_keys AS k
WHERE k.token_id = $1 AND k.key = $2
"""


async def find_key(conn: Conn, token_id: int, key: str) -> KeptKey | None:
    """What came of the key, None where it was never used."""
    row = await conn.fetchrow(FIND_KEY, token_id, key)
    return KeptKey(bytes(row["body_sha256"]), row["subject_kind"], row["subject_id"]) if row else None


SET_ON_BEHALF: Final = "SELECT set_config('app.on_behalf_of', $1, true)"


async def set_on_behalf(conn: Conn, user_id: int) -> None:
    """Name, until the end of the transaction, the person for whom a program acts; the triggers of approvals read it."""
    await conn.execute(SET_ON_BEHALF, str(user_id))
