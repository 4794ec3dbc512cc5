"""Sessions with one database or another of the same server, for work on databases as a whole."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import asyncpg

from db import libpq
from db.config import DatabaseConfig
from db.errors import Unavailable, translate, translated
from db.pool import Conn, connect
from db.queries import contents

_MAINTENANCE: Final = ("postgres", "template1")
_CLOSING_SECONDS: Final = 3.0
_CONNECT_SECONDS: Final = 10.0


@asynccontextmanager
async def session(config: DatabaseConfig, database: str | None = None) -> AsyncIterator[Conn]:
    """A connection outside any pool, to another database of the server where one is named, for as long as it takes.

    Raises:
        Unavailable: it cannot be reached, or does not let us in.
    """
    wanted = replace(
        config,
        name=database or config.name,
        application_name="techops backup",
        connect_timeout=_CONNECT_SECONDS,
        statement_timeout=None,
    )
    connection = await connect(wanted)
    try:
        with translated():
            yield connection
    finally:
        try:
            await connection.close(timeout=_CLOSING_SECONDS)
        except Exception as error:
            # cut, or it does not answer; asyncpg has dropped it by now
            if translate(error) is None:
                raise


async def maintenance_database(config: DatabaseConfig) -> str:
    """The name of a database of the server that lets us in, whatever became of the configured one.

    Raises:
        Unavailable: none does.
    """
    for database in _MAINTENANCE:
        try:
            async with session(config, database):
                return database
        except Unavailable:
            continue
    async with session(config):
        return libpq.database_name(config)


async def forbidden_extensions(config: DatabaseConfig, database: str, names: Sequence[str]) -> list[str]:
    """Which of these extensions our role may not make, or the server does not have; it is tried, and undone."""
    refused = []
    async with session(config, database) as conn:
        for name in names:
            try:
                await contents.try_extension(conn, name)
            except asyncpg.PostgresError as error:
                if isinstance(translate(error), Unavailable):
                    raise
                refused.append(name)
    return refused
