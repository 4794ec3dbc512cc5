import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.text import clean_text, clean_title, is_blank, split

KNOWN = ("project", "priority", "due", "assignee")
PLAIN_WORD = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "plain", "options"),
    [
        ("", (), {}),
        ("  a   b ", ("a", "b"), {}),
        ("a project:web b", ("a", "b"), {"project": "web"}),
        ("PRIORITY:High", (), {"priority": "High"}),
        ('project:"web shop" a', ("a",), {"project": "web shop"}),
        ("project:\u201cweb shop\u201d a", ("a",), {"project": "web shop"}),
        ("project:\u201eweb shop\u201c", (), {"project": "web shop"}),
        ("project:\u00abweb shop\u00bb", (), {"project": "web shop"}),
        ('"a b" c', ("a b", "c"), {}),
        ('the 5" disk', ("the", '5"', "disk"), {}),
        ("don't", ("don't",), {}),
        ("http://x.example/a:b", ("http://x.example/a:b",), {}),
        ("note: blah", ("note:", "blah"), {}),
        ("projects://a", ("projects://a",), {}),
        ("data:x update:y 12:30", ("data:x", "update:y", "12:30"), {}),
        ('"priority:high"', ("priority:high",), {}),
        ("<@U1|Anna Lee> a", ("<@U1|Anna Lee>", "a"), {}),
        ("assignee:<@U1|Anna Lee> a", ("a",), {"assignee": "<@U1|Anna Lee>"}),
        ("<https://x.example|x.example> <#C1|ops>", ("https://x.example", "#ops"), {}),
        ("a &amp; b &lt;i&gt;", ("a", "&", "b", "<i>"), {}),
        ("project:R&amp;D", (), {"project": "R&D"}),
        ("a\u00a0b\u200f", ("a", "b"), {}),
        ("project:<#C1|web>", (), {"project": "#web"}),
    ],
)
def test_words_and_options_are_told_apart(text: str, plain: tuple[str, ...], options: dict[str, str]) -> None:
    words = split(text, KNOWN)
    assert words.plain == plain
    assert words.options == options


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ('He said "no" and\n  left', 'He said "no" and\n  left'),
        ('"all of it"', "all of it"),
        ('"one" "two"', '"one" "two"'),
        ("Fix project:web the lamp", "Fix the lamp"),
        ("project:web Fix", "Fix"),
        ("ask <@U1|anna> about &lt;b&gt;", "ask @anna about <b>"),
        ("<@U1|anna>", "@anna"),
        ("see <https://x.example/a|x.example/a>, please", "see https://x.example/a, please"),
    ],
)
def test_the_rest_stays_as_it_was_typed(text: str, rest: str) -> None:
    assert split(text, KNOWN).rest() == rest


def test_the_rest_can_begin_later() -> None:
    assert split('42 "open the gate" now', ()).rest(1) == '"open the gate" now'
    assert split('42 "open the gate"', ()).rest(1) == "open the gate"
    assert not split("42", ()).rest(1)


def test_a_timed_option_takes_the_time_that_follows() -> None:
    words = split("Fix due:friday 17:00 it due", ("due",), timed=("due",))
    assert words.options == {"due": "friday 17:00"}
    assert words.rest() == "Fix it due"
    assert split("due:friday at 17:00", ("due",), timed=("due",)).plain == ("at", "17:00")


@pytest.mark.parametrize("text", ['"never', 'a "never closed', 'project:"never', "\u201cnever", '"', 'a "b" "c'])
def test_a_quote_that_does_not_close_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="never closed"):
        split(text, KNOWN)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("prio:high", "priority:"),
        ("PRIO:high", "priority:"),
        ("proj:web", "project:"),
        ("projct:web", "project:"),
        ("prority:low", "priority:"),
        ("asignee:me", "assignee:"),
        ("dues:friday", "due:"),
    ],
)
def test_a_near_miss_of_an_option_says_what_was_meant(text: str, meant: str) -> None:
    with pytest.raises(BadInput, match=f"Did you mean {meant}"):
        split(text, KNOWN)


@pytest.mark.parametrize("text", ["priority:", "priority: high", 'priority:""', 'priority:"  "'])
def test_an_option_without_value_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="priority: needs a value right after the colon"):
        split(text, KNOWN)


def test_an_option_given_twice_is_refused() -> None:
    with pytest.raises(BadInput, match=r'project: is given twice \("a" and "b"\)'):
        split("project:a x project:b", KNOWN)


@pytest.mark.parametrize(
    "char", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u202e", "\u202a", "\u2066", "\u2069", "\ud800"]
)
def test_what_cannot_be_seen_or_stored_is_refused_by_its_code(char: str) -> None:
    code = rf"U\+{ord(char):04X}"
    for refused in (
        lambda: split(f"a{char}b", KNOWN),
        lambda: clean_title(f"a{char}b"),
        lambda: clean_text(f"a{char}b", 100),
    ):
        with pytest.raises(BadInput, match=code):
            refused()


def test_titles_are_one_line() -> None:
    assert clean_title("  Fix \n the\tlamp \u200e") == "Fix the lamp"


def test_a_title_of_255_characters_fits_and_one_of_256_does_not() -> None:
    assert len(clean_title("x" * 255)) == 255
    with pytest.raises(BadInput, match="has 256 characters; at most 255 fit") as caught:
        clean_title("x" * 256)
    assert caught.value.field == "title"


@pytest.mark.parametrize("text", ["", "  ", "\n\t", "\u200b\u200d", "\u200f", "\ufeff"])
def test_text_that_shows_nothing_is_empty(text: str) -> None:
    assert is_blank(text)
    with pytest.raises(BadInput, match="title is empty"):
        clean_title(text)
    with pytest.raises(BadInput, match="note is empty") as caught:
        clean_text(text, 10, field="note")
    assert caught.value.field == "note"


def test_text_keeps_its_lines_and_its_emoji() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert clean_text(f" a\r\nb\rc\u2028d {family} ", 100) == f"a\nb\nc\nd {family}"


@given(st.lists(PLAIN_WORD, max_size=6), st.dictionaries(st.sampled_from(KNOWN), PLAIN_WORD), st.data())
def test_options_may_stand_anywhere(words: list[str], options: dict[str, str], data: st.DataObject) -> None:
    pieces = [*words, *(f'{key}:"{value}"' for key, value in options.items())]
    found = split(" ".join(data.draw(st.permutations(pieces))), KNOWN)
    assert found.options == options
    assert sorted(found.plain) == sorted(words)


@given(
    st.lists(
        st.text(
            st.characters(
                exclude_categories=("C", "Z"), exclude_characters='"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02<>&'
            )
        ),
        min_size=1,
        max_size=5,
    )
)
def test_quoted_words_come_back_whole(words: list[str]) -> None:
    assert split(" ".join(f'"{word}"' for word in words), KNOWN).plain == tuple(words)


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    try:
        once = clean_title(text)
    except BadInput:
        return
    assert clean_title(once) == once
    assert 0 < len(once) <= 255
    assert "\n" not in once
    once.encode()
