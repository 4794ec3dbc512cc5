"""Pages of requests: what is on them, in which order, there and back; and that each is read by an index."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from db.pool import Conn, DatabaseConfig, Pool, open_pool
from db.queries.request_pages import Cursor, Narrowing, Slice, list_page, page_statement
from tests.fixtures.database import run_apart, scratch_database

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILL = """
SET session_replication_role = replica;
INSERT INTO users (email, name, password_hash, role)
SELECT 'user' || n || '@example.com', 'User ' || n, 'x', CASE WHEN n % 10 = 0 THEN 'engineer' ELSE 'user' END
FROM generate_series(1, 100) AS n;
INSERT INTO projects (name) SELECT 'Project ' || n FROM generate_series(1, 50) AS n;
INSERT INTO maintenance_requests (project_id, requested_by, assigned_to, title, description, priority, status, due_date)
SELECT 1 + n % 50, CASE n / 20 % 4 WHEN 0 THEN 20 ELSE 1 + n / 20 % 100 END,
    CASE n / 40 % 3 WHEN 0 THEN 20 WHEN 1 THEN 10 + 10 * (n / 20 % 10) END, 'Title ' || n, 'Words',
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4],
    CASE WHEN n % 20 = 0 THEN 'open' WHEN n % 20 = 1 THEN 'in_progress' ELSE 'completed' END,
    CASE WHEN n % 5 > 0 THEN timestamp '2026-11-22 12:00' + ((n * 37) % 2000 - 1000) * interval '1 hour' END
FROM generate_series(1, 20000) AS n;
ANALYZE;
"""
KEYS = "SELECT r.id FROM maintenance_requests AS r WHERE {} ORDER BY {}"
BY_DUE = "r.due_date NULLS LAST, r.id"
OPEN = "r.status IN ('open', 'in_progress')"

LISTS = {
    "open": (Narrowing(open_only=True), OPEN, BY_DUE),
    "mine": (Narrowing(open_only=True, of=20), f"{OPEN} AND 20 IN (r.requested_by, r.assigned_to)", BY_DUE),
    "requested": (Narrowing(open_only=True, requested_by=20), f"{OPEN} AND r.requested_by = 20", BY_DUE),
    "assigned": (Narrowing(open_only=True, assigned_to=20), f"{OPEN} AND r.assigned_to = 20", BY_DUE),
    "overdue": (
        Narrowing(open_only=True, overdue_at=NOW),
        f"{OPEN} AND r.due_date < timestamp '2026-11-22 12:00'",
        BY_DUE,
    ),
    "unassigned": (Narrowing(open_only=True, unassigned=True), f"{OPEN} AND r.assigned_to IS NULL", BY_DUE),
    "all": (Narrowing(), "true", "r.id DESC"),
    "narrowed": (
        Narrowing(project_id=3, priority="high", status="completed"),
        "r.project_id = 3 AND r.priority = 'high' AND r.status = 'completed'",
        "r.id DESC",
    ),
    "open of a project": (
        Narrowing(open_only=True, project_id=1, status="open"),
        "r.project_id = 1 AND r.status = 'open'",
        BY_DUE,
    ),
}
INDEXES = {
    "open": "idx_maintenance_open_due",
    "overdue": "idx_maintenance_open_due",
    "unassigned": "idx_maintenance_open_due",
    "mine": "idx_maintenance_open_assignee idx_maintenance_open_requester",
    "requested": "idx_maintenance_open_requester",
    "assigned": "idx_maintenance_open_assignee",
    "all": "maintenance_requests_pkey",
}

AROUND = {"mine": {"Append", "Subquery Scan", "Sort"}}


@pytest.fixture(scope="module")
def filled(server: DatabaseConfig, template: str) -> Iterator[DatabaseConfig]:
    with scratch_database(server, template) as config:
        run_apart(_fill(config))
        yield config


async def _fill(config: DatabaseConfig) -> None:
    connection = await asyncpg.connect(config.dsn)
    try:
        await connection.execute(FILL)
    finally:
        await connection.close()


@pytest.fixture
async def full(filled: DatabaseConfig) -> AsyncIterator[Pool]:
    pool = await open_pool(filled)
    try:
        yield pool
    finally:
        await pool.close()


async def pages(conn: Conn, narrowing: Narrowing, start: Cursor | None, most: int) -> list[Slice]:
    found = [await list_page(conn, narrowing, start, 10)]
    backwards = start is not None and start.backwards
    while len(found) < most and (cursor := found[-1].before if backwards else found[-1].after):
        found.append(await list_page(conn, narrowing, cursor, 10))
    return found


def ids(found: list[Slice]) -> list[int]:
    return [row.id for page in found for row in page.rows]


@pytest.mark.parametrize("name", LISTS)
async def test_pages_follow_each_other_there_and_back(full: Pool, name: str) -> None:
    narrowing, condition, order = LISTS[name]
    async with full.acquire() as conn:
        expected = [row["id"] for row in await conn.fetch(KEYS.format(condition, order))][:55]
        assert expected
        there = await pages(conn, narrowing, None, 6)
        assert ids(there)[:55] == expected
        assert there[0].before is None
        if there[-1].before is not None:
            back = await pages(conn, narrowing, there[-1].before, 10)
            assert ids(back[::-1]) == ids(there[:-1])
            assert back[-1].before is None


async def test_the_last_page_has_none_behind_it(full: Pool) -> None:
    narrowing = LISTS["overdue"][0]
    async with full.acquire() as conn:
        everything = await pages(conn, narrowing, None, 1000)
        count = len(await conn.fetch(KEYS.format(*LISTS["overdue"][1:])))
    assert len(ids(everything)) == len(set(ids(everything))) == count
    assert everything[-1].after is None


async def test_a_page_stays_where_it_was_when_rows_before_it_vanish(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute(FILL)
        first = await list_page(conn, Narrowing(open_only=True), None, 10)
        second = await list_page(conn, Narrowing(open_only=True), first.after, 10)
        await conn.execute("UPDATE maintenance_requests SET status = 'completed' WHERE id = $1", first.rows[3].id)
        again = await list_page(conn, Narrowing(open_only=True), first.after, 10)
    assert [row.id for row in again.rows] == [row.id for row in second.rows]


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", INDEXES)
async def test_hot_lists_are_read_in_the_order_of_an_index(full: Pool, name: str, mode: str) -> None:
    narrowing = LISTS[name][0]
    async with full.transaction({"plan_cache_mode": mode}) as conn:
        first = await list_page(conn, narrowing, None, 10)
        for cursor in (None, first.after, Cursor(NOW.replace(tzinfo=None) + timedelta(hours=3), 9_000, backwards=True)):
            nodes = await explain(conn, narrowing, cursor)
            used = {node["Index Name"] for node in nodes if "Index Name" in node}
            assert used == set(INDEXES[name].split()), nodes
            kinds = {node["Node Type"] for node in nodes}
            assert kinds <= {"Limit", "Index Scan", "Result", *AROUND.get(name, ())}, kinds
            # what is sorted are the few rows of two pages at most
            assert all(node["Plan Rows"] <= 22 for node in nodes if node["Node Type"] == "Sort")


async def explain(conn: Conn, narrowing: Narrowing, cursor: Cursor | None) -> list[dict[str, Any]]:
    statement, values = page_statement(narrowing, cursor, 11)
    found = await conn.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    plan = json.loads(found) if isinstance(found, str) else found
    return list(_nodes(plan[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
