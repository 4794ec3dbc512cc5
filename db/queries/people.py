"""Dashboard users, and the Slack people tied to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.errors import NotFound
from db.models import User
from db.pool import Conn, Row


@dataclass(frozen=True, slots=True)
class Identity:
    """A Slack person and the account tied to them. `refreshed_at` is when Slack was last asked for name and zone."""

    user: User
    refreshed_at: datetime


FIND_IDENTITY: Final = """
SELECT u.id, u.name, u.email, u.role, u.is_active IS TRUE AS is_active, i.slack_user_id, i.tz, i.refreshed_at
FROM techops.slack_identities AS i
JOIN public.users AS u ON u.id = i.user_id
WHERE i.team_id = $1 AND i.slack_user_id = $2
"""


async def find_identity(conn: Conn, team_id: str, slack_user_id: str) -> Identity | None:
    """The account of a Slack person, None where none is tied yet."""
    row = await conn.fetchrow(FIND_IDENTITY, team_id, slack_user_id)
    return Identity(_user(row), row["refreshed_at"]) if row else None


LIST_USERS_BY_EMAIL: Final = """
SELECT u.id, u.name, u.email, u.role, u.is_active IS TRUE AS is_active, i.slack_user_id, i.tz
FROM public.users AS u
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE lower(u.email) = lower($1)
ORDER BY u.id
LIMIT 2
"""


async def list_users_by_email(conn: Conn, email: str) -> list[User]:
    """Accounts with this address, whatever its case; two at most, which is one too many."""
    return [_user(row) for row in await conn.fetch(LIST_USERS_BY_EMAIL, email)]


GET_USER: Final = """
SELECT u.id, u.name, u.email, u.role, u.is_active IS TRUE AS is_active, i.slack_user_id, i.tz
FROM public.users AS u
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE u.id = $1
"""


async def get_user(conn: Conn, user_id: int) -> User:
    """One account.

    Raises:
        NotFound: there is none with this id.
    """
    row = await conn.fetchrow(GET_USER, user_id)
    if row is None:
        raise NotFound("user", user_id)
    return _user(row)


LIST_USERS: Final = """
SELECT u.id, u.name, u.email, u.role, u.is_active IS TRUE AS is_active, i.slack_user_id, i.tz
FROM public.users AS u
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
ORDER BY lower(u.name), u.id
"""


async def list_users(conn: Conn) -> list[User]:
    """Every account, by name."""
    return [_user(row) for row in await conn.fetch(LIST_USERS)]


INSERT_USER: Final = """
INSERT INTO public.users (email, name, password_hash, role) VALUES ($1, $2, $3, $4)
ON CONFLICT (email) DO NOTHING
RETURNING id
"""


async def insert_user(conn: Conn, email: str, name: str, password_hash: str, role: str) -> int | None:
    """Add an account and return its id; None where the address is taken."""
    user_id = await conn.fetchval(INSERT_USER, email, name[:255], password_hash, role)
    return int(user_id) if user_id is not None else None


UPDATE_ROLE: Final = "UPDATE public.users SET role = $2 WHERE id = $1"


async def update_role(conn: Conn, user_id: int, role: str) -> None:
    """Give an account another role."""
    await conn.execute(UPDATE_ROLE, user_id, role)


COUNT_OTHER_ADMINS: Final = """
SELECT count(*) FROM (
    SELECT u.id FROM public.users AS u WHERE u.role = 'admin' AND u.is_active AND u.id <> $1 FOR UPDATE
) AS others
"""


async def count_other_admins(conn: Conn, user_id: int) -> int:
    """Active admins besides this account, locked until the end of the transaction so that two cannot leave together."""
    return int(await conn.fetchval(COUNT_OTHER_ADMINS, user_id))


INSERT_IDENTITY: Final = """
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz, created_at, refreshed_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT DO NOTHING
RETURNING true
"""


async def insert_identity(
    conn: Conn, team_id: str, slack_user_id: str, user_id: int, name: str, tz: str, now: datetime
) -> bool:
    """Tie a Slack person to an account; False where either is tied already."""
    return await conn.fetchval(INSERT_IDENTITY, team_id, slack_user_id, user_id, name, tz, now) is True


UPDATE_IDENTITY: Final = """
UPDATE techops.slack_identities SET name = $3, tz = $4, refreshed_at = $5 WHERE team_id = $1 AND slack_user_id = $2
"""


async def update_identity(conn: Conn, team_id: str, slack_user_id: str, name: str, tz: str, now: datetime) -> None:
    """Keep a person's name and zone as Slack tells them now."""
    await conn.execute(UPDATE_IDENTITY, team_id, slack_user_id, name, tz, now)


LIST_USERS_BY_SLACK_ID: Final = """
SELECT u.id, u.name, u.email, u.role, u.is_active IS TRUE AS is_active, i.slack_user_id, i.tz
FROM techops.slack_identities AS i
JOIN public.users AS u ON u.id = i.user_id
WHERE i.team_id = $1 AND i.slack_user_id = ANY($2::text[])
"""


async def list_users_by_slack_id(conn: Conn, team_id: str, slack_user_ids: Sequence[str]) -> list[User]:
    """The accounts of these Slack people; people without one are left out."""
    return [_user(row) for row in await conn.fetch(LIST_USERS_BY_SLACK_ID, team_id, list(slack_user_ids))]


def _user(row: Row) -> User:
    return User(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        role=row["role"],
        is_active=row["is_active"],
        slack_user_id=row["slack_user_id"],
        tz=row["tz"],
    )
