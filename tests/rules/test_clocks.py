"""Times on people's own clocks, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.days import WEEKDAYS
from bot.rules.when import parse_due

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"
ZONES = ("UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@pytest.mark.parametrize(
    ("tz", "text", "utc"),
    [
        # The day is the person's own: at 10:30 UTC it is Thursday already in Apia.
        ("Asia/Kolkata", "tomorrow 9:00", "2026-11-26 03:30"),
        ("Asia/Kathmandu", "tomorrow 9:00", "2026-11-26 03:15"),
        ("America/New_York", "tomorrow 9:00", "2026-11-26 14:00"),
        ("Australia/Lord_Howe", "tomorrow 9:00", "2026-11-25 22:00"),
        ("Pacific/Apia", "tomorrow 9:00", "2026-11-25 20:00"),
        ("Pacific/Apia", "today 23:45", "2026-11-25 10:45"),
        ("Pacific/Kiritimati", "today 23:00", "2026-11-26 09:00"),
        ("No/Where", "tomorrow 9:00", "2026-11-26 09:00"),
        ("", "tomorrow 9:00", "2026-11-26 09:00"),
        ("../etc", "tomorrow 9:00", "2026-11-26 09:00"),
    ],
)
def test_times_are_those_of_the_persons_own_clock(tz: str, text: str, utc: str) -> None:
    due = parse_due(text, now=NOW, tz=tz)
    assert due is not None
    assert f"{due:%Y-%m-%d %H:%M}" == utc
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    ("tz", "now", "text", "utc"),
    [
        # Skipped: moved forward by as much as the clock was.
        (BERLIN, "2026-03-01", "2026-03-29 02:30", "2026-03-29 01:30"),
        (BERLIN, "2026-03-01", "2026-03-29 01:59", "2026-03-29 00:59"),
        (BERLIN, "2026-03-01", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("America/New_York", "2026-03-01", "2026-03-08 02:30", "2026-03-08 07:30"),
        ("Australia/Lord_Howe", "2026-09-01", "2026-10-04 02:15", "2026-10-03 15:45"),
        ("Pacific/Apia", "2011-12-01", "2011-12-30 09:00", "2011-12-30 19:00"),
        # Twice: the first.
        (BERLIN, "2026-10-01", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("America/New_York", "2026-10-01", "2026-11-01 01:30", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "2026-03-01", "2026-04-05 01:45", "2026-04-04 14:45"),
        # Twice, and the first is over: the second.
        (BERLIN, "2026-10-25T00:45", "2026-10-25 02:30", "2026-10-25 01:30"),
        # No change of clocks at all.
        ("Asia/Kolkata", "2026-03-01", "2026-03-29 02:30", "2026-03-28 21:00"),
        ("Asia/Kathmandu", "2026-03-01", "2026-03-29 02:30", "2026-03-28 20:45"),
        # Days are days on the wall, hours are hours on any clock.
        (BERLIN, "2026-03-28T11:00", "in 1 day 12:00", "2026-03-29 10:00"),
        (BERLIN, "2026-03-29T00:30", "in 1 hour", "2026-03-29 01:30"),
        (BERLIN, "2026-10-25T00:30", "in 1 hour", "2026-10-25 01:30"),
        (BERLIN, "2026-10-24T21:00", "in 6 hours", "2026-10-25 03:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:15", "in 30 minutes", "2026-10-03 15:45"),
        ("America/New_York", "2026-10-31T16:00", "tomorrow", "2026-11-01 22:00"),
    ],
)
def test_when_the_clocks_change(tz: str, now: str, text: str, utc: str) -> None:
    due = parse_due(text, now=datetime.fromisoformat(now).replace(tzinfo=UTC), tz=tz)
    assert due is not None
    assert f"{due:%Y-%m-%d %H:%M}" == utc


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(ZONES), st.sampled_from(WEEKDAYS), st.integers(0, 23), st.integers(0, 59))
def test_a_weekday_is_the_next_one_still_ahead(now: datetime, tz: str, name: str, hour: int, minute: int) -> None:
    due = parse_due(f"{name} {hour}:{minute:02}", now=now, tz=tz)
    assert due is not None
    assert now < due <= now + timedelta(days=7, hours=2)
    assert due.astimezone(ZoneInfo(tz)).strftime("%A").casefold() == name


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(ZONES), st.integers(1, 400))
def test_in_some_days_is_that_many_days_on_the_wall(now: datetime, tz: str, count: int) -> None:
    due = parse_due(f"in {count} days", now=now, tz=tz)
    assert due is not None
    here = due.astimezone(ZoneInfo(tz))
    assert here.date() - now.astimezone(ZoneInfo(tz)).date() == timedelta(days=count)
    assert here.hour == 17


@given(MOMENTS, st.sampled_from(ZONES), st.timedeltas(timedelta(minutes=1), timedelta(days=3000)))
def test_an_iso_time_comes_back(now: datetime, tz: str, ahead: timedelta) -> None:
    due = (now + ahead).replace(second=0, microsecond=0) + timedelta(minutes=1)
    found = parse_due(f"{due.astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M}", now=now, tz=tz)
    assert found in {due, due - timedelta(hours=1), due - timedelta(minutes=30)}
    assert found == due or due.astimezone(ZoneInfo(tz)).fold
