"""A database with critical requests and pending production deployments is adopted without holding anybody up."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.migrate import migrate
from db.pool import DatabaseConfig, open_pool
from db.queries import approvals

DATA = Path(__file__).parents[1] / "data"
BEFORE = """
INSERT INTO users (email, name, password_hash, role) VALUES ('e@company.com', 'E', 'x', 'engineer');
INSERT INTO maintenance_requests (requested_by, title, description, priority, status)
SELECT 2, 'Critical ' || s, 'x', 'critical', s FROM unnest(ARRAY['open', 'in_progress', 'completed', 'cancelled']) AS s;
INSERT INTO deployments (project_id, version, environment, status)
SELECT 1, s, 'production', s FROM unnest(ARRAY['pending', 'in_progress', 'success', 'failed', 'rolled_back']) AS s;
INSERT INTO deployments (project_id, version, environment, status) VALUES (1, 'none', 'production', NULL);
"""
# What the dashboard does next, each of which has to change rows.
AFTER = (
    "UPDATE maintenance_requests SET status = 'in_progress' WHERE status = 'open' AND priority = 'critical'",
    "UPDATE maintenance_requests SET priority = 'low' WHERE status = 'in_progress'",
    "UPDATE maintenance_requests SET status = 'open', priority = 'critical' WHERE status = 'cancelled'",
    "UPDATE maintenance_requests SET status = 'completed'",
    "UPDATE deployments SET status = 'in_progress' WHERE status = 'pending'",
    "UPDATE deployments SET version = 'v2', environment = 'staging' WHERE status = 'success'",
    "UPDATE deployments SET environment = 'production'",
    "UPDATE deployments SET status = 'success'",
    "UPDATE deployments SET status = 'pending'",
    "DELETE FROM deployments WHERE version = 'failed'",
    "DELETE FROM users WHERE email = 'e@company.com'",
    "DELETE FROM projects",
)
GRANTS = """
CREATE USER {role} WITH PASSWORD 'secure_password';
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
"""


@pytest.fixture
async def dashboard(empty_database: DatabaseConfig) -> AsyncIterator[Any]:
    """The dashboard's own connection to its database with rows, adopted since."""
    assert empty_database.dsn is not None
    role = f"dashboard_app_{secrets.token_hex(6)}"
    owner = await asyncpg.connect(empty_database.dsn)
    try:
        for name in ("dashboard_1_0.sql", "dashboard_sample.sql"):
            await owner.execute((DATA / name).read_text(encoding="utf-8"))
        await owner.execute(BEFORE + GRANTS.format(role=role))
        await migrate(empty_database)
        connection = await asyncpg.connect(f"postgresql://{role}:secure_password@{empty_database.dsn.split('@', 1)[1]}")
        try:
            yield connection
        finally:
            await connection.close()
    finally:
        await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await owner.close()


async def test_adoption_asks_for_nothing(dashboard: Any, empty_database: DatabaseConfig) -> None:
    pool = await open_pool(empty_database)
    try:
        async with pool.acquire() as conn:
            assert await conn.fetchval("SELECT count(*) FROM techops.approvals") == 0
            assert await conn.fetchval("SELECT count(*) FROM techops.activity") == 0
            for kind in ("maintenance", "deployment"):
                assert await approvals.find_latest(conn, kind, 1) is None, "so that it may be started"
    finally:
        await pool.close()


async def test_the_dashboard_does_what_it_did(dashboard: Any) -> None:
    for statement in AFTER:
        assert await dashboard.execute(statement) not in {"UPDATE 0", "DELETE 0"}, statement
