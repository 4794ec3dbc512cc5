"""What can be asked for, and the days that are meant."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.dora import StatsFilter, parse_stats, window
from tests.views import builders as make

NOW = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "project", "days"),
    [
        ("", None, 30),
        ("90d", None, 90),
        ("30D", None, 30),
        ("90days", None, 90),
        ("Web App", "Web App", 30),
        ("Web App 90d", "Web App", 90),
        ('90d "Web App"', "Web App", 90),
        ('project:"Web App" 90d', "Web App", 90),
        ("project:#2", "#2", 30),
        ('"90d"', "90d", 30),
        ("“Web App” 30d", "Web App", 30),
    ],
)
def test_what_can_be_asked(text: str, project: str | None, days: int) -> None:
    assert parse_stats(text) == StatsFilter(project, days)


@pytest.mark.parametrize("text", ["7d", "365d", "0d", "1.5d", "3w", "2months", "30d 90d", "Web project:App", "12h App"])
def test_what_is_refused_says_what_to_type(text: str) -> None:
    with pytest.raises(BadInput, match=r"/deploy stats \"Web App\" 90d"):
        parse_stats(text)


@given(make.text)
def test_any_text_is_understood_or_refused(text: str) -> None:
    with suppress(BadInput):
        assert parse_stats(text).days in {30, 90}


def test_a_window_is_of_local_days_with_today_as_the_last() -> None:
    found = window(30, now=NOW, tz="America/New_York")
    assert (found.first, found.last) == (date(2026, 10, 23), date(2026, 11, 21))
    # summer time ends within it: the first day begins four hours after UTC's, the last one ends five after
    assert found.since == datetime(2026, 10, 23, 4, tzinfo=UTC)
    assert found.until == datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert found.before == datetime(2026, 9, 23, 4, tzinfo=UTC)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis's way
    st.sampled_from(["UTC", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "No/Such"]),
    st.sampled_from([30, 90]),
)
def test_windows_are_whole(now: datetime, tz: str, days: int) -> None:
    found = window(days, now=now, tz=tz)
    assert (found.last - found.first).days == days - 1
    assert found.before < found.since <= now < found.until
    assert found.spans[0] == found.first
    assert found.spans[-1] + timedelta(days=days // 10) == found.last + timedelta(days=1)
    assert found.edges[0] == found.since
    assert list(found.edges) == sorted(set(found.edges))
    zone = ZoneInfo(tz) if tz != "No/Such" else UTC
    assert all(edge.astimezone(zone).date() >= day for edge, day in zip(found.edges, found.spans, strict=True))
