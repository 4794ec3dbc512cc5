"""Reminders, digests and subscriptions as Slack gets them: whatever the rows hold, within the limits, and escaped."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.rules.workdays import DEFAULT
from bot.views import digest, reminders, subscriptions
from db.models_subscriptions import Cadence, Day, Deployed, Digest, Subscription, Topic, Waiting
from tests.views.builders import NOW, REQUEST, request, requests, taken
from tests.views.builders import text as texts
from tests.views.checks import assert_openable, assert_sendable, labels, shown

PEACE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EMPTY = Digest(Cadence.DAILY, None, NOW - timedelta(days=1), NOW, [], 0, [], 0, [], 0, 0, 0, [], {}, Decimal(0), [])
DIGEST = replace(
    EMPTY,
    overdue=[request()],
    overdue_total=7,
    waiting=[Waiting(1, "deployment", 17, "v3 to production", "Shop", NOW)],
    waiting_total=1,
    opened=1234,
    deployments=[Deployed(9, "Shop", "v2", "staging", "failed", NOW)],
    by_status={"failed": 1, "success": 3},
    hours=Decimal("7.50"),
)
SUBSCRIPTION = Subscription(
    3, "C1", Topic.DIGEST, 1, "Shop", "daily", time(9), "UTC", [1, 2, 3], 2, "Erik", "U1", NOW, None, None
)


def test_one_and_several() -> None:
    one = reminders.reminder_dm([taken()], 1, NOW, may_work=True)
    assert one.text.startswith("MR-42 “Disk full on db-1” is due <!date^")
    assert labels(one.blocks) == ["Complete", "Open"]
    several = reminders.reminder_dm([request(), taken(id=43)], 14, NOW, may_work=True)
    assert several.text.startswith("14 requests to look at. MR-42")
    assert several.text.endswith("And 12 more.")
    assert "and 12 more" in shown(several.blocks)
    assert labels(several.blocks) == ["Start", "Complete", "Open", "Complete", "Open"]


def test_who_may_not_work_on_it_is_not_asked_to() -> None:
    assert labels(reminders.reminder_dm([request()], 1, NOW, may_work=False).blocks) == ["Open"]


def test_a_quiet_digest_is_one_line() -> None:
    message = digest.digest_message(EMPTY)
    assert message.text.startswith("Daily digest: nothing to report since")
    assert len(message.blocks) == 1
    assert digest.digest_lines(EMPTY, None, "UTC") == ["Daily digest: nothing to report since 2026-11-21 10:00."]


def test_a_digest_in_lines() -> None:
    lines = digest.digest_lines(replace(DIGEST, project_name="Shop"), None, "Asia/Kolkata")
    assert lines[:2] == ["Daily digest of Shop", "Since 2026-11-21 15:30 (Asia/Kolkata)"]
    assert lines[2].endswith("4 deployments: 1 failed and 3 succeeded. 7.5 hours logged.")
    assert "  and 6 more" in lines
    assert "  Failed: Shop v2 to staging (D-9), 2026-11-22 15:30" in lines


@PEACE
@given(st.lists(requests, min_size=1, max_size=40), st.integers(0, 10_000), st.booleans())
def test_any_reminder_can_be_sent(rows: list[object], more: int, may_work: bool) -> None:
    assert_sendable(reminders.reminder_dm(rows, len(rows) + more, NOW, may_work=may_work))  # type: ignore[arg-type]
    assert_sendable(reminders.escalation(rows, len(rows) + more, NOW))  # type: ignore[arg-type]


@PEACE
@given(st.lists(requests, max_size=5), texts, st.sampled_from(list(Cadence)), st.integers(0, 10**7))
def test_any_digest_can_be_sent(rows: list[object], text: str, cadence: Cadence, number: int) -> None:
    waiting = [Waiting(1, "maintenance", 42, text, text, NOW)] * len(rows)
    deployed = [Deployed(9, text, text, text, text or "failed", NOW)] * len(rows)
    days = [Day(date(2026, 11, 1) + timedelta(days=at), number, number, number, number) for at in range(29)]
    it = replace(
        EMPTY,
        cadence=cadence,
        project_name=text,
        overdue=rows,
        overdue_total=len(rows) + number,
        today=rows,
        today_total=len(rows) + number,
        waiting=waiting,
        waiting_total=len(rows) + number,
        opened=number,
        deployments=deployed,
        by_status={text: number, "failed": 1},
        days=days if cadence is Cadence.WEEKLY else [],
    )
    message = digest.digest_message(it)
    assert_sendable(message)
    assert len([block for block in message.blocks if block["type"] == "data_visualization"]) <= 2
    assert digest.digest_lines(it, None, "UTC")


@PEACE
@given(texts, st.integers(1, 60))
def test_any_subscription_can_be_shown(text: str, number: int) -> None:
    it = replace(SUBSCRIPTION, project_name=text, creator_name=text, tz="Europe/Berlin", paused_at=NOW)
    assert_sendable(subscriptions.subscription_list([it] * number, "C1"), "<#C1>")
    assert_sendable(subscriptions.paused_dm([it] * number), "<#C1>")
    assert_sendable(subscriptions.subscribed(it))
    assert_sendable(subscriptions.unsubscribed(replace(it, kind=Topic.REMINDERS)))


@PEACE
@given(requests)
def test_any_request_can_be_put_off(row: object) -> None:
    assert_openable(reminders.snooze_modal(row))  # type: ignore[arg-type]
    assert_sendable(reminders.snoozed(row, NOW))  # type: ignore[arg-type]


def test_working_hours() -> None:
    assert_sendable(reminders.hours_shown(DEFAULT, "Europe/Berlin"))
    assert "usual" in reminders.hours_set(DEFAULT, "UTC").text
    assert REQUEST.id == 42
