"""Every table of ours has an end for its rows, or a reason to have none; what is young stays, so does the activity."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from bot.context import Deps
from db.pool import Conn, DatabaseConfig, connect
from db.queries import retention
from scheduler.jobs import housekeeping

ROOT: Final = Path(__file__).parents[2]
SIGN_INS: Final = {"sign_in_attempts", "links", "page_sessions"}
CARE: Final = {"maintenance_runs", "maintenance_steps", "care_findings", "session_ends", "backups"}
# What else takes rows away.
ENDED_OTHERWISE: Final = {
    "activity": "by `techops audit prune`, and every night where AUDIT_KEEP_DAYS is set: exported, then deleted",
    "pgqueuer": "a job goes when it is done; one that is held, when somebody decides",
    "process_figures": "every process takes its own away, and those of others after minutes",
    "deployment_locks": "by whoever releases the lock",
    "lock_waiters": "with the lock that they wait for",
    "table_sizes": "rewritten by every run of care",
    "statement_statistics": "rewritten by every run of care",
}
FOR_EVER: Final = {
    "slack_identities": "one a person",
    "untied": "one a person; they are not tied again by their address",
    "person_settings": "one a person, what they have set",
    "working_hours": "one a person, what they have set",
    "comments": "part of the request, and goes with it",
    "deployment_details": "part of the deployment, and goes with it",
    "cards": "one a record and channel, edited for as long as the record changes",
    "approvals": "who has approved what is part of the record",
    "approval_votes": "who has approved what is part of the record",
    "approval_policies": "settings",
    "subscriptions": "settings",
    "freezes": "part of the record of what was deployed in spite of them; a few a year",
    "api_tokens": "some; a revoked one is named by what it has done",
    "audit_seals": "the chain that proves the activity; without a segment the rest proves nothing",
    "counters": "one a name",
    "schema_migrations": "one a migration",
    "skipped_checks": "one a constraint, until it is added",
    "pgqueuer_schedules": "the queue library's own; nothing writes it here",
}
INSERTS: Final = {
    "acts": "INSERT INTO techops.acts (key, at) SELECT n, a FROM moments",
    "claims": "INSERT INTO techops.claims (job, due_local, claimed_at) SELECT 'j', a, a FROM moments",
    "idempotency_keys": """INSERT INTO techops.idempotency_keys (token_id, key, body_sha256, at)
        SELECT 1, n, '', a FROM moments""",
    "webhook_deliveries": """INSERT INTO techops.webhook_deliveries (source, delivery_id, outcome, at)
        SELECT 'github', n, '', a FROM moments""",
    "pgqueuer_log": """INSERT INTO techops.pgqueuer_log (created, job_id, status, priority, entrypoint)
        SELECT a, -1, 'successful', 0, 'announce' FROM moments""",
    "pgqueuer_statistics": """INSERT INTO techops.pgqueuer_statistics (created, count, priority, status, entrypoint)
        SELECT a, 1, 0, 'successful', 'announce' FROM moments""",
    "messages": """INSERT INTO techops.messages (key, target, planned_at, posted_at)
        SELECT n, 'C1', a, CASE WHEN n = 'old' THEN a END FROM moments""",
    "channel_pauses": "INSERT INTO techops.channel_pauses (channel_id, until, reason) SELECT n, a, 'r' FROM moments",
    "ledger": """INSERT INTO techops.ledger (activity_id, target, subject_kind, subject_id, noted_at, posted_at)
        SELECT 1, n, 'maintenance', 1, a, a FROM moments""",
    "reminders_sent": """INSERT INTO techops.reminders_sent (request_id, due_at, step, sent_at)
        SELECT 1, a, 'due', a FROM moments""",
    "snoozes": """INSERT INTO techops.snoozes (request_id, user_id, due_at, until, created_at)
        SELECT 1, CASE n WHEN 'old' THEN 1 ELSE 2 END, a, a, a FROM moments""",
    "digests_sent": """INSERT INTO techops.digests_sent (subscription_id, day, sent_at)
        SELECT 1, a - CASE n WHEN 'old' THEN interval '1 day' ELSE '0' END, a FROM moments""",
    "sign_in_attempts": """INSERT INTO techops.sign_in_attempts (at, account_sha256, remote_address)
        SELECT a, '', 'x' FROM moments""",
    "links": """INSERT INTO techops.links (token_sha256, kind, user_id, made_at, expires_at)
        SELECT sha256(n::bytea), 'password', 1, a, a FROM moments""",
    "page_sessions": """INSERT INTO techops.page_sessions (session_sha256, user_id, made_at, expires_at)
        SELECT sha256(n::bytea), 1, a, a + CASE n WHEN 'new' THEN interval '1 day' ELSE '0' END FROM moments""",
    "maintenance_runs": """INSERT INTO techops.maintenance_runs
        (source, requested_at, status, finished_at, total_steps)
        SELECT 'scheduler', a, 'succeeded', a, 1 FROM moments ORDER BY a""",
    "maintenance_steps": """INSERT INTO techops.maintenance_steps (run_id, position, name)
        SELECT r.id, 1, 's' FROM techops.maintenance_runs AS r, (SELECT min(a) FROM moments) AS m""",
    "care_findings": """INSERT INTO techops.care_findings
        (key, step, text, advice, is_urgent, first_seen_at, last_seen_at, cleared_at)
        SELECT n, 's', 't', 'a', false, a, a, a FROM moments""",
    "session_ends": """INSERT INTO techops.session_ends
        (pid, backend_start, means, asked_by, slack_user_id, asked_at)
        SELECT 1, a, 'cancel', 1, 'U1', a FROM moments""",
    "backups": """INSERT INTO techops.backups (status, source, started_at)
        SELECT 'failed', 'scheduler', a FROM moments""",
}
ARRANGE: Final = """
SET session_replication_role = replica;
INSERT INTO users (id, email, name, password_hash)
VALUES (1, 'a@example.com', 'A', 'x'), (2, 'b@example.com', 'B', 'x');
INSERT INTO projects (id, name) VALUES (1, 'P');
INSERT INTO maintenance_requests (id, requested_by, project_id, title, description, status)
VALUES (1, 1, 1, 'Fan', 'd', 'completed'), (2, 1, 1, 'Fan', 'd', 'open');
INSERT INTO techops.subscriptions (id, channel_id, kind, created_at) OVERRIDING SYSTEM VALUE
VALUES (1, 'C1', 'maintenance', now());
INSERT INTO techops.api_tokens (id, name, token_sha256, owner_id, scopes, created_at) OVERRIDING SYSTEM VALUE
VALUES (1, 'ci', sha256('x'), 1, '{}', now());
"""
MOMENTS: Final = "WITH moments (n, a) AS (VALUES ('old', $1::timestamptz), ('new', $2::timestamptz)) "
ENDS: Final = {
    **housekeeping.KEPT,
    "sign_in_attempts": timedelta(days=1),
    "links": timedelta(days=7),
    "page_sessions": timedelta(),
    **dict.fromkeys(sorted(CARE), housekeeping.KEPT_CARE),
}
TABLES: Final = (
    "SELECT c.relname FROM pg_class AS c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'techops'::regnamespace"
)


async def execute(config: DatabaseConfig, statement: str, *values: object) -> None:
    """As the owner: the bot may not write all of these."""
    connection = await connect(config)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def owned(config: DatabaseConfig, table: str) -> int:
    connection = await connect(config)
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM techops.{table}"))  # noqa: S608 - names of this file
    finally:
        await connection.close()


async def test_every_table_has_an_end_or_a_reason_to_have_none(conn: Conn) -> None:
    there = {row["relname"] for row in await conn.fetch(TABLES)}
    known = [set(housekeeping.KEPT), SIGN_INS, CARE, set(ENDED_OTHERWISE), set(FOR_EVER)]
    assert set().union(*known) == there
    assert sum(map(len, known)) == len(there), "a table is in two of them"
    assert set(housekeeping.KEPT) == set(retention.STATEMENTS)
    assert set(INSERTS) == set(ENDS) == set(housekeeping.KEPT) | SIGN_INS | CARE


def test_the_documentation_names_every_table() -> None:
    text = (ROOT / "docs" / "database.md").read_text(encoding="utf-8").partition("## How long things are kept")[2]
    section = text.partition("\n## ")[0]
    missing = [table for table in (*ENDS, *ENDED_OTHERWISE, *FOR_EVER) if f"`{table}`" not in section]
    assert missing == []


@pytest.mark.parametrize("table", INSERTS)
async def test_what_is_old_goes_and_what_is_young_stays(deps: Deps, database: DatabaseConfig, table: str) -> None:
    now = datetime.now(UTC)
    old, young = now - ENDS[table] - timedelta(hours=1), now - ENDS[table] + timedelta(hours=1)
    await execute(database, ARRANGE)
    if table == "maintenance_steps":
        await execute(database, MOMENTS + INSERTS["maintenance_runs"], old, young)
    await execute(database, MOMENTS + INSERTS[table], old, young)
    assert await owned(database, table) == 2
    await housekeeping.run(deps, now)
    assert await owned(database, table) == 1
    await housekeeping.run(deps, now + timedelta(minutes=50))
    assert await owned(database, table) == 1


async def test_a_job_that_waits_keeps_what_it_may_ask_for(deps: Deps, database: DatabaseConfig) -> None:
    now = datetime.now(UTC)
    years = now - timedelta(days=800)
    await execute(database, ARRANGE)
    for table in ("ledger", "messages", "pgqueuer_log"):
        await execute(database, MOMENTS + INSERTS[table], years, years + timedelta(days=1))
    job = """INSERT INTO techops.pgqueuer (id, priority, created, status, entrypoint)
        VALUES (-1, 0, $1, 'failed', 'announce')"""
    await execute(database, job, years - timedelta(days=1))
    await housekeeping.run(deps, now)
    assert [await owned(database, table) for table in ("ledger", "messages", "pgqueuer_log")] == [2, 2, 2]
    await execute(database, "DELETE FROM techops.pgqueuer")
    await housekeeping.run(deps, now)
    assert [await owned(database, table) for table in ("ledger", "messages", "pgqueuer_log")] == [0, 0, 0]


async def test_what_comes_once_for_an_open_request_is_remembered_for_as_long(
    deps: Deps, database: DatabaseConfig
) -> None:
    now = datetime.now(UTC)
    sent = """INSERT INTO techops.reminders_sent (request_id, due_at, step, sent_at)
        SELECT r, $1, s, $1 FROM unnest('{1, 2}'::integer[]) AS r, unnest('{due, overdue:1, escalated}'::text[]) AS s"""
    await execute(database, ARRANGE)
    await execute(database, sent, now - timedelta(days=100))
    await housekeeping.run(deps, now)
    connection = await connect(database)
    try:
        kept = await connection.fetch("SELECT request_id, step FROM techops.reminders_sent ORDER BY step")
    finally:
        await connection.close()
    assert [tuple(row) for row in kept] == [(2, "due"), (2, "escalated")]


async def test_more_than_a_batch_goes_batch_by_batch(deps: Deps, database: DatabaseConfig) -> None:
    now = datetime.now(UTC)
    many = "INSERT INTO techops.acts (key, at) SELECT n, $1::timestamptz FROM generate_series(1, $2::integer) AS n"
    await execute(database, many, now - timedelta(days=8), 2 * housekeeping.BATCH + 1)
    async with deps.pool.transaction() as conn:
        assert await retention.delete_old(conn, "acts", now, 10) == 10
    await housekeeping.run(deps, now)
    assert await owned(database, "acts") == 0


async def test_the_activity_is_left_alone(deps: Deps, database: DatabaseConfig) -> None:
    now = datetime.now(UTC)
    told = (
        "INSERT INTO techops.activity (at, source, subject_kind, subject_id, verb) VALUES ($1, 'slack', 'user', 1, 'x')"
    )
    await execute(database, told, now - timedelta(days=4000))
    await housekeeping.run(deps, now)
    assert await owned(database, "activity") == 1


async def test_the_role_of_the_bot_cannot_shorten_what_the_functions_keep(deps: Deps, database: DatabaseConfig) -> None:
    now = datetime.now(UTC)
    await execute(database, ARRANGE)
    for table in ("maintenance_runs", "care_findings", "session_ends", "backups", "links", "page_sessions"):
        await execute(database, MOMENTS + INSERTS[table], now - timedelta(hours=1), now)
    async with deps.pool.transaction() as conn:
        await retention.prune_care(conn, now + timedelta(days=9000), 1000)
        await retention.prune_sign_ins(conn, now + timedelta(days=9000), 1000)
    left = {table: await owned(database, table) for table in ("maintenance_runs", "care_findings", "links", "backups")}
    assert left == {"maintenance_runs": 2, "care_findings": 2, "links": 2, "backups": 2}
    assert await owned(database, "page_sessions") == 1
