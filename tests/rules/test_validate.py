import pytest

from bot.errors import BadInput
from bot.rules.validate import (
    LIMITS,
    check_project,
    clean_comment,
    clean_note,
    clean_work,
    priority_named,
    status_named,
    validate_new,
)
from db.models import Priority, RequestStatus


def test_a_new_requests_texts_are_cleaned() -> None:
    fields = validate_new(" Fix \n it ", " a\r\nb ", None)
    assert (fields.title, fields.description, fields.priority) == ("Fix it", "a\nb", Priority.MEDIUM)
    assert validate_new("a", "b", "critical").priority is Priority.CRITICAL


@pytest.mark.parametrize(
    ("title", "description", "priority", "field"),
    [
        (None, "b", None, "title"),
        ("x" * 256, "b", None, "title"),
        ("a\u202eb", "b", None, "title"),
        ("a\x00b", "b", None, "title"),
        ("a", None, None, "description"),
        ("a", " \n", None, "description"),
        ("a", "b" * 3001, None, "description"),
        ("a", "b\x1b[31m", None, "description"),
        ("a", "b", "urgent", "priority"),
    ],
)
def test_a_fault_names_its_field(title: str | None, description: str | None, priority: str | None, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        validate_new(title, description, priority)
    assert caught.value.field == field


@pytest.mark.parametrize(("word", "priority"), [("high", "high"), (" Critical ", "critical"), ("LOW", "low")])
def test_priorities_by_name(word: str, priority: str) -> None:
    assert priority_named(word) == priority


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("hi", '"hi" is no priority. Did you mean high? It is low, medium, high or critical.'),
        ("crit", '"crit" is no priority. Did you mean critical? It is low, medium, high or critical.'),
        ("xyz", '"xyz" is no priority. It is low, medium, high or critical.'),
    ],
)
def test_an_unknown_priority_is_answered_with_the_known_ones(word: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        priority_named(word)
    assert str(caught.value) == said


@pytest.mark.parametrize("word", ["in_progress", "In Progress", "in-progress", " IN_PROGRESS"])
def test_statuses_by_name(word: str) -> None:
    assert status_named(word) is RequestStatus.IN_PROGRESS


def test_an_unknown_status_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        BadInput, match=r"Did you mean completed\? It is open, in_progress, completed or cancelled"
    ) as caught:
        status_named("complete")
    assert caught.value.field == "status"


def test_notes_are_optional_and_other_texts_are_not() -> None:
    assert clean_note(None) is None
    assert clean_note(" \u200b") is None
    assert clean_note(" done ") == "done"
    with pytest.raises(BadInput, match="reason has 2001 characters; at most 2000") as caught:
        clean_note("x" * (LIMITS["note"] + 1), field="reason")
    assert caught.value.field == "reason"
    with pytest.raises(BadInput, match="comment is empty"):
        clean_comment("")
    with pytest.raises(BadInput, match="Say what was done"):
        clean_work(None)
    assert clean_work(" a ") == "a"


def test_an_archived_project_takes_no_new_requests() -> None:
    check_project("Web", "active")
    check_project("Web", "inactive")
    check_project("Web", None)
    with pytest.raises(BadInput, match='"Web" is archived') as caught:
        check_project("Web", "archived")
    assert caught.value.field == "project"
