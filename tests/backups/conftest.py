"""A directory for archives, a database with rows, and a look at what a backup left behind."""

import os
import stat
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.context import Deps
from bot.services.backups import Order, back_up
from db import libpq
from db.models_backups import Backup
from db.pool import DatabaseConfig
from tests.fixtures.bot import as_owner

ROWS = """
SET app.announce = off;
INSERT INTO users (email, name, password_hash, role) VALUES
    ('ada@example.com', 'Ada Admin', 'x', 'admin'), ('uma@example.com', 'Uma', 'x', 'user');
INSERT INTO maintenance_requests (requested_by, title, description)
SELECT 2, 'Request ' || n, repeat(md5(n::text), 10) FROM generate_series(1, 300) AS n;
"""


@dataclass
class Place:
    """Where archives go, and the database they are of."""

    directory: Path
    database: DatabaseConfig

    @property
    def files(self) -> list[str]:
        """Everything in the directory, hidden files too."""
        return sorted(path.name for path in self.directory.iterdir()) if self.directory.is_dir() else []

    @property
    def archives(self) -> list[Path]:
        return sorted(self.directory.glob("*.dump"))

    async def fetch(self, query: str, *args: object, database: str | None = None) -> list[Any]:
        connection = await asyncpg.connect(self.database.dsn, database=database)
        try:
            return [tuple(row.values()) for row in await connection.fetch(query, *args)]
        finally:
            await connection.close()

    async def execute(self, script: str, database: str | None = None) -> None:
        connection = await asyncpg.connect(self.database.dsn, database=database)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    async def scratch(self) -> list[str]:
        """Databases for this one's proofs that are left."""
        [(oid,)] = await self.fetch("SELECT oid::bigint FROM pg_database WHERE datname = current_database()")
        return [name for (name,) in await self.fetch(LIKE, f"techops_scratch_{oid}_%")]

    async def alarms(self) -> list[str]:
        """What waits to be posted in the operations channel."""
        return [text for (text,) in await self.fetch(ALARMS)]

    async def nothing_left(self) -> None:
        """No archive, no half of one, no scratch database."""
        assert self.files == []
        assert await self.scratch() == []


LIKE = "SELECT datname FROM pg_database WHERE datname LIKE $1"
ALARMS = """
SELECT convert_from(payload, 'UTF8')::jsonb ->> 'text' FROM techops.pgqueuer WHERE entrypoint = 'notice' ORDER BY id
"""


@pytest.fixture
def bot_settings(tmp_path: Path) -> dict[str, object]:
    return {"backup_dir": tmp_path / "archives"}


@pytest.fixture
async def place(database: DatabaseConfig, tmp_path: Path) -> Place:
    place = Place(tmp_path / "archives", database)
    await place.execute(ROWS)
    return place


@pytest.fixture
async def deps(deps: Deps) -> AsyncIterator[Deps]:
    """Backups are the work of the tables' owner."""
    async with as_owner(deps) as owner:
        yield owner


Make = Callable[..., Awaitable[Backup]]


@pytest.fixture
def make(deps: Deps) -> Make:
    """Make a backup, with the tools in these directories where they are given."""

    async def made(places: tuple[Path, ...] | None = None) -> Backup:
        return await back_up(deps, Order("cli", places=places))

    return made


FAKE = """#!/bin/sh
if [ "$1" = --version ]; then echo "{name} (PostgreSQL) 18.99"; exit 0; fi
for word in "$@"; do case $word in --file=*) file=${{word#--file=}};; esac; done
{script}
"""


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], Path]:
    """A directory with a pg_dump that runs this script, in which $file is what it is to write."""

    def made(script: str) -> Path:
        directory = tmp_path / "fake"
        directory.mkdir()
        for name, does in (("pg_dump", script), ("pg_restore", "exit 1")):
            (directory / name).write_text(FAKE.format(name=name, script=does))
            (directory / name).chmod(0o755)
        return directory

    return made


@contextmanager
def mounted(directory: Path, options: str) -> Iterator[None]:
    """A file system in memory at the directory; where that may not be, the test is skipped."""
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a file system takes root")
    try:
        yield
    finally:
        subprocess.run(["umount", str(directory)], check=True)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def name_of(database: DatabaseConfig) -> str:
    return libpq.database_name(database)
