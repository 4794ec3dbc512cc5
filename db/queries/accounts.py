"""Accounts as their administration sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.models import Page, User
from db.models_accounts import Account, Departure, Ended
from db.patterns import literal
from db.pool import Conn, Row
from db.queries.keyset import Cursor, cut

# Instead of a time: Slack has told that this person is no full member of the workspace any more.
OUTSIDE: Final = "epoch"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a list is narrowed to: words in name or address, a role, only those that are deactivated."""

    words: str = ""
    role: str | None = None
    inactive: bool = False


LIST_ACCOUNTS: Final = """
SELECT u.id, u.name, u.email, u.role, u.is_active IS TRUE AS is_active, i.slack_user_id, i.tz,
    CASE WHEN isfinite(u.last_login) THEN u.last_login::timestamptz END AS last_login,
    coalesce(i.refreshed_at = 'epoch', false) AS is_outside
FROM public.users AS u
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE u.id = ANY($1::integer[])
"""


async def find_account(conn: Conn, user_id: int) -> Account | None:
    """One account, None where there is none."""
    row = await conn.fetchrow(LIST_ACCOUNTS, [user_id])
    return _account(row) if row else None


# A cursor is the number of an account; where that one is gone meanwhile, the list begins anew.
LIST_IDS: Final = r"""
SELECT u.id
FROM public.users AS u
LEFT JOIN public.users AS edge ON edge.id = $4
WHERE ($1::text = '' OR u.name ILIKE '%' || $1::text || '%' OR u.email ILIKE '%' || $1::text || '%')
    AND ($2::text IS NULL OR u.role = $2)
    AND (NOT $3::boolean OR u.is_active IS NOT TRUE)
    AND (edge.id IS NULL OR CASE
        WHEN $5::boolean THEN (lower(u.name), u.id) < (lower(edge.name), edge.id)
        ELSE (lower(u.name), u.id) > (lower(edge.name), edge.id)
    END)
ORDER BY
    CASE WHEN NOT $5::boolean THEN lower(u.name) END, CASE WHEN NOT $5::boolean THEN u.id END,
    CASE WHEN $5::boolean THEN lower(u.name) END DESC, u.id DESC
LIMIT $6
"""


async def list_page(conn: Conn, wanted: Narrowing, cursor: Cursor | None, size: int) -> Page[Account]:
    """A page of accounts by name; its cursors are numbers of accounts, as text."""
    backwards = cursor.backwards if cursor else False
    args = (literal(wanted.words), wanted.role, wanted.inactive, cursor.id if cursor else None, backwards, size + 1)
    ids = [row["id"] for row in await conn.fetch(LIST_IDS, *args)]
    shown, ends = cut(ids, size, continued=cursor is not None, backwards=backwards)
    found = {row["id"]: _account(row) for row in await conn.fetch(LIST_ACCOUNTS, shown)}
    rows = tuple(found[user_id] for user_id in shown if user_id in found)
    return Page(
        rows,
        str(shown[0]) if shown and ends.before else None,
        str(shown[-1]) if shown and ends.after else None,
    )


LOCK_ACCOUNT: Final = "SELECT u.id FROM public.users AS u WHERE u.id = $1 FOR SHARE"


async def find_held(conn: Conn, user_id: int) -> Account | None:
    """One account, which keeps role and activity until the end of the transaction; None where there is none."""
    return await find_account(conn, user_id) if await conn.fetchval(LOCK_ACCOUNT, user_id) else None


FIND_ENDED: Final = """
SELECT a.at, u.name AS actor_name, a.source
FROM techops.activity AS a
LEFT JOIN public.users AS u ON u.id = a.actor_id
WHERE a.subject_kind = 'user' AND a.subject_id = $1 AND a.new -> 'is_active' = 'false'
ORDER BY a.id DESC
LIMIT 1
"""


async def find_ended(conn: Conn, user_id: int) -> Ended | None:
    """How an account came to be deactivated, None where nothing is known of it."""
    row = await conn.fetchrow(FIND_ENDED, user_id)
    return Ended(**dict(row)) if row else None


UPDATE_DEPARTED: Final = "SELECT techops.deactivate_departed($1, $2)"


async def update_departed(conn: Conn, team_id: str, slack_user_id: str) -> str:
    """Deactivate the account of somebody whom Slack has deactivated.

    Returns what came of it: deactivated, inactive (it was before), last_admin (it stays), unknown.
    """
    return str(await conn.fetchval(UPDATE_DEPARTED, team_id, slack_user_id))


MARK_OUTSIDE: Final = """
UPDATE techops.slack_identities SET refreshed_at = 'epoch'
WHERE team_id = $1 AND slack_user_id = $2 AND refreshed_at <> 'epoch'
RETURNING user_id
"""


async def mark_outside(conn: Conn, team_id: str, slack_user_id: str) -> int | None:
    """Note that a person is no full member any more, and return their account; None where that was known."""
    user_id = await conn.fetchval(MARK_OUTSIDE, team_id, slack_user_id)
    return int(user_id) if user_id is not None else None


LIST_DEPARTURES: Final = """
SELECT a.id AS activity_id, a.subject_id::integer AS user_id, a.actor_id, a.source
FROM techops.activity AS a
JOIN public.users AS u ON u.id = a.subject_id AND u.is_active IS NOT TRUE
WHERE a.xid = $1::text::xid8 AND a.at >= $2 AND a.subject_kind = 'user'
    AND a.old -> 'is_active' = 'true' AND a.new -> 'is_active' <> 'true'
ORDER BY a.id
"""


async def list_departures(conn: Conn, xid: str, since: datetime) -> list[Departure]:
    """Accounts that one transaction has deactivated, and that still are; `since` is when it began."""
    return [Departure(**dict(row)) for row in await conn.fetch(LIST_DEPARTURES, xid, since)]


LIST_ADMINS: Final = """
SELECT u.id, i.slack_user_id
FROM public.users AS u
JOIN techops.slack_identities AS i ON i.user_id = u.id AND i.refreshed_at <> 'epoch'
WHERE u.role = 'admin' AND u.is_active
ORDER BY u.id
"""


async def list_admins(conn: Conn) -> list[tuple[int, str]]:
    """Active admins who can be written to: (user id, Slack id)."""
    return [(row["id"], row["slack_user_id"]) for row in await conn.fetch(LIST_ADMINS)]


LIST_OWN_TOKENS: Final = """
SELECT t.name FROM techops.api_tokens AS t
WHERE t.owner_id = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
ORDER BY t.id
"""


async def list_own_tokens(conn: Conn, user_id: int, now: datetime) -> list[str]:
    """The names of somebody's tokens that can be used."""
    return [row["name"] for row in await conn.fetch(LIST_OWN_TOKENS, user_id, now)]


def _account(row: Row) -> Account:
    names = ("id", "name", "email", "role", "is_active", "slack_user_id", "tz")
    return Account(User(**{name: row[name] for name in names}), row["last_login"], row["is_outside"])
