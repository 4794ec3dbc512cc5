"""Due times of scheduled jobs: who takes one first has it done, once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.pool import Conn

INSERT_CLAIM: Final = """
INSERT INTO techops.claims (job, due_local, claimed_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true
"""


async def insert_claim(conn: Conn, job: str, due_local: datetime, now: datetime) -> bool:
    """Take a job's due time, a naive local one; False where it was taken before."""
    return await conn.fetchval(INSERT_CLAIM, job, due_local, now) is True


MARK_CLAIM_DONE: Final = "UPDATE techops.claims SET done_at = $3 WHERE job = $1 AND due_local = $2"


async def mark_claim_done(conn: Conn, job: str, due_local: datetime, now: datetime) -> None:
    """Record that what was due has been carried out."""
    await conn.execute(MARK_CLAIM_DONE, job, due_local, now)


ENQUEUE_JOB: Final = """
INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
VALUES (0, $1, convert_to($2::jsonb::text, 'UTF8'), now(), 'queued')
"""


async def enqueue_job(conn: Conn, entry: str, job: str, due_local: datetime) -> None:
    """Have a worker carry out the job at this entry point, in the transaction of the claim."""
    await conn.execute(ENQUEUE_JOB, entry, {"job": job, "due_local": due_local.isoformat()})


# From one job to the next, and of each its latest: there are some dozen jobs and a week of minutes. What was done out
# of turn was done within a hundred others.
LIST_LAST: Final = """
WITH RECURSIVE jobs AS (
    (SELECT c.job FROM techops.claims AS c ORDER BY c.job LIMIT 1)
    UNION ALL
    SELECT (SELECT c.job FROM techops.claims AS c WHERE c.job > j.job ORDER BY c.job LIMIT 1)
    FROM jobs AS j
    WHERE j.job IS NOT NULL
)
SELECT j.job, l.due_local, l.done_at AS latest_done_at, d.done_at
FROM jobs AS j
CROSS JOIN LATERAL (
    SELECT c.due_local, c.done_at FROM techops.claims AS c WHERE c.job = j.job ORDER BY c.due_local DESC LIMIT 1
) AS l
CROSS JOIN LATERAL (
    SELECT max(o.done_at) AS done_at
    FROM (
        SELECT c.done_at FROM techops.claims AS c
        WHERE c.job = j.job AND c.done_at IS NOT NULL
        ORDER BY c.due_local DESC
        LIMIT 100
    ) AS o
) AS d
ORDER BY j.job
"""


@dataclass(frozen=True, slots=True)
class Last:
    """A job's latest due time, when that was carried out, and when any of its due times last was."""

    job: str
    due_local: datetime
    latest_done_at: datetime | None
    done_at: datetime | None


async def list_last(conn: Conn) -> list[Last]:
    """The latest of every job that was ever due, by name."""
    return [Last(**dict(row)) for row in await conn.fetch(LIST_LAST)]
