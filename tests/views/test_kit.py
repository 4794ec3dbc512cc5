from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.views import kit
from bot.views.wording import count, join_words, truncate_markup, units
from tests.views.builders import text
from tests.views.checks import assert_escaped, plain_of, shown

AT = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)


@given(text, st.integers(2, 300))
def test_cut_text_fits_in_either_way_of_counting(content: str, limit: int) -> None:
    cut = kit.truncate(kit.clean(content), limit)
    assert len(cut) <= units(cut) <= limit
    assert cut == kit.clean(content) or cut.endswith("…")


@given(text, st.integers(10, 300))
def test_escaped_text_is_cut_without_halves(content: str, limit: int) -> None:
    escaped = kit.escape(content, limit)
    assert units(escaped) <= limit
    assert_escaped(escaped)


@given(st.text(max_size=60))
def test_escaping_loses_nothing_that_is_harmless(content: str) -> None:
    escaped = kit.escape(content)
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == kit.clean(content)


@given(text)
def test_cleaning_twice_changes_nothing(content: str) -> None:
    assert kit.clean(kit.clean(content)) == kit.clean(content)


@pytest.mark.parametrize("limit", range(1, 80))
def test_a_date_is_shown_whole_or_not_at_all(limit: int) -> None:
    cut = truncate_markup(f"Due {kit.date_token(AT)} &amp; later", limit)
    assert_escaped(cut)


def test_dates_read_in_the_reader_s_zone_with_a_fallback() -> None:
    assert kit.date_token(AT) == "<!date^1795971600^{date_short_pretty} {time}|2026-11-29 17:00 UTC>"


def test_mentions_need_a_real_id() -> None:
    assert kit.mention("U012AB", "Eve") == "<@U012AB>"
    assert kit.mention(None, "<Eve>") == "&lt;Eve&gt;"
    assert kit.mention("U1> <!channel", "Eve") == "Eve"


def test_texts_of_nothing_to_see_are_never_sent_empty() -> None:
    for nothing in ("", " \n", "\u200b", "\x00"):
        assert plain_of(kit.plain(nothing)) == "(empty)"


def test_values_and_metadata_are_refused_rather_than_cut() -> None:
    with pytest.raises(ValueError, match="2000"):
        kit.button("Go", "go", "x" * 2001)
    with pytest.raises(ValueError, match="too large"):
        kit.modal("c", "Title", [], None, "x" * 2001)


def test_a_costly_button_asks_first() -> None:
    ask = kit.confirm("Sure?", "It ends the connection.", "End it", "Keep it")
    assert kit.button("End", "end", "1", "danger", ask)["confirm"] == ask


def test_a_stack_counts_what_it_leaves_out() -> None:
    items = [[kit.section(f"item {number}")] for number in range(80)]
    blocks = kit.stack([kit.header("Head")], items, [kit.divider()])
    assert len(blocks) == kit.MESSAGE_BLOCKS
    assert "and 33 more." in shown(blocks)
    assert blocks[-1] == kit.divider()
    assert "and 53 more." in shown(kit.stack([kit.header("Head")], items, [kit.divider()], total=100))


def test_a_stack_that_fits_says_nothing() -> None:
    assert kit.stack([], [[kit.section("only")]]) == [kit.section("only")]


@given(st.lists(text, max_size=30))
def test_a_stack_never_exceeds_a_message(contents: list[str]) -> None:
    assert kit.size(kit.stack([], [[kit.section(content)] for content in contents])) <= kit.MESSAGE_SIZE


def test_words_are_joined_and_counted_as_in_a_sentence() -> None:
    assert [join_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [count(number, "request") for number in (0, 1, 2_000)] == ["0 requests", "1 request", "2,000 requests"]
