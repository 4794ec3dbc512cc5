"""Dates people type. Wednesday, 25 November 2026 is the day, unless a test says otherwise."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.days import WEEKDAYS
from bot.rules.when import combine_due, looks_like_period, parse_period, parse_work_date

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"
ZONES = ("UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@pytest.mark.parametrize(
    ("day", "at", "due"),
    [
        (None, None, None),
        ("", "", None),
        ("2026-11-27", None, "2026-11-27 16:00"),
        ("2026-11-27", "08:30", "2026-11-27 07:30"),
        ("2026-11-25", "11:31", "2026-11-25 10:31"),
    ],
)
def test_a_modals_date_and_time_become_one_instant(day: str | None, at: str | None, due: str | None) -> None:
    found = combine_due(day, at, now=NOW, tz=BERLIN)
    assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == due


@pytest.mark.parametrize(
    ("day", "at", "field", "why"),
    [
        (None, "17:00", "due_date", "needs a date"),
        ("2026-11-24", None, "due_date", "already passed"),
        ("2026-11-24", "17:00", "due_date", "already passed"),
        ("2026-11-25", "11:30", "due_time", "already passed"),
        ("2026-02-30", None, "due_date", "not in the calendar"),
        ("friday", None, "due_date", "not in the calendar"),
        ("2026-11-27", "26:00", "due_time", "no time of day"),
        ("2026-11-27", "x", "due_time", "no time of day"),
    ],
)
def test_a_modals_fault_stands_at_its_field(day: str | None, at: str | None, field: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        combine_due(day, at, now=NOW, tz=BERLIN)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("text", "day"),
    [
        (None, "2026-11-25"),
        ("today", "2026-11-25"),
        ("Yesterday", "2026-11-24"),
        ("wednesday", "2026-11-25"),
        ("tuesday", "2026-11-24"),
        ("thu", "2026-11-19"),
        ("mon", "2026-11-23"),
        ("2026-11-01", "2026-11-01"),
        ("24.12.2025", "2025-12-24"),
    ],
)
def test_the_day_work_was_done(text: str | None, day: str) -> None:
    assert parse_work_date(text, now=NOW, tz=BERLIN) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tomorrow", "2026-11-26 is in the future"),
        ("2026-11-26", "in the future"),
        ("2026-02-30", "not in the calendar"),
        ("1999-12-31", "before the year 2000"),
        ("5/6/2025", "could be 2025-05-06 or 2025-06-05"),
        ("someday", "no date I understand.* Example: today, yesterday, monday or"),
        ("", "no date I understand"),
    ],
)
def test_other_days_of_work_are_refused(text: str, why: str) -> None:
    if not text:
        assert parse_work_date(text, now=NOW, tz=BERLIN) == date(2026, 11, 25)
        return
    with pytest.raises(BadInput, match=why) as caught:
        parse_work_date(text, now=NOW, tz=BERLIN)
    assert caught.value.field == "work_date"


def test_today_is_the_persons_own() -> None:
    assert parse_work_date("today", now=NOW, tz="Pacific/Kiritimati") == date(2026, 11, 26)
    assert parse_work_date("2026-11-26", now=NOW, tz="Pacific/Kiritimati") == date(2026, 11, 26)
    assert parse_work_date("today", now=NOW.replace(hour=2), tz="America/New_York") == date(2026, 11, 24)


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(ZONES), st.sampled_from(WEEKDAYS))
def test_a_weekday_of_work_is_within_the_last_seven_days(now: datetime, tz: str, name: str) -> None:
    day = parse_work_date(name, now=now, tz=tz)
    assert 0 <= (now.astimezone(ZoneInfo(tz)).date() - day).days < 7
    assert day.strftime("%A").casefold() == name


@pytest.mark.parametrize(
    ("text", "first", "last", "label"),
    [
        (None, "2026-11-23", "2026-11-29", "this week"),
        ("WEEK", "2026-11-23", "2026-11-29", "this week"),
        ("today", "2026-11-25", "2026-11-25", "today"),
        ("month", "2026-11-01", "2026-11-30", "this month"),
        ("2026-11-01..2026-11-15", "2026-11-01", "2026-11-15", "2026-11-01 to 2026-11-15"),
        ("2026-11-01..2026-11-01", "2026-11-01", "2026-11-01", "2026-11-01 to 2026-11-01"),
    ],
)
def test_the_days_of_a_report(text: str | None, first: str, last: str, label: str) -> None:
    period = parse_period(text, now=NOW, tz=BERLIN)
    assert (period.first.isoformat(), period.last.isoformat(), period.label) == (first, last, label)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("moth", "Did you mean month"),
        ("fortnight", "no period.* Example: today, week, month or"),
        ("2026-11-02..2026-11-01", "ends before it begins.* Example: 2026-11-01..2026-11-02"),
        ("2026-02-30..2026-03-01", "not in the calendar"),
        ("2026-02-01..", "not in the calendar"),
        ("..", "not in the calendar"),
    ],
)
def test_other_periods_are_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_period(text, now=NOW, tz=BERLIN)


def test_which_words_are_meant_as_periods() -> None:
    assert [word for word in ("Today", "week", "a..b", "mine", "monthly") if looks_like_period(word)] == [
        "Today",
        "week",
        "a..b",
    ]


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_week_and_a_month_hold_today(now: datetime, tz: str) -> None:
    today = now.astimezone(ZoneInfo(tz)).date()
    week, month = parse_period("week", now=now, tz=tz), parse_period("month", now=now, tz=tz)
    assert week.first <= today <= week.last
    assert (week.first.weekday(), (week.last - week.first).days) == (0, 6)
    assert month.first <= today <= month.last
    assert (month.first.day, (month.last + timedelta(days=1)).day) == (1, 1)
