"""/deploy stats through signed requests: whose days, which project, and what is refused."""

from datetime import UTC, datetime

import pytest

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import told

NOW = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
FILL = """
INSERT INTO deployments (project_id, version, environment, status, deployed_at, duration)
VALUES
    (2, 'v1', 'production', 'success', '2026-11-20 10:00', 100),
    (2, 'v2', 'production', 'failed', '2026-11-20 11:00', 300),
    (2, 'v3', 'production', 'success', '2026-11-20 11:40', 200),
    (1, 'v1', 'staging', 'success', '2026-11-21 10:00', NULL),
    (1, 'v2', 'staging', 'pending', NULL, NULL),
    (2, 'v0', 'production', 'success', '2026-10-20 10:00', 60),
    (2, 'v0', 'staging', 'rolled_back', '2026-09-10 10:00', 60)
"""


@pytest.fixture
async def filled(bot: RunningBot) -> RunningBot:
    bot.clock.set(NOW)
    await bot.fetch(FILL)
    return bot


async def test_all_projects_over_thirty_days(filled: RunningBot) -> None:
    answer = await told(filled.uma, "deploy", "stats")
    assert "All projects, last 30 days" in answer
    assert "4 deployments finished, 0.13 a day, 0.93 a week; 1 of 4 failed or rolled back (25 %)" in answer
    assert "restored after 40m (median); duration 3m 20s (p50) and 4m 50s (p95)" in answer
    assert "In the 30 days before: 1 deployment finished" in answer
    assert "data_visualization" in answer


async def test_one_project_over_ninety_days(filled: RunningBot) -> None:
    answer = await told(filled.uma, "deploy", "stats 90d web app")
    assert "Web App, last 90 days" in answer
    assert "5 deployments finished" in answer
    assert "2 of 5 failed or rolled back (40 %); restored after 40m (median); 1 not restored yet" in answer


async def test_what_was_recorded_without_approval_is_counted(filled: RunningBot) -> None:
    await told(filled.erik, "deploy", 'record "Web App" v4 production success 4m')
    # the rows that were inserted by hand are deployments to production without approval, too
    assert "4 without approval" in await told(filled.uma, "deploy", 'stats "Web App"')


async def test_days_are_those_of_whoever_asks(filled: RunningBot) -> None:
    # half past three in the morning by UTC; for Erik, in New York, still the evening of the day before
    assert "(2026-10-23 to 2026-11-21)" in await told(filled.erik, "deploy", "stats")
    assert "(2026-10-24 to 2026-11-22)" in await told(filled.uma, "deploy", "stats")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("stats 7d", "There are statistics over 30d and 90d"),
        ("stats Web Ap", "Did you mean Web App?"),
        ("stats 30d 90d", "one period"),
        ('stats "Web App', "never closed"),
    ],
)
async def test_refusals(bot: RunningBot, text: str, reason: str) -> None:
    assert reason in await told(bot.uma, "deploy", text)
