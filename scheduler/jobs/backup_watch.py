"""Every hour: is there a verified backup of the last 26 hours?"""

from datetime import datetime
from typing import Final

from bot.context import Deps
from bot.services import backups

ID: Final = "backup_watch"
CRON: Final = "7 * * * *"


async def run(deps: Deps, now: datetime) -> None:
    """Raise the alarm where there is none, once a day."""
    await backups.watch(deps, now)
