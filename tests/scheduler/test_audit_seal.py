"""The job seals what is committed; twice, or in two places at once, it seals nothing twice."""

import asyncio
from datetime import UTC, datetime

from bot.context import Deps
from bot.services import audit
from db.pool import DatabaseConfig
from scheduler import registry as schedule
from scheduler.jobs import audit_seal
from tests.audit.conftest import seals, write


async def test_two_schedulers_seal_each_row_once(deps: Deps, database: DatabaseConfig) -> None:
    now = datetime.now(UTC)
    await audit_seal.run(deps, now)
    assert await seals(database) == []
    await write(database, 50)
    await asyncio.gather(*(audit_seal.run(deps, now) for _ in range(5)))
    assert [it["row_count"] for it in await seals(database)] == [50]
    await audit_seal.run(deps, now)
    verdict = await audit.verify(deps)
    assert (verdict.is_sound, verdict.segments, verdict.rows) == (True, 1, 50)


def test_it_runs_every_minute_and_needs_no_owner() -> None:
    job = schedule.find(schedule.collect(), "audit_seal")
    assert (job.cron, job.needs_owner) == ("* * * * *", False)


async def test_a_long_absence_is_caught_up_in_segments(deps: Deps, database: DatabaseConfig) -> None:
    await write(database, audit.MOST_ROWS + 7)
    await audit_seal.run(deps, datetime.now(UTC))
    assert [it["row_count"] for it in await seals(database)] == [audit.MOST_ROWS, 7]
    assert (await audit.verify(deps)).is_sound
