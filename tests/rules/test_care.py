"""What care does first, what it calls bloated or a duplicate, and how it names things."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules import care, care_commands, care_limits, care_reports
from db.models_care import Ages, CareTable, ConnectionUse, IndexState, SequenceUse, Session

TABLE = CareTable(1, "public.t", "r", "owner", True, 100, 0, 0, 10, True)  # noqa: FBT003 - a row as it comes
INDEX = IndexState(
    oid=10, name="public.i", bare_name="i", table_name="public.t", owner="o", is_owned=True, is_valid=True,
    is_busy=False, is_leftover=False, is_unique=False, is_needed=False, is_rebuildable=True, method="btree",
    shape="btree|1|2", scans=0, bytes=1_000_000, expected_bytes=500_000,
)  # fmt: skip
AGES = Ages(1000, 0, 200_000_000, 400_000_000)
START = datetime(2026, 11, 22, 10, tzinfo=UTC)
SESSION = Session(7, START, "shop", "import", "active", "SELECT 1", 100.0, 100.0, is_ours=False, is_superuser=False)


def test_the_oldest_and_then_the_deadest_tables_come_first() -> None:
    old = replace(TABLE, name="old", age=160_000_000)
    dead = replace(TABLE, name="dead", dead=900)
    less = replace(TABLE, name="less", dead=20)
    parent = replace(TABLE, name="parent", kind="p")
    assert [it.name for it in care.by_need([TABLE, less, parent, dead, old])] == ["old", "dead", "less", "public.t"]


def test_tables_without_statistics_are_analysed_first() -> None:
    new = replace(TABLE, name="new", was_analyzed=False)
    changed = replace(TABLE, name="changed", modified=50)
    assert [it.name for it in care.by_change([TABLE, changed, new])] == ["new", "changed", "public.t"]


@pytest.mark.parametrize(
    ("index", "expected", "bloated"),
    [
        (INDEX, 500_000, True),
        (INDEX, 700_000, False),
        (INDEX, None, False),
        (replace(INDEX, bytes=100_000), 1000, False),
        (replace(INDEX, method="gin"), 1000, False),
        (replace(INDEX, is_valid=False), 1000, False),
        (replace(INDEX, is_rebuildable=False), 1000, False),
        (replace(INDEX, bytes=0), 0, False),
    ],
)
def test_bloat(index: IndexState, expected: int | None, bloated: bool) -> None:
    assert care.is_bloated(index, expected) is bloated


def test_of_two_alike_the_one_that_nothing_rests_on_goes() -> None:
    later = replace(INDEX, oid=11, name="public.later")
    key = replace(INDEX, oid=12, name="public.key", is_unique=True, is_needed=True)
    assert care.is_duplicate_of(later, INDEX)
    assert not care.is_duplicate_of(INDEX, later)
    assert care.is_duplicate_of(INDEX, key)
    assert not care.is_duplicate_of(key, INDEX)
    assert not care.is_duplicate_of(INDEX, INDEX)
    assert not care.is_duplicate_of(later, replace(INDEX, shape="btree|1|3"))
    assert not care.is_duplicate_of(later, replace(INDEX, table_name="public.u"))
    assert not care.is_duplicate_of(later, replace(INDEX, is_valid=False))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("ALTER ROLE x PASSWORD 'hunter2'", "ALTER ROLE x PASSWORD '…'"),
        ("SELECT 'it''s', E'a', $$b c$$, $t$d$t$", "SELECT '…', '…', '…', '…'"),
        ("SELECT 'never closed", "SELECT '…'"),
        ("SELECT $$never closed", "SELECT '…'"),
        ("SELECT /* who */ 1 -- why\nFROM  t", "SELECT 1 FROM t"),
        ("SELECT $1", "SELECT $1"),
    ],
)
def test_what_people_wrote_is_taken_out_of_a_query(query: str, shown: str) -> None:
    assert care.redacted(query) == shown


@given(st.text(), st.text(alphabet=st.characters(categories=["Lu"]), min_size=4))
def test_no_quoted_text_is_ever_shown(before: str, secret: str) -> None:
    quiet = before.replace("'", "").replace("$", "").replace("-", "").replace("/", "").replace("\\", "")
    assert secret not in care.redacted(f"{quiet.lower()} '{secret}'", 10_000)


@given(st.text(), st.integers(1, 300))
def test_queries_are_cut(query: str, limit: int) -> None:
    assert len(care.redacted(query, limit)) <= limit


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (8192, "8 kB"), (1536, "1.5 kB"), (-2048, "-2 kB"), (1024**2 * 150, "150 MB"), (1024**4, "1 TB")],
)
def test_sizes(number: int, shown: str) -> None:
    assert care.size(number) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.25, "250 ms"),
        (12, "12 s"),
        (119.4, "119 s"),
        (180, "3 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (4e5, "4 days"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    assert care.lasted(seconds) == shown


def test_growth() -> None:
    assert care.growth(8192, None) == " (new)"
    assert care.growth(8192, 8192) == " (unchanged)"
    assert care.growth(16384, 8192) == " (+8 kB, +100 %)"
    assert care.growth(4096, 8192) == " (-4 kB, -50 %)"
    assert care.growth(8192, 0) == " (+8 kB)"


def test_unused_indexes_are_a_finding_after_a_month_only() -> None:
    large = replace(INDEX, bytes=2 * 1024**2)
    assert care_reports.report_indexes([large], 86_400.0 * 29).findings == ()
    [finding] = care_reports.report_indexes([large], 86_400.0 * 31).findings
    assert finding.key == "unused:public.i"
    for kept in (replace(large, scans=1), replace(large, is_needed=True), INDEX):
        assert care_reports.report_indexes([kept], 86_400.0 * 31).findings == ()


def test_an_index_being_built_is_no_finding() -> None:
    building = replace(INDEX, is_valid=False, is_busy=True)
    report = care_reports.report_indexes([building], 0)
    assert report.findings == ()
    assert "being built now" in report.lines[0]


@pytest.mark.parametrize(("share", "found"), [(0.79, 0), (0.8, 1), (1.0, 1)])
def test_sequences_near_their_end(share: float, found: int) -> None:
    use = SequenceUse("public.s", int(2_147_483_647 * share), 2_147_483_647, share)
    report = care_limits.report_limits([use], AGES)
    assert len(report.findings) == found
    assert all(it.is_urgent for it in report.findings)


@pytest.mark.parametrize(("age", "found"), [(200_000_000, 0), (1_000_000_000, 1), (2_140_000_000, 1)])
def test_transaction_ids_near_their_end(age: int, found: int) -> None:
    assert len(care_limits.report_limits([], replace(AGES, transactions=age)).findings) == found
    assert len(care_limits.report_limits([], replace(AGES, multixacts=age)).findings) == found


def test_connections_near_their_end_are_told() -> None:
    assert "close to the end" in care_reports.report_connections(ConnectionUse(80, 100, ())).summary
    assert "close to the end" not in care_reports.report_connections(ConnectionUse(79, 100, ())).summary
    assert "100 %" in care_reports.report_connections(ConnectionUse(3, 0, ())).summary


def test_long_queries_and_idle_transactions_are_told_but_not_our_own() -> None:
    idle = replace(SESSION, pid=8, state="idle in transaction", query_seconds=None, transaction_seconds=400.0)
    short = replace(SESSION, pid=9, query_seconds=5.0)
    ours = replace(SESSION, pid=10, is_ours=True)
    report = care_reports.report_long([SESSION, idle, short, ours])
    assert [line.split(" ")[0] for line in report.lines] == ["7", "8"]
    assert "oldest transaction is 100 s old" in care_reports.report_long([short]).summary


@pytest.mark.parametrize("text", ["", "sizes", "SIZES", " status "])
def test_reports_are_named(text: str) -> None:
    assert care_commands.parse_report(text) in care_commands.REPORTS


@pytest.mark.parametrize("text", ["sizse", "sizes now", "42", "all of them"])
def test_what_is_no_report_is_told(text: str) -> None:
    with pytest.raises(BadInput):
        care_commands.parse_report(text)


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    for parse in (
        care_commands.parse_report, care_commands.parse_run, care_commands.parse_pid, care_commands.read_run_id,
        care_commands.read_session,
    ):  # fmt: skip
        with suppress(BadInput):
            parse(text)


def test_a_button_names_one_session_only() -> None:
    assert care_commands.read_session(f"42:{START.isoformat()}") == (42, START)
    for wrong in ("42", "42:", "42:2026-11-22", "x:2026-11-22T10:00:00+00:00", "42:2026-11-22T10:00:00"):
        with pytest.raises(BadInput):
            care_commands.read_session(wrong)
