"""What the sample tells is consistent in itself, at whatever moment it is made."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.requests import TRANSITIONS
from bot.services.sample.catalogue import PEOPLE, PROJECTS
from bot.services.sample.lives import Ids, Story, tell
from bot.services.sample.releases import release
from db.models import Priority, RequestStatus
from db.queries.sample import NewDeployment

# A Wednesday afternoon everywhere in Europe.
NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
IDS = Ids(
    {person.key: number for number, person in enumerate(PEOPLE, start=1)},
    {project.key: number for number, project in enumerate(PROJECTS, start=1)},
)
ZONES = {number: ZoneInfo(person.tz) for number, person in enumerate(PEOPLE, start=1)}

moments = st.datetimes(datetime(2024, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside


def stories(now: datetime) -> list[Story]:
    return tell(now, IDS, 1)


def releases(now: datetime) -> list[NewDeployment]:
    return release(now, IDS, 1)


@settings(max_examples=40, deadline=None)
@given(moments)
def test_whenever_it_is_made_every_state_is_there_on_both_sides_of_now(now: datetime) -> None:
    requests = [story.request for story in stories(now)]
    assert Counter(request.status for request in requests) == {
        RequestStatus.OPEN: 16,
        RequestStatus.IN_PROGRESS: 11,
        RequestStatus.COMPLETED: 28,
        RequestStatus.CANCELLED: 6,
    }
    assert {request.priority for request in requests} == set(Priority)
    unfinished = [it for it in requests if it.status in {RequestStatus.OPEN, RequestStatus.IN_PROGRESS}]
    due = [request.due_at - now for request in unfinished if request.due_at]
    day = timedelta(days=1)
    assert sum(timedelta(0) > left for left in due) >= 5
    assert sum(timedelta(0) < left <= day for left in due) >= 4
    assert sum(left > day for left in due) >= 8
    assert sum(request.assigned_to is None for request in unfinished) >= 7
    # something to do, and something of one's own, for whoever somebody chooses to be
    assert {IDS.people["erik"], IDS.people["eva"]} < {request.assigned_to for request in unfinished}
    assert {IDS.people["ada"], IDS.people["uma"]} < {request.requested_by for request in unfinished}


@settings(max_examples=40, deadline=None)
@given(moments)
def test_whenever_it_is_made_nothing_lies_in_the_future_or_before_its_request(now: datetime) -> None:
    for story in stories(now):
        request = story.request
        assert now - timedelta(days=75) < request.created_at <= request.updated_at <= now
        assert request.due_at is None or request.due_at > request.created_at
        moves = [entry.at for entry in story.entries]
        assert moves == sorted(set(moves))
        assert all(request.created_at < at <= request.updated_at for at in moves)
        assert all(request.created_at < comment.at <= now for comment in story.comments)
        for log in story.logs:
            begun = min(at for at in moves)
            assert begun < log.at <= now
            assert log.work_date == log.at.astimezone(ZONES[log.user_id]).date()
            assert timedelta(hours=float(log.hours)) <= log.at - begun


@settings(max_examples=40, deadline=None)
@given(moments)
def test_whenever_it_is_made_the_history_leads_to_the_status_by_moves_that_are_allowed(now: datetime) -> None:
    allowed = {(before, after) for froms, after in TRANSITIONS.values() for before in froms}
    reopened = 0
    for story in stories(now):
        status = str(RequestStatus.OPEN)
        for entry in story.entries:
            assert entry.old_status == status
            assert (entry.old_status, entry.new_status) in allowed
            reopened += entry.old_status == RequestStatus.COMPLETED
            status = entry.new_status
        assert story.request.status == status
        assert story.request.assigned_to or not story.logs
    assert reopened == 4


@settings(max_examples=40, deadline=None)
@given(moments)
def test_whenever_it_is_made_the_hours_of_a_person_fit_into_a_working_day(now: datetime) -> None:
    days: Counter[tuple[int, object]] = Counter()
    logs = [log for story in stories(now) for log in story.logs]
    for log in logs:
        assert 0 < log.hours <= 6
        days[log.user_id, log.work_date] += log.hours  # type: ignore[assignment] # a Counter counts in Decimal as well
    assert max(days.values()) <= 8
    assert 50 <= len(logs) <= 130


@settings(max_examples=40, deadline=None)
@given(moments)
def test_whenever_it_is_made_releases_follow_each_other(now: datetime) -> None:
    rows = releases(now)
    assert 105 <= len(rows) <= 140
    count = Counter(row.status for row in rows)
    assert count["failed"] >= 6
    assert count["rolled_back"] == 3
    assert count["pending"] == 2
    assert count["in_progress"] == 0
    assert {row.environment for row in rows} == {"production", "staging", "development"}
    for row in rows:
        assert row.updated_at <= now
        assert (row.deployed_at is None) == (row.duration is None) == (row.status == "pending")
        assert row.deployed_at is None or row.created_at < row.deployed_at < row.updated_at
    for project_id in IDS.projects.values():
        mine = [row for row in rows if row.project_id == project_id]
        in_production = [row for row in mine if row.environment == "production"]
        versions = [tuple(map(int, row.version.removeprefix("v").split("."))) for row in in_production]
        assert versions == sorted(versions)
        # whatever went wrong there was put right afterwards
        final = [row.status for row in in_production if row.status != "pending"][-1:]
        assert final in ([], ["success"])


def test_the_same_moment_gives_the_same_and_another_seed_something_else() -> None:
    assert stories(NOW) == stories(NOW)
    assert releases(NOW) == releases(NOW)
    assert tell(NOW, IDS, 2) != stories(NOW)
