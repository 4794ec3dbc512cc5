import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.shortcuts import Source, mentioned, message_text, permalink, read_source, source_token

NAMES = {"U1": "Ada"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("disk &lt;full&gt; &amp; hot", "disk <full> & hot"),
        ("<@U1> and <@U2> and <@U3|carl>", "@Ada and @U2 and @carl"),
        ("see <#C1|ops> or <#C2>", "see #ops or #C2"),
        ("<https://example.com/a>", "https://example.com/a"),
        ("<https://example.com/a|the page>", "the page (https://example.com/a)"),
        ("<http://example.com|example.com>", "http://example.com"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("<!here> <!subteam^S1|@team> <!date^1^{date}|Monday>", "@here @team Monday"),
        ("&amp;lt;", "&lt;"),
        ("a < b and c > d", "a < b and c > d"),
    ],
)
def test_a_message_is_read_as_people_read_it(text: str, read: str) -> None:
    assert message_text(text, NAMES) == read


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert len(message_text(text, {})) <= 4 * len(text)
    assert message_text(text.replace("<", "").replace("&", ""), {}) == text.replace("<", "").replace("&", "")


def test_people_are_found_once() -> None:
    assert mentioned("<@U2> <@U1|ada> <@U2> @U3 <#C1>") == ["U1", "U2"]
    assert len(mentioned("".join(f"<@U{number}>" for number in range(99)))) == 50


def test_the_address_is_the_one_that_slack_gives() -> None:
    url = "https://acme.example/"
    assert permalink(url, "C1", "1700000000.000100", None) == "https://acme.example/archives/C1/p1700000000000100"
    assert permalink(url, "C1", "1.1", "1.1") == "https://acme.example/archives/C1/p11"
    assert permalink(url, "C1", "2.2", "1.1") == "https://acme.example/archives/C1/p22?thread_ts=1.1&cid=C1"


@pytest.mark.parametrize("text", ["", "C1", "C1:", "c1:1.1", "X1:1.1", "C1:1.1 ", "C1:1.1:2", "C1:x.1", "C1:\u0661.1"])
def test_nothing_else_is_a_source(text: str) -> None:
    assert read_source(text) is None


def test_a_source_comes_back() -> None:
    source = Source("C0GENERAL", "1700000000.000100")
    assert read_source(source_token(source)) == source
