from datetime import UTC, datetime

import pytest

from bot.errors import BadInput
from bot.rules.maintenance import (
    Assign,
    ListFilter,
    NewRequest,
    Noted,
    Scope,
    parse_assign,
    parse_comment,
    parse_due_command,
    parse_list,
    parse_new,
    parse_noted,
    parse_one,
    parse_priority,
    parse_search,
)
from db.models import Priority, RequestStatus

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"
FRIDAY = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("", NewRequest(None, None, None, None, None)),
        ("Replace the disk", NewRequest("Replace the disk", None, None, None, None)),
        ('"Replace the disk"', NewRequest("Replace the disk", None, None, None, None)),
        ('Replace the "red" disk', NewRequest('Replace the "red" disk', None, None, None, None)),
        (
            'Replace project:"Web shop" the disk priority:HIGH due:"friday 17:00" assignee:<@U1|anna>',
            NewRequest("Replace the disk", "Web shop", Priority.HIGH, FRIDAY, "U1"),
        ),
        (
            "assignee:me due:friday 17:00 priority:low Replace the disk project:web",
            NewRequest("Replace the disk", "web", Priority.LOW, FRIDAY, "me"),
        ),
        ("due:none", NewRequest(None, None, None, None, None)),
        ("Note: see https://x.example/a:b", NewRequest("Note: see https://x.example/a:b", None, None, None, None)),
        ("Stop &lt;!channel&gt; noise", NewRequest("Stop <!channel> noise", None, None, None, None)),
    ],
)
def test_new(text: str, new: NewRequest) -> None:
    assert parse_new(text, now=NOW, tz=BERLIN) == new


@pytest.mark.parametrize(
    ("text", "why", "field"),
    [
        ("x" * 256, "title has 256 characters", "title"),
        ("a priority:urgent", "It is low, medium, high or critical", "priority"),
        ("a prio:high", "Did you mean priority:", None),
        ("a due:in 3 days", 'quotes around .* due:"in 3 days"', "due_date"),
        ("a due:2026-02-30", "not in the calendar", "due_date"),
        ("a due:2026-11-24", "already passed", "due_date"),
        ("a assignee:@anna", "nobody I can find", "assignee"),
        ("a project:x project:y", "given twice", None),
        ('a "b', "never closed", None),
        ("a\u202eb", r"U\+202E", None),
    ],
)
def test_new_refuses(text: str, why: str, field: str | None) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        parse_new(text, now=NOW, tz=BERLIN)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ListFilter(Scope.OPEN, None, None, None, None)),
        *((scope, ListFilter(Scope(scope), None, None, None, None)) for scope in Scope),
        ("OVERDUE", ListFilter(Scope.OVERDUE, None, None, None, None)),
        (
            'priority:high mine project:"a b"',
            ListFilter(Scope.MINE, "a b", Priority.HIGH, None, None),
        ),
        ("status:completed", ListFilter(Scope.ALL, None, None, RequestStatus.COMPLETED, None)),
        ("mine status:in-progress", ListFilter(Scope.MINE, None, None, RequestStatus.IN_PROGRESS, None)),
        ("assignee:<@U1>", ListFilter(Scope.OPEN, None, None, None, "U1")),
        ("all assignee:me", ListFilter(Scope.ALL, None, None, None, "me")),
    ],
)
def test_list(text: str, wanted: ListFilter) -> None:
    assert parse_list(text) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("overdeu", r"Did you mean overdue\?"),
        ("al", r"Did you mean all\?"),
        ("completed", r"Did you mean status:completed\?"),
        ("in-progress", r"Did you mean status:in_progress\?"),
        ("xyz", "There are mine, open, overdue, unassigned and all. Example: `/maintenance list overdue"),
        ("mine open", "one of mine, open"),
        ("state:open", "no list"),
        ("stat:open", r"Did you mean status:\?"),
        ("status:weird", "no status"),
    ],
)
def test_list_refuses(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_list(text)


@pytest.mark.parametrize("word", ["MR-42", "#42", "42", "mr-42"])
def test_one(word: str) -> None:
    assert parse_one(word, "show") == 42


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Say which request to look up. Example: `/maintenance history MR-42`"),
        ("42 43", "Give one request and nothing else. Example: `/maintenance history 42`"),
        ("please 43", "Example: `/maintenance history 43`"),
        ("x", "no number of a request"),
        ("99999999999999999999", "larger than any number"),
    ],
)
def test_one_refuses(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_one(text, "history")


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("42", Noted(42, None)),
        ("MR-42 waiting for parts", Noted(42, "waiting for parts")),
        ('#42 "waiting for parts"', Noted(42, "waiting for parts")),
        ("42 project:x is down", Noted(42, "project:x is down")),
        ("42 one\ntwo", Noted(42, "one\ntwo")),
    ],
)
def test_noted(text: str, noted: Noted) -> None:
    assert parse_noted(text, "start") == noted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Say which request to start. Example: `/maintenance start MR-42 optional note`"),
        ("now 42", '"now" is no number of a request; it comes first'),
        ("42 " + "x" * 2001, "note has 2001 characters; at most 2000"),
        ('42 "open', "never closed"),
        ("-42", "no number of a request"),
    ],
)
def test_noted_refuses(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_noted(text, "start")


def test_comment() -> None:
    assert parse_comment('MR-42 He said "no" & <left>') == (42, 'He said "no" & <left>')
    with pytest.raises(BadInput, match=r"comment is missing\. Example: `/maintenance comment MR-42"):
        parse_comment("42")
    with pytest.raises(BadInput, match="comment is missing"):
        parse_comment('42 ""')
    with pytest.raises(BadInput, match="3001 characters"):
        parse_comment("42 " + "x" * 3001)
    with pytest.raises(BadInput, match="Say which request to comment on"):
        parse_comment(" ")


@pytest.mark.parametrize(
    ("text", "assign"),
    [
        ("42 <@U1>", Assign(42, "U1")),
        ("<@U1|anna> MR-42", Assign(42, "U1")),
        ("#42 me", Assign(42, "me")),
        ("assignee:me 42", Assign(42, "me")),
        ("me 42", Assign(42, "me")),
    ],
)
def test_assign_in_either_order(text: str, assign: Assign) -> None:
    assert parse_assign(text) == assign


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Say which request and who"),
        ("42", "Say who is to do it"),
        ("<@U1>", "no number of a request"),
        ("42 @anna", "nobody I can find"),
        ("42 <@U1> <@U2>", "one person"),
        ("MR-42 43", "nobody I can find"),
    ],
)
def test_assign_refuses(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=f"{why}.* Example: `/maintenance assign MR-42 @name`"):
        parse_assign(text)


@pytest.mark.parametrize("text", ["42 high", "HIGH MR-42", "42 priority:high"])
def test_priority_in_either_order(text: str) -> None:
    assert parse_priority(text) == (42, Priority.HIGH)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Say which request and its priority: low"),
        ("42", "Say one priority"),
        ("42 a b", "Say one"),
        ("42 x", "no priority"),
        ("priority:high", "no number of a request"),
        ("42 prio:high", "Did you mean priority:"),
    ],
)
def test_priority_refuses(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_priority(text)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("42 friday 17:00", FRIDAY),
        ('42 "friday 17:00"', FRIDAY),
        ("friday 17:00 MR-42", FRIDAY),
        ("friday 17:00 42", FRIDAY),
        ("in 2 days MR-42", FRIDAY),
        ("42 due:friday 17:00", FRIDAY),
        ("42 none", None),
        ("none 42", None),
    ],
)
def test_due_in_either_order(text: str, due: datetime | None) -> None:
    assert parse_due_command(text, now=NOW, tz=BERLIN) == (42, due)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Say which request and when"),
        ("42", "Say when it is due, or none"),
        ("friday", "no number of a request"),
        ("42 someday", "no date I understand"),
        ("42 2026-02-30", "not in the calendar"),
    ],
)
def test_due_refuses(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_due_command(text, now=NOW, tz=BERLIN)


def test_search() -> None:
    assert parse_search(' login   "error page" ') == 'login "error page"'
    assert parse_search('"login page"') == "login page"
    with pytest.raises(BadInput, match=r"Say what to look for\. Example: `/maintenance search"):
        parse_search("  ")
    with pytest.raises(BadInput, match="at most 200"):
        parse_search("x" * 201)
