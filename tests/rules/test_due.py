"""Dates people type. Wednesday, 25 November 2026 is the day, unless a test says otherwise."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.when import parse_due

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"
ZONES = ("UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


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
    code = (
        "import sys; from datetime import UTC, datetime; from bot.rules import days, when; days.warm_up(); "
        "loaded = set(sys.modules); now = datetime(2026, 11, 25, tzinfo=UTC); "
        "[when.parse_due(text, now=now, tz='UTC') for text in ('friday 17:00', 'in 3 days', 'in 2 hours', 'dec 24')]; "
        "assert set(sys.modules) == loaded, set(sys.modules) - loaded"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=30)
