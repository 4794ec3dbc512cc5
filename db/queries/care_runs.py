"""Runs of care and their steps: ordered, begun, told, ended. One waits at most, and one runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from db.care import LOCK_KEY
from db.models_care import Finding, Report, Run, RunStatus, Step, StepStatus
from db.pool import Conn, Row

INSERT_RUN: Final = """
INSERT INTO techops.maintenance_runs (due_key, source, requested_by, requested_at, status, total_steps)
VALUES ($1, $2, $3, $4, 'queued', $5)
ON CONFLICT DO NOTHING
RETURNING id
"""
INSERT_STEPS: Final = """
INSERT INTO techops.maintenance_steps (run_id, position, name)
SELECT $1, step.position, step.name FROM unnest($2::text[]) WITH ORDINALITY AS step (name, position)
"""


async def insert_run(
    conn: Conn, *, due_key: str | None, source: str, requested_by: int | None, steps: Sequence[str], now: datetime
) -> int | None:
    """Note a run that is to come, with its steps; None where one waits already."""
    run_id = await conn.fetchval(INSERT_RUN, due_key, source, requested_by, now, len(steps))
    if run_id is None:
        return None
    await conn.execute(INSERT_STEPS, run_id, list(steps))
    return int(run_id)


ENQUEUE_RUN: Final = """
INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
SELECT 0, 'care_run', wanted.payload, now() + $2 * interval '1 second', 'queued'
FROM (SELECT convert_to($1::jsonb::text, 'UTF8') AS payload) AS wanted
WHERE NOT EXISTS (
    SELECT FROM techops.pgqueuer AS q
    WHERE q.entrypoint = 'care_run' AND q.status = 'queued' AND q.payload = wanted.payload
)
"""


async def enqueue_run(conn: Conn, run_id: int, delay: float = 0.0) -> None:
    """Have the care worker take a run up, `delay` seconds after the commit, unless it is about to already."""
    await conn.execute(ENQUEUE_RUN, {"run": run_id}, delay)


FIND_RUN: Final = """
SELECT r.id, r.due_key, r.source, u.name AS requester_name, r.requested_by, r.requested_at, r.status, r.waiting_for,
    r.started_at, r.finished_at, r.current_step, r.total_steps, r.role_name, r.notes, r.cancel_asked_at,
    c.name AS canceller_name, r.request_id
FROM techops.maintenance_runs AS r
LEFT JOIN public.users AS u ON u.id = r.requested_by
LEFT JOIN public.users AS c ON c.id = r.cancel_asked_by
WHERE r.id = $1
"""
LIST_STEPS: Final = """
SELECT s.position, s.name, s.status, s.duration_ms, s.summary, s.failures, s.lines, s.notes, s.findings
FROM techops.maintenance_steps AS s
WHERE s.run_id = $1
ORDER BY s.position
"""


async def find_run(conn: Conn, run_id: int) -> Run | None:
    """A run with its steps, None where there is none."""
    row = await conn.fetchrow(FIND_RUN, run_id)
    if row is None:
        return None
    steps = [_step(it) for it in await conn.fetch(LIST_STEPS, run_id)]
    return Run(**{**dict(row), "notes": tuple(row["notes"]), "steps": tuple(steps)})


# A run whose process is gone says that it is running until the next one finds it; it holds no lock any more.
FIND_OPEN: Final = """
SELECT r.id FROM techops.maintenance_runs AS r
WHERE r.status IN ('queued', 'waiting') OR (r.status = 'running' AND EXISTS (
    SELECT FROM pg_locks AS l
    WHERE l.locktype = 'advisory' AND ((l.classid::bigint << 32) | l.objid::bigint) = $1 AND l.objsubid = 1
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
))
ORDER BY r.status = 'running' DESC, r.id
LIMIT 1
"""


async def find_open(conn: Conn) -> Run | None:
    """The run that goes on, or else the one that waits; None where there is neither."""
    found = await conn.fetchval(FIND_OPEN, LOCK_KEY)
    return await find_run(conn, found) if found is not None else None


FIND_LAST: Final = """
SELECT r.id FROM techops.maintenance_runs AS r WHERE r.finished_at IS NOT NULL ORDER BY r.id DESC LIMIT 1
"""


async def find_last(conn: Conn) -> Run | None:
    """The latest run that is over."""
    found = await conn.fetchval(FIND_LAST)
    return await find_run(conn, found) if found is not None else None


FIND_DUE: Final = """
SELECT r.id, r.status FROM techops.maintenance_runs AS r WHERE r.due_key = $1 ORDER BY r.id DESC LIMIT 1
"""


async def find_due(conn: Conn, due_key: str) -> tuple[int, str] | None:
    """The latest run of a due time, and its status."""
    row = await conn.fetchrow(FIND_DUE, due_key)
    return (row["id"], row["status"]) if row else None


FIND_STATUS_LOCKED: Final = "SELECT r.status FROM techops.maintenance_runs AS r WHERE r.id = $1 FOR UPDATE"


async def find_status_locked(conn: Conn, run_id: int) -> str | None:
    """A run's status, which nobody else changes until the end of the transaction."""
    found = await conn.fetchval(FIND_STATUS_LOCKED, run_id)
    return str(found) if found is not None else None


UPDATE_WAITING: Final = """
UPDATE techops.maintenance_runs SET status = 'waiting', waiting_for = $2
WHERE id = $1 AND status IN ('queued', 'waiting')
"""


async def update_waiting(conn: Conn, run_id: int, waiting_for: str) -> None:
    """Say what a run waits for."""
    await conn.execute(UPDATE_WAITING, run_id, waiting_for)


UPDATE_STARTED: Final = """
UPDATE techops.maintenance_runs
SET status = 'running', started_at = $2, role_name = $3, notes = $4, waiting_for = NULL
WHERE id = $1 AND status IN ('queued', 'waiting')
RETURNING true
"""


async def update_started(conn: Conn, run_id: int, role_name: str, notes: Sequence[str], now: datetime) -> bool:
    """Begin a run that waits; False where it was cancelled meanwhile."""
    return await conn.fetchval(UPDATE_STARTED, run_id, now, role_name, list(notes)) is True


MARK_INTERRUPTED: Final = """
UPDATE techops.maintenance_runs SET status = 'interrupted', finished_at = $1 WHERE status = 'running' RETURNING id
"""
MARK_REST_SKIPPED: Final = """
UPDATE techops.maintenance_steps SET status = 'skipped' WHERE run_id = $1 AND status IN ('pending', 'running')
"""


async def mark_interrupted(conn: Conn, now: datetime) -> list[int]:
    """Close runs whose process is gone; only for whoever holds the lock of care. Returns their ids."""
    ids = [row["id"] for row in await conn.fetch(MARK_INTERRUPTED, now)]
    for run_id in ids:
        await conn.execute(MARK_REST_SKIPPED, run_id)
    return ids


UPDATE_STEP_STARTED: Final = """
UPDATE techops.maintenance_steps SET status = 'running', started_at = $3 WHERE run_id = $1 AND position = $2
"""
UPDATE_CURRENT: Final = "UPDATE techops.maintenance_runs SET current_step = $2 WHERE id = $1"


async def update_step_started(conn: Conn, run_id: int, position: int, now: datetime) -> None:
    """Begin a step."""
    await conn.execute(UPDATE_STEP_STARTED, run_id, position, now)
    await conn.execute(UPDATE_CURRENT, run_id, position)


UPDATE_STEP_DONE: Final = """
UPDATE techops.maintenance_steps SET status = $3, finished_at = $4, duration_ms = $5, summary = $6, failures = $7,
    lines = $8, notes = $9, findings = $10
WHERE run_id = $1 AND position = $2
"""


async def update_step_done(
    conn: Conn, run_id: int, position: int, status: StepStatus, report: Report, duration_ms: int, now: datetime
) -> None:
    """Keep what a step did and found."""
    findings = [
        {"key": it.key, "text": it.text, "advice": it.advice, "is_urgent": it.is_urgent} for it in report.findings
    ]
    said = (list(report.failures), list(report.lines), list(report.notes), findings)
    await conn.execute(UPDATE_STEP_DONE, run_id, position, status, now, duration_ms, report.summary, *said)


UPDATE_FINISHED: Final = """
UPDATE techops.maintenance_runs SET status = $2, finished_at = $3, request_id = $4, notes = $5, waiting_for = NULL
WHERE id = $1 AND status IN ('queued', 'waiting', 'running')
RETURNING true
"""


async def update_finished(
    conn: Conn,
    run_id: int,
    status: RunStatus,
    now: datetime,
    *,
    request_id: int | None = None,
    notes: Sequence[str] = (),
) -> bool:
    """End a run; steps that did not come to their turn are skipped. False where it was over already."""
    if await conn.fetchval(UPDATE_FINISHED, run_id, status, now, request_id, list(notes)) is not True:
        return False
    await conn.execute(MARK_REST_SKIPPED, run_id)
    return True


UPDATE_CANCEL: Final = """
UPDATE techops.maintenance_runs SET cancel_asked_at = $2, cancel_asked_by = $3
WHERE id = $1 AND cancel_asked_at IS NULL
"""


async def update_cancel(conn: Conn, run_id: int, user_id: int | None, now: datetime) -> None:
    """Ask the run to end."""
    await conn.execute(UPDATE_CANCEL, run_id, now, user_id)


IS_CANCELLED: Final = "SELECT r.cancel_asked_at IS NOT NULL FROM techops.maintenance_runs AS r WHERE r.id = $1"


async def is_cancelled(conn: Conn, run_id: int) -> bool:
    """Whether somebody asked the run to end."""
    return await conn.fetchval(IS_CANCELLED, run_id) is True


# A deployment that nobody has touched for hours was forgotten, and is waited for by nobody.
FIND_DEPLOYING: Final = """
SELECT d.id, p.name AS project_name, d.environment
FROM public.deployments AS d
JOIN public.projects AS p ON p.id = d.project_id
WHERE d.status = 'in_progress' AND d.updated_at >= $1::timestamptz::timestamp
ORDER BY d.id DESC
LIMIT 1
"""


async def find_deploying(conn: Conn, since: datetime) -> tuple[int, str, str] | None:
    """Id, project and environment of a deployment in progress that was touched since then; None where there is none."""
    row = await conn.fetchrow(FIND_DEPLOYING, since)
    return (row["id"], row["project_name"], row["environment"]) if row else None


def _step(row: Row) -> Step:
    findings = tuple(Finding(**it) for it in row["findings"])
    said = {name: tuple(row[name]) for name in ("failures", "lines", "notes")}
    return Step(**{**dict(row), **said, "findings": findings})


COUNT_ATTEMPTS: Final = """
SELECT count(*) FROM techops.maintenance_runs AS r
JOIN techops.maintenance_runs AS o ON o.due_key = r.due_key
WHERE o.id = $1
"""
INSERT_SUCCESSOR: Final = """
INSERT INTO techops.maintenance_runs (due_key, source, requested_by, requested_at, status, total_steps)
SELECT r.due_key, r.source, r.requested_by, $2, 'queued', $3 FROM techops.maintenance_runs AS r WHERE r.id = $1
ON CONFLICT DO NOTHING
RETURNING id
"""


async def insert_successor(conn: Conn, run_id: int, steps: Sequence[str], most: int, now: datetime) -> int | None:
    """Note another attempt at what an interrupted run was for; None after `most`, or where another run waits."""
    if await conn.fetchval(COUNT_ATTEMPTS, run_id) >= most:
        return None
    again = await conn.fetchval(INSERT_SUCCESSOR, run_id, now, len(steps))
    if again is None:
        return None
    await conn.execute(INSERT_STEPS, again, list(steps))
    return int(again)
