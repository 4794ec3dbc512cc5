"""Every night: a backup of the database, proven by a restore."""

from datetime import datetime
from typing import Final

from bot.context import Deps
from bot.services import backups
from db.models_backups import BackupStatus

ID: Final = "backup"
CRON: Final = "30 1 * * *"
CATCH_UP: Final = True
CARE_ENTRY: Final = backups.ENTRY


async def run(deps: Deps, now: datetime) -> None:
    """Make it.

    Raises:
        Busy: another process makes one at this moment.
        BackupFailed: it came to nothing; that is recorded and told.
    """
    row = await backups.back_up(deps, backups.Order("scheduler"), now)
    if row.status == BackupStatus.FAILED:
        raise backups.BackupFailed(f"No backup was made. {row.fault}")
