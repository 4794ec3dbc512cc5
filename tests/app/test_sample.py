"""Sample data in the database: loaded once, into an empty one only, and seen by everybody as it is meant."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.context import Deps
from bot.errors import WrongState
from bot.services import people, sample
from bot.services.sample.catalogue import PEOPLE
from db.pool import DatabaseConfig, Pool, open_pool
from tests.fixtures.bot import RunningBot
from tests.fixtures.database import scratch_database

# A Wednesday afternoon everywhere in Europe.
NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
TABLES = (
    "project_groups",
    "projects",
    "users",
    "maintenance_requests",
    "maintenance_status_history",
    "maintenance_work_logs",
    "techops.comments",
    "deployments",
)


async def rows_of(pool: Pool, table: str) -> list[dict[str, Any]]:
    async with pool.acquire() as conn:
        return [dict(row) for row in await conn.fetch(f"TABLE {table} ORDER BY 1")]


async def value(pool: Pool, query: str, *args: object) -> Any:
    async with pool.acquire() as conn:
        return await conn.fetchval(query, *args)


async def test_loaded_in_less_than_a_second_beside_the_hash_and_counted(pool: Pool) -> None:
    before = time.monotonic()
    summary = await sample.load(pool, NOW)
    assert time.monotonic() - before < 5  # 0.5 s on an idle machine, half of it the hash
    counted = [len(await rows_of(pool, table)) for table in TABLES]
    people_count, logs, deployments = counted[2], counted[5], counted[7]
    assert (summary.people, summary.projects, summary.requests) == (people_count, 10, 61)
    assert (summary.work_logs, summary.deployments) == (logs, deployments)
    assert str(logs) in str(summary)
    assert min(counted) > 3


async def test_two_loads_of_the_same_moment_are_equal(pool: Pool, server: DatabaseConfig, template: str) -> None:
    await sample.load(pool, NOW)
    with scratch_database(server, template) as config:
        other = await open_pool(config)
        try:
            await sample.load(other, NOW)
            for table in TABLES:
                here, there = await rows_of(pool, table), await rows_of(other, table)
                for row in (*here, *there):
                    row.pop("password_hash", None)
                assert here == there, table
        finally:
            await other.close()


async def test_zone_less_times_are_the_dashboards(pool: Pool, server: DatabaseConfig, template: str) -> None:
    await sample.load(pool, NOW)
    instants = "SELECT array_agg(created_at::timestamptz ORDER BY id) FROM maintenance_requests"
    walls = "SELECT array_agg(created_at ORDER BY id) FROM maintenance_requests"
    zone = ZoneInfo("America/New_York")
    with scratch_database(server, template) as config:
        other = await open_pool(replace(config, timezone=zone.key))
        try:
            await sample.load(other, NOW)
            assert await value(other, instants) == await value(pool, instants)
            assert await value(other, walls) != await value(pool, walls)
            for table in TABLES:
                written = [row["created_at"] for row in await rows_of(other, table)]
                assert all((at if at.tzinfo else at.replace(tzinfo=zone)) <= NOW for at in written), table
            assert await value(other, "SELECT max(at) <= $1 FROM techops.activity", NOW)
        finally:
            await other.close()


async def test_what_the_dashboards_documentation_shows_is_there(pool: Pool) -> None:
    await sample.load(pool, NOW)
    async with pool.acquire() as conn:
        project = await conn.fetchrow(
            "SELECT g.name, g.description, p.description, p.repository_url, p.production_url, p.staging_url, p.status"
            " FROM projects AS p JOIN project_groups AS g ON g.id = p.group_id WHERE p.name = 'E-commerce Platform'"
        )
        request = await conn.fetchrow(
            "SELECT p.name, r.priority, r.status, r.due_date::date, r.description FROM maintenance_requests AS r"
            " JOIN projects AS p ON p.id = r.project_id WHERE r.title = 'Database Performance Optimization'"
        )
    assert project is not None
    assert tuple(project.values()) == (
        "Web Applications",
        "Customer-facing web applications and services",
        "Main e-commerce website and API",
        "https://github.com/company/ecommerce",
        "https://shop.company.com",
        "https://staging-shop.company.com",
        "active",
    )
    assert request is not None
    assert tuple(request.values()) == (
        "E-commerce Platform",
        "high",
        "open",
        NOW.date() + timedelta(days=7),
        "Optimize slow queries in the user management module to improve page load times.",
    )
    assert {row["status"] for row in await rows_of(pool, "projects")} == {"active", "inactive", "archived"}


async def test_nobody_knows_a_password_and_nothing_is_announced(pool: Pool) -> None:
    await sample.load(pool, NOW)
    hashes = {row["password_hash"] for row in await rows_of(pool, "users")}
    assert all(text.startswith("$2b$12$") and len(text) == 60 for text in hashes)
    for table in ("techops.pgqueuer", "techops.ledger", "techops.cards"):
        assert await rows_of(pool, table) == []
    assert await value(pool, "SELECT array_agg(DISTINCT source) FROM techops.activity") == ["sample"]


async def test_the_log_tells_when_and_by_whom(pool: Pool) -> None:
    await sample.load(pool, NOW)
    wrong = """
        SELECT count(*) FROM techops.activity AS a JOIN maintenance_requests AS r ON r.id = a.subject_id
        WHERE a.subject_kind = 'maintenance' AND a.verb = 'created'
            AND (a.actor_id IS DISTINCT FROM r.requested_by OR a.at <> r.created_at::timestamptz)
    """
    assert await value(pool, wrong) == 0
    told = "SELECT count(*) FROM techops.activity WHERE verb = $1 AND actor_id IS NOT NULL"
    assert await value(pool, told, "work_logged") == len(await rows_of(pool, "maintenance_work_logs"))
    assert await value(pool, told, "commented") == len(await rows_of(pool, "techops.comments"))


async def test_the_dashboards_views_show_it(pool: Pool) -> None:
    await sample.load(pool, NOW)
    engineers = {row["name"]: row for row in await rows_of(pool, "engineers_view")}
    assert engineers["Erik Engineer"]["assigned_requests"] > 3
    assert engineers["Erik Engineer"]["total_deployments"] > 3
    shop = next(row for row in await rows_of(pool, "project_summary_view") if row["name"] == "E-commerce Platform")
    assert shop["group_name"] == "Web Applications"
    assert 0 < shop["successful_deployments"] < shop["total_deployments"]
    assert shop["open_requests"] > 0


@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO users (email, name, password_hash) VALUES ('a@example.com', 'A', 'x')",
        "INSERT INTO projects (name) VALUES ('Live')",
        "INSERT INTO project_groups (name) VALUES ('Live')",
    ],
)
async def test_refused_where_anything_is_there(pool: Pool, row: str) -> None:
    async with pool.transaction() as conn:
        await conn.execute(row)
    before = [await rows_of(pool, table) for table in TABLES]
    with pytest.raises(WrongState, match="empty database"):
        await sample.load(pool, NOW)
    assert await sample.load_if_empty(pool, NOW) is None
    assert [await rows_of(pool, table) for table in TABLES] == before


async def test_of_two_loads_at_once_one_is_refused(pool: Pool) -> None:
    done = await asyncio.gather(*(sample.load(pool, NOW) for _ in range(2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Summary", "WrongState"]
    assert len(await rows_of(pool, "maintenance_requests")) == 61


async def test_the_sandboxs_people_are_known_by_their_addresses(deps: Deps, pool: Pool) -> None:
    await sample.load(pool, deps.now())
    roles = {(await people.resolve(deps, "T0SANDBOX", who)).role for who in ("U0ADMIN", "U0ENG", "U0ENG2", "U0USER")}
    assert roles == {"admin", "engineer", "user"}
    assert len(await people.list_people(deps)) == len(PEOPLE)


class TestInSlack:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"dashboard_timezone": "America/New_York"}

    @pytest.fixture
    async def team(self, database: DatabaseConfig) -> None:
        pool = await open_pool(replace(database, timezone="America/New_York"))
        try:
            await sample.load(pool, datetime.now(UTC))
        finally:
            await pool.close()

    async def test_lists_history_and_reports(self, bot: RunningBot) -> None:
        async def told(command: str, text: str) -> str:
            ack = await bot.erik.slash(command, text)
            assert ack.ok, ack
            return f"{ack.text}\n{ack.messages[0].blocks}"

        assert "Vouchers cannot be combined with gift cards" in await told("maintenance", "list overdue")
        assert "Footer links to the old imprint" in await told("maintenance", "list unassigned")
        assert "Database Performance Optimization" in await told("maintenance", "search database performance")
        assert "Invoices lack the order number" in await told("maintenance", "")
        [row] = await bot.fetch("SELECT id FROM maintenance_requests WHERE title = 'Typing errors find nothing'")
        history = await told("maintenance", f"history {row['id']}")
        assert "Eva Engineer" in history
        assert "completed" in history.lower()
        first = (datetime.now(UTC) - timedelta(days=60)).date()
        assert "E-commerce Platform" in await told("worklog", f"report all {first}..{datetime.now(UTC).date()}")
        assert bot.cards() == []
