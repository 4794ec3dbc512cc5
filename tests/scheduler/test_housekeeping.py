"""What is kept for a while only goes; what may still be needed stays."""

from datetime import UTC, datetime, timedelta

from bot.context import Deps
from db.pool import Conn
from scheduler.jobs import housekeeping

INSERT_ACTS = "INSERT INTO techops.acts (key, at) VALUES ('old', $1), ('new', $2)"
INSERT_CLAIMS = "INSERT INTO techops.claims (job, due_local, claimed_at) VALUES ('j', $1, $2), ('j', $3, $4)"
INSERT_LOG = """
INSERT INTO techops.pgqueuer_log (created, job_id, status, priority, entrypoint, aggregated)
VALUES ($1, 1, 'successful', 0, 'announce', true), ($2, 2, 'successful', 0, 'announce', true)
"""

INSERT_KEYS = """
WITH owner AS (INSERT INTO users (email, name, password_hash) VALUES ('a@example.com', 'A', 'x') RETURNING id),
token AS (
    INSERT INTO techops.api_tokens (name, token_sha256, owner_id, scopes, created_at)
    SELECT 'ci', sha256('x'), id, '{}', now() FROM owner RETURNING id
)
INSERT INTO techops.idempotency_keys (token_id, key, body_sha256, at)
SELECT t.id, k.key, '', k.at FROM token AS t, unnest(ARRAY['old', 'new'], $1::timestamptz[]) AS k (key, at)
"""
INSERT_DELIVERIES = """
INSERT INTO techops.webhook_deliveries (source, delivery_id, outcome, at)
VALUES ('github', 'old', '', $1), ('github', 'new', '', $2)
"""


async def test_old_keys_of_programs_and_deliveries_go(deps: Deps, conn: Conn) -> None:
    now = datetime.now(UTC)
    week, quarter = now - timedelta(days=8), now - timedelta(days=91)
    await conn.execute(INSERT_KEYS, [week, now])
    await conn.execute(INSERT_DELIVERIES, quarter, week)
    await housekeeping.run(deps, now)
    assert [row["key"] for row in await conn.fetch("SELECT key FROM techops.idempotency_keys")] == ["new"]
    kept = await conn.fetch("SELECT delivery_id FROM techops.webhook_deliveries")
    assert [row["delivery_id"] for row in kept] == ["new"]


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
