"""The settings form, read; and the zones that it offers."""

from contextlib import suppress
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.preferences import AS_IN_SLACK, Preferences, read_preferences, zone_choices
from bot.rules.workdays import WorkingHours

ZONES = ("Europe/Berlin", "America/New_York", "America/Argentina/Buenos_Aires", "UTC")
USUAL = {"from": "09:00", "until": "17:00", "days": "1,2,3,4,5", "zone": AS_IN_SLACK, "direct_messages": "on"}


def test_the_usual_is_nothing_of_one_s_own() -> None:
    assert read_preferences(USUAL, ZONES) == Preferences(None, None, direct_messages=True)


def test_what_is_chosen() -> None:
    chosen = {"from": "00:00", "until": "23:59", "days": "7,6", "zone": "UTC", "direct_messages": "off"}
    hours = WorkingHours(time(0), time(23, 59), (6, 7))
    assert read_preferences(chosen, ZONES) == Preferences(hours, "UTC", direct_messages=False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from", None),
        ("from", "9 o'clock"),
        ("from", "09:00:00+05:00"),
        ("until", "24:00"),
        ("until", "09:00"),
        ("days", None),
        ("days", "0,8,Monday"),
        ("zone", "utc"),
    ],
)
def test_refused_at_the_field(field: str, value: str | None) -> None:
    with pytest.raises(BadInput) as refused:
        read_preferences({**USUAL, field: value}, ZONES)
    assert refused.value.field == field


@given(st.dictionaries(st.sampled_from(list(USUAL)), st.none() | st.text(max_size=20)))
def test_any_form_is_read_or_refused(values: dict[str, str | None]) -> None:
    with suppress(BadInput):
        read = read_preferences({**USUAL, **values}, ZONES)
        assert read.tz is None or read.tz in ZONES


def test_zones_by_any_part_of_their_name() -> None:
    assert zone_choices("new york", ZONES) == [("America/New York", "America/New_York")]
    assert zone_choices("Buenos america", ZONES) == [
        ("America/Argentina/Buenos Aires", "America/Argentina/Buenos_Aires")
    ]
    assert zone_choices("slack", ZONES) == [("As in Slack", AS_IN_SLACK)]
    assert [value for _, value in zone_choices("", ZONES)] == [AS_IN_SLACK, *sorted(ZONES)]
    assert zone_choices("atlantis", ZONES) == []


@given(st.text(max_size=30))
def test_a_hundred_at_most(query: str) -> None:
    assert len(zone_choices(query, [f"Zone/{number}" for number in range(500)])) <= 100
