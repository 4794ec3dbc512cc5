"""Due times of scheduled jobs: who takes one first has it done, once."""

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
VALUES (0, 'scheduled', convert_to($1::jsonb::text, 'UTF8'), now(), 'queued')
"""


async def enqueue_job(conn: Conn, job: str, due_local: datetime) -> None:
    """Have a worker carry out the job, in the transaction of the claim."""
    await conn.execute(ENQUEUE_JOB, {"job": job, "due_local": due_local.isoformat()})


DELETE_OLD_CLAIMS: Final = "DELETE FROM techops.claims WHERE claimed_at < $1"
DELETE_OLD_ACTS: Final = "DELETE FROM techops.acts WHERE at < $1"


async def delete_before(conn: Conn, before: datetime) -> None:
    """Remove claims and act keys from before that moment."""
    for statement in (DELETE_OLD_CLAIMS, DELETE_OLD_ACTS):
        await conn.execute(statement, before)
