from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.hours import format_hours, parse_hours


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("1.5", "1.5"),
        ("1,5", "1.5"),
        (".5", "0.5"),
        ("2", "2"),
        ("2h", "2"),
        ("2 hours", "2"),
        ("1.5h", "1.5"),
        ("1h30m", "1.5"),
        ("1h30", "1.5"),
        ("1H30M", "1.5"),
        ("1h 30m", "1.5"),
        ("1h05m", "1.08"),
        ("0h30m", "0.5"),
        ("90m", "1.5"),
        ("90 min", "1.5"),
        ("1h20m", "1.33"),
        ("1h59m", "1.98"),
        ("1m", "0.02"),
        ("1.333", "1.33"),
        ("1.335", "1.34"),
        ("24", "24"),
        ("1440m", "24"),
        (" 1.75 ", "1.75"),
    ],
)
def test_hours_are_read(text: str, hours: str) -> None:
    assert parse_hours(text) == Decimal(hours)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-2", "negative"),
        ("-1h30m", "negative"),
        ("\u22122", "negative"),
        ("0", "more than 0"),
        ("0.00", "more than 0"),
        ("0.004", "more than 0"),
        ("0m", "more than 0"),
        ("25", "at most 24"),
        ("24.01", "at most 24"),
        ("24h1m", "at most 24"),
        ("1441m", "at most 24"),
        ("999999", "at most 24"),
        ("1h90m", "90 minutes beside the hours; at most 59"),
        ("1h60m", "60 minutes"),
        ("", "no number of hours"),
        ("NaN", "no number of hours"),
        ("inf", "no number of hours"),
        ("1e5", "no number of hours"),
        ("1_0", "no number of hours"),
        ("1:30", "no number of hours"),
        ("1.2.3", "no number of hours"),
        ("1.5h30m", "no number of hours"),
        ("\u0661", "no number of hours"),
        ("two", "no number of hours"),
        ("9" * 5000, "no number of hours"),
    ],
)
def test_other_hours_are_refused_with_the_ways_to_write_them(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=f"{why}.*1.5, 1h30m or 90m") as caught:
        parse_hours(text)
    assert caught.value.field == "hours"


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        ("1.75", "1.75"),
        ("1.50", "1.5"),
        ("2.00", "2"),
        ("20", "20"),
        ("100", "100"),
        ("0", "0"),
        ("0.00", "0"),
        ("0.125", "0.13"),
        ("-0.001", "0"),
        ("1E+1", "10"),
    ],
)
def test_hours_are_shown_as_short_decimals(hours: str, shown: str) -> None:
    assert format_hours(Decimal(hours)) == shown


@given(st.decimals("0.01", 24, places=2))
def test_what_is_shown_can_be_typed_again(hours: Decimal) -> None:
    assert parse_hours(format_hours(hours)) == hours


@given(st.integers(0, 23), st.integers(0, 59))
def test_hours_and_minutes_are_minutes(hours: int, minutes: int) -> None:
    if hours or minutes:
        assert parse_hours(f"{hours}h{minutes}m") == parse_hours(f"{hours * 60 + minutes}m")
