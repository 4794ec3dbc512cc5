"""What is read from dialogs."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, WrongState
from bot.rules.forms import (
    check_seen,
    read_changes,
    read_choice,
    read_completion,
    read_new,
    read_reason,
    seen,
    shown_due,
)
from db.models import Request

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"
ROW = Request(
    id=42,
    title="Disk full",
    description="No space left",
    priority="high",
    status="open",
    project_id=7,
    project_name="Shop",
    requested_by=1,
    requester_name="Uma",
    requester_slack_id="U1",
    assigned_to=2,
    assignee_name="Erik",
    assignee_slack_id="U2",
    due_at=datetime(2026, 12, 1, 9, 30, 15, tzinfo=UTC),
    created_at=NOW,
    updated_at=NOW,
    hours=Decimal(0),
)
UNTOUCHED: dict[str, str | None] = {
    "title": "Disk full",
    "description": "No space left",
    "project": "7",
    "priority": "high",
    "due_date": "2026-12-01",
    "due_time": "10:30",
    "assignee": "U2",
}


def changed(row: Request = ROW, **values: str | None) -> tuple[str, ...]:
    return read_changes(row, UNTOUCHED | values, now=NOW, tz=BERLIN).names


def test_what_was_left_as_shown_is_no_change() -> None:
    assert changed() == ()
    assert changed(replace(ROW, title=" Disk  full")) == ()
    assert changed(replace(ROW, description="No space left\r\n")) == ()
    assert changed(replace(ROW, priority="urgent"), priority=None) == ()


def test_each_field_is_a_change_of_its_own() -> None:
    assert changed(title="Disk nearly full") == ("title",)
    assert changed(description="Some") == ("description",)
    assert changed(project=None) == changed(project="none") == changed(project="8") == ("project",)
    assert changed(priority="low") == ("priority",)
    assert changed(due_date=None, due_time=None) == changed(due_time="10:31") == ("due",)
    assert changed(assignee=None) == changed(assignee="U3") == ("assignee",)


def test_a_description_without_a_field_stays() -> None:
    values = {name: value for name, value in UNTOUCHED.items() if name != "description"}
    assert read_changes(replace(ROW, description="x" * 4000), values, now=NOW, tz=BERLIN).names == ()


def test_a_due_date_that_has_passed_stays_but_is_not_chosen_anew() -> None:
    late = replace(ROW, due_at=datetime(2020, 1, 1, 9, tzinfo=UTC))
    assert changed(late, due_date="2020-01-01", due_time="10:00") == ()
    with pytest.raises(BadInput) as refused:
        changed(late, due_date="2020-01-02", due_time="10:00")
    assert refused.value.field == "due_date"


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive
def test_any_due_date_left_as_shown_stays(due_at: datetime) -> None:
    day, clock = shown_due(due_at, BERLIN)
    assert changed(replace(ROW, due_at=due_at), due_date=day, due_time=clock) == ()


def test_a_form_is_good_for_what_it_shows() -> None:
    check_seen(replace(ROW, status="in_progress", hours=Decimal(3)), seen(ROW))
    for other in (
        replace(ROW, title="x"),
        replace(ROW, description="x"),
        replace(ROW, project_id=None),
        replace(ROW, priority="low"),
        replace(ROW, due_at=None),
        replace(ROW, assigned_to=3),
    ):
        with pytest.raises(WrongState, match="edited by somebody else"):
            check_seen(other, seen(ROW))


@pytest.mark.parametrize("project", ["x", "-1", "7.0", "99999999999", "\u0664", "2147483648", "7 "])
def test_a_project_that_no_menu_offers(project: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_new({"title": "a", "description": "b", "project": project}, now=NOW, tz=BERLIN)
    assert refused.value.field == "project"


def test_optional_fields() -> None:
    assert read_completion({}) == read_completion({"note": " ", "hours": " "}) == (None, None)
    assert read_completion({"note": "done", "hours": "1h30m"}) == ("done", Decimal("1.5"))
    assert read_reason({"reason": None}) is None
    with pytest.raises(BadInput) as refused:
        read_reason({"reason": "x" * 2001})
    assert refused.value.field == "reason"


@pytest.mark.parametrize("value", ["", "edit", "edit:", "edit:x", "destroy:1", ":1", "history:0"])
def test_a_menu_entry_that_no_card_has(value: str) -> None:
    with pytest.raises(BadInput):
        read_choice(value)
    assert read_choice("history:42") == ("history", 42)
