"""Care of the database as Slack shows it: the state in words, failures first, within the limits, escaped."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.care import STEPS, TITLES
from bot.views import care as views
from db.models import Activity
from db.models_care import Finding, Report, Run, RunStatus, Session, SessionEnd, Step, StepStatus
from tests.views.builders import NOW, maybe_text, text, when
from tests.views.checks import assert_sendable, labels, shown

STEPS_TO_COME = tuple(Step(n + 1, name, "pending", None, None, (), (), (), ()) for n, name in enumerate(STEPS))
RUN = Run(
    id=7, due_key=None, source="slack", requester_name="Ada Admin", requested_by=1, requested_at=NOW, status="queued",
    waiting_for=None, started_at=None, finished_at=None, current_step=0, total_steps=13, role_name=None, notes=(),
    cancel_asked_at=None, canceller_name=None, request_id=None, steps=STEPS_TO_COME,
)  # fmt: skip
SESSION = Session(
    42, NOW, "shop", "nightly import", "active", "SELECT 'secret'", 90.0, 90.0, is_ours=False, is_superuser=False
)
END = SessionEnd(1, 42, NOW, "cancel", "shop", "nightly import", "SELECT 1", "U1", None)

texts = st.lists(text, max_size=40).map(tuple)
findings = st.lists(st.builds(Finding, key=text, text=text, advice=text, is_urgent=st.booleans()), max_size=5).map(
    tuple
)
reports = st.builds(Report, summary=text, lines=texts, failures=texts, notes=texts, findings=findings)
steps = st.builds(
    Step, position=st.integers(1, 13), name=st.sampled_from(STEPS) | text, status=st.sampled_from(list(StepStatus)),
    duration_ms=st.none() | st.integers(0, 10**7), summary=maybe_text, failures=texts, lines=texts, notes=texts,
    findings=findings,
)  # fmt: skip
runs = st.builds(
    Run, id=st.integers(1, 2**31), due_key=maybe_text, source=st.sampled_from(["slack", "cli", "scheduler"]) | text,
    requester_name=maybe_text, requested_by=st.none(), requested_at=when, status=st.sampled_from(list(RunStatus)),
    waiting_for=maybe_text, started_at=st.none() | when, finished_at=st.none() | when, current_step=st.integers(0, 12),
    total_steps=st.just(12), role_name=maybe_text, notes=texts, cancel_asked_at=st.none() | when,
    canceller_name=maybe_text, request_id=st.none() | st.integers(1, 10**6),
    steps=st.lists(steps, max_size=12).map(tuple),
)  # fmt: skip


@given(runs)
def test_any_run_can_be_sent(run: Run) -> None:
    assert_sendable(views.run_card(run))
    assert_sendable(views.run_ordered(run))
    assert_sendable(views.run_cancelled(run))


@given(steps, maybe_text)
def test_any_step_can_be_told(step: Step, who: str | None) -> None:
    new: dict[str, object] = {
        "name": step.name, "status": step.status, "duration_ms": step.duration_ms, "summary": step.summary,
        "failures": list(step.failures), "lines": list(step.lines), "notes": list(step.notes),
    }  # fmt: skip
    for verb in ("step_done", "cancel_asked"):
        line = views.care_line(Activity(1, NOW, 1, who, None, "care", "care", 7, verb, None, new, None))
        assert line is not None
        assert_sendable(line)


@given(st.sampled_from(sorted(TITLES)), reports)
def test_any_report_can_be_sent(name: str, report: Report) -> None:
    assert_sendable(views.report(name, report, NOW))


@given(text, text, text, text)
def test_any_session_can_be_shown(role: str, program: str, state: str, query: str) -> None:
    session = replace(SESSION, role_name=role, application_name=program, state=state, query=query)
    assert_sendable(views.session(session, NOW, NOW))
    assert_sendable(views.end_ordered(session, "cancel"))
    end = replace(END, role_name=role, application_name=program, query=query)
    assert_sendable(views.session_ended(end, state, is_there=True))


@pytest.mark.parametrize("status", list(RunStatus))
def test_the_state_is_said_in_words_and_only_a_live_run_can_be_cancelled(status: RunStatus) -> None:
    card = views.run_card(replace(RUN, status=status))
    assert card.text.startswith("Database care ")
    live = status in {RunStatus.QUEUED, RunStatus.WAITING, RunStatus.RUNNING}
    assert labels(card.blocks) == (["Cancel run"] if live else [])


def test_progress_and_failures_first() -> None:
    done = replace(STEPS_TO_COME[0], status="ok", duration_ms=1200, summary="46 tables analysed.")
    failed = replace(STEPS_TO_COME[1], status="failed", duration_ms=90_000, summary="1 failed.")
    running = replace(STEPS_TO_COME[2], status="running")
    run = replace(
        RUN, status="running", started_at=NOW, current_step=3, steps=(done, failed, running, *STEPS_TO_COME[3:])
    )
    card = views.run_card(run)
    assert card.text == "Database care is running, step 3 of 13: Indexes rebuilt (REINDEX)."
    told = shown(card.blocks)
    places = [told.index(words) for words in ("Failed: Dead rows", "Running: Indexes", "Done: Statistics", "To come: ")]
    assert places == sorted(places)
    assert labels(views.run_card(replace(run, cancel_asked_at=NOW)).blocks) == []


def test_the_question_shows_query_and_owner_without_what_people_wrote() -> None:
    asked = str(views.session(SESSION, NOW, NOW).blocks)
    assert "Cancel the query of shop (nightly import)?" in asked
    assert "SELECT '…'" in asked
    assert "secret" not in asked
    assert f"42:{NOW.isoformat()}" in asked


def test_a_session_that_is_gone_is_not_offered_to_be_ended() -> None:
    assert labels(views.session_ended(END, "the session has ended", is_there=False).blocks) == []
    assert labels(views.session_ended(END, "it is idle", is_there=True).blocks) == ["End session"]
