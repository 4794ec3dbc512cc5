"""Dates people type. Wednesday, 25 November 2026 is the day, unless a test says otherwise."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.days import WEEKDAYS, warm_up
from bot.rules.when import combine_due, looks_like_period, parse_due, parse_period, parse_work_date

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"
ZONES = ("UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


def wall(text: str, *, now: datetime = NOW, tz: str = BERLIN) -> str | None:
    due = parse_due(text, now=now, tz=tz)
    return f"{due.astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M}" if due else None


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("friday 17:00", "2026-11-27 17:00"),
        ("Friday 17:00", "2026-11-27 17:00"),
        ("17:00 friday", "2026-11-27 17:00"),
        ("friday at 5pm", "2026-11-27 17:00"),
        ("on friday, 5:30 pm", "2026-11-27 17:30"),
        ("fri 12am", "2026-11-27 00:00"),
        ("fri 12pm", "2026-11-27 12:00"),
        ("friday noon", "2026-11-27 12:00"),
        ("friday", "2026-11-27 17:00"),
        ("wednesday", "2026-11-25 17:00"),
        ("wednesday 12:00", "2026-11-25 12:00"),
        ("wednesday 11:30", "2026-12-02 11:30"),
        ("tuesday", "2026-12-01 17:00"),
        ("today", "2026-11-25 17:00"),
        ("today 18:15", "2026-11-25 18:15"),
        ("tomorrow", "2026-11-26 17:00"),
        ("tomorrow 9am", "2026-11-26 09:00"),
        ("the day after tomorrow", "2026-11-27 17:00"),
        ("in 3 days", "2026-11-28 17:00"),
        ("3 days", "2026-11-28 17:00"),
        ("in three days 8:00", "2026-11-28 08:00"),
        ("in a week", "2026-12-02 17:00"),
        ("in 2 weeks", "2026-12-09 17:00"),
        ("in 1 month", "2026-12-25 17:00"),
        ("in 2 hours", "2026-11-25 13:30"),
        ("in an hour", "2026-11-25 12:30"),
        ("in 90 minutes", "2026-11-25 13:00"),
        ("in 2 hours 15 minutes", "2026-11-25 13:45"),
        ("17:00", "2026-11-25 17:00"),
        ("9:00", "2026-11-26 09:00"),
        ("9am", "2026-11-26 09:00"),
        ("2026-12-24", "2026-12-24 17:00"),
        ("2026-12-24 08:05", "2026-12-24 08:05"),
        ("2026-12-24T08:05", "2026-12-24 08:05"),
        ("2026-12-24 08:05:00", "2026-12-24 08:05"),
        ("  2026-12-24   08:05 ", "2026-12-24 08:05"),
        ("2028-02-29", "2028-02-29 17:00"),
        ("24.12.2026", "2026-12-24 17:00"),
        ("12/24/2026 9:00", "2026-12-24 09:00"),
        ("24/12/2026", "2026-12-24 17:00"),
        ("5.5.2027", "2027-05-05 17:00"),
        ("dec 24", "2026-12-24 17:00"),
        ("24 dec 17:30", "2026-12-24 17:30"),
        ("the 3rd of december", "2026-12-03 17:00"),
        ("december 24th, 2027", "2027-12-24 17:00"),
        ("jan 3", "2027-01-03 17:00"),
        ("may 5", "2027-05-05 17:00"),
        ("2099-01-01", "2099-01-01 17:00"),
        ("none", None),
        ("NONE", None),
    ],
)
def test_what_is_due_when(text: str, due: str | None) -> None:
    assert wall(text) == due


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Say when it is due"),
        ("soon", "no date I understand"),
        ("friday blah", "no date I understand"),
        ("blah friday", "no date I understand"),
        ("friday 17:00 UTC", "no date I understand"),
        ("friday 17", "no date I understand"),
        ("next week", "no date I understand"),
        ("1700000000", "no date I understand"),
        ("2026-12", "no date I understand"),
        ("26-12-24", "no date I understand"),
        ("friday monday", "no date I understand"),
        ("in -3 days", "no date I understand"),
        ("3 days ago", "no date I understand"),
        ("\u0662\u0660\u0662\u0667-12-24", "no date I understand"),
        ("in", 'not a whole date. Put quotes around .* due:"in 3 days"'),
        ("dec", "not a whole date"),
        ("5", "not a whole date"),
        ("may", "not a whole date"),
        ("next friday", "could be 2026-11-27 or 2026-12-04.* Example: 2026-11-27"),
        ("next wednesday", "could be 2026-12-02 or 2026-12-09"),
        ("5/6/2027", "could be 2027-05-06 or 2027-06-05.* Example: 2027-05-06"),
        ("2026-02-30", "not in the calendar"),
        ("2027-02-29", "not in the calendar"),
        ("2026-13-01", "not in the calendar"),
        ("0000-01-01", "not in the calendar"),
        ("feb 30", "not in the calendar"),
        ("31 november", "not in the calendar"),
        ("30.02.2027", "not in the calendar"),
        ("99.99.2027", "not in the calendar"),
        ("friday 25:00", "no time of day"),
        ("friday 17:60", "no time of day"),
        ("friday 13pm", "no time of day"),
        ("friday 0am", "no time of day"),
        ("2026-11-24", r"2026-11-24 17:00 has already passed \(Europe/Berlin\)"),
        ("2026-11-25 11:30", "already passed"),
        ("today 9:00", "already passed"),
        ("yesterday", "2026-11-24 17:00 has already passed"),
        ("in 0 minutes", "already passed"),
        ("1999-12-31", "already passed"),
        ("0001-01-01", "already passed"),
        ("2127-01-01", "more than 100 years"),
        ("9999-12-31 23:59", "more than 100 years"),
        ("in 9999 months", "more than 100 years"),
    ],
)
def test_what_is_not_wholly_understood_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        parse_due(text, now=NOW, tz=BERLIN)
    assert caught.value.field == "due_date"
    assert "Example: " in str(caught.value)


def test_the_iso_date_offered_as_an_example_is_itself_accepted() -> None:
    with pytest.raises(BadInput) as caught:
        parse_due("soon", now=NOW, tz=BERLIN)
    for example in str(caught.value).partition("Example: ")[2].replace(" or ", ", ").split(", "):
        parse_due(example, now=NOW, tz=BERLIN)


@pytest.mark.parametrize("at", ["17:00", "20:15", "23:58"])
def test_today_after_work_means_the_end_of_today(at: str) -> None:
    evening = datetime.fromisoformat(f"2026-11-25T{at}+01:00").astimezone(UTC)
    assert wall("today", now=evening) == "2026-11-25 23:59"
    assert wall("2026-11-25", now=evening) == "2026-11-25 23:59"
    assert wall("wednesday", now=evening) == "2026-12-02 17:00"


def test_the_last_minute_of_today_is_too_late_for_today() -> None:
    with pytest.raises(BadInput, match="2026-11-25 23:59 has already passed"):
        parse_due("today", now=datetime(2026, 11, 25, 22, 59, tzinfo=UTC), tz=BERLIN)


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


WORDS = st.sampled_from(
    [
        *("in", "on", "at", "the", "next", "this", "a", "one", "of", "and", "ago", "none", ",", "-", "\u0663"),
        *("0", "3", "30", "31", "2027", "9999", "5/6/2027", "2026-02-30", "2026-12-24t08:00", "3rd"),
        *("minutes", "hours", "days", "week", "months", "friday", "mon", "may", "feb", "dec", "today", "tomorrow"),
        *("17:00", "25:61", "5pm", "noon"),
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(WORDS, max_size=6).map(" ".join), st.sampled_from(ZONES))
def test_any_words_give_a_time_ahead_or_a_refusal(text: str, tz: str) -> None:
    try:
        due = parse_due(text, now=NOW, tz=tz)
    except BadInput:
        return
    assert due is None or (due > NOW and due.utcoffset() == timedelta(0))
    assert (due is None) == (text == "none")


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


def test_dateparser_is_loaded_only_for_words() -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from bot.rules import maintenance, worklog; "
        "now = datetime(2026, 11, 25, tzinfo=UTC); "
        "maintenance.parse_due_command('42 2026-12-24 17:00', now=now, tz='Asia/Kolkata'); "
        "worklog.parse_log('42 1h yesterday fixed', now=now, tz='Asia/Kolkata'); "
        "assert 'dateparser' not in sys.modules; "
        "maintenance.parse_due_command('42 tomorrow', now=now, tz='Asia/Kolkata'); "
        "assert 'dateparser' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=30)


def test_warming_up_leaves_nothing_to_load() -> None:
    warm_up()
    assert "dateparser" in sys.modules
