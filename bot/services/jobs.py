"""The queue as its keeper sees it."""

from collections.abc import Sequence

from bot.context import Deps
from db.queries import queue


async def list_held(deps: Deps) -> list[queue.HeldJob]:
    """Jobs that are held, or that failed and will be tried again."""
    async with deps.pool.acquire() as conn:
        return await queue.list_held(conn)


async def retry_held(deps: Deps, job_ids: Sequence[int] | None) -> int:
    """Let held jobs be tried again, all of them without ids; how many there were."""
    async with deps.pool.transaction() as conn:
        return await queue.retry_held(conn, job_ids)
