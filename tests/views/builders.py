"""Rows to render, and strategies for the strangest of them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from hypothesis import strategies as st

from db.models import Activity, Comment, HistoryEntry, Project, ReportLine, Request, WorkLog

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)

REQUEST = Request(
    id=42,
    title="Disk full on db-1",
    description="It has been at 100 % since this morning.",
    priority="high",
    status="open",
    project_id=7,
    project_name="Payments",
    requested_by=3,
    requester_name="Uma User",
    requester_slack_id="U3",
    assigned_to=None,
    assignee_name=None,
    assignee_slack_id=None,
    due_at=DUE,
    created_at=NOW,
    updated_at=NOW,
    hours=Decimal("1.75"),
)
ENTRY = HistoryEntry(1, 42, "open", "in_progress", 2, "Elena Engineer", "U2", "on it", NOW)
ACTIVITY = Activity(1, NOW, 2, "Elena Engineer", "U2", "slack", "maintenance", 42, "started", {}, {}, None)
LOG = WorkLog(
    17, 42, "Disk full on db-1", 2, "Elena Engineer", "U2", "cleaned up", Decimal("1.5"), date(2026, 11, 21), NOW
)
COMMENT = Comment(5, 42, 3, "Uma User", "any news?", NOW)
LINE = ReportLine(2, "Elena Engineer", "Payments", 42, "Disk full on db-1", Decimal("1.5"), 2)

VERBS = [
    "created",
    "started",
    "completed",
    "cancelled",
    "reopened",
    "status_changed",
    "assigned",
    "unassigned",
    "prioritised",
    "due_changed",
    "edited",
    "work_logged",
    "work_deleted",
    "commented",
    "deleted",
    "unheard_of",
]


def request(**changes: object) -> Request:
    return replace(REQUEST, **changes)  # type: ignore[arg-type] # names of fields, given by the tests


def taken(status: str = "in_progress", **changes: object) -> Request:
    return request(status=status, assigned_to=2, assignee_name="Elena Engineer", assignee_slack_id="U2", **changes)


def activity(verb: str, **changes: object) -> Activity:
    return replace(ACTIVITY, verb=verb, **changes)  # type: ignore[arg-type] # as above


_NASTY = st.sampled_from(
    [
        "",
        " \n\t",
        "<!channel>",
        "<!here|x> & <@U1> <#C1|ops> <https://evil.example|safe>",
        "&lt;!channel&gt;",
        "\u202egnp.exe\u2066",
        "nul\x00 and bell\x07",
        "*bold* _it_ ~no~ `code` :smile: > quote",
        "\u200b\u2060\ufeff",
        "\ud800 half a character",
        "👩‍👩‍👧‍👧",
        '"quoted" \\ back',
        "\u2028\u2029\r\n",
    ]
)
text = st.one_of(
    st.text(max_size=40),
    _NASTY,
    st.builds(
        lambda piece, times: piece * times, st.one_of(_NASTY, st.text(min_size=1, max_size=3)), st.integers(1, 4000)
    ),
)
maybe_text = st.none() | text
tokens = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40) | st.builds(
    "x".__mul__, st.integers(0, 4000)
)
status = st.sampled_from(["open", "in_progress", "completed", "cancelled", "on_hold"]) | text
priority = st.sampled_from(["low", "medium", "high", "critical"]) | text
when = st.datetimes(timezones=st.just(UTC))
numbers = st.integers(1, 2**31 - 1)
hours = st.decimals(0, 10**6, places=2)
slack_ids = st.none() | st.just("U0123ABCD")

requests = st.builds(
    Request,
    id=numbers,
    title=text,
    description=text,
    priority=priority,
    status=status,
    project_id=st.none() | numbers,
    project_name=maybe_text,
    requested_by=numbers,
    requester_name=text,
    requester_slack_id=slack_ids,
    assigned_to=st.none() | numbers,
    assignee_name=maybe_text,
    assignee_slack_id=slack_ids,
    due_at=st.none() | when,
    created_at=when,
    updated_at=when,
    hours=hours,
)
entries = st.builds(
    HistoryEntry,
    id=numbers,
    request_id=numbers,
    old_status=st.none() | status,
    new_status=status,
    changed_by=numbers,
    changed_by_name=text,
    changed_by_slack_id=slack_ids,
    notes=maybe_text,
    at=when,
)
_values = (
    st.none()
    | text
    | numbers
    | st.floats(allow_nan=True)
    | st.sampled_from(["2026-12-01T17:00:00", "infinity", "1.50"])
)
columns = st.none() | st.dictionaries(
    st.sampled_from(
        [
            "title",
            "work_description",
            "description",
            "priority",
            "status",
            "due_date",
            "assigned_to",
            "project_id",
            "body",
            "hours_spent",
            "work_date",
            "user_id",
        ]
    ),
    _values,
)
activities = st.builds(
    Activity,
    id=numbers,
    at=when,
    actor_id=st.none() | numbers,
    actor_name=maybe_text,
    actor_slack_id=slack_ids,
    source=st.sampled_from(["slack", "dashboard", "api"]),
    subject_kind=st.just("maintenance"),
    subject_id=numbers,
    verb=st.sampled_from(VERBS),
    old=columns,
    new=columns,
    note=maybe_text,
)
logs = st.builds(
    WorkLog,
    id=numbers,
    request_id=numbers,
    request_title=text,
    user_id=numbers,
    user_name=text,
    user_slack_id=slack_ids,
    description=text,
    hours=st.none() | hours,
    work_date=st.dates(),
    created_at=when,
)
comments = st.builds(
    Comment, id=numbers, request_id=numbers, user_id=st.none() | numbers, user_name=maybe_text, body=text, at=when
)
lines = st.builds(
    ReportLine,
    user_id=numbers,
    user_name=text,
    project_name=maybe_text,
    request_id=numbers,
    request_title=text,
    hours=hours,
    logs=st.integers(1, 99),
)
projects = st.builds(Project, id=numbers, name=text, status=st.just("active"), group_name=maybe_text)


def many(one: st.SearchStrategy[T], at_most: int = 130) -> st.SearchStrategy[list[T]]:
    """Lists of few different and of many alike, so that long lists are cheap to make."""
    return st.lists(one, max_size=6) | st.builds(lambda item, times: [item] * times, one, st.integers(0, at_most))
