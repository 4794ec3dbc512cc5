"""A backup is restored into a database of its own, and never over one that was not named twice."""

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from bot.context import Deps
from bot.errors import BadInput, Missing, WrongState
from bot.services.backups import BackupFailed, Wanted, restore
from db import embedded
from db.pool import DatabaseConfig, open_pool
from db.rights import ROLE
from tests.backups.conftest import Make, Place, name_of
from tests.fixtures.database import fast_place, on_database

WAITING = """
INSERT INTO techops.pgqueuer (priority, entrypoint, payload, status) VALUES (0, 'dm', 'old news', 'queued');
INSERT INTO techops.ledger (activity_id, target, subject_kind, subject_id, noted_at, posted_at)
VALUES (1, 'C1', 'maintenance', 1, now(), NULL), (2, 'C1', 'maintenance', 1, now(), now());
INSERT INTO techops.messages (key, target, planned_at) VALUES ('dm:reminder', 'user:U1', now());
"""
DATABASES = "SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1"


@pytest.fixture
async def into(place: Place) -> AsyncIterator[str]:
    """A name for a database; those that begin so are dropped at the end."""
    name = f"restored_{uuid4().hex[:12]}"
    yield name
    for (left,) in await place.fetch(DATABASES, name):
        await place.execute(f'DROP DATABASE "{left}" WITH (FORCE)')


async def databases(place: Place, prefix: str) -> list[str]:
    return [name for (name,) in await place.fetch(DATABASES, prefix)]


async def test_rows_come_back_and_nothing_old_is_sent(deps: Deps, place: Place, make: Make, into: str) -> None:
    await place.execute(WAITING)
    row = await make()
    restored = await restore(deps, Wanted(str(row.file), into))
    assert row.contents is not None
    assert restored.contents == row.contents
    assert restored.replaced is None
    assert restored.emptied["techops.pgqueuer"] == 1
    for query in (
        "TABLE users ORDER BY id",
        "TABLE maintenance_requests ORDER BY id",
        "TABLE techops.activity ORDER BY id",
    ):
        assert await place.fetch(query, database=into) == await place.fetch(query)
    assert await place.fetch("TABLE techops.pgqueuer", database=into) == []
    assert await place.fetch("SELECT activity_id FROM techops.ledger", database=into) == [(2,)]
    assert await place.fetch("TABLE techops.messages", database=into) == []
    assert await place.fetch("SELECT status FROM techops.backups", database=into) == []
    owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'users'"
    assert await place.fetch(owner, database=into) == await place.fetch(owner)
    await place.execute("INSERT INTO users (email, name, password_hash) VALUES ('a@example.com', 'A', 'x')", into)


async def test_a_database_with_tables_is_replaced_only_when_named_twice(
    deps: Deps, place: Place, make: Make, into: str
) -> None:
    file = str((await make()).file)
    await place.execute(f'CREATE DATABASE "{into}"')
    await restore(deps, Wanted(file, into))
    await place.execute("DELETE FROM users", into)
    with pytest.raises(WrongState, match=f"--replace {into}"):
        await restore(deps, Wanted(file, into))
    with pytest.raises(BadInput, match="twice"):
        await restore(deps, Wanted(file, into, replace=name_of(place.database)))
    assert await place.fetch("SELECT count(*) FROM users", database=into) == [(0,)]
    restored = await restore(deps, Wanted(file, into, replace=into))
    assert restored.replaced is not None
    assert await databases(place, into) == sorted([into, restored.replaced]), "the empty one before it was not kept"
    assert await place.fetch("SELECT count(*) FROM users", database=into) == [(2,)]
    assert await place.fetch("SELECT count(*) FROM users", database=restored.replaced) == [(0,)]


async def test_what_cannot_be_restored_changes_nothing(deps: Deps, place: Place, make: Make, into: str) -> None:
    file = str((await make()).file)
    for name in ("postgres", "template1"):
        with pytest.raises(BadInput, match="server's own"):
            await restore(deps, Wanted(file, name))
    with pytest.raises(BadInput, match="63"):
        await restore(deps, Wanted(file, "x" * 64))
    with pytest.raises(Missing, match="no file"):
        await restore(deps, Wanted("nothing.dump", into))
    with pytest.raises(WrongState, match="tables, such as"):
        await restore(deps, Wanted(file, name_of(place.database)))
    [archive] = place.archives
    os.truncate(archive, archive.stat().st_size - 1000)
    with pytest.raises(BackupFailed, match="SHA-256 differs"):
        await restore(deps, Wanted(file, into))
    archive.with_name(f"{file}.json").unlink()
    with pytest.raises(BackupFailed, match="SHA-256 differs"):
        await restore(deps, Wanted(str(archive), into))
    await place.execute("DELETE FROM techops.backups")
    with pytest.raises(BackupFailed, match="does not restore"):
        await restore(deps, Wanted(str(archive), into))
    archive.write_text("hello")
    with pytest.raises(BackupFailed, match="cannot read"):
        await restore(deps, Wanted(str(archive), into))
    assert await databases(place, into) == []


async def test_the_database_may_be_lost(deps: Deps, place: Place, make: Make, into: str) -> None:
    file = str((await make()).file)
    lost = on_database(place.database, "lost").dsn
    settings = deps.settings.model_copy(update={"database_url": SecretStr(str(lost))})
    pool = await open_pool(settings.database("test"), connect_now=False)
    try:
        restored = await restore(replace(deps, settings=settings, pool=pool), Wanted(file, into))
    finally:
        await pool.close()
    assert restored.contents.tables["public.users"] == 2


async def test_rights_of_roles_that_are_gone_are_named(deps: Deps, place: Place, make: Make, into: str) -> None:
    role = f"gone_{uuid4().hex[:8]}"
    await place.execute(f"CREATE ROLE {role}; GRANT SELECT ON users TO {role}")
    file = str((await make()).file)
    await place.execute(f"REVOKE ALL ON users FROM {role}; DROP ROLE {role}")
    restored = await restore(deps, Wanted(file, into))
    assert any(role in note for note in restored.notes)
    assert restored.contents.tables["public.users"] == 2


async def test_what_a_killed_restore_left_goes_with_the_next(deps: Deps, place: Place, make: Make, into: str) -> None:
    dead = f"techops_restore_dead_{uuid4().hex[:8]}"
    await place.execute(f"CREATE DATABASE {dead}")
    await restore(deps, Wanted(str((await make()).file), into))
    assert await databases(place, dead) == []


async def rights_in(database: DatabaseConfig) -> str:
    """Whose rights the bot has in a database; it may read people there, and no hashes."""
    pool = await open_pool(replace(database, role=ROLE))
    try:
        async with pool.acquire() as conn:
            assert await conn.fetchval("SELECT count(id) FROM users") == 2
            assert not await conn.fetchval("SELECT has_column_privilege('users', 'password_hash', 'SELECT')")
            return str(await conn.fetchval("SELECT current_user::text"))
    finally:
        await pool.close()


async def test_the_bots_role_has_its_rights_again(deps: Deps, place: Place, make: Make, into: str) -> None:
    await restore(deps, Wanted(str((await make()).file), into))
    assert await rights_in(on_database(place.database, into)) == ROLE


@pytest.mark.parametrize("attributes", ["SUPERUSER", "CREATEDB CREATEROLE"])
async def test_on_another_server_the_bots_role_is_made_and_has_its_rights(
    deps: Deps, place: Place, make: Make, tmp_path: Path, attributes: str
) -> None:
    file = str((await make()).file)
    elsewhere = Path(str(fast_place() or tmp_path)) / f"techops-{uuid4().hex}"
    server = await embedded.start(elsewhere, database="postgres", durable=False)
    try:
        connection = await asyncpg.connect(server.owner_dsn)
        await connection.execute(f"DROP ROLE {ROLE}; CREATE ROLE restorer LOGIN PASSWORD 'x' {attributes}")
        await connection.close()
        dsn = server.owner_dsn.replace(f"postgres:{urlsplit(server.owner_dsn).password}@", "restorer:x@")
        settings = deps.settings.model_copy(update={"owner_database_url": SecretStr(dsn)})
        restored = await restore(replace(deps, settings=settings), Wanted(file, "restored"))
        assert not any(ROLE in note and "left out" in note for note in restored.notes)
        assert await rights_in(on_database(DatabaseConfig(dsn=dsn), "restored")) == ROLE
    finally:
        await server.stop()
        shutil.rmtree(elsewhere)
