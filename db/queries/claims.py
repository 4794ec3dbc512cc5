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


LIST_LAST: Final = """
SELECT DISTINCT ON (c.job) c.job, c.due_local, c.done_at AS latest_done_at,
    (SELECT max(d.done_at) FROM techops.claims AS d WHERE d.job = c.job) AS done_at
FROM techops.claims AS c
ORDER BY c.job, c.due_local DESC
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
