"""Migrations run on real databases: empty ones, and such as the dashboard's documentation makes."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.migrate import MigrationError, check, migrate, retry_checks
from db.pool import DatabaseConfig
from db.scripts import Script, load_scripts
from tests.fixtures.database import run_apart

DATA = Path(__file__).parent / "data"
DOCUMENT_1_0 = ("dashboard_1_0.sql", "dashboard_sample.sql")
DOCUMENT_1_1 = (*DOCUMENT_1_0, "dashboard_1_1.sql")
TABLES = (
    *("users", "project_groups", "projects", "deployments", "maintenance_requests"),
    *("maintenance_status_history", "maintenance_work_logs"),
)
CHECKS = {
    "chk_docker_image_format",
    "chk_users_role",
    "chk_projects_status",
    "chk_deployments_environment",
    "chk_deployments_status",
    "chk_maintenance_requests_priority",
    "chk_maintenance_requests_status",
}
OFFENDERS = """
INSERT INTO users (email, name, password_hash, role) VALUES ('boss@company.com', 'Boss', 'x', 'superuser');
INSERT INTO projects (name, status) VALUES ('Old', 'retired'), ('Older', 'retired');
INSERT INTO deployments (project_id, version, environment, status) VALUES (1, 'v1', 'prod', 'done');
INSERT INTO maintenance_requests (requested_by, title, description, priority, status)
SELECT 1, 'Number ' || n, 'x', 'urgent', 'waiting' FROM generate_series(1, 30) AS n;
"""

CATALOGUE = """
SELECT 'column', c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
    || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || a.attnum
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index', tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) || ' ' || convalidated
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid) || ' ' || tgenabled::text
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'view', viewname::text, '', definition FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT 'function', proname::text, '', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""


def fetch(config: DatabaseConfig, query: str, *args: object) -> list[tuple[Any, ...]]:
    async def work() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(config.dsn)
        try:
            return [tuple(row.values()) for row in await connection.fetch(query, *args)]
        finally:
            await connection.close()

    return run_apart(work())


def execute(config: DatabaseConfig, script: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(config.dsn)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    run_apart(work())


def document(config: DatabaseConfig, files: Sequence[str]) -> None:
    for name in files:
        execute(config, (DATA / name).read_text(encoding="utf-8"))


def rows(config: DatabaseConfig) -> dict[str, list[tuple[Any, ...]]]:
    return {table: fetch(config, f"SELECT t::text FROM {table} t ORDER BY id") for table in TABLES}  # noqa: S608


def test_an_empty_database_becomes_current(empty_database: DatabaseConfig) -> None:
    before = run_apart(check(empty_database))
    report = run_apart(migrate(empty_database))
    after = run_apart(check(empty_database))

    assert before.applied == ()
    assert tuple(applied.name for applied in report.applied) == before.pending == after.applied
    assert report.offenders == report.warnings == ()
    assert after.current


def test_check_changes_nothing(empty_database: DatabaseConfig) -> None:
    status = run_apart(check(empty_database))
    assert status.pending
    assert not status.current
    assert fetch(empty_database, "SELECT FROM pg_namespace WHERE nspname = 'techops'") == []


@pytest.mark.parametrize("files", [DOCUMENT_1_0, DOCUMENT_1_1], ids=["1.0", "1.1"])
def test_the_documents_database_is_adopted_with_every_row(
    empty_database: DatabaseConfig, database: DatabaseConfig, files: Sequence[str]
) -> None:
    document(empty_database, files)
    if files == DOCUMENT_1_0:
        execute(empty_database, "ALTER TABLE projects ADD docker_image VARCHAR(255), ADD health_check_url VARCHAR(500)")
    before = rows(empty_database)

    report = run_apart(migrate(empty_database))

    assert report.offenders == report.warnings == ()
    assert rows(empty_database) == before
    assert fetch(empty_database, CATALOGUE) == fetch(database, CATALOGUE)


def test_the_documents_database_1_0_gets_the_columns_of_1_1(
    empty_database: DatabaseConfig, database: DatabaseConfig
) -> None:
    document(empty_database, DOCUMENT_1_0)
    run_apart(migrate(empty_database))
    assert fetch(empty_database, CATALOGUE) == fetch(database, CATALOGUE)
    assert fetch(empty_database, "SELECT name, docker_image FROM projects") == [("E-commerce Platform", None)]


def test_adoption_announces_nothing(empty_database: DatabaseConfig) -> None:
    document(empty_database, DOCUMENT_1_1)
    run_apart(migrate(empty_database))
    assert fetch(empty_database, "SELECT FROM techops.activity") == []
    assert fetch(empty_database, "SELECT FROM techops.pgqueuer") == []


def test_a_second_run_finds_nothing_to_do(database: DatabaseConfig) -> None:
    before = fetch(database, "SELECT * FROM techops.schema_migrations ORDER BY version")
    assert run_apart(migrate(database)).applied == ()
    assert fetch(database, "SELECT * FROM techops.schema_migrations ORDER BY version") == before


async def test_two_at_once_are_safe(empty_database: DatabaseConfig) -> None:
    document(empty_database, DOCUMENT_1_0)
    reports = await asyncio.gather(*(migrate(empty_database) for _ in range(3)))
    assert sorted(len(report.applied) for report in reports) == [0, 0, len(load_scripts())]
    assert (await check(empty_database)).current


def test_progress_names_each_migration_before_it_runs(empty_database: DatabaseConfig) -> None:
    told: list[str] = []
    run_apart(migrate(empty_database, on_progress=told.append))
    assert told == [script.name for script in load_scripts()]


def test_a_newer_database_is_refused(database: DatabaseConfig) -> None:
    execute(database, "INSERT INTO techops.schema_migrations VALUES (9999, '9999_add_future', 'x', now(), 1)")
    assert run_apart(check(database)).newer == ("9999_add_future",)
    with pytest.raises(MigrationError, match="newer than this program: it has 9999_add_future"):
        run_apart(migrate(database))


def test_an_edited_migration_is_refused(database: DatabaseConfig) -> None:
    first, *others = load_scripts()
    edited = (replace(first, sql=first.sql + "-- afterthought\n"), *others)
    assert run_apart(check(database, scripts=edited)).changed == (first.name,)
    with pytest.raises(MigrationError, match=f"Edited after they were applied: {first.name}"):
        run_apart(migrate(database, scripts=edited))


def test_line_ends_do_not_make_a_migration_another(database: DatabaseConfig) -> None:
    windows = tuple(replace(script, sql=script.sql.replace("\n", "\r\n")) for script in load_scripts())
    assert run_apart(check(database, scripts=windows)).current


def test_offenders_are_reported_kept_and_stay_writable(empty_database: DatabaseConfig) -> None:
    document(empty_database, DOCUMENT_1_0)
    execute(empty_database, OFFENDERS)
    before = rows(empty_database)["users"]

    report = run_apart(migrate(empty_database))

    found = {offenders.constraint: offenders for offenders in report.offenders}
    assert set(found) == CHECKS - {"chk_docker_image_format"}
    assert found["chk_users_role"].sample == ((2, "superuser"),)
    assert found["chk_projects_status"].count == 2
    assert found["chk_maintenance_requests_status"].count == 30
    assert len(found["chk_maintenance_requests_status"].sample) == 20
    assert rows(empty_database)["users"] == before
    execute(empty_database, "UPDATE users SET last_login = now() WHERE role = 'superuser'")
    assert fetch(empty_database, "SELECT conname FROM pg_constraint WHERE conname LIKE 'chk%'") == [
        ("chk_docker_image_format",)
    ]
    assert run_apart(migrate(empty_database)).offenders == report.offenders, "repeated until they are gone"


def test_a_corrected_table_gets_its_check_later(empty_database: DatabaseConfig, database: DatabaseConfig) -> None:
    document(empty_database, DOCUMENT_1_0)
    execute(empty_database, OFFENDERS)
    run_apart(migrate(empty_database))
    execute(
        empty_database,
        "UPDATE users SET role = 'admin' WHERE role = 'superuser';"
        "UPDATE projects SET status = 'archived' WHERE name = 'Old'",
    )

    report = run_apart(retry_checks(empty_database))

    assert report.added_checks == ("chk_users_role",)
    left = {offenders.constraint: offenders.count for offenders in report.offenders}
    assert left["chk_projects_status"] == 1
    with pytest.raises(asyncpg.CheckViolationError):
        execute(empty_database, "UPDATE users SET role = 'superuser'")
    execute(
        empty_database,
        "UPDATE projects SET status = 'archived' WHERE status = 'retired';"
        "UPDATE deployments SET status = 'success', environment = 'production';"
        "UPDATE maintenance_requests SET priority = 'high', status = 'open'",
    )
    assert run_apart(retry_checks(empty_database)).offenders == ()
    assert fetch(empty_database, CATALOGUE) == fetch(database, CATALOGUE)
    assert run_apart(retry_checks(empty_database)).added_checks == ()


def test_what_others_changed_is_left_alone(empty_database: DatabaseConfig) -> None:
    document(empty_database, DOCUMENT_1_0)
    execute(
        empty_database,
        """
        ALTER TABLE projects DISABLE TRIGGER update_projects_updated_at;
        CREATE OR REPLACE VIEW engineers_view AS
            SELECT u.id, u.name, u.email, u.role, u.is_active, u.last_login, 0::bigint AS assigned_requests,
                0::bigint AS total_deployments, u.created_at AS hired
            FROM users u;
        CREATE TABLE theirs (id integer);
        """,
    )
    report = run_apart(migrate(empty_database))
    assert len(report.warnings) == 1
    assert "engineers_view" in report.warnings[0]
    assert fetch(empty_database, "SELECT hired IS NOT NULL FROM engineers_view") == [(True,)]
    assert fetch(
        empty_database, "SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'update_projects_updated_at'"
    ) == [("D",)]
    assert fetch(empty_database, "SELECT count(*) FROM theirs") == [(0,)]


def test_a_failing_migration_is_undone_as_a_whole_and_named(empty_database: DatabaseConfig) -> None:
    scripts = (
        Script(1, "0001_create_one", "CREATE TABLE one (id integer);"),
        Script(2, "0002_create_two", "CREATE TABLE two (id integer); SELECT 1 / 0;"),
        Script(3, "0003_create_three", "CREATE TABLE three (id integer);"),
    )
    with pytest.raises(MigrationError, match=r"0002_create_two.*division by zero"):
        run_apart(migrate(empty_database, scripts=scripts))
    assert fetch(empty_database, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'") == [("one",)]
    assert run_apart(check(empty_database, scripts=scripts)).applied == ("0001_create_one",)


def test_a_marked_migration_runs_outside_a_transaction(empty_database: DatabaseConfig) -> None:
    scripts = (
        Script(1, "0001_create_one", "CREATE TABLE one (id integer, word text);"),
        Script(
            2,
            "0002_index_one",
            "-- no-transaction\n-- not; a statement\n"
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS one_id ON one (id);\n"
            "DO $do$ BEGIN PERFORM 1; PERFORM ';'; END $do$;\n"
            "INSERT INTO one VALUES (1, 'a;b'';'); /* ; */\n"
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS one_word ON one (word)",
        ),
    )
    run_apart(migrate(empty_database, scripts=scripts))
    assert fetch(empty_database, "SELECT word FROM one") == [("a;b';",)]
    assert fetch(empty_database, "SELECT indisvalid FROM pg_index WHERE indrelid = 'one'::regclass") == [(True,)] * 2


async def test_tables_in_use_are_waited_for_and_then_reported(empty_database: DatabaseConfig) -> None:
    document(empty_database, DOCUMENT_1_0)
    dashboard = await asyncpg.connect(empty_database.dsn)
    try:
        transaction = dashboard.transaction()
        await transaction.start()
        await dashboard.execute("UPDATE projects SET description = 'x'")
        with pytest.raises(MigrationError, match="the tables are in use"):
            await migrate(empty_database, lock_timeout=0.05)
        running = asyncio.create_task(migrate(empty_database, lock_timeout=0.2))
        while not await dashboard.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        await transaction.commit()
        await running
    finally:
        await dashboard.close()
    assert (await check(empty_database)).current


@contextmanager
def another_role(config: DatabaseConfig, name: str, grants: str) -> Iterator[DatabaseConfig]:
    """The database as seen by a role of its own, made for the test and dropped after it."""
    assert config.dsn is not None
    role = f"{name}_{config.dsn.rsplit('test_', 1)[1][:12]}"
    execute(config, f"CREATE ROLE {role} LOGIN PASSWORD 'secure_password'; {grants.format(role=role)}")
    try:
        address = config.dsn.split("@", 1)[1]
        yield replace(config, dsn=f"postgresql://{role}:secure_password@{address}")
    finally:
        execute(config, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_role_that_does_not_own_the_tables_is_told_whose_they_are(empty_database: DatabaseConfig) -> None:
    document(empty_database, DOCUMENT_1_0)
    with (
        another_role(empty_database, "stranger", "GRANT ALL ON SCHEMA public TO {role}") as stranger,
        pytest.raises(MigrationError, match=r"does not own .*maintenance_requests \(of .*OWNER_DATABASE_URL"),
    ):
        run_apart(migrate(stranger))


def test_a_role_that_may_not_make_a_schema_is_told_so(empty_database: DatabaseConfig) -> None:
    with (
        another_role(empty_database, "stranger", "") as stranger,
        pytest.raises(MigrationError, match=r"permission denied.*OWNER_DATABASE_URL"),
    ):
        run_apart(migrate(stranger))


def test_functions_of_another_owner_go_to_the_owner_of_the_tables(empty_database: DatabaseConfig) -> None:
    document(empty_database, DOCUMENT_1_0)
    give_away = (
        "GRANT CREATE ON SCHEMA public TO {role}; ALTER FUNCTION log_maintenance_status_change() OWNER TO {role}"
    )
    with another_role(empty_database, "stranger", give_away):
        run_apart(migrate(empty_database))
        execute(empty_database, "UPDATE maintenance_requests SET status = 'completed'")
    assert fetch(empty_database, "SELECT new_status FROM maintenance_status_history") == [("completed",)]


def test_file_names_are_checked(tmp_path: Path) -> None:
    (tmp_path / "0001_create_one.sql").write_text("SELECT 1;")
    (tmp_path / "README").write_text("no migration")
    assert [script.name for script in load_scripts(tmp_path)] == ["0001_create_one"]
    (tmp_path / "0001_create_two.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="number 0001 is taken"):
        load_scripts(tmp_path)
    (tmp_path / "0001_create_two.sql").rename(tmp_path / "12-two.sql")
    with pytest.raises(MigrationError, match="NNNN_verb_noun"):
        load_scripts(tmp_path)


def test_every_migration_says_why_it_exists() -> None:
    for script in load_scripts():
        assert script.sql.startswith("-- "), script.name
