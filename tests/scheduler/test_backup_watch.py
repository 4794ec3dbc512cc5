"""Every hour an ordinary worker looks whether there are backups."""

from datetime import timedelta

from bot.context import Deps
from scheduler import registry as schedule
from scheduler.jobs import backup_watch

NOTICES = "SELECT count(*) FROM techops.pgqueuer WHERE entrypoint = 'notice'"


async def test_no_backup_for_26_hours_is_told_once(deps: Deps) -> None:
    now = deps.now()
    job = schedule.find(schedule.collect(), "backup_watch")
    assert job.entry == "scheduled", "the worker that makes backups may be what is missing"
    for hours, alarms in ((1, 0), (27, 1), (27, 1), (51, 2)):
        await backup_watch.run(deps, now + timedelta(hours=hours))
        async with deps.pool.acquire() as conn:
            assert await conn.fetchval(NOTICES) == alarms
