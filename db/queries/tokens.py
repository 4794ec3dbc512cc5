"""Tokens of the API: kept as hashes, found by them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.errors import NotFound
from db.models import User
from db.pool import Conn, Row


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. It may be used until `expires_at`, None: for ever, unless it was revoked."""

    id: int
    name: str
    owner_id: int
    owner_email: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that somebody showed, and its owner as the account is now."""

    token: Token
    owner: User


INSERT_MADE: Final = """
INSERT INTO techops.api_tokens (name, token_sha256, owner_id, scopes, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id
"""


async def insert_token(
    conn: Conn,
    name: str,
    token_sha256: bytes,
    owner_id: int,
    scopes: tuple[str, ...],
    now: datetime,
    expires_at: datetime | None,
) -> int:
    """Keep a token's hash and return its number."""
    return int(await conn.fetchval(INSERT_MADE, name, token_sha256, owner_id, list(scopes), now, expires_at))


GET_KEPT: Final = """
SELECT t.id, t.name, t.owner_id, u.email AS owner_email, t.scopes, t.created_at, t.expires_at, t.last_used_at,
    t.revoked_at
FROM techops.api_tokens AS t
JOIN public.users AS u ON u.id = t.owner_id
WHERE t.id = $1
"""


async def get_token(conn: Conn, token_id: int) -> Token:
    """One token.

    Raises:
        NotFound: there is none with this number.
    """
    row = await conn.fetchrow(GET_KEPT, token_id)
    if row is None:
        raise NotFound("token", token_id)
    return _token(row)


LIST_KEPT: Final = """
SELECT t.id, t.name, t.owner_id, u.email AS owner_email, t.scopes, t.created_at, t.expires_at, t.last_used_at,
    t.revoked_at
FROM techops.api_tokens AS t
JOIN public.users AS u ON u.id = t.owner_id
ORDER BY t.id
"""


async def list_tokens(conn: Conn) -> list[Token]:
    """Every token, revoked ones too."""
    return [_token(row) for row in await conn.fetch(LIST_KEPT)]


FIND_PRESENTED: Final = """
SELECT t.id, t.name, t.owner_id, u.email AS owner_email, t.scopes, t.created_at, t.expires_at, t.last_used_at,
    t.revoked_at,
    u.name AS owner_name, u.role, u.is_active IS TRUE AS is_active, i.slack_user_id, i.tz
FROM techops.api_tokens AS t
JOIN public.users AS u ON u.id = t.owner_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE t.id = techops.find_token($1)
"""


async def find_presented(conn: Conn, token_sha256: bytes) -> Presented | None:
    """The token with this hash, revoked and expired ones too; None where there is none."""
    row = await conn.fetchrow(FIND_PRESENTED, token_sha256)
    if row is None:
        return None
    owner = User(
        id=row["owner_id"],
        name=row["owner_name"],
        email=row["owner_email"],
        role=row["role"],
        is_active=row["is_active"],
        slack_user_id=row["slack_user_id"],
        tz=row["tz"],
    )
    return Presented(_token(row), owner)


MARK_USED: Final = """
UPDATE techops.api_tokens SET last_used_at = $2
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '1 minute')
"""


async def mark_token_used(conn: Conn, token_id: int, now: datetime) -> None:
    """Keep when a token was used last, to the minute."""
    await conn.execute(MARK_USED, token_id, now)


MARK_REVOKED: Final = """
UPDATE techops.api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING true
"""


async def mark_token_revoked(conn: Conn, token_id: int, now: datetime) -> bool:
    """End a token's life; False where it was ended before."""
    return await conn.fetchval(MARK_REVOKED, token_id, now) is True


FIND_FIRST_ADMIN: Final = """
SELECT u.id FROM public.users AS u WHERE u.role = 'admin' AND u.is_active ORDER BY u.id LIMIT 1
"""


async def find_first_admin(conn: Conn) -> int | None:
    """The active admin whose account is the oldest, None where there is none."""
    user_id = await conn.fetchval(FIND_FIRST_ADMIN)
    return int(user_id) if user_id is not None else None


def _token(row: Row) -> Token:
    return Token(
        id=row["id"],
        name=row["name"],
        owner_id=row["owner_id"],
        owner_email=row["owner_email"],
        scopes=tuple(row["scopes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
