"""Clocks that are set forward or back by hours, and the two days on which they change: once, and nothing stuck."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from pgqueuer.errors import RetryRequested

from bot.context import Deps
from bot.processes.clock import serve_clock
from sandbox.workspace import Workspace
from scheduler import registry as schedule
from scheduler.jobs import housekeeping, reminders
from tests.faults.holds import age, eventually
from tests.fixtures.bot import TestClock
from tests.fixtures.delivery import ByHand, Dashboard, Workers, cards, shown, thread
from tests.fixtures.logs import Written
from tests.fixtures.reminders import Desk

HOURS = 5 * 3600
DUE = "SELECT due_local::text AS due FROM techops.claims WHERE job = $1 ORDER BY due_local"
JOBS = {job.id: job for job in schedule.collect()}


def set_clock(deps: Deps, moment: datetime) -> None:
    assert isinstance(deps.clock, TestClock)
    deps.clock.set(moment)


async def claimed(dashboard: Dashboard, job: str) -> list[str]:
    return [row["due"] for row in await dashboard.rows(DUE, job)]


def fire_times(job: schedule.Job, zone: str, first: datetime, last: datetime) -> list[datetime]:
    """When the clock of a scheduler that runs all the time fires, in UTC."""
    trigger = CronTrigger.from_crontab(job.cron, timezone=zone)
    found: list[datetime] = []
    before, now = None, first
    while (before := trigger.get_next_fire_time(before, now.astimezone(ZoneInfo(zone)))) is not None:
        now = before.astimezone(UTC)
        if now > last:
            break
        found.append(now)
        now += timedelta(seconds=1)
    return found


class TestDaysOnWhichClocksChange:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"techops_timezone": "Europe/Berlin"}

    @pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
    async def test_a_job_at_an_hour_that_is_missing_or_doubled_is_claimed_once(
        self, deps: Deps, dashboard: Dashboard, day: str
    ) -> None:
        job = JOBS["nightly_maintenance"]
        midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
        times = fire_times(job, "Europe/Berlin", midnight, midnight + timedelta(hours=25))
        assert times
        for moment in times:
            set_clock(deps, moment)
            await schedule.tick(deps, job)
        assert len([due for due in await claimed(dashboard, job.id) if due.startswith(day)]) == 1

    @pytest.mark.timeout(20)
    @pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
    async def test_what_was_missed_on_such_a_day_is_made_up_for_once(
        self, deps: Deps, dashboard: Dashboard, day: str
    ) -> None:
        noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        wanted = [JOBS[name] for name in ("nightly_maintenance", "digest", "backup") if name in JOBS]
        for job in wanted:
            set_clock(deps, noon - timedelta(days=2))
            await schedule.tick(deps, job)
        set_clock(deps, noon)
        assert set(await schedule.catch_up(deps, wanted)) == {job.id for job in wanted}
        assert await schedule.catch_up(deps, wanted) == []
        assert len(await claimed(dashboard, "nightly_maintenance")) == 2

    async def test_reminders_of_the_doubled_hour_are_said_once(self, desk: Desk, dashboard: Dashboard) -> None:
        await dashboard.run(
            "INSERT INTO techops.working_hours (user_id, starts_at, ends_at, days, updated_at)"
            " VALUES (2, '00:00', '23:59:59', ARRAY[1, 2, 3, 4, 5, 6, 7], now())"
        )
        await desk.request(due="2026-10-25T00:30")  # 2:30, the first time
        for minute in fire_times(JOBS["reminders"], "Europe/Berlin", at("2026-10-25T00:25"), at("2026-10-25T02:05")):
            set_clock(desk.deps, minute)
            if await schedule.tick(desk.deps, JOBS["reminders"]):
                await reminders.run(desk.deps, minute)
        steps = await dashboard.rows("SELECT step FROM techops.reminders_sent")
        assert Counter(row["step"] for row in steps)["due"] == 1


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
async def ticking(deps: Deps) -> AsyncIterator[None]:
    """A scheduler that looks at its clock often."""
    stop = asyncio.Event()
    clock = asyncio.create_task(serve_clock(deps, stop, look=0.05))
    yield
    stop.set()
    await clock


async def test_what_a_clock_set_forward_has_skipped_is_made_up_for(
    deps: Deps, dashboard: Dashboard, ticking: None
) -> None:
    await dashboard.run(
        "INSERT INTO techops.claims (job, due_local, claimed_at)"
        " VALUES ('nightly_maintenance', '2030-06-01 02:30', now())"
    )
    set_clock(deps, at("2030-06-02T08:00"))
    await dashboard.until("SELECT EXISTS (SELECT FROM techops.claims WHERE due_local = '2030-06-02 02:30')")
    set_clock(deps, at("2030-06-02T05:00"))
    set_clock(deps, at("2030-06-02T13:00"))
    assert await claimed(dashboard, "nightly_maintenance") == ["2030-06-01 02:30:00", "2030-06-02 02:30:00"]


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_scheduler_whose_clock_is_set_counts_anew(
    deps: Deps, written: Written, ticking: None, hours: int
) -> None:
    await eventually(lambda: bool(written.named("scheduler_started")))
    set_clock(deps, datetime.now(UTC) + timedelta(hours=hours))
    await eventually(lambda: len(written.named("scheduler_started")) == 2)
    assert [round(float(str(it["seconds"])) / 3600) for it in written.named("clock_was_set")] == [hours]


async def test_what_was_claimed_by_a_clock_that_was_ahead_is_done_as_of_now(deps: Deps, dashboard: Dashboard) -> None:
    moments = []

    async def note(_deps: Deps, now: datetime) -> None:
        moments.append(now)

    job = schedule.Job("noted", "* * * * *", note)
    set_clock(deps, datetime.now(UTC) + timedelta(hours=3))
    assert await schedule.tick(deps, job)
    set_clock(deps, datetime.now(UTC))
    due = schedule.Due(job="noted", due_local=datetime.fromisoformat((await claimed(dashboard, "noted"))[0]))
    await schedule.run_claimed(deps, [job], due)
    assert abs(moments[0] - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("before", [-HOURS, 0, HOURS])
@pytest.mark.parametrize("jump", [-HOURS, HOURS])
async def test_a_message_in_doubt_is_found_within_seconds_of_a_jump(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand, before: int, jump: int
) -> None:
    by_hand.clock.let_pass(before)
    slack.faults.add("drop_after", "chat.postMessage")
    request_id = await dashboard.request()
    assert len(await by_hand.run()) == 1
    by_hand.clock.let_pass(jump)
    for error in await by_hand.run():
        assert isinstance(error, RetryRequested)
        assert error.delay.total_seconds() < 10
    by_hand.clock.let_pass(6)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 1
    slack.faults.add("drop_after", "chat.postMessage")
    await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request_id)
    assert len(await by_hand.run()) == 1
    by_hand.clock.let_pass(-jump)
    await by_hand.run()
    by_hand.clock.let_pass(6)
    assert await by_hand.run() == []
    assert len(thread(slack, cards(slack)[0])) == 1


@pytest.mark.parametrize("ahead", [0, HOURS])
async def test_a_channel_does_not_rest_for_hours_after_a_jump_back(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand, ahead: int
) -> None:
    by_hand.clock.let_pass(ahead)
    slack.faults.add("ratelimited", "chat.postMessage", retry_after=30)
    await dashboard.request()
    assert len(await by_hand.run()) == 1
    by_hand.clock.let_pass(-HOURS)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 1
    slack.faults.add("ratelimited", "chat.postMessage", retry_after=30)
    await dashboard.request("Another")
    await by_hand.run()
    [rest] = await by_hand.run()  # the new pause counts, not the old one
    assert isinstance(rest, RetryRequested)
    assert rest.delay.total_seconds() < 60


async def test_a_card_is_not_locked_for_hours_after_a_jump_back(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    by_hand.clock.let_pass(HOURS)
    request_id = await dashboard.request()
    await by_hand.run()
    until = by_hand.clock() + timedelta(seconds=60)
    await dashboard.run(
        "UPDATE techops.cards SET lease_token = gen_random_uuid(), lease_job = 999999, lease_until = $1", until
    )
    by_hand.clock.let_pass(-HOURS)
    await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request_id)
    assert await by_hand.run() == []
    assert "In progress" in shown(cards(slack)[0])


async def test_jobs_from_the_future_of_the_servers_clock_do_not_wait_for_it(
    dashboard: Dashboard, slack: Workspace, workers: Workers, by_hand: ByHand
) -> None:
    """The server's clock was hours ahead when a job was enqueued, and another was taken by a worker that died."""
    for title in ("First", "Second"):
        await dashboard.request(title)
    await dashboard.run(
        "UPDATE techops.pgqueuer SET created = created + interval '5 hours',"
        " execute_after = execute_after + interval '5 hours'"
    )
    await dashboard.run("UPDATE techops.activity SET at = at + interval '5 hours'")
    await dashboard.run(
        "UPDATE techops.pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(), slot = NULL,"
        " heartbeat = now() + interval '5 hours' WHERE id = (SELECT min(id) FROM techops.pgqueuer)"
    )
    await housekeeping.run(by_hand.deps, by_hand.clock())
    await age(dashboard)
    async with workers():
        await dashboard.settled()
    assert len(cards(slack)) == 2
