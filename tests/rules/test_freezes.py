"""Windows in which nothing is deployed: local times of a named zone, both ends included."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.freezes import parse_freeze, parse_unfreeze, zone_named

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)  # a tuesday
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana")


def window(text: str, tz: str = "UTC") -> tuple[str, str]:
    made = parse_freeze(f"production {text} Holidays", now=NOW, tz=tz)
    return f"{made.starts_at:%Y-%m-%dT%H:%M}", f"{made.ends_at:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("today..tomorrow", "2026-12-01T00:00", "2026-12-03T00:00"),
        ("now..17:00", "2026-12-01T12:00", "2026-12-01T17:01"),
        ("17:00..18:00", "2026-12-01T17:00", "2026-12-01T18:01"),
        ("friday..monday", "2026-12-04T00:00", "2026-12-08T00:00"),
        ("monday..friday", "2026-12-07T00:00", "2026-12-12T00:00"),
        ("2026-12-24 5pm..2026-12-24 6pm", "2026-12-24T17:00", "2026-12-24T18:01"),
        ("24.12.2026..26.12.2026", "2026-12-24T00:00", "2026-12-27T00:00"),
        ("2026-12-24 … 2026-12-26", "2026-12-24T00:00", "2026-12-27T00:00"),
        ("2026-12-24...2026-12-26", "2026-12-24T00:00", "2026-12-27T00:00"),
        ("2026-11-24..2026-12-01", "2026-11-24T00:00", "2026-12-02T00:00"),
    ],
)
def test_windows(text: str, first: str, after: str) -> None:
    assert window(text) == (first, after)


@given(st.dates(date(2026, 12, 1), date(2060, 1, 1)), st.integers(0, 400), st.sampled_from(ZONES))
def test_every_moment_of_the_days_is_in_the_window_and_no_other(first: date, length: int, tz: str) -> None:
    last = first + timedelta(days=length)
    made = parse_freeze(f"all {first}..{last} x", now=NOW, tz=tz)
    zone = ZoneInfo(tz)
    assert made.starts_at.astimezone(zone).date() == first
    assert (made.starts_at - timedelta(seconds=1)).astimezone(zone).date() < first
    assert (made.ends_at - timedelta(seconds=1)).astimezone(zone).date() == last
    assert made.ends_at.astimezone(zone).date() > last


@given(st.dates(date(2026, 12, 2), date(2060, 1, 1)), st.times(), st.sampled_from(ZONES))
def test_a_minute_is_frozen_whenever_it_comes(day: date, at: time, tz: str) -> None:
    at = at.replace(second=0, microsecond=0, fold=0)
    made = parse_freeze(f"all {day}T{at:%H:%M}..{day}T{at:%H:%M} x", now=NOW, tz=tz)
    wall = datetime.combine(day, at, tzinfo=ZoneInfo(tz))
    for fold in (0, 1):
        moment = wall.replace(fold=fold).astimezone(UTC)
        if moment.astimezone(ZoneInfo(tz)).replace(tzinfo=None, fold=0) == wall.replace(tzinfo=None):
            assert made.starts_at <= moment < made.ends_at


@pytest.mark.parametrize(
    ("text", "environment", "reason"),
    [
        ("2026-12-24..2026-12-26 all Year's end", "all", "Year's end"),
        ("Holidays prod 2026-12-24..2026-12-26", "production", "Holidays"),
        ("stage 2026-12-24..2026-12-26 production is next", "staging", "production is next"),
        ('"all" 2026-12-24..2026-12-26 "Year\'s end"', "all", "Year's end"),
    ],
)
def test_words_in_any_order(text: str, environment: str, reason: str) -> None:
    made = parse_freeze(text, now=NOW, tz="UTC")
    assert (made.environment, made.reason) == (environment, reason)


def test_zones() -> None:
    assert zone_named("europe/BERLIN") == "Europe/Berlin"
    assert zone_named("utc") == "UTC"
    for name in ("Europe", "../../etc/passwd", "/etc/localtime", "\x00", "", "Mars/Base", "UTC+25"):
        with pytest.raises(BadInput) as refused:
            zone_named(name)
        assert refused.value.field == "tz"
    with pytest.raises(BadInput, match="Did you mean America/New_York"):
        zone_named("new york")


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-26..2026-12-24",
        "18:00..17:00",
        "2026-11-01..2026-11-30",
        "9999-12-31..9999-12-31",
        "3000-01-01..3000-01-02",
    ],
)
def test_windows_that_cannot_be(text: str) -> None:
    with pytest.raises(BadInput):
        window(text)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["prod", "all", "..", "2026-12-24", "17:00", "x", "tz:x"])).map(" ".join)
)
def test_any_text_is_understood_or_refused(text: str) -> None:
    for parse in (lambda it: parse_freeze(it, now=NOW, tz="UTC"), parse_unfreeze):
        try:
            parse(text)
        except BadInput as refused:
            assert len(str(refused)) > 15  # noqa: PT017 - of those that refuse
