"""`techops up`: everything on one machine, in one process beside the database and the sandbox workspace."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from bot.context import utc_now
from bot.processes.clock import serve_clock
from bot.processes.figures import published
from bot.processes.parts import database, open_deps, stopping
from bot.processes.upkeep import owner_pool
from bot.processes.web import serve_web
from bot.processes.worker import serve_care
from bot.processes.workspace import open_sandbox
from bot.services import sample
from bot.settings import Settings
from bot.worker import run_worker
from db.migrate import migrate


async def run(settings: Settings, say: Callable[[str], None], offer: Callable[[str, str], None]) -> None:
    """Everything on one machine, until told to stop; the last line is the address to open: `offer(name, address)`.

    With the sandbox on the embedded database an empty one gets sample data. A real workspace gets none, whatever its
    database: nobody could tell it from the truth.
    """
    async with AsyncExitStack() as stack:
        stop = await stack.enter_async_context(stopping())
        complete = await stack.enter_async_context(database(settings))
        await migrate(complete.database("migrate", owner=True), on_progress=lambda name: say(f"migrating: {name}"))
        sandbox = None
        if complete.slack_bot_token is None:
            if settings.embedded:
                await _fill(complete, say)
            sandbox = await stack.enter_async_context(open_sandbox(complete))
            complete = sandbox.settings
        deps = await stack.enter_async_context(open_deps(complete, "up"))
        await stack.enter_async_context(published(deps))
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            group.create_task(serve_web(deps, stop, ready.set_result))
            group.create_task(run_worker(deps, stop))
            group.create_task(serve_care(complete, stop))
            group.create_task(serve_clock(deps, stop))
            address = await ready
            say(f"TechOps bot listens at {address}")
            if sandbox is not None:
                offer("Sandbox workspace", f"{sandbox.address}/?key={sandbox.key}")


async def _fill(settings: Settings, say: Callable[[str], None]) -> None:
    async with owner_pool(settings) as pool:
        summary = await sample.load_if_empty(pool, utc_now())
    if summary is not None:
        say(f"Sample data: {summary}.")
