"""The embedded server, started for real: as whoever runs the tests, and where that is root, as a normal user too."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil
import pytest

from db import embedded
from db.embedded import EmbeddedError
from db.embedded_binaries import Binaries, ServerUser, find
from tests.fixtures.database import fast_place

ROOT = Path(__file__).parents[2]

CHILD = """
import asyncio, concurrent.futures.thread, encodings.ascii, encodings.idna, os, pathlib, sys
import asyncpg
from db import embedded

if len(sys.argv) > 2:
    # only now: the interpreter may lie in a directory that this user cannot enter
    os.setgroups([])
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[2]))

async def main():
    server = await embedded.start(pathlib.Path(sys.argv[1]), durable=False)
    connection = await asyncpg.connect(server.dsn)
    print("adopted" if server.adopted else "started", flush=True)
    try:
        while await asyncio.to_thread(sys.stdin.readline):
            print(await connection.fetchval("SELECT 'answered'"), flush=True)
    finally:
        # what a supervisor does when Ctrl-C has reached it
        print(await connection.fetchval("SELECT 'alive'"), flush=True)
        await connection.close()
        await server.stop()

asyncio.run(main())
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="techops-", dir=fast_place()))
    try:
        yield made
    finally:
        for process in servers(made):
            process.kill()
        shutil.rmtree(made)


def servers(directory: Path) -> list[psutil.Process]:
    """Processes that work in a data directory below `directory`."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(directory):
                found.append(process)
        except psutil.Error:
            continue
    return found


def child(directory: Path, *identity: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(directory), *map(str, identity)],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


async def query(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_starts_serves_and_leaves_no_process(directory: Path) -> None:
    server = await embedded.start(directory)
    try:
        assert not server.adopted
        assert await query(server.dsn, "SELECT current_database()") == "dashboard"
        assert await query(server.dsn, "SHOW listen_addresses") == ""
        assert await query(server.dsn, "SHOW timezone") == "UTC"
        assert await query(server.dsn, "SHOW fsync") == "on"
        assert await query(server.dsn, "SHOW server_encoding") == "UTF8"
        assert await query(server.dsn, "SELECT upper('\u00e4')") == "\u00c4"
        assert await query(server.dsn, "SELECT count(*) > 0 FROM pg_stat_statements")
    finally:
        await server.stop()
    assert servers(directory) == []
    await server.stop()  # harmless


@pytest.mark.parametrize("place", sorted(Path("/usr/lib/postgresql").glob("*/bin")), ids=str)
async def test_the_distributions_programs_will_do(directory: Path, place: Path) -> None:
    programs = Binaries(place, int(place.parent.name))
    server = await embedded.start(directory, durable=False, binaries=programs)
    try:
        assert (
            await query(server.dsn, "SELECT current_setting('server_version_num')::integer / 10000") == programs.major
        )
        assert await query(server.dsn, "SELECT upper('\u00e4')") == "\u00c4"
    finally:
        await server.stop()
    again = await embedded.start(directory, durable=False)  # finds the programs that fit the data by itself
    assert again.major == programs.major
    await again.stop()


async def test_its_secrets_are_for_nobody_else(directory: Path) -> None:
    server = await embedded.start(directory, durable=False)
    try:
        base = directory / "postgres"
        for name in ("password", "app-password", "server.log"):
            assert stat.S_IMODE((base / name).stat().st_mode) == 0o600
        assert stat.S_IMODE((base / "data").stat().st_mode) == 0o700
        wrong = server.dsn.replace(urlsplit(server.dsn).password or "", "wrong")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(wrong)
        assert (urlsplit(server.dsn).password or "") not in repr(server)
        assert (urlsplit(server.owner_dsn).password or "") not in repr(server)
    finally:
        await server.stop()


async def test_the_bot_signs_in_as_its_own_role_with_a_password_that_no_statistics_keep(directory: Path) -> None:
    server = await embedded.start(directory, durable=False)
    try:
        assert await query(server.dsn, "SELECT session_user::text") == "techops_app"
        assert await query(server.owner_dsn, "SELECT session_user::text") == "postgres"
        password = urlsplit(server.dsn).password
        assert password
        assert password != urlsplit(server.owner_dsn).password
        seen = await query(server.owner_dsn, "SELECT string_agg(query, ' ') FROM pg_stat_statements")
        assert "pg_database" in str(seen)
        assert password not in str(seen)
    finally:
        await server.stop()


async def test_a_second_start_adopts_and_the_last_to_leave_stops_it(directory: Path) -> None:
    first = await embedded.start(directory, durable=False)
    second = await embedded.start(directory, durable=False, database="other")
    assert (first.adopted, second.adopted) == (False, True)

    await first.stop()
    assert await query(second.dsn, "SELECT current_database()") == "other"
    await second.stop()
    assert servers(directory) == []


async def test_several_starts_at_once_make_one_server(directory: Path) -> None:
    running = await asyncio.gather(*(embedded.start(directory, durable=False) for _ in range(4)))
    assert sorted(server.adopted for server in running) == [False, True, True, True]
    await asyncio.gather(*(server.stop() for server in running))
    assert servers(directory) == []


async def test_ctrl_c_reaches_us_but_not_the_server(directory: Path) -> None:
    process = child(directory)
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = await asyncio.to_thread(process.communicate, "\n", 20)  # the line lets the reading thread go
    assert "alive" in rest
    assert servers(directory) == []


async def test_killed_with_9_and_started_again_it_keeps_its_rows(directory: Path) -> None:
    process = child(directory)
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    server = await embedded.start(directory, durable=False)
    await query(server.owner_dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    process.kill()
    process.communicate()

    assert await query(server.owner_dsn, "SELECT answer FROM kept") == 42
    again = await embedded.start(directory, durable=False)
    assert again.adopted
    await server.stop()
    await again.stop()
    async with asyncio.timeout(10):  # a loaded machine takes its time to bury a process that has ended
        while servers(directory):
            await asyncio.sleep(0.05)


async def test_the_server_killed_with_9_is_started_again_with_its_rows(directory: Path) -> None:
    server = await embedded.start(directory)
    await query(server.owner_dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = int((directory / "postgres/data/postmaster.pid").read_text().split("\n")[0])
    os.kill(pid, signal.SIGKILL)

    again = await embedded.start(directory)
    assert not again.adopted
    assert await query(again.owner_dsn, "SELECT answer FROM kept") == 42
    await server.stop()
    await again.stop()
    assert servers(directory) == []


async def test_a_stale_pid_that_belongs_to_a_stranger_is_seen_through(directory: Path) -> None:
    await (await embedded.start(directory, durable=False)).stop()
    data = directory / "postgres/data"
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (data / name).write_text(f"{os.getpid()}\n{data}\n1700000000\n5432\n{data}\n\n")
        shutil.chown(data / name, data.stat().st_uid, data.stat().st_gid)

    server = await embedded.start(directory, durable=False)
    assert not server.adopted
    await server.stop()


@pytest.mark.parametrize("name", ["with a blank", "long" * 30, "per%cent&ampersand?"])
async def test_any_path_will_do(directory: Path, name: str) -> None:
    server = await embedded.start(directory / name, durable=False)
    place = Path(parse_qs(urlsplit(server.dsn).query)["host"][0])
    assert len(os.fsencode(place / ".s.PGSQL.5432")) < 100
    assert await query(server.dsn, "SELECT 1") == 1
    await server.stop()
    if not place.is_relative_to(directory):
        place.rmdir()  # empty: the server has removed its socket


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
async def test_root_runs_it_as_somebody_else(directory: Path) -> None:
    directory.chmod(0o700)  # closed to that user, as a home directory is
    server = await embedded.start(directory, durable=False)
    assert servers(directory)
    assert all(process.uids().effective != 0 for process in servers(directory))
    await server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
async def test_programs_that_this_user_cannot_reach_are_copied_once(directory: Path) -> None:
    original = find()
    site = original.directory.parents[2]
    hidden = directory / "home/site-packages"
    for part in (original.directory.parents[1].name, f"{original.directory.parents[1].name}.libs"):
        if (site / part).is_dir():
            shutil.copytree(site / part, hidden / part, symlinks=True)
    programs = Binaries(hidden / original.directory.relative_to(site), original.major)

    server = await embedded.start(directory / "data", durable=False, binaries=programs)
    executable = Path(servers(directory)[0].exe())
    await server.stop()
    assert not executable.is_relative_to(directory)
    assert executable.stat().st_uid == 0
    shutil.rmtree(next(parent for parent in executable.parents if parent.name.startswith("postgresql-")))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_a_normal_user_runs_it_too(directory: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    if not ServerUser("nobody", nobody.pw_uid, nobody.pw_gid).reaches(find().directory):
        pytest.skip(f"nobody may not enter {find().directory}")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    process = child(directory, nobody.pw_uid, nobody.pw_gid)
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    process.stdin.write("go on\n")
    process.stdin.flush()
    assert process.stdout.readline() == "answered\n"
    assert {running.uids().effective for running in servers(directory)} == {nobody.pw_uid}
    rest, _ = await asyncio.to_thread(process.communicate, None, 20)
    assert (rest, process.returncode) == ("alive\n", 0)
    assert servers(directory) == []


async def test_half_a_cluster_is_made_anew(directory: Path) -> None:
    scratch = directory / "postgres/data.new"
    scratch.mkdir(parents=True)
    (scratch / "PG_VERSION").write_text("18\n")
    server = await embedded.start(directory, durable=False)
    assert await query(server.dsn, "SELECT 1") == 1
    await server.stop()


async def test_a_lost_password_is_said_plainly(directory: Path) -> None:
    await (await embedded.start(directory, durable=False)).stop()
    (directory / "postgres/password").unlink()
    with pytest.raises(EmbeddedError, match="password of the embedded database is lost"):
        await embedded.start(directory)
    assert servers(directory) == []


async def test_damaged_data_is_reported_with_the_servers_own_words(directory: Path) -> None:
    await (await embedded.start(directory, durable=False)).stop()
    (directory / "postgres/data/global/pg_control").unlink()
    with pytest.raises(EmbeddedError, match="could not find the database system"):
        await embedded.start(directory)
    assert servers(directory) == []


async def test_data_of_another_version_is_refused(directory: Path) -> None:
    data = directory / "postgres/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 9"):
        await embedded.start(directory)


async def test_a_file_in_the_way_is_named(directory: Path) -> None:
    (directory / "taken").write_text("")
    with pytest.raises(EmbeddedError, match="taken"):
        await embedded.start(directory / "taken")
