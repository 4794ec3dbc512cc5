"""What an audit is asked for, what its buttons carry, and the chain reckoned without a database."""

import csv
import io
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, BotError
from bot.rules import audit as rules
from bot.rules.audit import AuditFilter, AuditPlace, AuditView
from bot.rules.audit_chain import Fault, FaultKind, Verdict, is_head
from bot.rules.when import Period
from db.models import SubjectKind
from db.models_audit import AuditEntry, Sealed
from tests.rules.test_any_text import TYPED

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
ids = st.none() | st.integers(1, 2**31 - 1)
words = st.none() | st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
moments = st.none() | st.integers(0, 2**32).map(lambda at: datetime.fromtimestamp(at, UTC))
views = st.builds(
    AuditView, st.none() | st.sampled_from(list(SubjectKind)), ids, ids, ids, words, words, moments, moments
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)
objects = st.none() | st.dictionaries(st.text(max_size=30), json_values, max_size=8)
entries = st.builds(
    AuditEntry,
    id=st.integers(1, 2**63 - 1),
    at=st.datetimes(timezones=st.just(UTC)),
    actor_id=ids,
    actor_name=st.none() | st.text(),
    source=st.text(max_size=40),
    origin=objects,
    note=st.none() | st.text(),
    subject_kind=st.sampled_from(list(SubjectKind)) | st.text(max_size=40),
    subject_id=st.integers(0, 2**63 - 1),
    verb=st.text(max_size=40),
    old=objects,
    new=objects,
)


def parse(text: str) -> AuditFilter:
    return rules.parse_audit(text, now=NOW, tz="Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", AuditFilter()),
        ("MR-42", AuditFilter(SubjectKind.MAINTENANCE, 42)),
        ("mr42", AuditFilter(SubjectKind.MAINTENANCE, 42)),
        ("42", AuditFilter(SubjectKind.MAINTENANCE, 42, is_guessed=True)),
        ("#42", AuditFilter(SubjectKind.MAINTENANCE, 42, is_guessed=True)),
        ("D-17", AuditFilter(SubjectKind.DEPLOYMENT, 17)),
        ("d17", AuditFilter(SubjectKind.DEPLOYMENT, 17)),
        ("<@U1|ada>", AuditFilter(person="U1")),
        ("me today", AuditFilter(person="me", period=Period(date(2026, 11, 25), date(2026, 11, 25), "today"))),
        ('source:API D-17 verb:role-changed project:"Web App"',
         AuditFilter(SubjectKind.DEPLOYMENT, 17, project="Web App", verb="role_changed", source="api")),
    ],
)  # fmt: skip
def test_what_is_asked_for(text: str, wanted: AuditFilter) -> None:
    assert parse(text) == wanted


@given(TYPED)
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    with suppress(BotError):
        parse(text)


def test_days_are_those_of_the_person() -> None:
    period = Period(date(2026, 10, 24), date(2026, 10, 25), "")
    begin, end = rules.instants(period, "Europe/Berlin")
    assert begin == datetime(2026, 10, 23, 22, tzinfo=UTC)
    assert end == datetime(2026, 10, 25, 23, tzinfo=UTC), "the last day has 25 hours"
    assert rules.instants(None, "UTC") == (None, None)


@given(views, st.integers(1, 2**63 - 1), st.booleans())
def test_buttons_carry_what_was_asked_for(view: AuditView, place: int, backwards: bool) -> None:
    value = rules.page_value(view, AuditPlace(place, backwards))
    assert len(value) <= 2000
    assert rules.read_page_value(value) == (view, AuditPlace(place, backwards))
    assert rules.read_export_value(rules.export_value(view)) == view


@given(st.lists(json_values, min_size=8, max_size=10).map(rules.pack) | st.text())
def test_a_value_made_by_hand_is_read_or_refused(value: str) -> None:
    for read in (rules.read_page_value, rules.read_export_value):
        with suppress(BadInput):
            read(value)


@given(st.lists(entries, max_size=5))
def test_no_cell_of_the_file_is_a_formula(found: list[AuditEntry]) -> None:
    rows = list(csv.reader(io.StringIO(rules.audit_csv(found))))
    assert len(rows) == len(found) + 1
    assert not [cell for row in rows for cell in row if cell.lstrip(" ")[:1] in {*"=+-@\t\r\n"}]


def test_secrets_are_not_shown() -> None:
    entry = AuditEntry(
        1, NOW, None, None, "cli", None, None, "token", 1, "created", None,
        {"name": "ci", "token_sha256": "secret", "password_hash": "secret"},
    )  # fmt: skip
    assert rules.changes(entry) == [("name", None, "ci")]
    assert "secret" not in rules.audit_csv([entry])
    assert json.loads(list(csv.reader(io.StringIO(rules.audit_csv([entry]))))[1][9]) == {"name": "ci"}


def test_the_verdict_in_one_line() -> None:
    head = Sealed(7, "ab" * 32, 3, 0, NOW)
    whole = Verdict(7, 1234, 0, 0, head)
    assert whole.line == f"The audit is whole: 1,234 rows in 7 segments; head 7 {'ab' * 32}"
    fault = Fault(3, FaultKind.ALTERED, "Rows of segment 3 were altered.", (5, 6), 40)
    broken = replace(whole, faults=(fault,), fault_count=2)
    assert not broken.is_sound
    assert broken.line == (
        "The audit is broken (and 1 more faults): Rows of segment 3 were altered. Rows: 5, 6 and 38 more"
    )
    assert is_head("AB" * 6)
    assert not is_head("ab" * 5)
    assert not is_head("%" * 12)
