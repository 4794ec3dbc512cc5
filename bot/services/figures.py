"""What each process has counted, kept in the database: `worker` and `scheduler` open no port that could be asked."""

import asyncio
from datetime import timedelta
from typing import Final

from prometheus_client import generate_latest

from bot.context import Deps
from db.queries import process_figures as records
from db.queries.process_figures import ProcessFigures

_SECONDS: Final = 5.0
# A process writes every 15 s; one that has not written for this long is gone.
_ALIVE: Final = timedelta(seconds=60)
_KEPT: Final = timedelta(minutes=10)


async def keep(deps: Deps) -> None:
    """Write down what this process has counted so far, and drop what processes that are gone have left.

    Raises:
        DatabaseError, TimeoutError: not written; the next time says as much.
    """
    text = generate_latest(deps.meters.registry).decode()
    now = deps.now()
    async with asyncio.timeout(_SECONDS), deps.pool.transaction() as conn:
        await records.update_figures(conn, ProcessFigures(deps.meters.process, deps.meters.node, now, text))
        await records.delete_before(conn, now - _KEPT)


async def forget(deps: Deps) -> None:
    """Take this process's figures away: it ends."""
    async with deps.pool.transaction() as conn:
        await records.delete_own(conn, deps.meters.process, deps.meters.node)


async def list_running(deps: Deps) -> list[ProcessFigures]:
    """The figures of all processes that have written within the last minute."""
    async with deps.pool.acquire() as conn:
        return await records.list_since(conn, deps.now() - _ALIVE)
