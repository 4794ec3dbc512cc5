"""What the dashboard could do before the adoption it can do after it, as its own role with the documented grants."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from db.migrate import migrate
from db.pool import DatabaseConfig
from db.scripts import Script

DATA = Path(__file__).parents[1] / "data"
GRANTS = """
CREATE USER {role} WITH PASSWORD 'secure_password';
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
"""


def statements(name: str) -> list[str]:
    return Script(0, name, (DATA / f"{name}.sql").read_text(encoding="utf-8")).statements()


@pytest.fixture
async def owner(empty_database: DatabaseConfig) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty_database.dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def dashboard(
    empty_database: DatabaseConfig, owner: asyncpg.Connection, request: pytest.FixtureRequest
) -> AsyncIterator[asyncpg.Connection]:
    """The dashboard's connection, opened before the adoption; `request.param` is what was run on the database then."""
    assert empty_database.dsn is not None
    role = f"dashboard_app_{secrets.token_hex(6)}"
    for name in request.param:
        await owner.execute((DATA / name).read_text(encoding="utf-8"))
    await owner.execute(GRANTS.format(role=role))
    address = empty_database.dsn.split("@", 1)[1]
    connection = await asyncpg.connect(f"postgresql://{role}:secure_password@{address}")
    try:
        await connection.execute("UPDATE projects SET description = 'before'")
        await migrate(replace(empty_database))
        yield connection
    finally:
        await connection.close()
        await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.parametrize(
    "dashboard",
    [
        ("dashboard_1_0.sql", "dashboard_sample.sql"),
        ("dashboard_1_0.sql", "dashboard_sample.sql", "dashboard_1_1.sql"),
    ],
    ids=["1.0", "1.1"],
    indirect=True,
)
async def test_every_statement_still_runs(dashboard: asyncpg.Connection, owner: asyncpg.Connection) -> None:
    for statement in statements("dashboard_care"):
        await owner.execute(statement)
    for statement in statements("dashboard_writes"):
        assert await dashboard.execute(statement) not in {"UPDATE 0", "DELETE 0", "INSERT 0 0"}, statement
        for query in statements("dashboard_reads"):
            await dashboard.fetch(query)
    assert await dashboard.fetchval("SELECT count(*) FROM maintenance_requests") == 0, "cascades as before"


@pytest.mark.parametrize("dashboard", [("dashboard_1_0.sql", "dashboard_sample.sql")], ids=["1.0"], indirect=True)
async def test_any_setting_of_the_actor_is_survived(dashboard: asyncpg.Connection) -> None:
    for nonsense in (
        "",
        "nobody",
        "-1",
        "0",
        "1.5",
        " 1",
        "9" * 9,
        "9" * 18,
        "9" * 40,
        "1; DROP TABLE users",
        "\u0663",
    ):
        await dashboard.execute("SELECT set_config('app.current_user_id', $1, false)", nonsense)
        for status in ("in_progress", "open"):
            assert await dashboard.execute("UPDATE maintenance_requests SET status = $1", status) == "UPDATE 1"
        await dashboard.execute("INSERT INTO deployments (project_id, version, environment) VALUES (1, '1', 'staging')")
    assert await dashboard.fetch("SELECT DISTINCT changed_by, notes FROM maintenance_status_history") == [
        (1, "Status changed automatically (actor unknown)")
    ]
