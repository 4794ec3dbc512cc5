"""`techops doctor`: what is in order is said to be, what is broken is found, and each finding says what to do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot import app as bolt
from bot import manifest
from bot.context import Deps
from bot.meters import Meters
from bot.services import audit, doctor, figures
from bot.services.doctor import Check, Level, Line, Looks
from db.pool import DatabaseConfig, Pool, open_pool
from sandbox.manifest import Manifest
from sandbox.workspace import Workspace
from tests.fixtures.bot import TestClock


@pytest.fixture
def bot_settings() -> dict[str, object]:
    return {"public_url": "https://bot.example.com"}


@pytest.fixture
async def owner(database: DatabaseConfig) -> AsyncIterator[Pool]:
    """The pool of the tables' owner."""
    pool = await open_pool(database)
    yield pool
    await pool.close()


@pytest.fixture
def looks(deps: Deps, owner: Pool, slack: Workspace) -> Looks:
    slack.manifest = Manifest(manifest.build(bolt.registry(), url="https://bot.example.com"))
    return Looks(deps, owner)


async def execute(database: DatabaseConfig, statement: str) -> None:
    connection = await asyncpg.connect(database.dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def line(lines: Sequence[Line], name: str) -> Line:
    (found,) = [it for it in lines if it.name == name]
    return found


def changed(looks: Looks, **settings: Any) -> Looks:
    """The same with other settings."""
    deps = replace(looks.deps, settings=looks.settings.model_copy(update=settings))
    return replace(looks, deps=deps)


async def test_an_installation_in_order(looks: Looks) -> None:
    for process in ("web", "worker", "care", "scheduler"):
        await figures.keep(replace(looks.deps, meters=Meters(process)))
    lines = await doctor.examine(looks)
    assert [it for it in lines if it.level is Level.FAIL] == []
    assert line(lines, "processes").text == "1 care, 1 scheduler, 1 web, 1 worker"
    assert line(lines, "scopes").level is line(lines, "channel ops").level is Level.OK
    assert line(lines, "migrations").level is line(lines, "database").level is Level.OK
    assert all(it.fix for it in lines if it.level is Level.WARN)
    names = [it.name for it in lines]
    assert len(names) == len(set(names)) >= len(doctor.CHECKS)


INSERT_JOB = (
    "INSERT INTO techops.pgqueuer (priority, entrypoint, payload, status, execute_after) VALUES (0, 'announce', '', {})"
)


@pytest.mark.parametrize(
    ("statement", "name", "level", "words"),
    [
        ("DELETE FROM techops.schema_migrations WHERE version = 25", "migrations", Level.FAIL, "techops migrate"),
        ("UPDATE techops.schema_migrations SET checksum = 'x'", "migrations", Level.FAIL, "Install the release"),
        (
            "INSERT INTO techops.schema_migrations (version, name, checksum, duration_ms) VALUES (9999, '9_x', 'x', 1)",
            "migrations",
            Level.WARN,
            "latest release",
        ),
        (
            """INSERT INTO techops.skipped_checks
            (constraint_name, table_name, column_name, definition, offenders, sample)
            VALUES ('chk', 'users', 'role', 'x', 3, '[{"id": 17, "value": "x"}]')""",
            "constraints",
            Level.WARN,
            "--retry-checks",
        ),
        (INSERT_JOB.format("'failed', now()"), "queue", Level.WARN, "techops queue retry"),
        (INSERT_JOB.format("'queued', now() - interval '6 minutes'"), "queue", Level.FAIL, "techops worker"),
        (
            "INSERT INTO techops.claims (job, due_local, claimed_at) VALUES ('x', now(), now() - interval '1 hour')",
            "schedulers",
            Level.FAIL,
            "techops scheduler",
        ),
        (
            "UPDATE techops.schema_migrations SET applied_at = now() - interval '3 days'",
            "backups",
            Level.FAIL,
            "backup run",
        ),
        (
            "INSERT INTO techops.backups (status, source, started_at, fault) VALUES ('failed', 'job', now(), 'full')",
            "backups",
            Level.WARN,
            "techops backup run",
        ),
        (
            """INSERT INTO users (email, name, password_hash) VALUES ('a@example.com', 'A', 'x');
            INSERT INTO maintenance_requests (title, description, requested_by, created_at)
            SELECT 't', 'd', id, localtimestamp + interval '7 hours' FROM users""",
            "time zones",
            Level.WARN,
            "DASHBOARD_TIMEZONE",
        ),
        ("ALTER TABLE users ENABLE ROW LEVEL SECURITY", "row security", Level.FAIL, "techops rls status"),
        (
            "INSERT INTO techops.process_figures (process, node, at, figures) VALUES ('web', 'x', now(), '')",
            "processes",
            Level.FAIL,
            "`techops worker` and `techops scheduler`",
        ),
        ("DROP TABLE techops.process_figures", "processes", Level.FAIL, "techops migrate"),
    ],
)
async def test_what_is_wrong_in_the_database_is_found(
    looks: Looks, database: DatabaseConfig, statement: str, name: str, level: Level, words: str
) -> None:
    await execute(database, statement)
    found = line(await doctor.examine(looks, slack=False), name)
    assert found.level is level, found
    assert words in found.fix


async def test_whose_rights_the_bot_has(looks: Looks, database: DatabaseConfig) -> None:
    pool = await open_pool(replace(database, role=None))
    try:
        found = line(await doctor.examine(replace(looks, deps=replace(looks.deps, pool=pool)), slack=False), "role")
    finally:
        await pool.close()
    assert found.level is Level.WARN
    assert "instead of techops_app" in found.text
    assert "\\password techops_app" in found.fix


@pytest.mark.parametrize(
    ("channel", "words"),
    [("general", "/invite @techops"), ("nowhere", "/invite @techops"), ("C0GENERAL", "/invite @techops"), ("old", "")],
)
async def test_channels_that_cards_cannot_reach(looks: Looks, channel: str, words: str) -> None:
    lines = await doctor.examine(changed(looks, ops_channel=channel))
    found = line(lines, f"channel {channel}")
    assert found.level is Level.FAIL
    assert words in found.fix
    assert "OPS_CHANNEL" in found.fix


async def test_scopes_that_were_not_granted(looks: Looks, slack: Workspace) -> None:
    described: dict[str, Any] = dict(manifest.build(bolt.registry(), url="https://bot.example.com"))
    granted = described["oauth_config"]["scopes"]["bot"]
    granted.remove("files:write")
    granted.append("admin")
    slack.manifest = Manifest(described)
    found = line(await doctor.examine(looks), "scopes")
    assert found.level is Level.FAIL
    assert "files:write" in found.text
    assert "techops manifest" in found.fix


async def test_a_token_that_slack_does_not_know(looks: Looks, slack: Workspace) -> None:
    slack.bot_token = "xoxb-another"
    lines = await doctor.examine(looks)
    found = line(lines, "Slack token")
    assert found.level is Level.FAIL
    assert "SLACK_BOT_TOKEN" in found.fix
    assert line(lines, "queue").level is Level.OK


async def test_without_slack(looks: Looks) -> None:
    told = await doctor.examine(looks, slack=False)
    assert line(told, "Slack token").level is line(told, "channels").level is Level.SKIP
    none = await doctor.examine(changed(looks, slack_bot_token=None))
    assert "techops up" in line(none, "Slack token").text


@pytest.mark.parametrize(
    ("settings", "name", "level", "words"),
    [
        ({"public_url": "http://bot.example.com"}, "public address", Level.FAIL, "https://"),
        ({"public_url": "https://bot.example.com/x?y=1"}, "public address", Level.FAIL, "PUBLIC_URL"),
        ({"public_url": "http://127.0.0.1:3000"}, "public address", Level.WARN, "PUBLIC_URL"),
        ({"public_url": None}, "public address", Level.WARN, "PUBLIC_URL"),
        ({"db_pool_size": 1000}, "connections", Level.WARN, "DB_POOL_SIZE"),
        ({"slack_signing_secret": None}, "Slack requests", Level.FAIL, "Basic Information"),
    ],
)
async def test_settings_that_cannot_work(
    looks: Looks, settings: dict[str, object], name: str, level: Level, words: str
) -> None:
    found = line(await doctor.examine(changed(looks, **settings)), name)
    assert found.level is level
    assert words in found.fix


async def test_a_backup_directory_that_cannot_be_written(looks: Looks, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = line(
        await doctor.examine(changed(looks, backup_dir=tmp_path / "file" / "x"), slack=False), "backup directory"
    )
    assert found.level is Level.FAIL
    assert "BACKUP_DIR" in found.fix


@pytest.mark.parametrize(("seconds", "level"), [(0, Level.OK), (10, Level.WARN), (-300, Level.FAIL)])
async def test_clocks_that_differ(looks: Looks, seconds: int, level: Level) -> None:
    looks = replace(looks, deps=replace(looks.deps, clock=TestClock(timedelta(seconds=seconds))))
    found = line(await doctor.examine(looks, slack=False), "clocks")
    assert found.level is level
    assert level is Level.OK or "NTP" in found.fix


async def test_without_a_database_the_rest_is_looked_at(looks: Looks) -> None:
    pool = await open_pool(DatabaseConfig(dsn="postgresql://nobody:hidden@127.0.0.1:1/x"), connect_now=False)
    lines = await doctor.examine(Looks(replace(looks.deps, pool=pool), pool))
    await pool.close()
    found = line(lines, "database")
    assert found.level is Level.FAIL
    assert "DATABASE_URL" in found.fix
    assert line(lines, "queue").level is line(lines, "migrations").level is Level.SKIP
    assert line(lines, "Slack token").level is Level.OK
    assert "hidden" not in str(lines)


async def test_a_check_that_breaks_or_hangs_stops_no_other(looks: Looks) -> None:
    async def breaks(_looks: Looks) -> Sequence[Line]:
        raise ValueError("xoxb-secret")

    async def hangs(_looks: Looks) -> Sequence[Line]:
        await asyncio.Event().wait()
        return []

    async def works(_looks: Looks) -> Sequence[Line]:
        return [Line("third", Level.OK, "fine")]

    checks = [Check("first", breaks), Check("second", hangs), Check("third", works)]
    lines = await doctor.examine(looks, checks=checks, seconds=0.5)
    assert [it.level for it in lines] == [Level.FAIL, Level.FAIL, Level.OK]
    assert "ValueError" in lines[0].text
    assert "secret" not in lines[0].text
    assert "0.5 s" in lines[1].text


async def test_a_log_that_was_altered(looks: Looks, database: DatabaseConfig) -> None:
    await execute(
        database,
        """INSERT INTO users (email, name, password_hash) VALUES ('a@example.com', 'A', 'x');
        INSERT INTO maintenance_requests (title, description, requested_by) SELECT 't', 'd', id FROM users""",
    )
    assert await audit.seal(looks.deps)
    found = line(await doctor.examine(looks, slack=False), "audit")
    assert found.level is Level.OK, found
    await execute(database, "ALTER TABLE techops.activity DISABLE TRIGGER USER; UPDATE techops.activity SET verb = 'x'")
    found = line(await doctor.examine(looks, slack=False), "audit")
    assert found.level is Level.FAIL
    assert "techops audit verify" in found.fix
