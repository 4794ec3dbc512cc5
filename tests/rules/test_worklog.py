import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, Forbidden
from bot.rules.when import Period
from bot.rules.worklog import (
    LogWork,
    ReportScope,
    check_day_total,
    may_delete,
    parse_delete,
    parse_list_logs,
    parse_log,
    parse_report,
    report_csv,
)
from db.models import ReportLine, WorkLog

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
TODAY = date(2026, 11, 25)
BERLIN = "Europe/Berlin"
WEEK = Period(date(2026, 11, 23), date(2026, 11, 29), "this week")


@pytest.mark.parametrize(
    ("text", "log"),
    [
        ("MR-42", LogWork(42, None, TODAY, None)),
        ("42 date:yesterday", LogWork(42, None, date(2026, 11, 24), None)),
        ("#42 1.5 fixed it", LogWork(42, Decimal("1.5"), TODAY, "fixed it")),
        ("42 1h30m yesterday fixed it", LogWork(42, Decimal("1.5"), date(2026, 11, 24), "fixed it")),
        ("42 1h 30m fixed it", LogWork(42, Decimal("1.5"), TODAY, "fixed it")),
        ("42 1h 2026-11-20 fixed it", LogWork(42, Decimal(1), date(2026, 11, 20), "fixed it")),
        ("42 90m monday fixed it", LogWork(42, Decimal("1.5"), date(2026, 11, 23), "fixed it")),
        ("42 90m fixed date:monday it", LogWork(42, Decimal("1.5"), date(2026, 11, 23), "fixed it")),
        ('42 1,5 "today" was fixed', LogWork(42, Decimal("1.5"), TODAY, '"today" was fixed')),
        ('42 2 "fixed it"', LogWork(42, Decimal(2), TODAY, "fixed it")),
        ("42 2 data:x update:y", LogWork(42, Decimal(2), TODAY, "data:x update:y")),
    ],
)
def test_log(text: str, log: LogWork) -> None:
    assert parse_log(text, now=NOW, tz=BERLIN) == log


@pytest.mark.parametrize(
    ("text", "why", "field"),
    [
        ("", "Say which request.* Example: `/worklog MR-42 1h30m Replaced the disk`", None),
        ("x 1 y", "no number of a request", None),
        ("99999999999999999999 1 y", "larger than any", None),
        ("42 -2 y", "negative", "hours"),
        ("42 0 y", "more than 0", "hours"),
        ("42 25 y", "at most 24", "hours"),
        ("42 1h90m y", "90 minutes", "hours"),
        ("42 1h 90m y", "90 minutes", "hours"),
        ("42 lots y", "no number of hours", "hours"),
        ("42 1", "Say what was done", "description"),
        ("42 1 yesterday", "Say what was done", "description"),
        ('42 1 ""', "Say what was done", "description"),
        ("42 1 2026-11-26 y", "in the future", "work_date"),
        ("42 1 tomorrow y", "in the future", "work_date"),
        ("42 1 2026-02-30 y", "not in the calendar", "work_date"),
        ("42 1 y\x00", r"U\+0000", None),
    ],
)
def test_log_refuses(text: str, why: str, field: str | None) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        parse_log(text, now=NOW, tz=BERLIN)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("text", "scope", "value", "period"),
    [
        ("", ReportScope.MINE, None, WEEK),
        ("me", ReportScope.MINE, None, WEEK),
        ("all", ReportScope.ALL, None, WEEK),
        ("today all", ReportScope.ALL, None, Period(TODAY, TODAY, "today")),
        ("<@U1|anna> week", ReportScope.PERSON, "U1", WEEK),
        ('week project:"web shop"', ReportScope.PROJECT, "web shop", WEEK),
        (
            "2026-11-01..2026-11-02 mine",
            ReportScope.MINE,
            None,
            Period(date(2026, 11, 1), date(2026, 11, 2), "2026-11-01 to 2026-11-02"),
        ),
    ],
)
def test_report(text: str, scope: ReportScope, value: str | None, period: Period) -> None:
    found = parse_report(text, now=NOW, tz=BERLIN)
    assert (found.scope, found.value, found.period) == (scope, value, period)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("moth", r"Did you mean month\?"),
        ("mien", r"Did you mean mine\?"),
        ("xyz", "neither a person nor a period. Example: `/worklog report all month`"),
        ("all mine", "one of mine, all, @name or project:"),
        ("all project:x", "one of mine"),
        ("today week", "one period"),
        ("@anna", "nobody I can find"),
        ("2026-11-02..2026-11-01", "ends before it begins"),
        ("proj:x", r"Did you mean project:\?"),
    ],
)
def test_report_refuses(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_report(text, now=NOW, tz=BERLIN)


def test_delete_and_list() -> None:
    assert parse_delete("7") == 7
    assert parse_delete("#7") == 7
    assert parse_list_logs("MR-42") == 42
    for text in ("", "7 8"):
        with pytest.raises(BadInput, match="Example: `/worklog delete 7`"):
            parse_delete(text)
        with pytest.raises(BadInput, match="Example: `/worklog list MR-42`"):
            parse_list_logs(text)
    with pytest.raises(BadInput, match="no number of a work log"):
        parse_delete("MR-42")


def test_a_day_has_24_hours() -> None:
    check_day_total(Decimal(0), Decimal(24), TODAY)
    check_day_total(Decimal("22.5"), Decimal("1.5"), TODAY)
    with pytest.raises(BadInput) as caught:
        check_day_total(Decimal("22.50"), Decimal("1.51"), TODAY)
    assert str(caught.value) == (
        "1.51 hours do not fit into 2026-11-25: 22.5 are logged already, and a day has 24, all requests together. "
        "At most 1.5 can be added."
    )
    assert caught.value.field == "hours"
    with pytest.raises(BadInput, match="At most 0 can be added"):
        check_day_total(Decimal(30), Decimal(1), TODAY)


def log_of(user_id: int, created_at: datetime) -> WorkLog:
    return WorkLog(5, 42, "Disk", user_id, "Anna Lee", None, "fixed", Decimal(1), TODAY, created_at)


def test_who_may_delete_a_log() -> None:
    mine, old = log_of(7, NOW - timedelta(hours=24)), log_of(7, NOW - timedelta(hours=24, seconds=1))
    may_delete("engineer", 7, mine, NOW)
    may_delete("admin", 8, old, NOW)
    with pytest.raises(Forbidden, match=r"Work log 5 is Anna Lee's. You can delete your own; an admin"):
        may_delete("engineer", 8, mine, NOW)
    with pytest.raises(Forbidden, match="older than 24 hours, so only an admin"):
        may_delete("engineer", 7, old, NOW)


def line(name: str, project: str | None, title: str) -> ReportLine:
    return ReportLine(7, name, project, 42, title, Decimal("1.750"), 2)


def test_a_report_as_csv() -> None:
    text = report_csv([line("Lee, Anna", "Web", 'The "red" disk'), line("Bo", None, "a\nb")])
    assert text.startswith("Person,Project,Request,Title,Hours,Logs\r\n")
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [
        ["Lee, Anna", "Web", "MR-42", 'The "red" disk', "1.75", "2"],
        ["Bo", "", "MR-42", "a\nb", "1.75", "2"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\uff1d"])
def test_cells_that_a_spreadsheet_would_execute_are_disarmed(start: str) -> None:
    cell = f"{start}HYPERLINK(1)"
    rows = list(csv.reader(io.StringIO(report_csv([line(cell, cell, cell)]), newline="")))
    assert rows[1] == [f"'{cell}", f"'{cell}", "MR-42", f"'{cell}", "1.75", "2"]


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=5))
def test_csv_gives_back_every_text(texts: list[tuple[str, str, str]]) -> None:
    rows = list(csv.reader(io.StringIO(report_csv([line(*text) for text in texts]), newline="")))
    assert len(rows) == len(texts) + 1
    for row, text in zip(rows[1:], texts, strict=True):
        for cell, original in zip((row[0], row[1], row[3]), text, strict=True):
            assert cell in {original, f"'{original}"}
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
