"""`techops maintenance run`, as somebody types it."""

import json
from pathlib import Path

import asyncpg

from db.pool import DatabaseConfig
from tests.processes.commands import environment, techops

DEPLOYMENT = """
INSERT INTO projects (name) VALUES ('Shop');
INSERT INTO deployments (project_id, version, environment, status) VALUES (1, 'v9', 'production', 'in_progress');
"""


async def test_care_at_the_command_line(tmp_path: Path, database: DatabaseConfig) -> None:
    assert database.dsn is not None
    env = environment(tmp_path, DATABASE_URL=database.dsn, LOG_LEVEL="warning")
    done = await techops("maintenance", "run", env=env, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "ok: vacuum" in done.out
    assert "Run 1: succeeded." in done.out
    assert (await techops("run-job", "nightly_maintenance", env=env, cwd=tmp_path)).code == 0

    connection = await asyncpg.connect(database.dsn)
    try:
        await connection.execute(DEPLOYMENT)
        waits = await techops("maintenance", "run", env=env, cwd=tmp_path)
        assert (waits.code, "Run 3 waits: D-1, Shop to production" in waits.out) == (0, True)
        anyway = await techops("maintenance", "run", "--anyway", "--json", env=env, cwd=tmp_path)
        assert json.loads(anyway.out)["id"] == 3
        await connection.execute("DROP TABLE techops.table_sizes")
        failed = await techops("maintenance", "run", "--anyway", env=env, cwd=tmp_path)
        assert failed.code == 1
        assert failed.out.startswith("failed: sizes")
        rows = await connection.fetch("SELECT status, source FROM techops.maintenance_runs ORDER BY id")
        assert [tuple(row) for row in rows] == [
            ("succeeded", "cli"), ("succeeded", "scheduler"), ("succeeded", "cli"), ("failed", "cli"),
        ]  # fmt: skip
    finally:
        await connection.close()
