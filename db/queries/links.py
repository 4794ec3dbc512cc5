"""One-use links, sign-ins by them, and the sessions of the pages; passwords are compared in the database's functions.

No statement here reads a password hash: the functions give out a salt, and take what was computed with it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.models import User
from db.pool import Conn


@dataclass(frozen=True, slots=True)
class Link:
    """A link that can be used now: of a Slack person who wants to be tied, or of an account that gets a password.

    `kind` is link or password; `slack_name` is filled for the one, `user_id`, `user_email` and `is_active` for the
    other.
    """

    id: int
    kind: str
    slack_user_id: str | None
    slack_name: str | None
    user_id: int | None
    user_email: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of the wish to sign in: `outcome` is gone, limited or try.

    `salt` is with what, and at which cost, the password is to be hashed; None where there is nothing to compare with.
    `retry_after` is in seconds.
    """

    outcome: str
    id: int | None
    salt: str | None
    retry_after: int | None


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether the password was right: `outcome` is wrong, twice, inactive or ok; `renew`: its hash is too cheap."""

    outcome: str
    user_id: int | None
    renew: bool


@dataclass(frozen=True, slots=True)
class Tie:
    """Who was tied by a link. `former_slack_id` was tied to the account before, `former_user_id` to the person."""

    link_id: int
    user_id: int
    slack_user_id: str
    former_slack_id: str | None
    former_user_id: int | None


@dataclass(frozen=True, slots=True)
class Untied:
    """A Slack person who has untied themselves from an account, and when."""

    user_id: int | None
    at: datetime


INSERT_LINK: Final = "SELECT techops.issue_link($1, $2, $3, $4, $5, $6)"


async def insert_link(
    conn: Conn, token_sha256: bytes, team_id: str, slack_user_id: str, name: str, tz: str, now: datetime
) -> None:
    """Keep a link that ties this Slack person; their earlier ones can no longer be used.

    `name` and `tz` are taken where the person is not tied to any account yet.
    """
    await conn.execute(INSERT_LINK, token_sha256, team_id, slack_user_id, name, tz, now)


ISSUE_RESET: Final = "SELECT techops.issue_password_link($1, $2, $3)"


async def insert_password_link(conn: Conn, token_sha256: bytes, user_id: int, now: datetime) -> bool:
    """Keep a link that sets an account's password; False where there is no such active account.

    Raises:
        DatabaseError: the transaction is made neither by an active admin nor by the owner of the tables.
    """
    return await conn.fetchval(ISSUE_RESET, token_sha256, user_id, now) is True


FIND_LINK: Final = """
SELECT l.id, l.kind, l.slack_user_id, l.slack_name, l.user_id, u.email AS user_email,
    u.is_active IS TRUE AS is_active
FROM techops.links AS l
LEFT JOIN public.users AS u ON u.id = l.user_id
WHERE l.token_sha256 = $1 AND l.kind = $2 AND l.used_at IS NULL AND l.expires_at > $3
"""


async def find_link(conn: Conn, token_sha256: bytes, kind: str, now: datetime) -> Link | None:
    """A link of this kind that can still be used, None otherwise."""
    row = await conn.fetchrow(FIND_LINK, token_sha256, kind, now)
    return Link(**dict(row)) if row else None


BEGIN_SIGN_IN: Final = """
SELECT s.outcome, s.attempt_id AS id, s.salt, s.retry_after FROM techops.begin_sign_in($1, $2, $3, $4) AS s
"""


async def begin_sign_in(conn: Conn, token_sha256: bytes | None, email: str, address: str, now: datetime) -> Attempt:
    """Count an attempt to sign in, by a link or (None) without one; commit before the password is hashed."""
    row = await conn.fetchrow(BEGIN_SIGN_IN, token_sha256, email, address, now)
    assert row is not None  # noqa: S101 - the function returns one row, always
    return Attempt(**dict(row))


COMPARE_HASH: Final = "SELECT c.outcome, c.user_id, c.renew FROM techops.check_password($1, $2, $3) AS c"


async def check_password(conn: Conn, attempt_id: int, computed: str, now: datetime) -> Checked:
    """Compare what was computed with the attempt's salt with the account's hash; once an attempt."""
    row = await conn.fetchrow(COMPARE_HASH, attempt_id, computed, now)
    assert row is not None  # noqa: S101 - the function returns one row, always
    return Checked(**dict(row))


INSERT_TIE: Final = """
SELECT t.link_id, t.user_id, t.slack_user_id, t.former_slack_id, t.former_user_id FROM techops.tie($1, $2, $3) AS t
"""


async def insert_tie(conn: Conn, attempt_id: int, renewed: str | None, now: datetime) -> Tie | None:
    """Tie the link's Slack person to the account that the attempt has proved; None where the link was used meanwhile.

    `renewed` is a hash of the same password that replaces the account's.
    """
    row = await conn.fetchrow(INSERT_TIE, attempt_id, renewed, now)
    return Tie(**dict(row)) if row else None


INSERT_SESSION: Final = "SELECT techops.open_page_session($1, $2, $3, $4)"


async def insert_session(
    conn: Conn, attempt_id: int, session_sha256: bytes, renewed: str | None, now: datetime
) -> bool:
    """Begin a session of the pages for the account that the attempt has proved; False where it has proved none."""
    return await conn.fetchval(INSERT_SESSION, attempt_id, session_sha256, renewed, now) is True


FIND_SESSION: Final = """
SELECT u.id, u.name, u.email, u.role, u.is_active IS TRUE AS is_active, i.slack_user_id, i.tz
FROM techops.page_sessions AS s
JOIN public.users AS u ON u.id = s.user_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE s.session_sha256 = $1 AND s.expires_at > $2
"""


async def find_session(conn: Conn, session_sha256: bytes, now: datetime) -> User | None:
    """Whose session this is, as the account is now; None where it has ended."""
    row = await conn.fetchrow(FIND_SESSION, session_sha256, now)
    return User(**dict(row)) if row else None


DELETE_SESSION: Final = "DELETE FROM techops.page_sessions WHERE session_sha256 = $1"


async def delete_session(conn: Conn, session_sha256: bytes) -> None:
    """End a session."""
    await conn.execute(DELETE_SESSION, session_sha256)


USE_RESET: Final = "SELECT techops.set_password($1, $2, $3)"


async def update_password(conn: Conn, token_sha256: bytes, password_hash: str, now: datetime) -> int | None:
    """Use a password link up: returns the account's id, None where the link cannot be used any more."""
    user_id = await conn.fetchval(USE_RESET, token_sha256, password_hash, now)
    return int(user_id) if user_id is not None else None


UNTIE: Final = "SELECT techops.untie($1, $2, $3)"


async def delete_tie(conn: Conn, team_id: str, slack_user_id: str, now: datetime) -> int | None:
    """Untie a Slack person and remember that they wanted it; returns the account they were tied to."""
    user_id = await conn.fetchval(UNTIE, team_id, slack_user_id, now)
    return int(user_id) if user_id is not None else None


RETIE: Final = "SELECT techops.retie($1, $2, $3)"


async def restore_tie(conn: Conn, team_id: str, slack_user_id: str, now: datetime) -> int | None:
    """Take an untying of the last ten minutes back; returns the account, None where that is not possible any more."""
    user_id = await conn.fetchval(RETIE, team_id, slack_user_id, now)
    return int(user_id) if user_id is not None else None


FIND_UNTIED: Final = "SELECT t.user_id, t.at FROM techops.untied AS t WHERE t.team_id = $1 AND t.slack_user_id = $2"


async def find_untied(conn: Conn, team_id: str, slack_user_id: str) -> Untied | None:
    """When a Slack person has untied themselves; None where they have not, or are tied again."""
    row = await conn.fetchrow(FIND_UNTIED, team_id, slack_user_id)
    return Untied(**dict(row)) if row else None


LIST_ADMINS: Final = """
SELECT i.slack_user_id FROM public.users AS u
JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE u.role = 'admin' AND u.is_active
ORDER BY u.id
"""


async def list_admin_slack_ids(conn: Conn) -> list[str]:
    """The Slack people who are active admins."""
    return [str(row["slack_user_id"]) for row in await conn.fetch(LIST_ADMINS)]
