"""`techops backup` and `techops restore`, as somebody types them."""

import json
import os
from pathlib import Path
from uuid import uuid4

import asyncpg

from db.pool import DatabaseConfig
from tests.fixtures.database import on_database
from tests.processes.commands import environment, techops


async def test_a_backup_from_its_making_to_its_restore(tmp_path: Path, database: DatabaseConfig) -> None:
    assert database.dsn is not None
    env = environment(tmp_path, DATABASE_URL=database.dsn, BACKUP_DIR=str(tmp_path / "archives"), LOG_LEVEL="warning")
    made = await techops("backup", "run", "--json", env=env, cwd=tmp_path)
    assert made.code == 0, made.err
    [row] = json.loads(made.out)
    assert row["status"] == "verified"
    assert "dumping" in made.err
    archive = tmp_path / "archives" / row["file"]
    assert archive.stat().st_size == max(path.stat().st_size for path in archive.parent.iterdir())

    copy = f"copy_{uuid4().hex}"
    restored = await techops("restore", row["file"], "--into", copy, env=env, cwd=tmp_path)
    try:
        assert restored.code == 0, restored.err
        assert "public.users" in restored.out
        connection = await asyncpg.connect(on_database(database, copy).dsn)
        assert await connection.fetchval("SELECT count(*) FROM techops.schema_migrations") > 0
        await connection.close()
        again = await techops("restore", row["file"], "--into", copy, env=env, cwd=tmp_path)
        assert (again.code, f"--replace {copy}" in again.err) == (1, True)
    finally:
        await drop(database, copy)

    os.truncate(archive, archive.stat().st_size // 2)
    caught = await techops("backup", "verify", env=env, cwd=tmp_path)
    assert (caught.code, "cut off" in caught.err) == (1, True)
    listed = await techops("backup", "list", "--json", env=env, cwd=tmp_path)
    assert [(it["status"], "cut off" in it["fault"]) for it in json.loads(listed.out)] == [("damaged", True)]


async def drop(database: DatabaseConfig, name: str) -> None:
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.close()


async def test_a_backup_that_fails_ends_with_1(tmp_path: Path, database: DatabaseConfig) -> None:
    assert database.dsn is not None
    (tmp_path / "archives").write_text("a file, no directory")
    env = environment(tmp_path, DATABASE_URL=database.dsn, BACKUP_DIR=str(tmp_path / "archives"))
    made = await techops("backup", "run", env=env, cwd=tmp_path)
    assert made.code == 1
    assert "failed" in made.out
    assert "cannot be made" in made.out
    night = await techops("run-job", "backup", env=env, cwd=tmp_path)
    assert (night.code, "cannot be made" in night.err) == (1, True)
    assert "Traceback" not in night.err
