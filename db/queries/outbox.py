"""Messages on their way out: keys written down before Slack is called, jobs that send, channels that have to rest."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from db.models import JsonObject
from db.pool import Conn, Row

USER_TARGET: Final = "user:"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job for the queue; `delay` is seconds from now."""

    entrypoint: str
    payload: str
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Intent:
    """A message by its key. `mine`: it was claimed just now and may be sent. Otherwise it is posted, or in doubt."""

    mine: bool
    intended_at: datetime
    blind_posts: int
    channel_id: str | None
    message_ts: str | None


@dataclass(frozen=True, slots=True)
class Pause:
    """A target to which nothing is sent before `until`, and why."""

    until: datetime
    reason: str


INSERT_JOBS: Final = """
INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
SELECT 0, job.entrypoint, convert_to(job.payload, 'UTF8'), now() + job.delay * interval '1 second', 'queued'
FROM unnest($1::text[], $2::text[], $3::double precision[]) WITH ORDINALITY
    AS job (entrypoint, payload, delay, position)
ORDER BY job.position
"""


async def insert_jobs(conn: Conn, jobs: Sequence[NewJob]) -> None:
    """Put jobs into the queue; they run after the commit, in this order where they share a lane."""
    if jobs:
        await conn.execute(
            INSERT_JOBS, [job.entrypoint for job in jobs], [job.payload for job in jobs], [job.delay for job in jobs]
        )


INSERT_MESSAGE: Final = """
INSERT INTO techops.messages (key, target, planned_at) VALUES ($1, $2, $3)
ON CONFLICT (key) DO NOTHING
RETURNING true
"""


async def insert_message(conn: Conn, key: str, target: str, now: datetime) -> bool:
    """Plan a message; False where one with this key was planned before."""
    return await conn.fetchval(INSERT_MESSAGE, key, target, now) is True


async def enqueue_dm(
    conn: Conn, *, user: str, text: str, blocks: Sequence[JsonObject], key: str, now: datetime, delay: float = 0.0
) -> bool:
    """Send a direct message to a Slack person once this transaction is committed, exactly once for a key.

    Args:
        conn: a connection with a transaction open.
        user: the person's Slack id.
        text: the message as a full sentence.
        blocks: its blocks, none for plain text.
        key: what makes this message the same one, such as `reminder:42:2026-11-29`.
        now: the present.
        delay: seconds to wait.

    Returns:
        False where a message with this key was sent or is on its way already.
    """
    if not await insert_message(conn, f"dm:{key}", USER_TARGET + user, now):
        return False
    payload: JsonObject = {"user": user, "text": text, "blocks": list(blocks), "key": key}
    await insert_jobs(conn, [NewJob("dm", json.dumps(payload), delay)])
    return True


async def enqueue_notice(
    conn: Conn, *, channel: str, text: str, blocks: Sequence[JsonObject], key: str, now: datetime
) -> bool:
    """Post a message in a channel, given by name or id, once this transaction is committed, exactly once for a key.

    Returns False where a message with this key was posted or is on its way already.
    """
    if not await insert_message(conn, f"notice:{key}", channel, now):
        return False
    payload: JsonObject = {"channel": channel, "text": text, "blocks": list(blocks), "key": key}
    await insert_jobs(conn, [NewJob("notice", json.dumps(payload))])
    return True


async def enqueue_reply(
    conn: Conn,
    *,
    channel: str,
    thread_ts: str,
    text: str,
    blocks: Sequence[JsonObject],
    key: str,
    now: datetime,
    reader: str | None = None,
) -> bool:
    """Answer in the thread of a message once this transaction is committed, exactly once for a key.

    A courtesy: it is dropped where the bot is not in the channel (an id), the message is gone, or the person who caused
    it (`reader`, a Slack id) cannot read there. Returns False where an answer with this key was posted or is on its
    way already.
    """
    if not await insert_message(conn, f"reply:{key}", channel, now):
        return False
    payload: JsonObject = {"channel": channel, "thread_ts": thread_ts, "text": text, "blocks": list(blocks), "key": key}
    payload["reader"] = reader
    await insert_jobs(conn, [NewJob("reply", json.dumps(payload))])
    return True


async def enqueue_file(
    conn: Conn, *, user: str, filename: str, title: str, content: bytes, key: str, now: datetime, text: str = ""
) -> bool:
    """Send a file by direct message once this transaction is committed, exactly once for a key.

    `text` is said with it. Returns False where a file with this key was sent or is on its way already.
    """
    if not await insert_message(conn, f"file:{key}", USER_TARGET + user, now):
        return False
    payload: JsonObject = {
        "user": user,
        "filename": filename,
        "title": title,
        "content": base64.b64encode(content).decode("ascii"),
        "key": key,
        "text": text,
    }
    await insert_jobs(conn, [NewJob("file", json.dumps(payload))])
    return True


CLAIM_MESSAGE: Final = """
WITH claimed AS (
    INSERT INTO techops.messages AS m (key, target, thread_ts, planned_at, intended_at) VALUES ($1, $2, $3, $4, $4)
    ON CONFLICT (key) DO UPDATE SET intended_at = EXCLUDED.intended_at, thread_ts = EXCLUDED.thread_ts
    WHERE m.message_ts IS NULL AND m.intended_at IS NULL
    RETURNING m.intended_at, m.blind_posts, m.channel_id, m.message_ts
)
SELECT true AS mine, c.intended_at, c.blind_posts, c.channel_id, c.message_ts FROM claimed AS c
UNION ALL
SELECT false, coalesce(m.intended_at, m.planned_at), m.blind_posts, m.channel_id, m.message_ts
FROM techops.messages AS m
WHERE m.key = $1 AND NOT EXISTS (SELECT FROM claimed)
"""


async def claim_message(conn: Conn, key: str, target: str, thread_ts: str | None, now: datetime) -> Intent | None:
    """Write down that the message is about to be sent, or find what became of it.

    None where another worker is claiming it at this moment.
    """
    row = await conn.fetchrow(CLAIM_MESSAGE, key, target, thread_ts, now)
    return _intent(row) if row else None


CLAIM_AGAIN: Final = """
UPDATE techops.messages SET intended_at = $3, blind_posts = blind_posts + $4::integer
WHERE key = $1 AND intended_at = $2 AND message_ts IS NULL
RETURNING true
"""


async def claim_again(conn: Conn, key: str, seen: datetime, now: datetime, *, blind: bool) -> bool:
    """Take over a message in doubt whose intent is of the time `seen`, to send it again.

    `blind`: it could not be looked for, so that it may be there twice; that is counted. False where another took it.
    """
    return await conn.fetchval(CLAIM_AGAIN, key, seen, now, int(blind)) is True


MARK_UNSENT: Final = """
UPDATE techops.messages SET intended_at = NULL WHERE key = $1 AND intended_at = $2 AND message_ts IS NULL
"""


async def mark_unsent(conn: Conn, key: str, intended_at: datetime) -> None:
    """Note that the attempt of that time certainly posted nothing."""
    await conn.execute(MARK_UNSENT, key, intended_at)


MARK_SENT: Final = """
UPDATE techops.messages SET channel_id = $2, message_ts = $3, posted_at = $4 WHERE key = $1 AND message_ts IS NULL
"""


async def mark_sent(conn: Conn, key: str, channel_id: str, message_ts: str, now: datetime) -> None:
    """Note which message in Slack it became; the first answer stands."""
    await conn.execute(MARK_SENT, key, channel_id, message_ts, now)


UPDATE_COUNTER: Final = """
INSERT INTO techops.counters AS c (name, total) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET total = c.total + 1
"""


async def update_counter(conn: Conn, name: str) -> None:
    """Count one more of what metrics show under this name."""
    await conn.execute(UPDATE_COUNTER, name)


# No pause is longer; one that would be was made before the clock was set back.
LONGEST_PAUSE: Final = timedelta(hours=1)
FIND_PAUSE: Final = """
SELECT p.until, p.reason FROM techops.channel_pauses AS p
WHERE p.channel_id = $1 AND p.until > $2 AND p.until <= $2 + interval '1 hour'
"""


async def find_pause(conn: Conn, target: str, now: datetime) -> Pause | None:
    """The rest that a channel or person has to be given now, None where there is none."""
    row = await conn.fetchrow(FIND_PAUSE, target, now)
    return Pause(row["until"], row["reason"]) if row else None


INSERT_PAUSE: Final = """
INSERT INTO techops.channel_pauses AS p (channel_id, until, reason) VALUES ($1, $2, $3)
ON CONFLICT (channel_id) DO UPDATE SET until = EXCLUDED.until, reason = EXCLUDED.reason
WHERE p.until < EXCLUDED.until OR p.until > EXCLUDED.until + interval '1 hour'
"""


async def insert_pause(conn: Conn, target: str, until: datetime, reason: str) -> None:
    """Send nothing to a target before `until`, at most LONGEST_PAUSE from now; a longer pause stands."""
    await conn.execute(INSERT_PAUSE, target, until, reason)


DELETE_PAUSE: Final = "DELETE FROM techops.channel_pauses WHERE channel_id = $1"


async def delete_pause(conn: Conn, target: str) -> None:
    """End a pause early, as when the bot was invited to the channel."""
    await conn.execute(DELETE_PAUSE, target)


def _intent(row: Row) -> Intent:
    return Intent(**dict(row))
