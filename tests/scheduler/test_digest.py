"""Digests: when they come, what they tell, where the channel is lost; through the job, the queue and a worker."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.rules.subscriptions import due_day, period_start
from bot.services import digest as service
from sandbox.workspace import Workspace
from tests.fixtures.delivery import Workers, shown
from tests.fixtures.reminders import ERIK, Desk, utc
from tests.views.checks import labels

SUBSCRIBE = """
INSERT INTO techops.subscriptions (channel_id, kind, project_id, cadence, at, tz, days, created_by, created_at)
VALUES ($1, 'digest', $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
WORKDAYS = [1, 2, 3, 4, 5]


async def subscribe(
    desk: Desk,
    channel: str = "C0OPS",
    *,
    project: int | None = None,
    cadence: str = "daily",
    at: time = time(9),
    tz: str = "UTC",
    days: list[int] | None = None,
    created: str = "2026-11-20T12:00",
) -> int:
    values = (channel, project, cadence, at, tz, days or WORKDAYS, ERIK, utc(created))
    return int(await desk.dashboard.run(SUBSCRIBE, *values))


@pytest.fixture
async def busy(desk: Desk) -> Desk:
    """Two projects; on the morning of Tuesday 2026-11-24 something of everything has happened since Monday's."""
    run = desk.dashboard.run
    await run("SELECT set_config('app.announce', 'off', false)")
    await run("INSERT INTO projects (id, name) VALUES (1, 'Shop'), (2, 'Blog') RETURNING 1")
    overdue = await desk.request("Late thing", due="2026-11-23T15:00", project=1, assignee=None)
    await desk.request("Today's thing", due="2026-11-24T16:00", project=1)
    await desk.request("Tomorrow's thing", due="2026-11-25T16:00", project=1)
    done = await desk.request("Done thing", project=1)
    await run("SELECT set_config('app.announce', 'off', false)")
    await run("UPDATE maintenance_requests SET created_at = '2026-11-01'")
    await run("UPDATE maintenance_requests SET status = 'completed' WHERE id = $1", done)
    await run("UPDATE maintenance_status_history SET created_at = '2026-11-23 18:00'")
    await run("UPDATE maintenance_requests SET created_at = '2026-11-23 12:00' WHERE id = $1", overdue)
    await run(
        "INSERT INTO maintenance_work_logs"
        " (maintenance_request_id, user_id, work_description, hours_spent, work_date, created_at)"
        " VALUES ($1, 2, 'w', 2.5, '2026-11-23', '2026-11-23 14:00'),"
        " ($1, 2, 'w', 8, '2026-11-20', '2026-11-20 14:00')",
        overdue,
    )
    await run(
        "INSERT INTO deployments (project_id, version, environment, status, deployed_at) VALUES"
        " (1, 'v1', 'staging', 'success', '2026-11-23 20:00'), (1, 'v2', 'staging', 'failed', '2026-11-23 12:00'),"
        " (2, 'v9', 'production', 'success', '2026-11-24 08:00'), (1, 'v0', 'staging', 'failed', '2026-11-20 12:00')"
    )
    await run("INSERT INTO deployments (project_id, version, environment) VALUES (1, 'v3', 'production')")
    await run("UPDATE techops.approvals SET requested_at = '2026-11-23 10:00', expires_at = '2026-12-24'")
    await run("SELECT set_config('app.announce', '', false)")
    return desk


async def test_it_tells_what_matters(busy: Desk, slack: Workspace, workers: Workers) -> None:
    await subscribe(busy)
    async with workers():
        await busy.digest("2026-11-24T09:00")
        await busy.dashboard.settled()
    [message] = busy.posts()
    text = shown(message)
    assert "1 overdue, 1 due today and 1 waiting for approval." in message.text
    assert "1 request opened, 1 closed." in message.text
    assert "3 deployments: 1 failed and 2 succeeded." in message.text
    assert "2.5 hours logged." in message.text
    for wanted in ("Late thing", "Today's thing", "v3 to production", "Shop v2 to staging"):
        assert wanted in text
    assert "Tomorrow's thing" not in text
    assert text.index("Shop v2") < text.index("Blog v9")  # failures first
    assert labels(message.blocks) == ["Open", "Assign to me", "Open", "Open"]
    assert list(slack.refusals) == []


async def test_of_one_project_only(busy: Desk, workers: Workers) -> None:
    await subscribe(busy, project=2)
    async with workers():
        await busy.digest("2026-11-24T09:00")
        await busy.dashboard.settled()
    [message] = busy.posts()
    assert "Daily digest of Blog" in message.text
    assert "0 overdue" in message.text
    assert "1 deployment: 1 succeeded." in message.text


async def test_weekly_draws_charts_and_says_their_numbers(busy: Desk, slack: Workspace, workers: Workers) -> None:
    await subscribe(busy, cadence="weekly", days=[2])
    async with workers():
        await busy.digest("2026-11-23T09:00")
        await busy.dashboard.settled()
        assert busy.posts() == []
        await busy.digest("2026-11-24T09:00")
        await busy.dashboard.settled()
    [message] = busy.posts()
    assert [block["type"] for block in message.blocks].count("data_visualization") == 2
    text = shown(message)
    assert "Monday 2026-11-23: 1 opened, 1 closed; 1 deployed with success, 1 failed or rolled back" in text
    assert "failed or rolled back (" in text  # the measures of deployments
    assert list(slack.refusals) == []


async def test_a_quiet_day_is_one_line(desk: Desk, workers: Workers) -> None:
    await subscribe(desk)
    async with workers():
        await desk.digest("2026-11-24T09:00")
        await desk.dashboard.settled()
    [message] = desk.posts()
    assert "nothing to report since" in message.text
    assert len(message.blocks) == 1


async def test_each_local_day_once_and_caught_up_within_it(desk: Desk, workers: Workers) -> None:
    await subscribe(desk, at=time(8, 30), tz="Asia/Kolkata", days=[1, 2])
    async with workers():
        for moment, sent in (
            ("2026-11-23T02:59", 0),
            ("2026-11-23T03:00", 1),
            ("2026-11-23T03:00", 1),
            ("2026-11-23T12:00", 1),
            ("2026-11-24T18:29", 2),  # missed in the morning; it is still Tuesday there
            ("2026-11-24T18:31", 2),
            ("2026-11-25T04:00", 2),
        ):
            await desk.digest(moment)
            await desk.dashboard.settled()
            assert len(desk.posts()) == sent, moment


async def test_ten_at_the_same_minute_send_it_once(desk: Desk, workers: Workers) -> None:
    await subscribe(desk)
    now = desk.set("2026-11-24T09:00")
    async with workers(2):
        assert sum(await asyncio.gather(*(service.send_due(desk.deps, now) for _ in range(10)))) == 1
        await desk.dashboard.settled()
    assert len(desk.posts()) == 1


async def test_it_tells_of_what_was_after_the_last_one(busy: Desk, workers: Workers) -> None:
    await subscribe(busy, days=[2, 4])
    async with workers():
        await busy.digest("2026-11-24T09:00")
        await busy.dashboard.settled()  # a digest tells the rows as they are when it is sent
        await busy.dashboard.run(
            "INSERT INTO deployments (project_id, version, environment, status, deployed_at)"
            " VALUES (1, 'v7', 'staging', 'success', '2026-11-24 10:00')"
        )
        await busy.digest("2026-11-26T09:00")
        await busy.dashboard.settled()
    digests = [it for it in busy.posts() if "digest" in it.text]
    assert "3 deployments" in digests[0].text
    assert "1 deployment: 1 succeeded" in digests[1].text


@pytest.mark.parametrize(("how", "said"), [("removed", "no longer in that channel"), ("archived", "is archived")])
async def test_a_lost_channel_is_told_once_and_paused(
    desk: Desk, slack: Workspace, workers: Workers, how: str, said: str
) -> None:
    team = slack.add_channel("team")
    await subscribe(desk, team.id)
    await subscribe(desk, team.id, cadence="weekly", days=[2])
    if how == "removed":
        team.members.discard(slack.bot.id)
    else:
        team.archived = True
    async with workers():
        await desk.digest("2026-11-24T09:00")
        await desk.dashboard.until("SELECT bool_and(paused_at IS NOT NULL) FROM techops.subscriptions")
        # The other digest may have met the channel's rest before that, and would come back in two minutes.
        await desk.dashboard.run("UPDATE techops.pgqueuer SET execute_after = now() WHERE status = 'queued'")
        await desk.digest("2026-11-25T09:00")
        await desk.dashboard.settled()
    assert len(desk.dms("U0ENG")) == 1
    assert said in shown(desk.dms("U0ENG")[0])
    assert "Daily digest" in shown(desk.dms("U0ENG")[0])
    rows = await desk.dashboard.rows("SELECT paused_at IS NULL AS runs FROM techops.subscriptions")
    assert [row["runs"] for row in rows] == [False, False]
    rows = await desk.dashboard.rows(
        "SELECT DISTINCT source FROM techops.activity WHERE subject_kind = 'subscription' AND new ? 'paused_at'"
        " AND verb = 'edited'"
    )
    assert [row["source"] for row in rows] == ["worker"]


async def test_cards_go_to_the_channels_that_asked_for_them(desk: Desk, slack: Workspace, workers: Workers) -> None:
    shop, everything = slack.add_channel("shop"), slack.add_channel("everything")
    run = desk.dashboard.run
    await run("INSERT INTO projects (id, name) VALUES (1, 'Shop'), (2, 'Blog') RETURNING 1")
    insert = "INSERT INTO maintenance_requests (requested_by, title, description, project_id) VALUES (4, $1, 'd', $2)"
    wish = "INSERT INTO techops.subscriptions (channel_id, kind, project_id, created_at) VALUES ($1, $2, $3, now())"
    async with workers():
        await run(insert, "Before", 1)
        await desk.dashboard.settled()
        await run(wish, shop.id, "maintenance", 1)
        await run(insert, "Of the shop", 1)
        await run(insert, "Of the blog", 2)
        await run("UPDATE maintenance_requests SET title = 'Changed' WHERE title = 'Before'")
        await desk.dashboard.settled()
        assert [len(desk.posts("shop")), len(desk.posts("ops"))] == [2, 2]
        assert "Changed" in shown(desk.posts("ops")[0])  # the card that was there is kept up to date
        await run(wish, everything.id, "maintenance", None)
        await run(wish, everything.id, "deployments", 2)
        await run(insert, "Another of the blog", 2)
        await run(
            "INSERT INTO deployments (project_id, version, environment, status) VALUES (1, 'v1', 'staging', 'success')"
        )
        await run(
            "INSERT INTO deployments (project_id, version, environment, status) VALUES (2, 'v2', 'staging', 'success')"
        )
        await desk.dashboard.settled()
    told = "".join(shown(card) for card in desk.posts("everything"))
    assert "Another of the blog" in told
    assert "v2" in told
    assert len(desk.posts("deployments")) == 1
    assert len(desk.posts("ops")) == 2


async def test_cards_for_a_lost_channel_are_dropped_and_the_usual_one_takes_over(
    desk: Desk, slack: Workspace, workers: Workers
) -> None:
    team = slack.add_channel("team")
    await desk.dashboard.run(
        "INSERT INTO techops.subscriptions (channel_id, kind, created_by, created_at)"
        " VALUES ($1, 'maintenance', 2, now())",
        team.id,
    )
    team.members.discard(slack.bot.id)
    async with workers():
        await desk.dashboard.request("First")
        await desk.dashboard.settled()
        await desk.dashboard.request("Second")
        await desk.dashboard.settled()
    assert len(desk.dms("U0ENG")) == 1
    assert ["Second" in shown(card) for card in desk.posts("ops")] == [True]


@pytest.mark.parametrize(
    ("now", "tz", "at", "day"),
    [
        ("2026-11-24T08:59", "UTC", time(9), None),
        ("2026-11-24T09:00", "UTC", time(9), date(2026, 11, 24)),
        ("2026-11-24T23:59", "UTC", time(9), date(2026, 11, 24)),
        # 02:30 never comes in Berlin on 2026-03-29; it is past when the clocks show 03:30
        ("2026-03-29T00:59", "Europe/Berlin", time(2, 30), None),
        ("2026-03-29T01:30", "Europe/Berlin", time(2, 30), date(2026, 3, 29)),
        # and comes twice on 2026-10-25; the first coming counts
        ("2026-10-25T00:29", "Europe/Berlin", time(2, 30), None),
        ("2026-10-25T00:30", "Europe/Berlin", time(2, 30), date(2026, 10, 25)),
        ("2026-10-25T01:30", "Europe/Berlin", time(2, 30), date(2026, 10, 25)),
        ("2026-11-23T18:15", "Asia/Kathmandu", time(0), date(2026, 11, 24)),
    ],
)
def test_the_day_of_a_digest(now: str, tz: str, at: time, day: date | None) -> None:
    every = range(1, 8)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    assert due_day(at, tz, every, created_at=long_ago, sent=(), now=utc(now)) == day
    assert due_day(at, tz, every, created_at=long_ago, sent=[day] if day else (), now=utc(now)) is None


def test_one_made_after_its_time_begins_with_the_next() -> None:
    made = utc("2026-11-24T15:00")
    assert due_day(time(9), "UTC", [2], created_at=made, sent=(), now=utc("2026-11-24T15:01")) is None
    assert due_day(time(15), "UTC", [2], created_at=made + timedelta(seconds=20), sent=(), now=made) is not None
    assert due_day(time(16), "UTC", [2], created_at=made, sent=(), now=utc("2026-11-24T16:00")) is not None


def test_a_period_goes_back_to_the_last_one_but_not_for_ever() -> None:
    now = utc("2026-11-24T09:00")
    assert period_start("daily", now, None) == now - timedelta(days=1)
    assert period_start("weekly", now, None) == now - timedelta(days=7)
    assert period_start("daily", now, now - timedelta(days=3)) == now - timedelta(days=3)
    assert period_start("daily", now, now - timedelta(days=300)) == now - timedelta(days=4)
