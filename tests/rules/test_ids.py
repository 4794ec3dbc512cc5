import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.ids import LARGEST, card_label, is_labelled, looks_like_id, parse_id


@pytest.mark.parametrize("word", ["MR-42", "mr-42", "Mr42", "#42", "42", " 42 ", "0042", "#0042"])
def test_all_ways_of_writing_a_number_are_alike(word: str) -> None:
    assert parse_id(word) == 42


@pytest.mark.parametrize(
    "word",
    [
        "",
        "x",
        "MR-",
        "#",
        "MR-4x",
        "4 2",
        "4.2",
        "-42",
        "MR--42",
        "##42",
        "D-42",
        "\u0664\u0662",
        "\uff14\uff12",
        "0x2a",
        "1e3",
        "4_2",
    ],
)
def test_other_words_are_refused_with_the_ways_to_write_it(word: str) -> None:
    with pytest.raises(BadInput, match="MR-42, #42 or 42"):
        parse_id(word)


@pytest.mark.parametrize("word", ["12345678901234567890", "2147483648", "9" * 10_000, f"MR-{LARGEST + 1}"])
def test_numbers_beyond_the_column_are_refused(word: str) -> None:
    with pytest.raises(BadInput, match="larger than any number of a request") as caught:
        parse_id(word)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("word", ["0", "#0", "MR-000"])
def test_there_is_no_number_zero(word: str) -> None:
    with pytest.raises(BadInput, match="no request 0"):
        parse_id(word)


def test_other_records_have_their_own_prefix() -> None:
    assert parse_id("D-17", prefix="D", what="deployment") == 17
    with pytest.raises(BadInput, match=r"no number of a deployment\. Write it as D-42, #42 or 42"):
        parse_id("MR-17", prefix="D", what="deployment")


@given(st.integers(1, LARGEST), st.sampled_from(["MR-{}", "mr-{}", "#{}", "{}", "{:012d}"]))
def test_every_number_comes_back(number: int, form: str) -> None:
    assert parse_id(form.format(number)) == number
    assert parse_id(card_label(number)) == number


def test_which_words_can_only_be_numbers() -> None:
    assert [word for word in ("42", "MR-42", "#42", "-42", "x", "MR42") if is_labelled(word)] == [
        "MR-42",
        "#42",
        "MR42",
    ]
    assert [word for word in ("42", "-2", "#x", "MR", "1.5") if looks_like_id(word)] == ["42", "-2"]
