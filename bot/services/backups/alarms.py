"""Alarms about backups, posted in OPS_CHANNEL, one a cause and day."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.context import Deps
from bot.views import backups as views
from db.queries import outbox


class Cause(StrEnum):
    """What an alarm is about."""

    FAILED = "failed"
    UNVERIFIED = "unverified"
    DAMAGED = "damaged"
    SHRUNK = "shrunk"
    LATE = "late"
    COPY = "copy"
    RETENTION = "retention"


async def sound(deps: Deps, cause: Cause, report: str, now: datetime) -> bool:
    """Tell the operations channel; False where it has heard of this cause today, in TECHOPS_TIMEZONE."""
    message = views.alarm(cause, report)
    day = now.astimezone(ZoneInfo(deps.settings.techops_timezone)).date()
    async with deps.pool.transaction() as conn:
        return await outbox.enqueue_notice(
            conn,
            channel=deps.settings.ops_channel,
            text=message.text,
            blocks=message.blocks,
            key=f"backup:{cause}:{day.isoformat()}",
            now=now,
        )
