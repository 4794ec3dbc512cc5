"""What `/deploy stats` shows: the same numbers in words, in the chart and in the table, within Slack's limits."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules import dora
from bot.rules.dora import DeploymentStats, Measures, Span
from bot.views import stats as views
from bot.views.charts import bar_chart
from db.models_stats import DeploymentCounts, Finished, Restored, SpanCount
from sandbox.limits import check_message
from tests.views import builders as make
from tests.views.checks import assert_sendable, shown, walk

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
COUNTS = DeploymentCounts(
    finished=[
        Finished(recent=True, environment=None, finished=45, broken=9, measured=40, p50=250.0, p95=1200.4),
        Finished(recent=True, environment="staging", finished=25, broken=1, measured=20, p50=60.0, p95=90.0),
        Finished(recent=True, environment="production", finished=20, broken=8, measured=20, p50=250.0, p95=1200.4),
        Finished(recent=False, environment=None, finished=30, broken=3, measured=30, p50=250.0, p95=600.0),
        Finished(recent=False, environment="qa", finished=30, broken=3, measured=30, p50=250.0, p95=600.0),
    ],
    restored=[
        Restored(recent=True, environment=None, restored=7, median=2700.0),
        Restored(recent=True, environment="production", restored=6, median=3725.0),
        Restored(recent=False, environment=None, restored=3, median=5400.0),
    ],
    spans=[SpanCount(1, 4, 1), SpanCount(10, 32, 8)],
    unapproved={True: 2},
)


def measured(counts: DeploymentCounts = COUNTS, days: int = 30) -> DeploymentStats:
    return dora.measure(counts, dora.window(days, now=NOW, tz="UTC"))


def test_both_periods_in_words() -> None:
    assert views.deployment_stats(measured(), project_name="Web App").text == (
        "Web App, last 30 days (2026-10-24 to 2026-11-22): "
        "45 deployments finished, 1.5 a day, 10.5 a week; 9 of 45 failed or rolled back (20 %); "
        "restored after 45m (median); 2 not restored yet; duration 4m 10s (p50) and 20m (p95); 2 without approval. "
        "In the 30 days before: 30 deployments finished, 1 a day, 7 a week; 3 of 30 failed or rolled back (10 %); "
        "restored after 1h 30m (median); duration 4m 10s (p50) and 10m (p95); none without approval."
    )


def test_the_measures_side_by_side() -> None:
    blocks = views.deployment_stats(measured(), project_name=None).blocks
    [table] = [block for block in walk(blocks) if block.get("type") == "table"]
    assert isinstance(table["rows"], list)
    assert [tuple(cell["text"] for cell in row) for row in table["rows"]] == [
        ("Measure", "Last 30 days", "30 days before", "Change"),
        ("Deployment frequency", "45: 1.5 a day, 10.5 a week", "30: 1 a day, 7 a week", "up 50 %"),
        ("Change failure rate", "20 % (9 of 45)", "10 % (3 of 30)", "up 10 points"),
        ("Time to restore (median)", "45m, 2 not yet", "1h 30m", "down 50 %"),
        ("Duration p50", "4m 10s", "4m 10s", "same"),
        ("Duration p95", "20m", "10m", "up 100 %"),
        ("Without approval", "2", "0", "2 more"),
    ]


def test_the_chart_and_the_same_in_words() -> None:
    blocks = views.deployment_stats(measured(), project_name=None).blocks
    [chart] = [block["chart"] for block in walk(blocks) if block.get("type") == "data_visualization"]
    assert isinstance(chart, dict)
    drawn = {series["name"]: [(it["label"], it["value"]) for it in series["data"]] for series in chart["series"]}
    assert drawn["Succeeded"][::9] == [("Oct 24", 4), ("Nov 20", 32)]
    assert drawn["Failed, rolled back"][::9] == [("Oct 24", 1), ("Nov 20", 8)]
    assert all(value == 0 for values in drawn.values() for _, value in values[1:-1])
    words = shown(blocks)
    assert "Oct 24 to Oct 26: 4 succeeded, 1 failed or rolled back" in words
    assert "Oct 27 to Oct 29: 0 succeeded, 0 failed or rolled back" in words
    assert "Nov 20 to Nov 22: 32 succeeded, 8 failed or rolled back" in words


def test_environments_the_most_delicate_first() -> None:
    words = shown(views.deployment_stats(measured(), project_name=None).blocks)
    line = "production: 20 deployments, 40 % failed or rolled back, restored after 1h 2m and p50 4m 10s, p95 20m"
    assert f"\n{line}\nstaging: 25 deployments, 4 % failed or rolled back" in words
    assert "qa" not in words


@pytest.mark.parametrize("name", [None, "Web App"])
def test_nothing_finished_is_said_without_a_chart(name: str | None) -> None:
    reply = views.deployment_stats(measured(DeploymentCounts([], [], [], {})), project_name=name)
    assert "(2026-10-24 to 2026-11-22): no deployments finished. In the 30 days before: no deployments" in reply.text
    assert [block["type"] for block in reply.blocks] == ["rich_text"]


def test_nothing_to_compare_with() -> None:
    one = DeploymentCounts([Finished(True, None, 1, 0, 0, None, None)], [], [SpanCount(3, 1, 0)], {})  # noqa: FBT003
    reply = views.deployment_stats(measured(one), project_name=None)
    assert "1 deployment finished, 0.03 a day, 0.23 a week; 0 of 1 failed or rolled back (0 %); none" in reply.text
    words = shown(reply.blocks)
    assert "nothing to restore\nno data\nno data" in words
    assert "1: 0.03 a day, 0.23 a week\nnone\nno data" in words


counted = st.integers(0, 10**9)
seconds = st.none() | st.floats(0, 10**9).map(lambda it: round(it, 6))  # PostgreSQL counts microseconds
measures = st.builds(
    Measures,
    days=st.sampled_from(dora.PERIODS),
    finished=counted,
    broken=counted,
    restored=counted,
    restore=seconds,
    p50=seconds,
    p95=seconds,
    unapproved=counted,
)
found = st.builds(
    DeploymentStats,
    st.builds(lambda days: dora.window(days, now=NOW, tz="UTC"), st.sampled_from(dora.PERIODS)),
    measures,
    measures,
    st.lists(st.tuples(make.text, measures), max_size=12).map(tuple),
    st.lists(counted, min_size=10, max_size=10).map(
        lambda it: tuple(
            Span(day, number, number) for day, number in zip(dora.window(90, now=NOW, tz="UTC").spans, it, strict=True)
        )
    ),
)


@settings(max_examples=40, deadline=None)
@given(found, make.maybe_text)
def test_any_numbers_and_names_can_be_sent(it: DeploymentStats, name: str | None) -> None:
    assert_sendable(views.deployment_stats(it, project_name=name))


@settings(max_examples=40, deadline=None)
@given(
    make.text,
    st.lists(st.dates(), min_size=1, max_size=30, unique=True),
    st.dictionaries(st.sampled_from("abcdefghijklmnop"), st.floats(0, 1e9), min_size=1),
)
def test_any_chart_can_be_sent(title: str, days: list[date], values: dict[str, float]) -> None:
    series = {name: [value] * len(days) for name, value in values.items()}
    check_message([bar_chart(title, [day.isoformat() for day in days], series, x=title, y=title)])
