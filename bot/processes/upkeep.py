"""Commands of the tables' owner: migrations and sample data."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.context import utc_now
from bot.errors import WrongState
from bot.processes.parts import database
from bot.services import sample
from bot.settings import Settings
from db.migrate import Report, check, migrate
from db.pool import Pool, open_pool


async def run_migrations(settings: Settings, on_progress: Callable[[str], None]) -> Report:
    """Bring the database up to date, as the owner of its tables."""
    async with database(settings) as complete:
        return await migrate(complete.database("migrate", owner=True), on_progress=on_progress)


async def load_sample(settings: Settings) -> sample.Summary:
    """Fill an empty database with sample data.

    Raises:
        WrongState: it is not empty, or its schema is not that of this program; nothing was changed.
    """
    async with database(settings) as complete:
        status = await check(complete.database("sample-data", owner=True))
        if not status.current:
            raise WrongState(
                "This database is not as this program needs it, so nothing was loaded. Run `techops migrate` first."
            )
        async with owner_pool(complete) as pool:
            return await sample.load(pool, utc_now())


@asynccontextmanager
async def owner_pool(settings: Settings) -> AsyncIterator[Pool]:
    """A pool that connects as the owner of the tables."""
    pool = await open_pool(settings.database("sample-data", owner=True))
    try:
        yield pool
    finally:
        await pool.close()
