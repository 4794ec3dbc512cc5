"""What channels want to hear of: where cards go, and which digests are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from db.models_subscriptions import DueDigest, Subscription
from db.pool import Conn, Row


@dataclass(frozen=True, slots=True)
class Route:
    """A channel that has asked for a record, or (not `is_subscribed`) has a card of it all the same."""

    channel_id: str
    is_subscribed: bool


LIST_SUBSCRIPTIONS: Final = """
SELECT s.id, s.channel_id, s.kind, s.project_id, p.name AS project_name, s.cadence, s.at, s.tz, s.days, s.created_by,
    u.name AS creator_name, CASE WHEN u.is_active THEN i.slack_user_id END AS creator_slack_id, s.created_at,
    s.paused_at, s.paused_reason
FROM techops.subscriptions AS s
LEFT JOIN public.projects AS p ON p.id = s.project_id
LEFT JOIN public.users AS u ON u.id = s.created_by
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE ($1::integer[] IS NULL OR s.id = ANY($1))
ORDER BY s.id
"""


async def list_subscriptions(conn: Conn, ids: Sequence[int] | None = None) -> list[Subscription]:
    """These subscriptions, all of them without ids, the oldest first."""
    rows = await conn.fetch(LIST_SUBSCRIPTIONS, list(ids) if ids is not None else None)
    return [_subscription(row) for row in rows]


async def find_subscription(conn: Conn, subscription_id: int) -> Subscription | None:
    """One subscription, None where there is none."""
    return next(iter(await list_subscriptions(conn, [subscription_id])), None)


# The same channel, kind, project and cadence again: its time is changed, and it goes on where it was paused.
UPSERT_SUBSCRIPTION: Final = """
INSERT INTO techops.subscriptions AS s (channel_id, kind, project_id, cadence, at, tz, days, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (channel_id, kind, project_id, cadence) DO UPDATE
SET at = EXCLUDED.at, tz = EXCLUDED.tz, days = EXCLUDED.days, created_by = EXCLUDED.created_by,
    paused_at = NULL, paused_reason = NULL
RETURNING s.id
"""


async def upsert_subscription(
    conn: Conn,
    *,
    channel_id: str,
    kind: str,
    project_id: int | None,
    cadence: str | None,
    at: time | None,
    tz: str | None,
    days: Sequence[int] | None,
    created_by: int,
    now: datetime,
) -> int:
    """Add a subscription, or change the one there is, and return its number."""
    its_days = list(days) if days is not None else None
    values = (channel_id, kind, project_id, cadence, at, tz, its_days, created_by, now)
    return int(await conn.fetchval(UPSERT_SUBSCRIPTION, *values))


DELETE_SUBSCRIPTION: Final = "DELETE FROM techops.subscriptions WHERE id = $1 RETURNING true"


async def delete_subscription(conn: Conn, subscription_id: int) -> bool:
    """Remove a subscription; False where it is gone already."""
    return await conn.fetchval(DELETE_SUBSCRIPTION, subscription_id) is True


LIST_CHANNELS: Final = """
SELECT s.channel_id, min(s.id) AS place
FROM techops.subscriptions AS s
WHERE s.kind = $1 AND s.paused_at IS NULL AND (s.project_id IS NULL OR s.project_id = $2)
GROUP BY s.channel_id
ORDER BY place
"""


async def list_channels(conn: Conn, kind: str, project_id: int | None) -> list[str]:
    """Channels that want to hear of this kind in this project (None: in no project), the oldest subscription first."""
    return [row["channel_id"] for row in await conn.fetch(LIST_CHANNELS, kind, project_id)]


# Channels that subscribed to the record's kind, for all projects or for its own, then those that have a card of it. One
# that cannot be written to any more is left out; without a record only what is subscribed to for all projects counts.
LIST_ROUTES: Final = """
WITH record AS (
    SELECT CASE $2::text
        WHEN 'maintenance' THEN (SELECT r.project_id FROM public.maintenance_requests AS r WHERE r.id = $3::integer)
        WHEN 'deployment' THEN (SELECT d.project_id FROM public.deployments AS d WHERE d.id = $3::integer)
    END AS project_id
), wanted AS (
    SELECT s.channel_id, min(s.id) AS place
    FROM techops.subscriptions AS s, record
    WHERE s.kind = $1 AND s.paused_at IS NULL AND (s.project_id IS NULL OR s.project_id = record.project_id)
    GROUP BY s.channel_id
), shown AS (
    SELECT c.channel_id, c.created_at
    FROM techops.cards AS c
    WHERE c.subject_kind = $2 AND c.subject_id = $3 AND c.message_ts IS NOT NULL
        AND c.channel_id NOT IN (SELECT w.channel_id FROM wanted AS w)
        AND (
            EXISTS (SELECT FROM techops.subscriptions AS s WHERE s.channel_id = c.channel_id AND s.paused_at IS NULL)
            OR NOT EXISTS (SELECT FROM techops.subscriptions AS s WHERE s.channel_id = c.channel_id)
        )
)
SELECT w.channel_id, true AS is_subscribed, w.place, NULL::timestamptz AS created_at FROM wanted AS w
UNION ALL
SELECT s.channel_id, false, NULL, s.created_at FROM shown AS s
ORDER BY is_subscribed DESC, place, created_at, channel_id
"""


async def list_routes(conn: Conn, topic: str, subject_kind: str, subject_id: int | None) -> list[Route]:
    """Where a record is to be shown, and where it is shown already; the oldest subscription first."""
    rows = await conn.fetch(LIST_ROUTES, topic, subject_kind, subject_id)
    return [Route(row["channel_id"], row["is_subscribed"]) for row in rows]


PAUSE_CHANNEL: Final = """
UPDATE techops.subscriptions SET paused_at = $2, paused_reason = $3
WHERE channel_id = $1 AND paused_at IS NULL
RETURNING id
"""


async def mark_paused(conn: Conn, channel_id: str, now: datetime, reason: str) -> list[int]:
    """Pause what is subscribed to in a channel; the numbers of those that were not paused before."""
    return [row["id"] for row in await conn.fetch(PAUSE_CHANNEL, channel_id, now, reason)]


FIND_PAUSED: Final = """
SELECT EXISTS (SELECT FROM techops.subscriptions AS s WHERE s.channel_id = $1 AND s.paused_at IS NOT NULL)
    AND NOT EXISTS (SELECT FROM techops.subscriptions AS s WHERE s.channel_id = $1 AND s.paused_at IS NULL)
"""


async def is_paused(conn: Conn, channel_id: str) -> bool:
    """Whether a channel has subscriptions, and all of them are paused."""
    return await conn.fetchval(FIND_PAUSED, channel_id) is True


LIST_DIGESTS: Final = """
SELECT s.id, s.cadence, s.at, s.tz, s.days, s.created_at,
    ARRAY(SELECT d.day FROM techops.digests_sent AS d WHERE d.subscription_id = s.id AND d.day >= $1) AS sent,
    (SELECT max(d.sent_at) FROM techops.digests_sent AS d WHERE d.subscription_id = s.id AND d.sent_at < $2) AS last_at
FROM techops.subscriptions AS s
WHERE s.kind = 'digest' AND s.paused_at IS NULL
ORDER BY s.id
"""


async def list_digests(conn: Conn, since: date, now: datetime) -> list[DueDigest]:
    """Every digest that is not paused, with the days from `since` on which it was sent, and when it was sent last."""
    return [DueDigest(**dict(row)) for row in await conn.fetch(LIST_DIGESTS, since, now)]


CLAIM_DIGEST: Final = """
INSERT INTO techops.digests_sent (subscription_id, day, sent_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
RETURNING true
"""


async def insert_digest(conn: Conn, subscription_id: int, day: date, now: datetime) -> bool:
    """Take a subscription's digest of a local day; False where it was taken before."""
    return await conn.fetchval(CLAIM_DIGEST, subscription_id, day, now) is True


FIND_LAST_DIGEST: Final = "SELECT max(d.sent_at) FROM techops.digests_sent AS d WHERE d.subscription_id = $1"


async def find_last_digest(conn: Conn, subscription_id: int) -> datetime | None:
    """When a subscription's digest was sent last."""
    found: datetime | None = await conn.fetchval(FIND_LAST_DIGEST, subscription_id)
    return found


def _subscription(row: Row) -> Subscription:
    return Subscription(**dict(row))
