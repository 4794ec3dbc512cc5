"""Disks that are full, programs killed, files cut off: a clear report, and nothing left that looks good."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import pytest
from pydantic import SecretStr

from bot.context import Deps
from bot.errors import BotError
from bot.services import backups
from bot.services.backups import Order, back_up, verify
from bot.services.backups.run import directory_of
from db import tools
from db.models_backups import BackupStatus
from db.queries import evidence
from tests.backups.conftest import Make, Place, mounted

Fake = Callable[[str], Path]

HALF_AND_WAIT = """
head -c 100000 /dev/zero > "$file"
echo "$@" > "$(dirname "$0")/arguments"
echo $$ > "$(dirname "$0")/pid"
exec sleep 60
"""
CHILD = """
import asyncio, pathlib, sys
from bot.processes.parts import open_deps
from bot.services.backups import Order, back_up
from bot.settings import Settings

async def main():
    settings = Settings(_env_file=None, database_url=sys.argv[1], backup_dir=sys.argv[2])
    async with open_deps(settings, "test", owner=True) as deps:
        await back_up(deps, Order("cli", places=[pathlib.Path(sys.argv[3])]))

asyncio.run(main())
"""


async def failed(place: Place, row: object, *words: str) -> None:
    """The run is recorded as failed, with these words, and told in the channel; nothing is left of it."""
    [(status, fault, file)] = await place.fetch("SELECT status, fault, file FROM techops.backups")
    assert (status, file) == (BackupStatus.FAILED, None)
    assert all(word in fault for word in words), fault
    [alarm] = await place.alarms()
    assert "The backup failed" in alarm
    await place.nothing_left()


async def test_a_full_disk(deps: Deps, place: Place, make: Make) -> None:
    with mounted(place.directory, "size=64k"):
        await failed(place, await make(), "disk", "is full", "BACKUP_DIR", str(place.directory))


async def test_a_full_disk_as_pg_dump_tells_it(place: Place, make: Make, fake: Fake) -> None:
    said = "pg_dump: error: could not write to file: No space left on device"
    half = fake(f'head -c 50000 /dev/zero > "$file"; echo "{said}" >&2; exit 1')
    await failed(place, await make((half,)), "is full", "BACKUP_DIR")


async def test_a_directory_that_cannot_be_written_to(place: Place, make: Make) -> None:
    with mounted(place.directory, "ro"):
        await failed(place, await make(), "cannot be written to", "BACKUP_DIR")


async def test_a_directory_that_cannot_be_made(place: Place, make: Make) -> None:
    place.directory.write_text("a file in its place")
    await make()
    [(fault,)] = await place.fetch("SELECT fault FROM techops.backups")
    assert "cannot be made" in fault


def password_of(place: Place) -> str:
    password = urlsplit(str(place.database.dsn)).password
    if password is None:
        pytest.skip("the server in TEST_DATABASE_URL lets in whoever comes, without a password")
    return password


async def test_a_wrong_password(deps: Deps, place: Place) -> None:
    password_of(place)
    assert place.database.dsn is not None
    url = urlsplit(place.database.dsn)
    user, _, host = url.netloc.rpartition("@")
    address = urlunsplit(url._replace(netloc=f"{user.partition(':')[0]}:wrong@{host}"))
    settings = deps.settings.model_copy(update={"owner_database_url": SecretStr(address)})
    row = await back_up(replace(deps, settings=settings), Order("cli"))
    await failed(place, row, "does not let the backup in", "password authentication failed")


async def test_no_tools(place: Place, make: Make) -> None:
    await failed(place, await make(()), "pg_dump", "none are here", "Install them")


async def test_tools_that_are_too_old(place: Place, make: Make, fake: Fake) -> None:
    directory = fake("exit 1")
    for program in directory.iterdir():
        program.write_text(program.read_text().replace("18.99", "14.3"))
    await failed(place, await make((directory,)), "14.3", "refuse a newer server", "Install them")


async def test_a_half_that_is_called_whole(place: Place, make: Make, fake: Fake) -> None:
    await failed(place, await make((fake('head -c 100000 /dev/zero > "$file"'),)), "pg_restore cannot read the archive")


async def test_rows_that_are_missing_in_the_archive(deps: Deps, place: Place, make: Make, fake: Fake) -> None:
    """A dump that ends well and lacks a table's rows, as one made by a tool with another idea of what to dump."""
    [(version,)] = await place.fetch("SELECT current_setting('server_version_num')::integer / 10000")
    real = tools.find(version)[0]
    directory = fake(f"exec {real.pg_dump} \"$@\" --exclude-table-data=public.users --exclude-table-data='maint*'")
    (directory / "pg_restore").unlink()
    (directory / "pg_restore").symlink_to(real.pg_restore)
    await failed(place, await make((directory,)), "not what was dumped", "public.users: 2 rows in the database, 0 rows")


async def running_fake(directory: Path) -> psutil.Process:
    """The fake pg_dump, once it has written its half."""
    async with asyncio.timeout(20):
        while not (directory / "pid").exists() or not (directory / "pid").read_text().strip():
            await asyncio.sleep(0.02)
    return psutil.Process(int((directory / "pid").read_text()))


async def test_ended_in_the_middle(deps: Deps, place: Place, fake: Fake, make: Make) -> None:
    directory = fake(HALF_AND_WAIT)
    work = asyncio.create_task(back_up(deps, Order("cli", places=[directory])))
    program = await running_fake(directory)
    assert len(place.files) == 1
    async with deps.pool.acquire() as conn:
        assert await evidence.list_care(conn) == ["a backup"]
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not program.is_running() or program.status() == psutil.STATUS_ZOMBIE
    await place.nothing_left()


async def test_killed_in_the_middle(place: Place, fake: Fake, make: Make) -> None:
    directory = fake(HALF_AND_WAIT)
    assert place.database.dsn is not None
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, place.database.dsn, str(place.directory), str(directory))
    )
    program = await running_fake(directory)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    [half] = place.files
    assert half.startswith(".")
    assert half.endswith(".partial"), "nobody takes it for a backup"
    assert place.archives == []
    [(oid,)] = await place.fetch("SELECT oid::bigint FROM pg_database WHERE datname = current_database()")
    await place.execute(f"CREATE DATABASE techops_scratch_{oid}_dead")
    row = await make()
    os.kill(program.pid, signal.SIGKILL)
    assert row.status == BackupStatus.VERIFIED
    assert half not in place.files
    assert len(place.archives) == 1
    assert await place.scratch() == []
    [first, _] = await place.fetch("SELECT status, fault FROM techops.backups ORDER BY id")
    assert first[0] == BackupStatus.FAILED
    assert "interrupted" in first[1]


async def test_an_archive_that_was_cut_off_is_caught_by_verify_and_by_the_next_night(
    deps: Deps, place: Place, make: Make
) -> None:
    first = await make()
    [archive] = place.archives
    os.truncate(archive, archive.stat().st_size // 2)
    second = await make()
    assert second.status == BackupStatus.VERIFIED
    [alarm] = await place.alarms()
    assert "A backup is damaged" in alarm
    assert str(first.file) in alarm
    assert "cut off" in alarm
    assert {it.id: it.status for it in await backups.list_backups(deps)} == {
        first.id: BackupStatus.DAMAGED,
        second.id: BackupStatus.VERIFIED,
    }
    newest = directory_of(deps) / str(second.file)
    changed = bytearray(newest.read_bytes())
    changed[len(changed) // 2] ^= 1
    newest.write_bytes(changed)
    for _ in range(2):
        checked = await verify(deps)
        assert (checked.file, "SHA-256 differs" in str(checked.fault)) == (second.file, True)
    assert await place.scratch() == []


async def test_an_unrecorded_archive_is_read_and_restored(deps: Deps, place: Place, make: Make) -> None:
    await make()
    [archive] = place.archives
    await place.execute("DELETE FROM techops.backups")
    assert (await verify(deps)).fault is None
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    assert "SHA-256 differs" in str((await verify(deps)).fault)
    archive.with_name(f"{archive.name}.json").unlink()
    assert (await verify(deps)).fault is not None, "pg_restore says it too"
    archive.unlink()
    with pytest.raises(BotError, match="no archive yet"):
        await verify(deps)


async def test_no_password_stands_on_a_command_line(deps: Deps, place: Place, fake: Fake) -> None:
    password = password_of(place)
    directory = fake(HALF_AND_WAIT)
    work = asyncio.create_task(back_up(deps, Order("cli", places=[directory])))
    told = (await running_fake(directory)).environ()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert told["PGPASSWORD"] == password
    assert password not in (directory / "arguments").read_text()
    assert not {"DATABASE_URL", "SLACK_BOT_TOKEN"} & set(told)
