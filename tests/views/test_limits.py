"""Any text, any length, any list: Slack takes it, and no one's text acts as markup."""

from datetime import UTC, date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.when import Period
from bot.views import cards, maintenance, refusals, worklog
from bot.views.help import HelpLine, help_for, unknown_verb
from db.models import Activity, Comment, HistoryEntry, Page, Project, ReportLine, Request, WorkLog
from tests.views import builders as make
from tests.views.checks import assert_openable, assert_sendable

several = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@several
@given(make.requests, st.none() | make.activities, st.none() | make.entries)
def test_card(row: Request, last: Activity | None, closed: HistoryEntry | None) -> None:
    assert_sendable(cards.request_card(row, last=last, closed=closed))


@several
@given(make.activities, st.dictionaries(make.numbers, make.text, max_size=3))
def test_thread_line(change: Activity, names: dict[int, str]) -> None:
    told = cards.activity_line(change, names=names, zone=UTC)
    if told is not None:
        assert_sendable(told)


@several
@given(make.requests, make.maybe_text, make.maybe_text)
def test_dm(row: Request, actor: str | None, permalink: str | None) -> None:
    assert_sendable(cards.assigned_dm(row, actor, permalink))


@several
@given(
    make.text,
    make.numbers,
    st.dictionaries(make.text, make.text, max_size=3) | st.builds(lambda t: {"title": t}, make.text),
)
def test_deleted_card(kind: str, number: int, old: dict[str, object]) -> None:
    assert_sendable(cards.deleted_card(kind, number, old))


@several
@given(st.dictionaries(st.sampled_from(make.VERBS) | make.text, make.numbers), make.many(make.numbers), make.maybe_text)
def test_summary(counts: dict[str, int], ids: list[int], actor: str | None) -> None:
    assert_sendable(cards.summary(counts, ids, total=len(ids), actor_name=actor))


@several
@given(make.many(make.requests), make.text, make.tokens, make.tokens, make.tokens)
def test_list(rows: list[Request], heading: str, token: str, before: str | None, after: str | None) -> None:
    page = Page(tuple(rows), before, after)
    assert_sendable(maintenance.request_list(page, heading=heading, filter_token=token, now=make.NOW))


@several
@given(make.many(make.requests), make.many(make.requests))
def test_overview(mine: list[Request], waiting: list[Request]) -> None:
    assert_sendable(maintenance.overview(mine, waiting, now=make.NOW))


@several
@given(make.requests, make.many(make.logs), make.many(make.comments))
def test_show(row: Request, logs: list[WorkLog], comments: list[Comment]) -> None:
    assert_sendable(maintenance.show(row, logs, comments))


@several
@given(make.requests, make.many(make.entries), make.many(make.activities))
def test_history(row: Request, entries: list[HistoryEntry], changes: list[Activity]) -> None:
    assert_sendable(maintenance.history(row, entries, changes))


@several
@given(make.many(make.requests), make.text, st.booleans())
def test_search(rows: list[Request], words: str, more: bool) -> None:
    assert_sendable(maintenance.search_results(rows, words=words, more=more))


@several
@given(make.requests, make.text, make.text)
def test_confirmations(row: Request, where: str, verb: str) -> None:
    for reply in (
        maintenance.created(row),
        maintenance.created(row, where),
        maintenance.assigned(row),
        maintenance.moved(row, verb),
        maintenance.prioritised(row),
        maintenance.due_changed(row),
        maintenance.commented(row),
        maintenance.edited(row),
    ):
        assert_sendable(reply)


@several
@given(make.requests, make.projects, make.text, st.dates())
def test_dialogs(row: Request, project: Project, tz: str, today: date) -> None:
    project_of_row = project if row.project_id else None
    assert_openable(
        maintenance.new_request(
            tz=tz,
            title=row.title,
            description=row.description,
            project=project_of_row,
            priority=row.priority,
            due_at=row.due_at,
            assignee_slack_id=row.assignee_slack_id,
        )
    )
    assert_openable(maintenance.edit_request(row, tz=tz))
    assert_openable(maintenance.complete_request(row))
    assert_openable(maintenance.cancel_request(row))
    assert_openable(worklog.log_work(row, today, hours=row.title, description=row.description))
    assert_openable(refusals.refusal_modal(row.description, title=row.title))


@several
@given(make.many(make.logs), make.requests)
def test_logs(logs: list[WorkLog], row: Request) -> None:
    assert_sendable(worklog.log_list(row, logs))
    for log in logs[:1]:
        assert_sendable(worklog.logged(log))
        assert_sendable(worklog.deleted(log))


@several
@given(make.many(make.lines, 2000), make.text, make.text, make.tokens)
def test_report(lines: list[ReportLine], label: str, scope: str, token: str) -> None:
    period = Period(date(2026, 11, 1), date(2026, 11, 30), label)
    assert_sendable(worklog.report(lines, period, scope=scope, token=token))


@several
@given(make.text, make.many(st.builds(HelpLine, make.text, make.text, st.lists(make.text, max_size=5))), make.text)
def test_help(slash: str, entries: list[HelpLine], word: str) -> None:
    assert_sendable(help_for(slash, entries))
    assert_sendable(unknown_verb(slash, word, entries[0].usage if entries else None, entries))


@several
@given(make.text)
def test_refusals(text: str) -> None:
    told = f"This was refused: {text}"
    for reply in (refusals.refusal(told), refusals.refusal(BadInput(told)), refusals.failure(text)):
        assert_sendable(reply)
        assert_openable(refusals.reply_modal(reply))


@several
@given(make.many(make.projects, 300))
def test_project_choices(projects: list[Project]) -> None:
    choices = maintenance.project_choices(projects)
    assert len(choices.options) <= 100
    assert all(0 < len(text) <= 75 and 0 < len(value) <= 150 for text, value in choices.options)
