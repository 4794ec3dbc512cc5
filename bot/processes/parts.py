"""What every process opens first and closes last."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from bot.context import Deps, utc_now
from bot.meters import Meters
from bot.settings import Settings
from bot.slack import Slack
from db import embedded
from db.pool import open_pool


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with a database in them: the embedded one is started, or adopted, where none is configured.

    Raises:
        EmbeddedError: it cannot start; the text says why.
    """
    if not settings.embedded:
        yield settings
        return
    server = await embedded.start(settings.data_dir)
    try:
        dsn = {"database_url": SecretStr(server.dsn), "owner_database_url": SecretStr(server.owner_dsn)}
        yield settings.model_copy(update=dsn)
    finally:
        await server.stop()


@asynccontextmanager
async def open_deps(settings: Settings, process: str, *, owner: bool = False) -> AsyncIterator[Deps]:
    """Pool and Slack client of one process; the database may be away and come later.

    `owner`: connect as the owner of the tables.
    """
    meters = Meters(process)
    pool = await open_pool(settings.database(process, owner=owner), connect_now=False, watch=meters)
    slack = Slack(settings, meters)
    try:
        yield Deps(settings, pool, slack, utc_now, meters)
    finally:
        await slack.close()
        await pool.close()


@asynccontextmanager
async def stopping() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM or Ctrl-C sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
