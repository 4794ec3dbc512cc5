"""Who is reminded of what, when, and how often: through the job, the queue and a worker, by a clock that is set."""

import asyncio
from datetime import UTC, datetime

from bot.services import remind
from db.models_reminders import Sent
from sandbox.workspace import Workspace
from scheduler.jobs import housekeeping, reminders
from tests.fixtures.delivery import Workers, shown
from tests.fixtures.reminders import ADA, ERIK, EVA, Desk, utc

# 2026-11-23 is a Monday; everybody works by UTC unless a test says otherwise.
COUNTER = "SELECT total FROM techops.counters WHERE name = 'techops_reminders_unreachable_total'"


async def test_a_day_before_at_the_time_and_each_working_morning(desk: Desk, workers: Workers) -> None:
    number = await desk.request("Renew the certificate", due="2026-11-26T15:00")
    async with workers():
        for moment, said in (
            ("2026-11-25T14:59", 0),
            ("2026-11-25T15:00", 1),
            ("2026-11-25T15:01", 1),
            ("2026-11-26T14:59", 1),
            ("2026-11-26T15:00", 2),
            ("2026-11-26T16:30", 2),
            ("2026-11-27T08:59", 2),
            ("2026-11-27T09:00", 3),
            ("2026-11-27T09:01", 3),
            ("2026-11-28T09:00", 3),  # a Saturday
            ("2026-11-30T09:30", 4),
        ):
            await desk.remind(moment)
            await desk.dashboard.settled()
            assert len(desk.dms()) == said, moment
    before, due, late, _again = desk.dms()
    assert f"MR-{number}" in before.text
    assert "is due <!date^" in before.text
    assert "is due now" in due.text
    assert "is overdue since" in late.text
    assert "Renew the certificate" in shown(late)


async def test_one_message_a_person_however_many_requests(desk: Desk, slack: Workspace, workers: Workers) -> None:
    for number in range(30):
        await desk.request(f"Fan {number}", due="2026-11-26T15:00")
    await desk.request("Hers", due="2026-11-26T15:00", assignee=EVA)
    async with workers():
        await desk.remind("2026-11-26T15:00")
        await desk.dashboard.settled()
    [his], [hers] = desk.dms("U0ENG"), desk.dms("U0ENG2")
    assert "30 requests to look at" in his.text
    assert "more" in shown(his)
    assert "Hers" in shown(hers)
    assert len(slack.calls_of("chat.postMessage")) == 2
    assert list(slack.refusals) == []


async def test_the_requester_hears_where_nobody_is_assigned_or_who_is_has_gone(desk: Desk, workers: Workers) -> None:
    await desk.request("Nobody's", due="2026-11-26T15:00", assignee=None, requester=EVA)
    await desk.request("Of one who left", due="2026-11-26T15:00", assignee=ERIK, requester=EVA)
    await desk.dashboard.run("UPDATE users SET is_active = false WHERE id = $1", ERIK)
    async with workers():
        await desk.remind("2026-11-26T15:00")
        await desk.dashboard.settled()
    [hers] = desk.dms("U0ENG2")
    assert "Nobody's" in shown(hers)
    assert "Of one who left" in shown(hers)
    assert desk.dms("U0ENG") == []


async def test_who_is_not_in_slack_hears_nothing_and_is_counted_once(desk: Desk, workers: Workers) -> None:
    await desk.request("Uma's", due="2026-11-26T15:00", assignee=None)
    before = await desk.dashboard.run(COUNTER)
    async with workers():
        for _ in range(3):
            await desk.remind("2026-11-26T15:00")
        await desk.dashboard.settled()
    assert await desk.dashboard.run(COUNTER) == before + 1
    assert not desk.slack.calls_of("chat.postMessage")


async def test_hours_are_those_of_the_persons_own_zone_and_week(desk: Desk, workers: Workers) -> None:
    await desk.dashboard.run("UPDATE techops.slack_identities SET tz = 'Asia/Kolkata' WHERE user_id = $1", ERIK)
    await desk.dashboard.run(
        "INSERT INTO techops.working_hours (user_id, starts_at, ends_at, days, updated_at)"
        " VALUES ($1, '08:00', '16:00', '{7,1,2,3,4}', now())",
        EVA,
    )
    await desk.request("His", due="2026-11-24T10:00", assignee=ERIK)
    await desk.request("Hers", due="2026-11-20T12:00", assignee=EVA)
    async with workers():
        await desk.remind("2026-11-22T07:59")  # a Sunday
        await desk.dashboard.settled()
        assert desk.dms("U0ENG2") == []
        await desk.remind("2026-11-22T08:00")
        await desk.dashboard.settled()
        assert len(desk.dms("U0ENG2")) == 1
        for moment, said in (("2026-11-25T03:29", 0), ("2026-11-25T03:30", 1), ("2026-11-25T04:30", 1)):
            await desk.remind(moment)
            await desk.dashboard.settled()
            assert len(desk.dms("U0ENG")) == said, moment


async def test_what_is_over_falls_silent_even_when_it_was_enqueued(desk: Desk, workers: Workers) -> None:
    done = await desk.request("Done", due="2026-11-26T15:00")
    moved = await desk.request("Moved", due="2026-11-26T15:00")
    given = await desk.request("Given away", due="2026-11-26T15:00")
    kept = await desk.request("Kept", due="2026-11-26T15:00")
    await desk.remind("2026-11-26T15:00")
    await desk.dashboard.run("SELECT set_config('app.announce', 'off', false)")
    await desk.dashboard.run("UPDATE maintenance_requests SET status = 'completed' WHERE id = $1", done)
    await desk.dashboard.run("UPDATE maintenance_requests SET due_date = '2026-12-24 12:00' WHERE id = $1", moved)
    await desk.dashboard.run("UPDATE maintenance_requests SET assigned_to = $2 WHERE id = $1", given, ADA)
    async with workers():
        await desk.dashboard.settled()
        [said] = desk.dms()
        assert "Kept" in shown(said)
        for gone in ("Done", "Moved", "Given away"):
            assert gone not in shown(said)
        await desk.dashboard.run("UPDATE maintenance_requests SET status = 'cancelled' WHERE id = $1", kept)
        await desk.remind("2026-11-27T09:00")
        await desk.dashboard.settled()
    assert len(desk.dms()) == 1


async def test_another_due_date_starts_anew(desk: Desk, workers: Workers) -> None:
    number = await desk.request(due="2026-11-26T15:00")
    async with workers():
        await desk.remind("2026-11-26T15:00")
        await desk.dashboard.settled()
        await desk.dashboard.run("SELECT set_config('app.announce', 'off', false)")
        await desk.dashboard.run("UPDATE maintenance_requests SET due_date = '2026-12-02 15:00' WHERE id = $1", number)
        for moment, said in (("2026-11-27T09:00", 1), ("2026-12-01T15:00", 2), ("2026-12-02T15:00", 3)):
            await desk.remind(moment)
            await desk.dashboard.settled()
            assert len(desk.dms()) == said, moment


async def test_urgent_ones_go_to_the_channel_once_after_two_days(desk: Desk, workers: Workers) -> None:
    late = await desk.request("Database down", due="2026-11-24T10:00", priority="critical")
    await desk.request("Not so urgent", due="2026-11-20T10:00", priority="medium")
    later = await desk.request("Disk full", due="2026-11-24T10:30", priority="high", assignee=None, requester=EVA)
    async with workers():
        for moment, said in (
            ("2026-11-26T09:59", 0),
            ("2026-11-26T10:00", 1),
            ("2026-11-26T10:01", 1),
            ("2026-11-26T10:30", 2),
            ("2026-11-27T10:30", 2),
        ):
            await desk.remind(moment)
            await desk.dashboard.settled()
            assert len(desk.posts()) == said, moment
    first, second = desk.posts()
    assert f"MR-{late}" in first.text
    assert "Database down" in shown(first)
    assert "Nobody is assigned" in shown(second)
    assert f"MR-{later}" in second.text
    assert "Not so urgent" not in shown(first) + shown(second)


async def test_channels_that_subscribed_hear_of_urgent_ones_of_their_projects(desk: Desk, workers: Workers) -> None:
    shop, other = desk.slack.add_channel("shop").id, desk.slack.add_channel("other").id
    await desk.dashboard.run("INSERT INTO projects (id, name) VALUES (1, 'Shop'), (2, 'Blog') RETURNING 1")
    for channel, project in ((shop, 1), (other, None)):
        await desk.dashboard.run(
            "INSERT INTO techops.subscriptions (channel_id, kind, project_id, created_at)"
            " VALUES ($1, 'reminders', $2, now())",
            channel,
            project,
        )
    await desk.request("Of the shop", due="2026-11-20T10:00", priority="high", project=1)
    await desk.request("Of the blog", due="2026-11-20T10:00", priority="high", project=2)
    async with workers():
        await desk.remind("2026-11-26T11:00")
        await desk.dashboard.settled()
    [in_shop], [in_other] = desk.posts("shop"), desk.posts("other")
    assert "Of the shop" in shown(in_shop)
    assert "Of the blog" not in shown(in_shop)
    assert "Of the blog" in shown(in_other)
    assert desk.posts("ops") == []


async def test_ten_at_the_same_minute_say_it_once(desk: Desk, workers: Workers) -> None:
    for number in range(12):
        await desk.request(
            f"Fan {number}", due="2026-11-24T10:00", priority="high", assignee=(ADA, ERIK, EVA)[number % 3]
        )
    now = desk.set("2026-11-26T10:00")
    async with workers(2):
        done = await asyncio.gather(*(remind.remind_due(desk.deps, now) for _ in range(10)))
        await desk.dashboard.settled()
    assert sum(it.escalated for it in done) == 12
    assert len(desk.posts()) == 1
    for user in ("U0ADMIN", "U0ENG", "U0ENG2"):
        said = "".join(shown(message) for message in desk.dms(user))
        assert len(desk.dms(user)) <= 1
        assert "Fan" not in said  # not in the first hour of the day


async def test_a_lost_answer_of_slack_doubles_no_reminder(desk: Desk, workers: Workers) -> None:
    # Slack's clock is the real one, by which it is searched
    now = datetime.now(UTC)
    await desk.dashboard.run(
        "INSERT INTO techops.working_hours (user_id, starts_at, ends_at, days, updated_at)"
        " VALUES ($1, '00:00', '23:59', '{1,2,3,4,5,6,7}', now())",
        ERIK,
    )
    await desk.request(due=f"{now:%Y-%m-%dT%H:%M}")
    desk.slack.faults.add("drop_after", "chat.postMessage")
    async with workers():
        await reminders.run(desk.deps, now)
        await desk.dashboard.settled(within=20)
    assert len(desk.dms()) == 1


async def test_mornings_are_forgotten_after_a_month_and_the_rest_is_not(desk: Desk) -> None:
    await desk.request(due="2026-11-25T15:00", priority="high")
    for moment in ("2026-11-25T15:00", "2026-11-26T09:00", "2026-11-30T09:00"):
        await desk.remind(moment)
    await housekeeping.run(desk.deps, utc("2026-12-27T12:00"))
    kept = await desk.dashboard.rows("SELECT step FROM techops.reminders_sent ORDER BY step")
    assert [row["step"] for row in kept] == ["due", "escalated", "overdue:2026-11-30"]


async def test_two_hundred_people_get_two_hundred_messages(desk: Desk) -> None:
    """10,000 requests of 200 people, urgent ones of 50 projects in as many channels: one notice each."""
    due = utc("2026-11-26T15:00")
    steps = {person: [Sent(person * 50 + n, due, "due", person) for n in range(50)] for person in range(200)}
    lines = {person: remind.grouped(mine) for person, mine in steps.items()}
    every = remind.Notice(
        key="k", target="", user_id=None, as_of=due, lines=tuple(line for mine in lines.values() for line in mine)
    )
    parts = remind.by_channel(every, {line.id: [f"C{line.id % 50}"] for line in every.lines})
    assert sum(len(mine) for mine in lines.values()) == 10_000
    assert len({part.key for part in parts}) == 50
    assert len(lines) + len(parts) <= 300
