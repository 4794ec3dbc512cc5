"""Reminders: requests of which somebody has to be reminded now, what was said already, what is put off, who works when.

The conditions on due dates are those of the partial indexes on open requests, word for word. A request is the active
assignee's, else its requester's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Final

from db.models_reminders import Candidate, Reachable, Sent
from db.pool import Conn, Row

LIST_PEOPLE: Final = """
SELECT u.id AS user_id, CASE WHEN u.is_active THEN i.slack_user_id END AS slack_user_id, i.tz,
    h.starts_at, h.ends_at, h.days, s.direct_messages IS FALSE AS quiet
FROM public.users AS u
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
LEFT JOIN techops.working_hours AS h ON h.user_id = u.id
LEFT JOIN techops.person_settings AS s ON s.user_id = u.id
"""


async def list_people(conn: Conn) -> list[Reachable]:
    """Everybody, with zone and working hours."""
    return [Reachable(**dict(row)) for row in await conn.fetch(LIST_PEOPLE)]


# Due within the window; what was said of the step that counts now is left out before anything else is looked at.
LIST_NEAR: Final = """
SELECT r.id AS request_id, r.due_date::timestamptz AS due_at, coalesce(r.priority, '') AS priority,
    coalesce(e.id, r.requested_by) AS user_id, z.until AS snoozed_until,
    ARRAY(SELECT s.step FROM techops.reminders_sent AS s
        WHERE s.request_id = r.id AND s.due_at = r.due_date::timestamptz) AS sent
FROM public.maintenance_requests AS r
LEFT JOIN public.users AS e ON e.id = r.assigned_to AND e.is_active
LEFT JOIN techops.snoozes AS z ON z.request_id = r.id AND z.user_id = coalesce(e.id, r.requested_by)
    AND z.due_at = r.due_date::timestamptz
WHERE r.status IN ('open', 'in_progress')
    AND coalesce(r.due_date, 'infinity'::timestamp) >= $2::timestamptz::timestamp
    AND coalesce(r.due_date, 'infinity'::timestamp) <= $3::timestamptz::timestamp
    AND coalesce(e.id, r.requested_by) = ANY($4::integer[])
    AND NOT EXISTS (
        SELECT FROM techops.reminders_sent AS s
        WHERE s.request_id = r.id AND s.due_at = r.due_date::timestamptz
            AND s.step = CASE WHEN r.due_date::timestamptz > $1 THEN 'before' ELSE 'due' END
    )
"""


async def list_near(
    conn: Conn, now: datetime, first: datetime, last: datetime, user_ids: Sequence[int]
) -> list[Candidate]:
    """Requests of these people due from `first` to `last` whose step of this moment was not said yet."""
    return _candidates(await conn.fetch(LIST_NEAR, now, first, last, list(user_ids)))


# One descent of an index a person and role in the request.
LIST_LATE: Final = """
SELECT r.id AS request_id, r.due_date::timestamptz AS due_at, coalesce(r.priority, '') AS priority,
    m.user_id, z.until AS snoozed_until,
    ARRAY(SELECT s.step FROM techops.reminders_sent AS s
        WHERE s.request_id = r.id AND s.due_at = r.due_date::timestamptz) AS sent
FROM unnest($2::integer[], $3::text[]) AS m (user_id, step)
CROSS JOIN LATERAL (
    SELECT a.id, a.due_date, a.priority
    FROM public.maintenance_requests AS a
    JOIN public.users AS e ON e.id = a.assigned_to AND e.is_active
    WHERE a.assigned_to = m.user_id AND a.status IN ('open', 'in_progress')
        AND coalesce(a.due_date, 'infinity'::timestamp) <= $1::timestamptz::timestamp
        AND a.due_date > '0002-01-01'
    UNION ALL
    SELECT q.id, q.due_date, q.priority
    FROM public.maintenance_requests AS q
    LEFT JOIN public.users AS e ON e.id = q.assigned_to AND e.is_active
    WHERE q.requested_by = m.user_id AND e.id IS NULL AND q.status IN ('open', 'in_progress')
        AND coalesce(q.due_date, 'infinity'::timestamp) <= $1::timestamptz::timestamp
        AND q.due_date > '0002-01-01'
) AS r
LEFT JOIN techops.snoozes AS z ON z.request_id = r.id AND z.user_id = m.user_id AND z.due_at = r.due_date::timestamptz
WHERE NOT EXISTS (
    SELECT FROM techops.reminders_sent AS s
    WHERE s.request_id = r.id AND s.due_at = r.due_date::timestamptz AND s.step = m.step
)
"""


async def list_late(conn: Conn, now: datetime, mornings: Mapping[int, str]) -> list[Candidate]:
    """Overdue requests of these people of which they did not hear this morning; `mornings` is the step by user id."""
    return _candidates(await conn.fetch(LIST_LATE, now, list(mornings), list(mornings.values())))


LIST_WOKEN: Final = """
SELECT r.id AS request_id, z.due_at, coalesce(r.priority, '') AS priority, z.user_id, z.until AS snoozed_until,
    ARRAY(SELECT s.step FROM techops.reminders_sent AS s
        WHERE s.request_id = r.id AND s.due_at = z.due_at) AS sent
FROM techops.snoozes AS z
JOIN public.maintenance_requests AS r ON r.id = z.request_id
LEFT JOIN public.users AS e ON e.id = r.assigned_to AND e.is_active
WHERE z.until <= $1 AND z.user_id = ANY($2::integer[])
    AND r.status IN ('open', 'in_progress') AND r.due_date::timestamptz = z.due_at
    AND coalesce(e.id, r.requested_by) = z.user_id
"""


async def list_woken(conn: Conn, now: datetime, user_ids: Sequence[int]) -> list[Candidate]:
    """Requests that these people had put off until now."""
    return _candidates(await conn.fetch(LIST_WOKEN, now, list(user_ids)))


LIST_URGENT: Final = """
SELECT r.id AS request_id, r.due_date::timestamptz AS due_at, r.priority,
    coalesce(e.id, r.requested_by) AS user_id, NULL::timestamptz AS snoozed_until, ARRAY[]::text[] AS sent
FROM public.maintenance_requests AS r
LEFT JOIN public.users AS e ON e.id = r.assigned_to AND e.is_active
WHERE r.status IN ('open', 'in_progress') AND r.priority IN ('high', 'critical')
    AND coalesce(r.due_date, 'infinity'::timestamp) <= $1::timestamptz::timestamp
    AND r.due_date > '0002-01-01'
    AND coalesce(e.id, r.requested_by) = ANY($2::integer[])
    AND NOT EXISTS (
        SELECT FROM techops.reminders_sent AS s
        WHERE s.request_id = r.id AND s.due_at = r.due_date::timestamptz AND s.step = 'escalated'
    )
ORDER BY r.due_date, r.id
"""


async def list_urgent(conn: Conn, before: datetime, user_ids: Sequence[int]) -> list[Candidate]:
    """High and critical requests of these people, due before that moment, of which no channel has heard."""
    return _candidates(await conn.fetch(LIST_URGENT, before, list(user_ids)))


INSERT_SENT: Final = """
INSERT INTO techops.reminders_sent (request_id, due_at, step, user_id, reached, sent_at)
SELECT s.request_id, s.due_at, s.step, s.user_id, $6, $5
FROM unnest($1::integer[], $2::timestamptz[], $3::text[], $4::integer[]) AS s (request_id, due_at, step, user_id)
JOIN public.maintenance_requests AS r ON r.id = s.request_id
ORDER BY s.request_id, s.step
ON CONFLICT DO NOTHING
RETURNING request_id, due_at, step, user_id
"""


async def insert_sent(conn: Conn, steps: Sequence[Sent], now: datetime, *, reached: bool = True) -> list[Sent]:
    """Note steps as said; returns those that nobody else had noted. In order, so that two workers cannot block."""
    rows = await conn.fetch(
        INSERT_SENT,
        [step.request_id for step in steps],
        [step.due_at for step in steps],
        [step.step for step in steps],
        [step.user_id for step in steps],
        now,
        reached,
    )
    return [Sent(**dict(row)) for row in rows]


ADD_UNREACHABLE: Final = """
INSERT INTO techops.counters AS c (name, total) VALUES ('techops_reminders_unreachable_total', $1)
ON CONFLICT (name) DO UPDATE SET total = c.total + EXCLUDED.total
"""


async def update_unreachable(conn: Conn, number: int) -> None:
    """Count reminders that nobody could be sent."""
    await conn.execute(ADD_UNREACHABLE, number)


DELETE_WOKEN: Final = """
DELETE FROM techops.snoozes AS z
USING unnest($1::integer[], $2::timestamptz[]) AS s (request_id, due_at)
WHERE z.user_id = $3 AND z.request_id = s.request_id AND z.due_at = s.due_at AND z.until <= $4
"""


async def delete_woken(conn: Conn, user_id: int, steps: Sequence[Sent], now: datetime) -> None:
    """End the pauses of requests of which a person hears again."""
    ids, dues = [step.request_id for step in steps], [step.due_at for step in steps]
    await conn.execute(DELETE_WOKEN, ids, dues, user_id, now)


LIST_STILL_DUE: Final = """
SELECT r.id
FROM unnest($1::integer[], $2::timestamptz[]) AS s (request_id, due_at)
JOIN public.maintenance_requests AS r ON r.id = s.request_id
LEFT JOIN public.users AS e ON e.id = r.assigned_to AND e.is_active
WHERE r.status IN ('open', 'in_progress') AND r.due_date::timestamptz = s.due_at
    AND CASE WHEN $3::integer IS NULL THEN r.priority IN ('high', 'critical')
        ELSE coalesce(e.id, r.requested_by) = $3::integer END
    AND NOT EXISTS (
        SELECT FROM techops.snoozes AS z
        WHERE z.request_id = r.id AND z.user_id = $3::integer AND z.due_at = s.due_at AND z.until > $4
    )
ORDER BY array_position(ARRAY['critical', 'high'], r.priority::text) NULLS LAST, r.due_date, r.id
"""


async def list_still_due(
    conn: Conn, steps: Sequence[tuple[int, datetime]], user_id: int | None, as_of: datetime
) -> list[int]:
    """Which of these (request, due date) are still to be said to a person, or (None) in a channel; urgent ones first.

    Closed, moved, handed over or put off since: left out.
    """
    ids, dues = [request_id for request_id, _ in steps], [due_at for _, due_at in steps]
    return [row["id"] for row in await conn.fetch(LIST_STILL_DUE, ids, dues, user_id, as_of)]


UPSERT_SNOOZE: Final = """
INSERT INTO techops.snoozes (request_id, user_id, due_at, until, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (request_id, user_id) DO UPDATE
SET due_at = EXCLUDED.due_at, until = EXCLUDED.until, created_at = EXCLUDED.created_at
"""


async def upsert_snooze(
    conn: Conn, request_id: int, user_id: int, due_at: datetime, until: datetime, now: datetime
) -> None:
    """Put reminders of a request off for a person."""
    await conn.execute(UPSERT_SNOOZE, request_id, user_id, due_at, until, now)


FIND_HOURS: Final = "SELECT h.starts_at, h.ends_at, h.days FROM techops.working_hours AS h WHERE h.user_id = $1"


async def find_hours(conn: Conn, user_id: int) -> tuple[time, time, list[int]] | None:
    """When a person works; None where they keep the usual hours."""
    row = await conn.fetchrow(FIND_HOURS, user_id)
    return (row["starts_at"], row["ends_at"], list(row["days"])) if row else None


UPSERT_HOURS: Final = """
INSERT INTO techops.working_hours (user_id, starts_at, ends_at, days, updated_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id) DO UPDATE
SET starts_at = EXCLUDED.starts_at, ends_at = EXCLUDED.ends_at, days = EXCLUDED.days, updated_at = EXCLUDED.updated_at
"""


async def upsert_hours(conn: Conn, user_id: int, start: time, end: time, days: Sequence[int], now: datetime) -> None:
    """Keep when a person works."""
    await conn.execute(UPSERT_HOURS, user_id, start, end, list(days), now)


DELETE_HOURS: Final = "DELETE FROM techops.working_hours WHERE user_id = $1"


async def delete_hours(conn: Conn, user_id: int) -> None:
    """Have a person keep the usual hours again."""
    await conn.execute(DELETE_HOURS, user_id)


# The other steps keep a reopened request, or a due date that is set back, from being told anew.


def _candidates(rows: Sequence[Row]) -> list[Candidate]:
    return [Candidate(**dict(row)) for row in rows]
