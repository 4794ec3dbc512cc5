"""While a process runs, what it counts is kept in the database too, where a `web` process that is asked finds it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from bot.context import Deps
from bot.services import figures
from db.errors import DatabaseError

_EVERY_SECONDS: Final = 15.0
_FORGET_SECONDS: Final = 2.0
_log = structlog.get_logger(__name__)


@asynccontextmanager
async def published(deps: Deps, every: float = _EVERY_SECONDS) -> AsyncIterator[None]:
    """Keep this process's figures in the database, every `every` seconds, until the end."""
    keeping = asyncio.create_task(_keep(deps, every), name="figures")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await _forget(deps)


async def _keep(deps: Deps, every: float) -> None:
    while True:
        try:
            await figures.keep(deps)
        except (DatabaseError, TimeoutError) as error:
            _log.warning("figures_not_kept", reason=str(error) or "no answer in time")
        await asyncio.sleep(every)


async def _forget(deps: Deps) -> None:
    try:
        async with asyncio.timeout(_FORGET_SECONDS):
            await figures.forget(deps)
    except (DatabaseError, TimeoutError) as error:
        _log.info("figures_left_behind", reason=str(error) or "no answer in time")
