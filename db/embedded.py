"""The embedded PostgreSQL: a real server of our own for machines where no database is configured.

It listens on a Unix socket alone, wants a password all the same, and is shared: a second start on the same directory
adopts the server that runs, and the last one to leave stops it. After a kill -9 the server runs on; the next start
adopts it, with all its data.
"""

import asyncio
import fcntl
import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg

from db import embedded_binaries
from db.embedded_binaries import Binaries, EmbeddedError
from db.embedded_cluster import PORT, SUPERUSER, Cluster
from db.queries.app_role import ROLE, create_role

__all__ = ["EmbeddedError", "EmbeddedServer", "start"]

_READY_SECONDS: Final = 300.0  # after a crash it recovers first, however long that takes
_LOCK_SECONDS: Final = 90.0
_POLL_SECONDS: Final = 0.02
_ATTEMPTS: Final = 3
_LEFTOVER: Final = "pre-existing shared memory block"

DATABASE_EXISTS: Final = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
CREATE_STATISTICS: Final = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
QUOTED_NAME: Final = "SELECT quote_ident($1)"
QUOTED_LITERAL: Final = "SELECT quote_literal($1)"
# A password stands in its statement, which would be kept among the statistics.
HIDE_STATEMENT: Final = "SELECT set_config('pg_stat_statements.track', 'none', false)"


@dataclass(slots=True)
class EmbeddedServer:
    """A running embedded server. `adopted`: it ran already when we came.

    `dsn` is for the bot, which signs in as techops_app; `owner_dsn` for who owns the tables, here the superuser.
    """

    dsn: str = field(repr=False)
    owner_dsn: str = field(repr=False)
    adopted: bool
    major: int
    _cluster: Cluster = field(repr=False)
    _process: subprocess.Popen[bytes] | None = field(repr=False)
    _users_lock: int = field(repr=False)

    async def stop(self) -> None:
        """Leave; the last to leave stops the server. Harmless when called again.

        Raises:
            EmbeddedError: the server does not stop.
        """
        if self._users_lock < 0:
            return
        async with _locked(self._cluster.base / "start.lock"):
            try:
                # every user of the server holds the file shared; whoever gets it alone is the last
                if _try_lock(self._users_lock):
                    await asyncio.to_thread(self._cluster.end, self._process)
                elif self._process is not None:
                    # another program has adopted it; without this, subprocess would complain that a child was forgotten
                    self._process.returncode = 0
            finally:
                os.close(self._users_lock)
                self._users_lock = -1


async def start(
    directory: Path,
    *,
    database: str = "dashboard",
    durable: bool = True,
    binaries: Binaries | None = None,
) -> EmbeddedServer:
    """Start the server whose files are below `directory`, or adopt it where it runs.

    Args:
        directory: made if need be; may contain spaces and be of any length.
        database: made if need be.
        durable: False trades safety on a power failure for speed; for tests.
        binaries: instead of those that are found.

    Raises:
        EmbeddedError: with what to do about it, and the end of the server's log.
    """
    cluster = await asyncio.to_thread(_prepare, directory, binaries)
    async with _locked(cluster.base / "start.lock"):
        await asyncio.to_thread(_create_if_absent, cluster)
        adopted = await asyncio.to_thread(cluster.running) is not None
        process = None
        if adopted:
            await _await_ready(cluster)
        else:
            process = await _launch(cluster, durable=durable)
        try:
            await _ensure_database(cluster, database)
            await _ensure_role(cluster)
            users = os.open(cluster.base / "users.lock", os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(users, fcntl.LOCK_SH)
        except BaseException:
            if process is not None:
                await asyncio.to_thread(cluster.end, process)
            raise
    dsn = _dsn(cluster, database, ROLE, cluster.app_password)
    owner_dsn = _dsn(cluster, database, SUPERUSER, cluster.password)
    return EmbeddedServer(dsn, owner_dsn, adopted, cluster.binaries.major, cluster, process, users)


def _prepare(directory: Path, binaries: Binaries | None) -> Cluster:
    base = directory.absolute() / "postgres"
    try:
        user = embedded_binaries.server_user(base / "data")
        # others may pass, not look: the server's user has to reach its data; what is secret has a mode of its own
        base.mkdir(mode=0o711 if user else 0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise EmbeddedError(f"The directory of the embedded database cannot be made: {exc}. Set DATA_DIR.") from exc
    version = base / "data" / "PG_VERSION"
    major = int(version.read_text(encoding="utf-8")) if version.exists() else None
    chosen = binaries or embedded_binaries.find(major)
    return Cluster(base, embedded_binaries.reachable_by(user, chosen), user)


def _create_if_absent(cluster: Cluster) -> None:
    if not cluster.data.exists():
        try:
            cluster.create()
        except OSError as exc:
            raise EmbeddedError(cluster.complaint(f"The embedded database cannot be made: {exc}")) from exc


async def _launch(cluster: Cluster, *, durable: bool) -> subprocess.Popen[bytes]:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            process = await asyncio.to_thread(cluster.launch, durable=durable)
        except (OSError, subprocess.SubprocessError) as exc:
            raise EmbeddedError(cluster.complaint(f"The embedded database cannot be started: {exc}")) from exc
        try:
            await _await_ready(cluster, process)
        except EmbeddedError as exc:
            await asyncio.to_thread(cluster.end, process)
            # Its predecessor's helpers outlive it for a moment when it was killed.
            if _LEFTOVER not in str(exc) or attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(1)
        except BaseException:
            await asyncio.to_thread(cluster.end, process)
            raise
        else:
            return process
    raise AssertionError  # the loop returns or raises


async def _await_ready(cluster: Cluster, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            connection = await _connect(cluster, "postgres")
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            await _still_alive(cluster, process, deadline)
        except asyncpg.PostgresError as exc:
            raise EmbeddedError(f"The embedded database refuses our own password or settings: {exc}") from exc
        else:
            await connection.close()
            return


async def _still_alive(cluster: Cluster, process: subprocess.Popen[bytes] | None, deadline: float) -> None:
    gone = process.poll() is not None if process is not None else cluster.running() is None
    if gone:
        raise EmbeddedError(cluster.complaint("The embedded database ended while it started"))
    if time.monotonic() > deadline:
        raise EmbeddedError(cluster.complaint(f"The embedded database is not ready after {_READY_SECONDS:.0f} s"))
    await asyncio.sleep(_POLL_SECONDS)


async def _ensure_database(cluster: Cluster, database: str) -> None:
    async with _session(cluster, "postgres") as connection:
        if await connection.fetchval(DATABASE_EXISTS, database):
            return
        name = await connection.fetchval(QUOTED_NAME, database)
        await connection.execute(f"CREATE DATABASE {name}")
    if cluster.binaries.has_statement_statistics:
        async with _session(cluster, database) as connection:
            await connection.execute(CREATE_STATISTICS)


async def _ensure_role(cluster: Cluster) -> None:
    """Let the bot's own role sign in with the password that is kept for it; its rights come with the migrations."""
    async with _session(cluster, "postgres") as connection:
        await connection.execute(HIDE_STATEMENT)
        await create_role(connection)
        password = await connection.fetchval(QUOTED_LITERAL, cluster.app_password)
        await connection.execute(f"ALTER ROLE {ROLE} PASSWORD {password}")


@asynccontextmanager
async def _session(cluster: Cluster, database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await _connect(cluster, database)
    try:
        yield connection
    finally:
        await connection.close()


async def _connect(cluster: Cluster, database: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=str(cluster.socket_directory),
        port=PORT,
        user=SUPERUSER,
        password=cluster.password,
        database=database,
        timeout=5,
    )


def _dsn(cluster: Cluster, database: str, role: str, password: str) -> str:
    place = quote(str(cluster.socket_directory), safe="")
    return f"postgresql://{role}:{password}@/{quote(database, safe='')}?host={place}&port={PORT}"


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """Hold a lock on a file; the operating system lets it go when we die."""
    try:
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as exc:
        raise EmbeddedError(
            f"The directory of the embedded database is not ours to write: {exc}. "
            "Start as the user who made it, or set DATA_DIR to another directory."
        ) from exc
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while not _try_lock(file):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Another program has been starting or stopping this database for long ({path}).")
            await asyncio.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(file)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
