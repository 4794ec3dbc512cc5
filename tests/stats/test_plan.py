"""The statistics are answered from indexes alone, for any period and any project, and never read the whole table."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from bot.rules import dora
from db.pool import Conn, DatabaseConfig, Pool, open_pool
from db.queries import stats
from tests.fixtures.database import run_apart, scratch_database

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# VACUUM marks as visible to all only what was flushed to disk.
FILL = """
SET synchronous_commit = on;
SET session_replication_role = replica;
INSERT INTO projects (name) SELECT 'Project ' || n FROM generate_series(1, 40) AS n;
INSERT INTO deployments (project_id, version, environment, status, deployed_at, duration, created_at, notes)
SELECT 1 + n % 40, 'v' || n, (ARRAY['production', 'staging', 'development'])[1 + n / 40 % 3],
    CASE n % 11 WHEN 3 THEN 'failed' WHEN 7 THEN 'rolled_back' WHEN 9 THEN 'pending' ELSE 'success' END,
    timestamp '2026-11-22' - n * interval '1 hour', n % 900, timestamp '2026-11-22' - n * interval '1 hour',
    repeat('as in life ', 20)
FROM generate_series(1, 30000) AS n ORDER BY n * 7919 % 30000;
INSERT INTO techops.approvals
    (subject_kind, subject_id, required, role, own_counts, status, asked, remind_at, expires_at)
SELECT 'deployment', n, 1, 'engineer', false, CASE WHEN n % 50 = 0 THEN 'skipped' ELSE 'approved' END, '{}',
    now(), now()
FROM generate_series(1, 5000) AS n;
"""
OVER = dora.window(30, now=NOW, tz="UTC")
BOTH = (OVER.before, OVER.since, OVER.until)
ALL = {
    "finished": (stats.COUNT_FINISHED, BOTH),
    "restored": (stats.MEASURE_RESTORED, BOTH),
    "spans": (stats.COUNT_SPANS, (OVER.since, OVER.until, list(OVER.edges))),
    "unapproved": (stats.COUNT_UNAPPROVED, BOTH),
}
OF_PROJECT = {
    "finished of a project": (stats.COUNT_FINISHED_OF_PROJECT, (*BOTH, 7)),
    "restored of a project": (stats.MEASURE_RESTORED_OF_PROJECT, (*BOTH, 7)),
    "spans of a project": (stats.COUNT_SPANS_OF_PROJECT, (OVER.since, OVER.until, list(OVER.edges), 7)),
    "unapproved of a project": (stats.COUNT_UNAPPROVED_OF_PROJECT, (*BOTH, 7)),
}
STATEMENTS = ALL | OF_PROJECT


@pytest.fixture(scope="module")
def filled(server: DatabaseConfig, template: str) -> Iterator[DatabaseConfig]:
    with scratch_database(server, template) as config:
        run_apart(_fill(config))
        yield config


async def _fill(config: DatabaseConfig) -> None:
    connection = await asyncpg.connect(config.dsn)
    try:
        await connection.execute(FILL)
        await connection.execute("VACUUM ANALYZE deployments")
        await connection.execute("VACUUM ANALYZE techops.approvals")
    finally:
        await connection.close()


@pytest.fixture
async def full(filled: DatabaseConfig) -> AsyncIterator[Pool]:
    pool = await open_pool(filled)
    try:
        yield pool
    finally:
        await pool.close()


async def plan_of(conn: Conn, name: str) -> list[dict[str, Any]]:
    statement, values = STATEMENTS[name]
    found = await conn.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    return list(_nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


@pytest.mark.parametrize("name", STATEMENTS)
async def test_nothing_reads_a_whole_table(full: Pool, name: str) -> None:
    async with full.transaction(stats.PLANNING) as conn:
        nodes = await plan_of(conn, name)
    assert [node["Relation Name"] for node in nodes if "Seq Scan" in node["Node Type"]] == []


@pytest.mark.parametrize("name", ALL)
async def test_the_indexes_answer_alone(full: Pool, name: str) -> None:
    async with full.transaction(stats.PLANNING) as conn:
        nodes = await plan_of(conn, name)
    reads = {node["Index Name"]: node["Node Type"] for node in nodes if "Index Name" in node}
    assert {"idx_deployments_finished", "idx_deployments_untimed"} <= set(reads)
    assert set(reads.values()) == {"Index Only Scan"}
    assert ("idx_deployments_running" in reads) == (name == "restored")
    assert ("approvals_skipped_idx" in reads) == (name == "unapproved")
