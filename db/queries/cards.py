"""The messages that show a record in its channels, and the leases that keep two workers from writing one card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from db.pool import Conn


@dataclass(frozen=True, slots=True)
class Card:
    """The message of a record in a channel, None where there is none. `shown` is a digest of what it shows."""

    edition: int
    message_ts: str | None
    shown: str | None


CLAIM_CARD: Final = """
INSERT INTO techops.cards (subject_kind, subject_id, channel_id, lease_token, lease_job, lease_until, created_at)
VALUES ($1, $2, $3, $4, $5, $7, $6)
ON CONFLICT (subject_kind, subject_id, channel_id) DO UPDATE
SET lease_token = EXCLUDED.lease_token, lease_job = EXCLUDED.lease_job, lease_until = EXCLUDED.lease_until
WHERE cards.lease_until IS NULL OR cards.lease_until <= $6 OR cards.lease_job = EXCLUDED.lease_job
    OR cards.lease_until > $6 + interval '10 minutes'
RETURNING edition, message_ts, shown
"""


async def claim_card(
    conn: Conn, kind: str, subject_id: int, channel_id: str, *, token: UUID, job_id: int, now: datetime, until: datetime
) -> Card | None:
    """Take the lease of a card until the given time; None where another job holds it.

    A job that runs again takes its own lease over: the queue gives it out again only when its worker is gone. So does
    any job a lease that ends more than ten minutes from now: it was taken before the clock was set back.
    """
    row = await conn.fetchrow(CLAIM_CARD, kind, subject_id, channel_id, token, job_id, now, until)
    return Card(**dict(row)) if row else None


UPDATE_LEASE: Final = """
UPDATE techops.cards SET lease_until = $5
WHERE subject_kind = $1 AND subject_id = $2 AND channel_id = $3 AND lease_token = $4
RETURNING true
"""


async def update_lease(conn: Conn, kind: str, subject_id: int, channel_id: str, token: UUID, until: datetime) -> bool:
    """Keep the lease until a later time; False where it is somebody else's by now."""
    return await conn.fetchval(UPDATE_LEASE, kind, subject_id, channel_id, token, until) is True


UPDATE_CARD: Final = """
UPDATE techops.cards SET edition = $5, message_ts = $6, shown = $7
WHERE subject_kind = $1 AND subject_id = $2 AND channel_id = $3 AND lease_token = $4
RETURNING true
"""


async def update_card(conn: Conn, kind: str, subject_id: int, channel_id: str, token: UUID, card: Card) -> bool:
    """Keep which message is the card and what it shows; False where the lease is somebody else's by now."""
    values = (card.edition, card.message_ts, card.shown)
    return await conn.fetchval(UPDATE_CARD, kind, subject_id, channel_id, token, *values) is True


MARK_POSTED: Final = """
WITH released AS (
    UPDATE techops.cards SET lease_token = NULL, lease_job = NULL, lease_until = NULL
    WHERE subject_kind = $1 AND subject_id = $2 AND channel_id = $3 AND lease_token = $4
    RETURNING true
)
UPDATE techops.ledger SET posted_at = $6
WHERE activity_id = ANY($5::bigint[]) AND target = $3 AND posted_at IS NULL AND EXISTS (SELECT FROM released)
"""


async def mark_posted(
    conn: Conn, kind: str, subject_id: int, channel_id: str, token: UUID, activity_ids: Sequence[int], now: datetime
) -> None:
    """Mark these activities as shown in the channel and give the lease back; nothing where the lease was lost."""
    await conn.execute(MARK_POSTED, kind, subject_id, channel_id, token, list(activity_ids), now)


MARK_RELEASED: Final = """
UPDATE techops.cards SET lease_token = NULL, lease_job = NULL, lease_until = NULL
WHERE subject_kind = $1 AND subject_id = $2 AND channel_id = $3 AND lease_token = $4
"""


async def mark_released(conn: Conn, kind: str, subject_id: int, channel_id: str, token: UUID) -> None:
    """Give a lease back."""
    await conn.execute(MARK_RELEASED, kind, subject_id, channel_id, token)


FIND_MESSAGE: Final = """
SELECT c.message_ts FROM techops.cards AS c
WHERE c.subject_kind = $1 AND c.subject_id = $2 AND c.channel_id = $3 AND c.message_ts IS NOT NULL
"""


async def find_card_message(conn: Conn, kind: str, subject_id: int, channel_id: str) -> str | None:
    """The timestamp of a record's card in a channel, None where it has none."""
    found = await conn.fetchval(FIND_MESSAGE, kind, subject_id, channel_id)
    return str(found) if found is not None else None
