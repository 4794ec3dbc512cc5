"""Where is measured: a PostgreSQL of its own on 127.0.0.1, and processes that are ended afterwards."""

import asyncio
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from db import embedded
from db.migrate import migrate
from db.pool import DatabaseConfig, connect

READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """A server; databases are made on it as they are wanted."""

    config: DatabaseConfig
    major: int

    @asynccontextmanager
    async def database(self) -> AsyncIterator[DatabaseConfig]:
        """A migrated, empty database; dropped afterwards."""
        name = f"bench_{uuid.uuid4().hex[:8]}"
        dsn = urlunsplit(urlsplit(str(self.config.dsn))._replace(path=f"/{name}"))
        await execute(self.config, f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            config = replace(self.config, dsn=dsn)
            await migrate(config)
            yield config
        finally:
            await execute(self.config, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def open_place() -> AsyncIterator[Place]:
    """A server in a temporary directory, with the settings that `techops up` gives it."""
    with tempfile.TemporaryDirectory(prefix="techops-bench-") as directory:
        server = await embedded.start(Path(directory), database="postgres")
        try:
            yield Place(DatabaseConfig(dsn=server.owner_dsn), server.major)
        finally:
            await server.stop()


async def execute(config: DatabaseConfig, *statements: str) -> None:
    """Run statements as the owner, each for itself and without a limit of time."""
    conn = await connect(config)
    try:
        for statement in statements:
            await conn.execute(statement)
    finally:
        await conn.close()


@asynccontextmanager
async def serving(kind: str, dsn: str, slack_port: int = 9) -> AsyncIterator[int]:
    """A server of benchmarks._serve in a process of its own; yields its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._serve", kind, dsn, str(slack_port)), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            line = await process.stdout.readline() if process.stdout else b""
        yield int(line)
    finally:
        process.terminate()
        await process.wait()
