"""`techops worker`: does what is queued."""

import asyncio

from bot.processes.figures import published
from bot.processes.parts import database, open_deps, stopping
from bot.settings import Settings
from bot.worker import care_bindings, run_worker


async def run(settings: Settings, *, care: bool) -> None:
    """Do what is queued until told to stop; with `care` also what needs the owner of the tables."""
    async with stopping() as stop, database(settings) as complete, asyncio.TaskGroup() as group:
        group.create_task(serve_queue(complete, stop))
        if care:
            group.create_task(serve_care(complete, stop))


async def serve_queue(settings: Settings, stop: asyncio.Event) -> None:
    """Post and deliver until `stop`."""
    async with open_deps(settings, "worker") as deps, published(deps):
        await run_worker(deps, stop)


async def serve_care(settings: Settings, stop: asyncio.Event) -> None:
    """Care for the database, as its tables' owner, until `stop`."""
    async with open_deps(settings, "care", owner=True) as deps, published(deps):
        await run_worker(deps, stop, table=care_bindings())
