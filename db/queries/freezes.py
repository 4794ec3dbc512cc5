"""Freezes: windows in which an environment is not deployed to."""

from datetime import datetime
from typing import Final

from db.models import Freeze
from db.pool import Conn

LIST_ACTIVE: Final = """
SELECT f.id, f.environment, f.starts_at, f.ends_at, f.tz, f.reason, u.name AS creator_name, f.lifted_at
FROM techops.freezes AS f
LEFT JOIN public.users AS u ON u.id = f.created_by
WHERE f.lifted_at IS NULL AND f.ends_at > $2 AND f.starts_at <= $2 AND f.environment IN ($1, 'all')
ORDER BY f.ends_at, f.id
"""


async def list_active(conn: Conn, environment: str, now: datetime) -> list[Freeze]:
    """The freezes of an environment that last now, the one that ends soonest first."""
    return [Freeze(**dict(row)) for row in await conn.fetch(LIST_ACTIVE, environment, now)]


LIST_AHEAD: Final = """
SELECT f.id, f.environment, f.starts_at, f.ends_at, f.tz, f.reason, u.name AS creator_name, f.lifted_at
FROM techops.freezes AS f
LEFT JOIN public.users AS u ON u.id = f.created_by
WHERE f.lifted_at IS NULL AND f.ends_at > $1
ORDER BY f.starts_at <= $1 DESC, CASE WHEN f.starts_at <= $1 THEN f.ends_at ELSE f.starts_at END, f.id
LIMIT $2
"""


async def list_ahead(conn: Conn, now: datetime, limit: int) -> list[Freeze]:
    """The freezes that last now, the soonest to end first, then those that are still to come."""
    return [Freeze(**dict(row)) for row in await conn.fetch(LIST_AHEAD, now, limit)]


FIND_LOCKED: Final = """
SELECT f.id, f.environment, f.starts_at, f.ends_at, f.tz, f.reason, u.name AS creator_name, f.lifted_at
FROM techops.freezes AS f
LEFT JOIN public.users AS u ON u.id = f.created_by
WHERE f.id = $1
FOR UPDATE OF f
"""


async def find_locked(conn: Conn, freeze_id: int) -> Freeze | None:
    """One freeze, which nobody else can lift until the end of the transaction; None where there is none."""
    row = await conn.fetchrow(FIND_LOCKED, freeze_id)
    return Freeze(**dict(row)) if row else None


INSERT_FREEZE: Final = """
INSERT INTO techops.freezes (environment, starts_at, ends_at, tz, reason, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING id
"""


async def insert_freeze(
    conn: Conn,
    *,
    environment: str,
    starts_at: datetime,
    ends_at: datetime,
    tz: str,
    reason: str,
    created_by: int | None,
    now: datetime,
) -> int:
    """Add a freeze and return its id."""
    values = (environment, starts_at, ends_at, tz, reason, created_by, now)
    return int(await conn.fetchval(INSERT_FREEZE, *values))


MARK_LIFTED: Final = "UPDATE techops.freezes SET lifted_by = $2, lifted_at = $3 WHERE id = $1"


async def mark_lifted(conn: Conn, freeze_id: int, lifted_by: int | None, now: datetime) -> None:
    """End a freeze before its time."""
    await conn.execute(MARK_LIFTED, freeze_id, lifted_by, now)
