"""Which reminders are due when: tables for zones and changes of the clocks, properties for everything."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput, WrongState
from bot.rules.reminders import (
    BEFORE,
    DUE,
    Snooze,
    check_snooze,
    is_escalation_due,
    parse_snooze,
    read_choice,
    snooze_step,
    snooze_until,
    steps_due,
)
from bot.rules.workdays import DEFAULT, WorkingHours, is_working, opening
from bot.rules.zones import local
from tests.views.builders import request, taken

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/St_Johns",
    "Africa/Cairo",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "now", "tz", "expected"),
    [
        # the week of 2026-11-23 is an ordinary one; the 23rd is a Monday
        ("2026-11-25T15:00", "2026-11-24T14:59", "UTC", ()),
        ("2026-11-25T15:00", "2026-11-24T15:00", "UTC", (BEFORE,)),
        ("2026-11-25T15:00", "2026-11-25T14:59", "UTC", (BEFORE,)),
        ("2026-11-25T15:00", "2026-11-25T15:00", "UTC", (DUE,)),
        # the usual due time is the last minute of the usual working day
        ("2026-11-25T17:00", "2026-11-25T17:00", "UTC", (DUE,)),
        ("2026-11-25T17:00", "2026-11-25T17:01", "UTC", ()),
        ("2026-11-25T17:00", "2026-11-26T09:00", "UTC", ("overdue:2026-11-26",)),
        ("2026-11-25T17:00", "2026-11-26T09:59", "UTC", ("overdue:2026-11-26",)),
        ("2026-11-25T17:00", "2026-11-26T10:00", "UTC", ()),
        # what falls outside working hours waits: the night, and the weekend
        ("2026-11-25T20:00", "2026-11-25T20:00", "UTC", ()),
        ("2026-11-25T20:00", "2026-11-26T09:00", "UTC", (DUE, "overdue:2026-11-26")),
        ("2026-11-28T12:00", "2026-11-28T12:00", "UTC", ()),
        ("2026-11-28T12:00", "2026-11-30T09:00", "UTC", (DUE, "overdue:2026-11-30")),
        ("2026-11-28T12:00", "2026-11-30T11:00", "UTC", (DUE,)),
        ("2026-11-28T12:00", "2026-12-01T11:00", "UTC", ()),
        ("2026-11-30T10:00", "2026-11-29T10:00", "UTC", ()),
        ("2026-11-30T10:00", "2026-11-30T09:00", "UTC", (BEFORE,)),
        # half hours: 9 to 17 in India is 3:30 to 11:30 UTC, in Nepal 3:15 to 11:15
        ("2026-11-25T01:00", "2026-11-25T03:29", "Asia/Kolkata", ()),
        ("2026-11-25T01:00", "2026-11-25T03:30", "Asia/Kolkata", (DUE, "overdue:2026-11-25")),
        ("2026-11-25T01:00", "2026-11-25T04:30", "Asia/Kolkata", (DUE,)),
        ("2026-11-24T08:00", "2026-11-25T03:14", "Asia/Kathmandu", ()),
        ("2026-11-24T08:00", "2026-11-25T03:15", "Asia/Kathmandu", ("overdue:2026-11-25",)),
        ("2026-11-24T08:00", "2026-11-25T04:15", "Asia/Kathmandu", ()),
        # the clocks go back on Sunday 2026-10-25 in Berlin: 9 o'clock is 7 UTC before and 8 UTC after
        ("2026-10-22T10:00", "2026-10-23T07:00", "Europe/Berlin", ("overdue:2026-10-23",)),
        ("2026-10-22T10:00", "2026-10-26T07:30", "Europe/Berlin", ()),
        ("2026-10-22T10:00", "2026-10-26T08:00", "Europe/Berlin", ("overdue:2026-10-26",)),
        # and forward on Sunday 2026-03-29
        ("2026-03-26T10:00", "2026-03-27T08:00", "Europe/Berlin", ("overdue:2026-03-27",)),
        ("2026-03-26T10:00", "2026-03-30T07:00", "Europe/Berlin", ("overdue:2026-03-30",)),
        # 24 hours are 24 hours, also over the change: due Monday 10:00 in New York, the clocks went back on Sunday
        ("2026-11-02T15:00", "2026-11-02T14:00", "America/New_York", (BEFORE,)),
        # half an hour's change on Lord Howe Island, 2026-10-04: 9 o'clock is 22:30 UTC before and 22:00 UTC after
        ("2026-10-01T00:00", "2026-10-01T22:30", "Australia/Lord_Howe", ("overdue:2026-10-02",)),
        ("2026-10-01T00:00", "2026-10-04T22:00", "Australia/Lord_Howe", ("overdue:2026-10-05",)),
        # fourteen hours ahead it is Monday already
        ("2026-11-22T10:00", "2026-11-22T19:00", "Pacific/Kiritimati", (DUE, "overdue:2026-11-23")),
    ],
)
def test_steps(due: str, now: str, tz: str, expected: tuple[str, ...]) -> None:
    assert steps_due(utc(due), utc(now), tz=tz, hours=DEFAULT) == expected


def test_what_was_said_is_not_said_again() -> None:
    due, now = utc("2026-11-25T20:00"), utc("2026-11-26T09:05")
    assert steps_due(due, now, tz="UTC", hours=DEFAULT, sent={DUE}) == ("overdue:2026-11-26",)
    assert steps_due(due, now, tz="UTC", hours=DEFAULT, sent={DUE, "overdue:2026-11-26"}) == ()


def test_a_pause_is_kept_and_then_ended_by_one_reminder() -> None:
    due, until = utc("2026-11-25T10:00"), utc("2026-11-27T09:00")
    step = snooze_step(until)
    assert steps_due(due, utc("2026-11-26T09:00"), tz="UTC", hours=DEFAULT, snoozed_until=until) == ()
    assert step in steps_due(due, utc("2026-11-27T09:00"), tz="UTC", hours=DEFAULT, snoozed_until=until)
    saturday = utc("2026-11-28T10:00")
    assert steps_due(due, utc("2026-11-28T12:00"), tz="UTC", hours=DEFAULT, snoozed_until=saturday) == ()
    assert snooze_step(saturday) in steps_due(
        due, utc("2026-11-30T11:00"), tz="UTC", hours=DEFAULT, snoozed_until=saturday
    )


@pytest.mark.parametrize(
    ("priority", "now", "expected"),
    [
        ("critical", "2026-11-25T10:00", True),
        ("high", "2026-11-25T10:00", True),
        ("medium", "2026-11-25T10:00", False),
        ("high", "2026-11-25T09:59", False),
        ("high", "2026-11-25T20:00", False),
        ("high", "2026-11-28T12:00", False),
    ],
)
def test_urgent_ones_go_to_the_channel_after_two_days(priority: str, now: str, expected: bool) -> None:
    found = is_escalation_due(priority, utc("2026-11-23T10:00"), utc(now), tz="UTC", hours=DEFAULT)
    assert found is expected


times = st.times(max_value=time(23, 58)).map(lambda it: it.replace(second=0, microsecond=0))


@st.composite
def working_hours(draw: st.DrawFn) -> WorkingHours:
    start = draw(times)
    end = draw(st.times(min_value=time(start.hour, start.minute + 1 if start.minute < 59 else 59)))
    days = draw(st.sets(st.integers(1, 7), min_size=1))
    return WorkingHours(start, max(end.replace(second=0, microsecond=0), start), tuple(sorted(days)))


def _between(first: str, last: str) -> st.SearchStrategy[datetime]:
    length = int((utc(last) - utc(first)).total_seconds())
    return st.integers(0, length).map(lambda seconds: utc(first) + timedelta(seconds=seconds))


# Around the changes of the clocks, and around the day that Apia left out.
moments = (
    _between("2026-03-01", "2026-04-10") | _between("2026-09-25", "2026-11-10") | _between("2011-12-25", "2012-01-05")
)


@given(moments, st.sampled_from(ZONES), working_hours())
def test_the_next_opening_is_at_work_and_nothing_before_it_is(moment: datetime, tz: str, hours: WorkingHours) -> None:
    first = opening(moment, tz, hours)
    assert first >= moment
    # a start that the clocks skip may be moved beyond a short day's end
    assert is_working(first, tz, hours) or hours.end < local(first, tz).time()
    between = moment
    while between < first:
        assert not is_working(between, tz, hours) or local(between, tz).fold
        between += timedelta(minutes=37)


@given(moments, moments, st.sampled_from(ZONES), working_hours(), st.none() | moments)
def test_nothing_is_said_outside_working_hours_or_in_a_pause(
    due: datetime, now: datetime, tz: str, hours: WorkingHours, pause: datetime | None
) -> None:
    found = steps_due(due, now, tz=tz, hours=hours, snoozed_until=pause)
    if found:
        assert is_working(now, tz, hours)
        assert pause is None or now >= pause
    assert steps_due(due, now, tz=tz, hours=hours, snoozed_until=pause, sent=found) == ()


@settings(max_examples=25, deadline=None)
@given(moments, st.sampled_from(ZONES), st.integers(0, 29))
def test_every_step_comes_once_and_each_working_morning_has_one(due: datetime, tz: str, offset: int) -> None:
    said: list[str] = []
    now = (due - timedelta(days=2)).replace(second=0, microsecond=0)
    working_days: set[date] = set()
    while now < due + timedelta(days=9):
        said += steps_due(due, now, tz=tz, hours=DEFAULT, sent=said)
        here = local(now, tz)
        if now >= due and here.isoweekday() <= 5 and time(9) <= here.time() < time(10):
            working_days.add(here.date())
        now += timedelta(minutes=10)
    assert max(Counter(said).values()) == 1
    assert said.count(DUE) == 1
    assert {step for step in said if step.startswith("overdue:")} == {f"overdue:{day}" for day in working_days}
    assert len(working_days) >= 5


NOW = utc("2026-11-26T13:00")  # a Thursday


@pytest.mark.parametrize(
    ("when", "tz", "expected"),
    [
        ("tomorrow", "UTC", "2026-11-27T09:00"),
        ("next working day", "UTC", "2026-11-27T09:00"),
        ("workday", "Asia/Kolkata", "2026-11-27T03:30"),
        ("friday", "UTC", "2026-11-27T09:00"),
        ("thursday", "UTC", "2026-12-03T09:00"),
        ("friday 14:00", "UTC", "2026-11-27T14:00"),
        ("2026-12-24", "Europe/Berlin", "2026-12-24T08:00"),
        ("in 3 days", "UTC", "2026-11-29T09:00"),
        ("in 2 hours", "UTC", "2026-11-26T15:00"),
    ],
)
def test_pauses_end_at_the_start_of_work(when: str, tz: str, expected: str) -> None:
    assert snooze_until(when, now=NOW, tz=tz, hours=DEFAULT) == utc(expected)


def test_a_working_day_is_the_persons_own() -> None:
    hours = WorkingHours(time(7, 30), time(12), (1, 2))
    assert snooze_until("workday", now=NOW, tz="UTC", hours=hours) == utc("2026-11-30T07:30")
    assert snooze_until("tomorrow", now=NOW, tz="UTC", hours=hours) == utc("2026-11-27T07:30")


@pytest.mark.parametrize("when", ["none", "yesterday", "2020-01-01", "soon", "2026-02-30"])
def test_what_cannot_be_a_pause(when: str) -> None:
    with pytest.raises(BadInput):
        snooze_until(when, now=NOW, tz="UTC", hours=DEFAULT)


def test_what_is_typed_and_chosen() -> None:
    assert parse_snooze("MR-42 next working day") == Snooze(42, "next working day")
    assert parse_snooze('#42 until "friday 14:00"') == Snooze(42, "friday 14:00")
    assert parse_snooze("tomorrow MR-42") == Snooze(42, "tomorrow")
    assert read_choice("workday:42") == Snooze(42, "workday")
    for text in ("", "42", "tomorrow", "0 tomorrow"):
        with pytest.raises(BadInput):
            parse_snooze(text)


def test_whose_reminders_they_are() -> None:
    assert check_snooze(taken(), 2, open_=True) == taken().due_at
    with pytest.raises(WrongState, match="Elena Engineer does"):
        check_snooze(taken(), 99, open_=True)
    with pytest.raises(WrongState, match="no due date"):
        check_snooze(taken(due_at=None), 2, open_=True)
    with pytest.raises(WrongState, match="over"):
        check_snooze(request(), 3, open_=False)
