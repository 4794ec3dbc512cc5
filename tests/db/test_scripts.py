from hypothesis import given
from hypothesis import strategies as st

from db.scripts import Script

WORD = st.text("abc_ \n()=,0123456789", min_size=1).map(lambda text: f"a{text}")
PIECE = st.one_of(
    WORD,
    st.text('ab;"$-/*\n', max_size=8).map(lambda text: f"'{text}'"),
    st.text("ab;'$-/*\n", min_size=1, max_size=8).map(lambda text: f'"{text}"'),
    st.text("ab;'\"-/*\n", max_size=8).map(lambda text: f"$x${text}$x$"),
    st.text("ab;'\"$*", max_size=8).map(lambda text: f" --{text}\n"),
    st.text("ab;'\"$\n", max_size=8).map(lambda text: f" /*{text}*/ "),
    st.just("'it''s; fine'"),
)
STATEMENT = st.lists(PIECE, max_size=6).map(lambda pieces: " ".join(["SELECT", *pieces, "a"]))


@given(st.lists(STATEMENT, max_size=5))
def test_a_script_comes_apart_where_its_statements_end(statements: list[str]) -> None:
    script = Script(1, "0001_do_things", ";\n".join(statements))
    assert [statement.rstrip(";").rstrip() for statement in script.statements()] == statements


@given(st.text())
def test_any_text_comes_apart_without_loss(text: str) -> None:
    whole = "".join(Script(1, "0001_do_things", text).statements())
    assert [c for c in whole if not c.isspace()] == [c for c in text if not c.isspace()][: len("".join(whole.split()))]
