"""What buttons carry: what was packed comes back, and nothing else is taken for it."""

import base64
import json
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.maintenance import Scope
from bot.rules.pages import (
    ListView,
    Place,
    ReportView,
    list_token,
    place_token,
    read_list_token,
    read_page,
    read_place_token,
    read_report_token,
    report_token,
)
from bot.rules.when import Period
from db.models import Priority, RequestStatus

numbers = st.none() | st.integers(1, 2**31 - 1)
lists = st.builds(
    ListView,
    st.sampled_from(Scope),
    numbers,
    st.none() | st.sampled_from(Priority),
    st.none() | st.sampled_from(RequestStatus),
    numbers,
)
places = st.builds(Place, st.none() | st.datetimes(), st.integers(1, 2**31 - 1), st.booleans())
periods = st.builds(Period, st.dates(), st.dates(), st.text(max_size=60))
reports = st.builds(ReportView, numbers, numbers, periods)


@given(lists, places)
def test_a_page_comes_back_as_it_was(view: ListView, place: Place) -> None:
    value = json.dumps([list_token(view), place_token(place)])
    assert read_page(value) == (view, place)
    assert len(value) < 1000


@given(reports)
def test_a_report_comes_back_as_it_was(view: ReportView) -> None:
    assert read_report_token(report_token(view)) == view


def test_infinity_comes_back() -> None:
    for due in (datetime.max, datetime.min):  # noqa: DTZ901 - how the database's infinity is read
        assert read_place_token(place_token(Place(due, 1, backwards=False))).due == due


@given(st.text() | st.text(alphabet="WzEsMiwzXQ=-_", max_size=60))
def test_any_other_text_is_refused(value: str) -> None:
    for read in (read_page, read_list_token, read_place_token, read_report_token):
        with pytest.raises(BadInput, match="type the command again"):
            read(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=10,
)


@given(st.lists(json_values, max_size=6))
def test_parts_of_any_kind_are_refused_or_sound(parts: list[Any]) -> None:
    token = _packed(parts)
    try:
        view = read_list_token(token)
    except BadInput:
        return
    assert isinstance(view.scope, Scope)
    assert view.project_id is None or 0 < view.project_id < 2**31


def test_a_number_is_a_number() -> None:
    for odd in (True, 1.0, "1", 0, -1, 2**31, [1]):
        with pytest.raises(BadInput):
            read_list_token(_packed(["all", odd, None, None, None]))
    with pytest.raises(BadInput):
        read_report_token(_packed([None, None, date(2026, 1, 1).isoformat(), "x", ""]))


def _packed(parts: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()
