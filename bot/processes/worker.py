"""`techops worker`: does what is queued."""

from bot.processes.parts import database, open_deps, stopping
from bot.settings import Settings
from bot.worker import run_worker


async def run(settings: Settings, *, care: bool) -> None:
    """Do what is queued until told to stop."""
    async with stopping() as stop, database(settings) as complete, open_deps(complete, "worker") as deps:
        await run_worker(deps, stop, care=care)
