"""A dashboard that writes its zone-less times in a zone of its own."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import Insert, told

BERLIN = ZoneInfo("Europe/Berlin")
pytestmark = pytest.mark.parametrize("bot_settings", [{"dashboard_timezone": "Europe/Berlin"}])


async def test_due_dates_are_written_and_read_in_the_dashboards_zone(bot: RunningBot, insert: Insert) -> None:
    number = await insert()
    answer = await told(bot.erik, "maintenance", f"due {number} 2030-07-02 17:00")  # in New York
    assert f"'timestamp': {int(datetime(2030, 7, 2, 21, tzinfo=UTC).timestamp())}" in answer
    [row] = await bot.fetch("SELECT due_date FROM maintenance_requests WHERE id = $1", number)
    assert row["due_date"].isoformat() == "2030-07-02T23:00:00"
    past = await told(bot.erik, "maintenance", f"history {number}")
    assert f"'timestamp': {int(datetime(2030, 7, 2, 21, tzinfo=UTC).timestamp())}" in past


async def test_overdue_begins_at_the_moment_meant(bot: RunningBot, insert: Insert) -> None:
    now = datetime.now(BERLIN).replace(tzinfo=None)
    await insert("Late", due_date=str(now - timedelta(minutes=20)))
    await insert("Not yet", due_date=str(now + timedelta(minutes=20)))
    answer = await told(bot.erik, "maintenance", "list overdue")
    assert "Late" in answer
    assert "Not yet" not in answer


async def test_what_the_bot_writes_looks_as_if_the_dashboard_had(bot: RunningBot) -> None:
    form = (await bot.erik.slash("maintenance", "new Disk full")).view
    assert form is not None
    assert (await bot.erik.submit(form, {"Description": "No space left"})).closed
    await told(bot.erik, "maintenance", "start 1")
    await told(bot.erik, "worklog", "1 1 Looked")
    wall = datetime.now(BERLIN).replace(tzinfo=None)
    for table in ("maintenance_requests", "maintenance_status_history", "maintenance_work_logs"):
        [row] = await bot.fetch(f"TABLE {table}")
        assert abs(row["created_at"] - wall) < timedelta(minutes=1), table
    assert "was deleted" in await told(bot.erik, "worklog", "delete 1")


async def test_deployments_are_written_in_the_dashboards_zone_and_measured_in_true_time(bot: RunningBot) -> None:
    # 20 minutes before the clocks go back from 3:00 to 2:00 in Berlin
    bot.clock.set(datetime(2030, 10, 27, 0, 40, tzinfo=UTC))
    await told(bot.erik, "deploy", "request Web App v1 staging")
    await told(bot.erik, "deploy", "start 1")
    bot.clock.set(datetime(2030, 10, 27, 1, 10, tzinfo=UTC))
    await told(bot.erik, "deploy", "finish 1 success")
    [row] = await bot.fetch("SELECT deployed_at, duration FROM deployments")
    assert row["deployed_at"].replace(second=0, microsecond=0).isoformat() == "2030-10-27T02:40:00"
    assert 1795 <= row["duration"] <= 1810
