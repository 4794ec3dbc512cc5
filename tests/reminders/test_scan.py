"""What the clock looks at every minute is found by indexes, however much there is."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from db.pool import Conn, DatabaseConfig, Pool, open_pool
from db.queries import digest, reminders
from tests.fixtures.database import run_apart, scratch_database
from tests.fixtures.reminders import utc

NOW = utc("2026-11-26T09:00")
FILL = """
SET app.announce = off;
SET session_replication_role = replica;
INSERT INTO users (id, email, name, password_hash)
SELECT n, n || '@example.com', n, 'x' FROM generate_series(1, 50) AS n;
INSERT INTO projects (id, name) SELECT n, n FROM generate_series(1, 20) AS n;
INSERT INTO maintenance_requests
    (requested_by, assigned_to, project_id, title, description, priority, status, due_date, created_at)
SELECT 1 + n % 50, CASE WHEN n % 3 > 0 THEN 1 + n % 49 END, 1 + n % 20, 'Fan', 'd',
    CASE WHEN n / 10 % 20 = 0 THEN 'critical' ELSE 'low' END,
    CASE WHEN n % 10 = 0 THEN 'open' ELSE 'completed' END,
    timestamp '2026-11-26 09:00' + (n % 2000 - 1000) * interval '1 hour',
    timestamp '2026-11-26 09:00' - n * interval '10 minutes'
FROM generate_series(1, 40000) AS n;
INSERT INTO maintenance_status_history (maintenance_request_id, old_status, new_status, changed_by, created_at)
SELECT r.id, 'open', r.status, 1, r.created_at FROM maintenance_requests AS r;
INSERT INTO maintenance_work_logs
    (maintenance_request_id, user_id, work_description, hours_spent, work_date, created_at)
SELECT r.id, 1, 'w', 1, r.created_at::date, r.created_at FROM maintenance_requests AS r;
INSERT INTO deployments (project_id, version, environment, status, deployed_at)
SELECT 1 + n % 20, 'v', 'staging', 'success', timestamp '2026-11-26 09:00' - n * interval '10 minutes'
FROM generate_series(1, 20000) AS n;
ANALYZE;
"""


@pytest.fixture(scope="module")
def filled(server: DatabaseConfig, template: str) -> Iterator[DatabaseConfig]:
    with scratch_database(server, template) as config:
        run_apart(_fill(config))
        yield config


async def _fill(config: DatabaseConfig) -> None:
    pool = await open_pool(config)
    async with pool.acquire() as conn:
        await conn.execute(FILL)
    await pool.close()


@pytest.fixture
async def full(filled: DatabaseConfig) -> AsyncIterator[Pool]:
    pool = await open_pool(filled)
    yield pool
    await pool.close()


PEOPLE = list(range(1, 51))
NEAR = (NOW, NOW - timedelta(days=8), NOW + timedelta(days=1), PEOPLE)
PERIOD = (NOW - timedelta(days=1), NOW, None)
TABLES = ("maintenance_requests", "maintenance_status_history", "maintenance_work_logs", "deployments")


@pytest.mark.parametrize(
    ("statement", "arguments", "index"),
    [
        (reminders.LIST_NEAR, NEAR, "idx_maintenance_open_due"),
        (reminders.LIST_LATE, (NOW, [1, 2, 3], ["overdue:2026-11-26"] * 3), "idx_maintenance_open_assignee"),
        (reminders.LIST_LATE, (NOW, [1, 2, 3], ["overdue:2026-11-26"] * 3), "idx_maintenance_open_requester"),
        (reminders.LIST_URGENT, (NOW, PEOPLE), "idx_maintenance_urgent_due"),
        (reminders.LIST_WOKEN, (NOW, PEOPLE), "snoozes"),
        (digest.LIST_DUE, (NOW - timedelta(days=900), NOW, None, 5), "idx_maintenance_open_due"),
        (digest.COUNT_CHANGES, PERIOD, "idx_maintenance_created_at"),
        (digest.COUNT_CHANGES, PERIOD, "idx_maintenance_history_closed"),
        (digest.COUNT_CHANGES, PERIOD, "idx_work_logs_created_at"),
        (digest.LIST_DEPLOYED, (*PERIOD, 5), "deployed_at"),
        (digest.LIST_DAYS, (*PERIOD, "UTC"), "idx_maintenance_created_at"),
    ],
)
async def test_every_look_is_a_descent_of_an_index(
    full: Pool, statement: str, arguments: tuple[object, ...], index: str
) -> None:
    async with full.acquire() as conn:
        nodes = await explain(conn, statement, *arguments)
    assert any(index in str(node) for node in nodes), nodes
    scanned = [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]
    assert not {*scanned} & {*TABLES}


async def explain(conn: Conn, statement: str, *arguments: object) -> list[dict[str, Any]]:
    plan = await conn.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *arguments)
    found = plan if isinstance(plan, list) else json.loads(plan)
    return list(_nodes(found[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {key: value for key, value in plan.items() if key != "Plans"}
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)
