"""Which links are records, and where their previews may stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.unfurls import MOST_LINKS, Link, Place, may_show, read_link, read_place, read_shared
from db.models import SubjectKind

BASE = "https://ops.example.com/bot/"
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("url", "kind", "number"),
    [
        ("https://ops.example.com/bot/r/42", SubjectKind.MAINTENANCE, 42),
        ("https://OPS.example.com:443/bot/d/017/", SubjectKind.DEPLOYMENT, 17),
        ("https://ops.example.com/bot/r/2147483647?a=b#c", SubjectKind.MAINTENANCE, 2147483647),
    ],
)
def test_links_to_records(url: str, kind: str, number: int) -> None:
    assert read_link(url, BASE) == Link(url, kind, number)


@pytest.mark.parametrize(
    "url",
    [
        "https://ops.example.com/bot/r/2147483648",
        "https://ops.example.com/bot/r/-1",
        "https://ops.example.com/bot/r/٤٢",
        "https://ops.example.com/bot/r/42\n",
        "https://ops.example.com/bot/r//42",
        "https://ops.example.com/bottle/r/42",
        "https://ops.example.com:8443/bot/r/42",
        "ftp://ops.example.com/bot/r/42",
        "https://ops.example.com.evil.example/bot/r/42",
        "https://[::1/bot/r/42",
        "https://ops.example.com:port/bot/r/42",
        "https://ops.example.com/bot/r/42?" + "x" * 2000,
        "",
    ],
)
def test_other_addresses(url: str) -> None:
    assert read_link(url, BASE) is None


@given(st.text())
def test_any_text_is_read(url: str) -> None:
    found = read_link(url, BASE)
    assert found is None or found.url == url
    assert read_link(url, url) is None or url.startswith(("http", "HTTP"))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "links": anything | st.lists(st.fixed_dictionaries({"url": anything}), max_size=12),
            "channel": anything | st.just("C0OPS"),
            "message_ts": anything | st.just("1.1"),
            "source": anything | st.sampled_from(["composer", "conversations_history"]),
            "unfurl_id": anything | st.just("U1-2"),
            "is_ext_shared_channel": anything,
        },
    )
)
def test_any_event_is_read(event: dict[str, object]) -> None:
    shared = read_shared(event, BASE)
    assert shared is None or shared.links


def test_five_at_most_each_once() -> None:
    urls = [f"{BASE}r/{number}" for number in (1, 1, 2, 3, 4, 5, 6, 7)]
    event = {
        "links": [{"url": url} for url in ["https://elsewhere.example", *urls]],
        "channel": "C1",
        "message_ts": "1.2",
    }
    shared = read_shared(event, BASE)
    assert shared is not None
    assert [link.id for link in shared.links] == [1, 2, 3, 4, 5]
    assert len(shared.links) == MOST_LINKS
    assert shared.abroad is None


OPEN = Place(is_private=False, is_shared=False)
CLOSED = Place(is_private=True, is_shared=False)
SHARED = Place(is_private=False, is_shared=True)


@pytest.mark.parametrize(
    ("abroad", "place", "composing", "shown"),
    [
        (False, OPEN, False, True),
        (False, CLOSED, False, True),
        (None, OPEN, False, True),
        (False, None, False, True),
        (False, None, True, True),
        (False, SHARED, False, False),
        (None, SHARED, False, False),
        (True, OPEN, False, False),
        (True, None, True, False),
        (None, None, False, False),
        (None, None, True, False),
    ],
)
def test_where_a_preview_may_stand(abroad: bool | None, place: Place | None, *, composing: bool, shown: bool) -> None:
    assert may_show(abroad, place, composing=composing) is shown


@pytest.mark.parametrize(
    ("channel", "place"),
    [
        ({}, OPEN),
        ({"is_private": True}, CLOSED),
        ({"is_im": True}, CLOSED),
        ({"is_shared": True}, SHARED),
        ({"is_shared": True, "is_org_shared": True}, OPEN),
        ({"is_ext_shared": True, "is_org_shared": True}, SHARED),
        ({"is_pending_ext_shared": True}, SHARED),
        ({"pending_shared": ["T2"]}, SHARED),
        ({"pending_connected_team_ids": []}, OPEN),
    ],
)
def test_what_a_conversation_says(channel: dict[str, object], place: Place) -> None:
    assert read_place(channel) == place
