"""Every night: care of the database, done by the care worker under the connection of the tables' owner."""

from datetime import datetime
from typing import Final

from bot.context import Act, Deps
from bot.services.care import runs

ID: Final = "nightly_maintenance"
CRON: Final = "30 2 * * *"
CATCH_UP: Final = True
CARE_ENTRY: Final = "care_run"


async def run(deps: Deps, now: datetime) -> None:
    """Care for the database in this process. The run reckons by the clock: what it frees, it frees now."""
    del now
    await runs.run_now(deps, Act(person=None, source="scheduler", origin={"job": ID}))
