"""Dashboard users, and the Slack people tied to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.errors import CheckFailed, DatabaseError, NotFound, translated
from db.models import User
from db.pool import Conn, Row

_LAST_ADMIN: Final = "techops_last_admin"


class LastAdmin(DatabaseError):
    """The account is the last active admin and has to stay one."""

    def __init__(self, user_id: int) -> None:
        super().__init__(f"User {user_id} is the last active admin.")
        self.user_id = user_id


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


# Accounts are made and changed by functions alone: the bot's role may neither write to the table nor read a hash.
PROVISION_USER: Final = "SELECT techops.provision_user($1, $2, $3)"


async def provision_user(conn: Conn, email: str, name: str, password_hash: str) -> int | None:
    """Add an account, as `user`, and return its id; None where the address is taken, in whatever case."""
    user_id = await conn.fetchval(PROVISION_USER, email, name, password_hash)
    return int(user_id) if user_id is not None else None


ADD_USER: Final = "SELECT techops.add_user($1, $2, $3, $4)"


async def add_user(conn: Conn, email: str, name: str, password_hash: str, role: str) -> int | None:
    """As `provision_user`, with a role.

    Raises:
        NotAllowed: the transaction's actor is no active admin, and the connection not that of the tables' owner.
    """
    with translated():
        user_id = await conn.fetchval(ADD_USER, email, name, password_hash, role)
    return int(user_id) if user_id is not None else None


UPDATE_ROLE: Final = "SELECT techops.set_user_role($1, $2)"


async def update_role(conn: Conn, user_id: int, role: str) -> bool:
    """Give an account another role; False where there is none with this id. Other such changes wait for this one.

    Raises:
        LastAdmin: it is the last active admin; the transaction has failed.
        NotAllowed: as `add_user`.
    """
    with _last_admin(user_id):
        return await conn.fetchval(UPDATE_ROLE, user_id, role) is True


UPDATE_ACTIVE: Final = "SELECT techops.set_user_active($1, $2)"


async def update_active(conn: Conn, user_id: int, *, is_active: bool) -> bool:
    """Activate or deactivate an account; as `update_role`."""
    with _last_admin(user_id):
        return await conn.fetchval(UPDATE_ACTIVE, user_id, is_active) is True


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


@contextmanager
def _last_admin(user_id: int) -> Iterator[None]:
    try:
        with translated():
            yield
    except CheckFailed as error:
        if error.constraint == _LAST_ADMIN:
            raise LastAdmin(user_id) from error
        raise


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
