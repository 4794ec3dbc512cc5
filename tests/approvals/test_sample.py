"""The sample's past is one in which people approved what needs approval."""

from datetime import UTC, datetime

from bot.services import sample
from db.pool import Pool

NOW = datetime(2025, 3, 12, 14, 20, tzinfo=UTC)
OWN = """
SELECT count(*) FROM techops.approval_votes AS v JOIN techops.approvals AS a ON a.id = v.approval_id
JOIN users AS u ON u.id = v.user_id
WHERE v.user_id = a.requested_by OR u.role = 'user' OR NOT u.is_active
"""
WAITING = """
SELECT count(*) FROM techops.approvals WHERE status = 'pending' AND requested_at = $1 AND remind_at > $1
"""


async def test_the_past_is_approved_and_what_waits_is_fresh(pool: Pool) -> None:
    await sample.load(pool, NOW)
    async with pool.acquire() as conn:
        rows = await conn.fetch("SELECT status, count(*) FROM techops.approvals GROUP BY status")
        counted = {row["status"]: row["count"] for row in rows}
        assert set(counted) == {"approved", "pending"}
        assert counted["approved"] > 10
        assert await conn.fetchval("SELECT count(*) FROM techops.approval_votes") == counted["approved"]
        assert await conn.fetchval(OWN) == 0
        assert await conn.fetchval(WAITING, NOW) == counted["pending"]
        assert await conn.fetchval("SELECT max(decided_at) <= $1 FROM techops.approvals", NOW)
        assert await conn.fetchval("SELECT max(at) <= $1 FROM techops.activity WHERE verb LIKE '%approv%'", NOW)
        assert await conn.fetchval("SELECT count(*) FROM techops.activity WHERE verb = 'approval_skipped'") == 0
        assert await conn.fetchval("SELECT count(*) FROM techops.pgqueuer") == 0
