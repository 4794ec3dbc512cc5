"""A backup is made, proven, recorded; with other tools, and as roles that may do less."""

import hashlib
import json
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from pydantic import SecretStr

from bot.context import Deps
from bot.services import backups
from bot.services.backups import Order, back_up, verify
from bot.services.backups.run import exclusive, owner_of
from db import embedded, tools
from db.embedded_binaries import Binaries
from db.migrate import migrate
from db.models_backups import BackupStatus
from db.pool import open_pool
from tests.backups.conftest import Make, Place, mode, name_of
from tests.fixtures.bot import TestClock
from tests.fixtures.database import fast_place, on_database

PASSWORD = "hidden from command lines"


async def test_a_backup_is_proven_recorded_and_alone(deps: Deps, place: Place, make: Make) -> None:
    row = await make()
    assert (row.status, row.fault, row.notes) == (BackupStatus.VERIFIED, None, None)
    [archive] = place.archives
    assert archive.name == row.file
    assert row.file.startswith(name_of(place.database))
    assert place.files == [archive.name, f"{archive.name}.json"]
    assert mode(archive) == 0o600
    assert mode(place.directory) == 0o700
    assert archive.stat().st_size == row.size_bytes
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == row.sha256
    label = archive.with_name(f"{archive.name}.json")
    assert label.stat().st_size < archive.stat().st_size, "the archive is the largest"
    assert json.loads(label.read_text())["sha256"] == row.sha256
    assert row.contents is not None
    assert row.contents.tables["public.maintenance_requests"] == 300
    assert any("maintenance_requests_pkey primary key valid" in said for said in row.contents.constraints)
    assert row.seconds is not None
    assert await place.scratch() == []
    assert await place.alarms() == []
    assert [it.id for it in await backups.list_backups(deps)] == [row.id]
    [(sessions,)] = await place.fetch("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    assert sessions == 0


async def test_two_at_once_are_one(deps: Deps, place: Place, make: Make) -> None:
    async with exclusive(owner_of(deps)):
        with pytest.raises(backups.Busy, match="at this moment"):
            await make()
        with pytest.raises(backups.Busy):
            await verify(deps)
    assert await backups.list_backups(deps) == []
    assert place.files == []


async def test_a_copy_goes_to_the_second_directory(deps: Deps, place: Place, tmp_path: Path) -> None:
    second = tmp_path / "second"
    row = await back_up(with_copy(deps, second), Order("cli"))
    assert row.copied_at is not None
    assert sorted(path.name for path in second.iterdir()) == place.files
    assert (second / str(row.file)).read_bytes() == place.archives[0].read_bytes()


async def test_a_copy_that_cannot_be_made_does_not_undo_the_backup(deps: Deps, place: Place, tmp_path: Path) -> None:
    (tmp_path / "second").write_text("a file, no directory")
    row = await back_up(with_copy(deps, tmp_path / "second"), Order("cli"))
    assert (row.status, row.copied_at) == (BackupStatus.VERIFIED, None)
    assert "It was not copied" in str(row.notes)
    assert ["not copied" in alarm for alarm in await place.alarms()] == [True]


def with_copy(deps: Deps, directory: Path) -> Deps:
    return replace(deps, settings=deps.settings.model_copy(update={"backup_copy_dir": directory}))


@pytest.fixture
async def clerk(deps: Deps, place: Place) -> AsyncIterator[Deps]:
    """The owner is a role that may read everything, and no more."""
    name = f"clerk_{uuid.uuid4().hex[:8]}"
    await place.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_data")
    assert place.database.dsn is not None
    url = urlsplit(place.database.dsn)
    authority = f"{name}:{PASSWORD.replace(' ', '%20')}@{url.netloc.rpartition('@')[2]}"
    address = urlunsplit(url._replace(netloc=authority))
    try:
        owner = deps.settings.model_copy(update={"owner_database_url": SecretStr(address)})
        yield replace(deps, settings=owner)
    finally:
        await place.execute(f"DROP ROLE {name}")


async def test_without_the_right_to_make_databases_nothing_is_called_proven(clerk: Deps, place: Place) -> None:
    row = await back_up(clerk, Order("cli"))
    assert row.status == BackupStatus.UNVERIFIED
    assert "may not create databases" in str(row.fault)
    assert "CREATEDB" in str(row.fault)
    assert len(place.archives) == 1
    assert len(await place.alarms()) == 1
    assert "may not create databases" in str((await verify(clerk)).fault)
    assert (await verify(replace(clerk, settings=unprivileged(clerk)))).fault is None, "proven by who may"
    assert [it.status for it in await backups.list_backups(clerk)] == [BackupStatus.VERIFIED]


def unprivileged(deps: Deps) -> object:
    """The settings without an owner of their own."""
    return deps.settings.model_copy(update={"owner_database_url": None})


async def test_an_extension_that_the_role_may_not_make_is_named(clerk: Deps, place: Place) -> None:
    role = clerk.settings.owner_database_url.get_secret_value().split("//")[1].split(":")[0]  # type: ignore[union-attr]
    await place.execute(f"ALTER ROLE {role} CREATEDB; CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    row = await back_up(clerk, Order("cli"))
    assert (row.status, row.fault) == (BackupStatus.VERIFIED, None)
    assert "pg_stat_statements was left out of the proof" in str(row.notes)


FIFTEEN = Path("/usr/lib/postgresql/15/bin")


@pytest.mark.skipif(not (FIFTEEN / "initdb").exists(), reason="there is no PostgreSQL 15 here")
async def test_newer_tools_do_for_an_older_server(deps: Deps, tmp_path: Path) -> None:
    newer = [found.directory for found in tools.find(16)]
    place = Path(str(fast_place() or tmp_path)) / f"techops-{uuid.uuid4().hex}"
    server = await embedded.start(place, durable=False, binaries=Binaries(FIFTEEN, 15))
    try:
        settings = deps.settings.model_copy(update={"database_url": SecretStr(server.owner_dsn)})
        await migrate(settings.database("migrate", owner=True))
        pool = await open_pool(settings.database("test", owner=True))
        older = replace(deps, settings=settings, pool=pool)
        try:
            row = await back_up(older, Order("cli", places=newer))
            assert (row.status, row.fault) == (BackupStatus.VERIFIED, None)
            assert str(row.server_version).startswith("15.")
            assert int(str(row.tool_version).split(".")[0]) > 15
            assert (await verify(older)).fault is None, "15's pg_restore cannot read it, so a newer one is taken"
            assert tools.find(15)[0].major == 15, "its own go first"
        finally:
            await pool.close()
    finally:
        await server.stop()
        shutil.rmtree(place)


async def test_the_moment_may_lie_ahead_but_not_behind(deps: Deps, place: Place) -> None:
    assert isinstance(deps.clock, TestClock)
    now = deps.now()
    late = await back_up(deps, Order("scheduler"), now - timedelta(hours=3))
    assert late.started_at >= now, "made late, it is no backup of an earlier state"
    ahead = await back_up(deps, Order("scheduler"), now + timedelta(days=1))
    assert ahead.started_at == now + timedelta(days=1)


def test_names_lead_to_another_database_of_the_same_server(place: Place) -> None:
    assert name_of(on_database(place.database, "other")) == "other"
