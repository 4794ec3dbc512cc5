"""What people set for themselves, and whose App Home may be on a screen."""

from datetime import datetime
from typing import Final

from db.models_home import PersonSettings
from db.pool import Conn

FIND_SETTINGS: Final = """
SELECT s.tz AS own_tz, i.slack_tz, coalesce(s.direct_messages, true) AS direct_messages,
    h.starts_at, h.ends_at, h.days
FROM public.users AS u
LEFT JOIN techops.person_settings AS s ON s.user_id = u.id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
LEFT JOIN techops.working_hours AS h ON h.user_id = u.id
WHERE u.id = $1
"""


async def find_settings(conn: Conn, user_id: int) -> PersonSettings:
    """What counts for a person; the usual settings for whoever has none."""
    row = await conn.fetchrow(FIND_SETTINGS, user_id)
    return PersonSettings(**dict(row)) if row else PersonSettings()


UPSERT_SETTINGS: Final = """
INSERT INTO techops.person_settings (user_id, tz, direct_messages, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE
SET tz = EXCLUDED.tz, direct_messages = EXCLUDED.direct_messages, updated_at = EXCLUDED.updated_at
"""


async def upsert_settings(conn: Conn, user_id: int, tz: str | None, *, direct_messages: bool, now: datetime) -> None:
    """Keep a person's own zone (None: as Slack says) and whether they get direct messages."""
    await conn.execute(UPSERT_SETTINGS, user_id, tz, direct_messages, now)


IS_QUIET: Final = """
SELECT EXISTS (SELECT FROM techops.person_settings AS s WHERE s.user_id = $1 AND NOT s.direct_messages)
"""


async def is_quiet(conn: Conn, user_id: int | None) -> bool:
    """Whether a person wants no reminders and notices by direct message; nobody (None) does not."""
    return await conn.fetchval(IS_QUIET, user_id) is True


MARK_OPENED: Final = """
INSERT INTO techops.person_settings AS s (user_id, home_opened_at, updated_at) VALUES ($1, $2, $2)
ON CONFLICT (user_id) DO UPDATE SET home_opened_at = EXCLUDED.home_opened_at
WHERE s.home_opened_at IS NULL OR s.home_opened_at < EXCLUDED.home_opened_at - interval '1 hour'
"""


async def mark_opened(conn: Conn, user_id: int, now: datetime) -> None:
    """Note that a person looks at their Home; written once an hour at most."""
    await conn.execute(MARK_OPENED, user_id, now)


# After a moment, so that acts which follow each other closely are shown together.
INSERT_REFRESHES: Final = """
INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
SELECT 0, 'home', convert_to(json_build_object('team', i.team_id, 'user', i.slack_user_id)::text, 'UTF8'),
    now() + interval '300 milliseconds', 'queued'
FROM techops.slack_identities AS i
JOIN techops.person_settings AS s ON s.user_id = i.user_id
WHERE s.home_opened_at > $3 AND i.user_id IN (
    SELECT a.actor_id FROM techops.activity AS a WHERE a.xid = $1::text::xid8 AND a.at >= $2
)
"""


async def insert_refreshes(conn: Conn, xid: str, since: datetime, opened_since: datetime) -> None:
    """Have the Homes shown anew of those who acted in a transaction that began after `since`.

    Only of those who have opened theirs since `opened_since`.
    """
    await conn.execute(INSERT_REFRESHES, xid, since, opened_since)
