"""Backups as their keeper sees them, and the alarm where none comes any more."""

from datetime import datetime

from bot.context import Deps
from bot.rules import backups as rules
from bot.services.backups.alarms import Cause, sound
from db.models_backups import Backup
from db.queries import backups as records

MOST_LISTED = 100


async def list_backups(deps: Deps, limit: int = MOST_LISTED) -> list[Backup]:
    """The latest runs whose archives were not deleted by retention, failed ones included, the newest first."""
    async with deps.pool.acquire() as conn:
        return await records.list_backups(conn, limit)


async def watch(deps: Deps, now: datetime) -> bool:
    """Raise the alarm where the last verified backup is older than 26 hours; whether it was raised now.

    Who makes backups cannot say that none are made: this runs in an ordinary worker.
    """
    async with deps.pool.acquire() as conn:
        verified, since = await records.get_last_verified(conn)
    if not rules.is_late(since, now):
        return False
    last = f"The last one is of {verified:%Y-%m-%d %H:%M} UTC." if verified else "There never was one."
    report = (
        f"There is no verified backup of the last 26 hours. {last} Look whether `techops worker --care` and "
        "`techops scheduler` run, and at `techops backup list`."
    )
    return await sound(deps, Cause.LATE, report, now)
