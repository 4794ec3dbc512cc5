from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from bot.rules.when import Period
from bot.views import worklog
from tests.views.builders import LINE, LOG, request
from tests.views.checks import assert_openable, assert_sendable, element, inputs, labels, plain_of, shown

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30), "this month")


def test_the_dialog_has_the_promised_fields() -> None:
    view = worklog.log_work(request(), date(2026, 11, 22))
    assert_openable(view)
    assert plain_of(view["title"]) == "Log work"
    labels_by_id = {block_id: plain_of(block["label"]) for block_id, block in inputs(view).items()}
    assert labels_by_id == {"hours": "Hours", "work_date": "Date", "description": "What was done"}
    assert element(view, "work_date")["initial_date"] == "2026-11-22"
    assert view["private_metadata"] == "42"


def test_a_log_is_confirmed_with_the_way_to_undo_it() -> None:
    reply = worklog.logged(LOG)
    assert reply.text == "1.5 hours on 2026-11-21 logged on MR-42 “Disk full on db-1”."
    assert "/worklog delete 17" in shown(reply.blocks)
    assert worklog.deleted(replace(LOG, hours=None)).text.startswith("Work log 17 (no hours on 2026-11-21) was deleted")


def test_logs_are_listed_newest_day_first_with_their_sum() -> None:
    older = replace(
        LOG, id=3, work_date=LOG.work_date - timedelta(days=1), hours=Decimal("0.25"), description="<!here>"
    )
    reply = worklog.log_list(request(), [older, LOG, replace(LOG, id=4, hours=None)])
    text = shown(reply.blocks)
    assert "3 work logs, 1.75 hours in all." in text
    assert text.index("Log 17") < text.index("Log 4") < text.index("Log 3")
    assert "no hours given" in text
    assert_sendable(reply)


def test_no_logs_says_how_to_make_one() -> None:
    assert "/worklog MR-42 1.5 what was done" in shown(worklog.log_list(request(), []).blocks)


def test_a_report_adds_up_by_person_project_and_request() -> None:
    lines = [
        LINE,
        replace(LINE, request_id=43, hours=Decimal("0.25")),
        replace(LINE, user_name="Eve Engineer", project_name=None, hours=Decimal(4)),
    ]
    reply = worklog.report(lines, NOVEMBER, scope="all hours", token="all")
    assert reply.text == "All hours, this month (2026-11-01 to 2026-11-30): 5.75 hours."
    text = shown(reply.blocks)
    assert "Eve Engineer: 4 hours\nElena Engineer: 1.75 hours" in text
    assert "No project: 4 hours\nPayments: 1.75 hours" in text
    assert "MR-43 Disk full on db-1" in text
    assert labels(reply.blocks) == ["Export CSV"]


def test_a_long_report_counts_what_is_only_in_the_export() -> None:
    reply = worklog.report([LINE] * 500, NOVEMBER, scope="all hours", token="all")
    assert_sendable(reply)
    rows = shown(reply.blocks).count("MR-42 Disk full")
    assert f"and {500 - rows} more: Export CSV has all of them" in shown(reply.blocks)
    assert rows >= 30


def test_an_empty_report_is_one_sentence_without_export() -> None:
    reply = worklog.report([], NOVEMBER, scope="your hours", token="mine")
    assert reply.text == "Your hours, this month (2026-11-01 to 2026-11-30): no work is logged."
    assert labels(reply.blocks) == []
