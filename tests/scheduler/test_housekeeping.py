"""What is kept for a while only goes; what may still be needed stays."""

from datetime import UTC, datetime, timedelta

from bot.context import Deps
from scheduler.jobs import housekeeping

INSERT_ACTS = "INSERT INTO techops.acts (key, at) VALUES ('old', $1), ('new', $2)"
INSERT_CLAIMS = "INSERT INTO techops.claims (job, due_local, claimed_at) VALUES ('j', $1, $2), ('j', $3, $4)"
INSERT_LOG = """
INSERT INTO techops.pgqueuer_log (created, job_id, status, priority, entrypoint, aggregated)
VALUES ($1, 1, 'successful', 0, 'announce', true), ($2, 2, 'successful', 0, 'announce', true)
"""


async def test_old_keys_claims_and_logs_go(deps: Deps) -> None:
    now = datetime.now(UTC)
    week, month = now - timedelta(days=8), now - timedelta(days=31)
    async with deps.pool.transaction() as conn:
        await conn.execute(INSERT_ACTS, week, now)
        await conn.execute(INSERT_CLAIMS, week.replace(tzinfo=None), week, now.replace(tzinfo=None), now)
        await conn.execute(INSERT_LOG, month, week)
    await housekeeping.run(deps, now)
    await housekeeping.run(deps, now)
    async with deps.pool.acquire() as conn:
        assert [row["key"] for row in await conn.fetch("SELECT key FROM techops.acts")] == ["new"]
        assert await conn.fetchval("SELECT count(*) FROM techops.claims") == 1
        assert [row["job_id"] for row in await conn.fetch("SELECT job_id FROM techops.pgqueuer_log")] == [2]
