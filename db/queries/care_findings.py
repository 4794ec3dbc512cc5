"""What care found that a person has to put right, and the maintenance request that it went to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from db.models_care import Finding, OpenFinding
from db.pool import Conn

UPSERT_FINDING: Final = """
INSERT INTO techops.care_findings AS f (key, step, text, advice, is_urgent, first_seen_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (key) WHERE cleared_at IS NULL DO UPDATE
SET text = EXCLUDED.text, advice = EXCLUDED.advice, is_urgent = EXCLUDED.is_urgent, last_seen_at = EXCLUDED.last_seen_at
"""


async def upsert_findings(conn: Conn, step: str, findings: Sequence[Finding], now: datetime) -> None:
    """Keep what a step found now."""
    for it in findings:
        await conn.execute(UPSERT_FINDING, it.key, step, it.text, it.advice, it.is_urgent, now)


MARK_CLEARED: Final = """
UPDATE techops.care_findings AS f SET cleared_at = $3
WHERE f.step = $1 AND f.cleared_at IS NULL AND NOT f.key = ANY($2::text[])
"""


async def mark_cleared(conn: Conn, step: str, findings: Sequence[Finding], now: datetime) -> None:
    """Close what a step had found before and does not find any more."""
    await conn.execute(MARK_CLEARED, step, [it.key for it in findings], now)


LIST_OPEN: Final = """
SELECT f.id, f.key, f.step, f.text, f.advice, f.is_urgent, f.request_id, r.status AS request_status, f.first_seen_at
FROM techops.care_findings AS f
LEFT JOIN public.maintenance_requests AS r ON r.id = f.request_id
WHERE f.cleared_at IS NULL
ORDER BY f.is_urgent DESC, f.id
"""


async def list_open(conn: Conn) -> list[OpenFinding]:
    """Findings that are still true as far as is known, urgent ones first."""
    return [OpenFinding(**dict(row)) for row in await conn.fetch(LIST_OPEN)]


MARK_RAISED: Final = "UPDATE techops.care_findings SET request_id = $2 WHERE id = ANY($1::bigint[])"


async def mark_raised(conn: Conn, finding_ids: Collection[int], request_id: int) -> None:
    """Note that these findings went to a request."""
    await conn.execute(MARK_RAISED, list(finding_ids), request_id)


# Serialises whoever raises findings, so that two never make two requests.
LOCK_FINDINGS: Final = "SELECT pg_advisory_xact_lock(hashtextextended('techops.care_findings', 0))"


async def lock_findings(conn: Conn) -> None:
    """Be the only one who raises findings until the end of the transaction."""
    await conn.execute(LOCK_FINDINGS)


FIND_ADMIN: Final = """
SELECT u.id FROM public.users AS u WHERE u.role = 'admin' AND u.is_active IS NOT FALSE ORDER BY u.id LIMIT 1
"""


async def find_requester(conn: Conn) -> int | None:
    """In whose name the bot raises a request: the first active admin; None where there is none."""
    found = await conn.fetchval(FIND_ADMIN)
    return int(found) if found is not None else None


FIND_PROJECT: Final = """
SELECT p.id FROM public.projects AS p WHERE lower(p.name) = lower($1) AND p.status IS DISTINCT FROM 'archived'
ORDER BY p.id LIMIT 1
"""
INSERT_PROJECT: Final = """
INSERT INTO public.projects (name, description, status) VALUES ($1, $2, 'active') RETURNING id
"""


async def find_or_insert_project(conn: Conn, name: str, description: str) -> int:
    """The project of this name, made where there is none."""
    found = await conn.fetchval(FIND_PROJECT, name)
    return int(found if found is not None else await conn.fetchval(INSERT_PROJECT, name, description))


INSERT_NOTE: Final = """
INSERT INTO techops.comments (maintenance_request_id, user_id, body, created_at) VALUES ($1, NULL, $2, $3)
"""


async def insert_note(conn: Conn, request_id: int, body: str, now: datetime) -> None:
    """Remark on a request in nobody's name."""
    await conn.execute(INSERT_NOTE, request_id, body, now)


SET_NOTE: Final = "SELECT set_config('app.note', $1, true)"


async def set_note(conn: Conn, note: str) -> None:
    """Give the changes that follow in this transaction a note."""
    await conn.execute(SET_NOTE, note)
