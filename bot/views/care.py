"""Care of the database in Slack: the card of a run, a line a step in its thread, reports, sessions to be ended."""

from collections.abc import Sequence
from datetime import datetime

from bot.rules.care import TITLES, lasted, redacted
from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Message, Part
from bot.views.wording import count, line, truncate
from db.models import Activity, JsonObject
from db.models_care import Report, Run, RunStatus, Session, SessionEnd, Step, StepStatus

CANCEL_RUN = "care.cancel"
CANCEL_QUERY = "care.cancel_query"
END_SESSION = "care.end_session"

_LINES = 2800
_CONFIRMED = 120
_STATES = {
    RunStatus.QUEUED: "waits for the care worker",
    RunStatus.WAITING: "waits",
    RunStatus.RUNNING: "is running",
    RunStatus.SUCCEEDED: "is done",
    RunStatus.FAILED: "is done, but not all of it succeeded",
    RunStatus.CANCELLED: "was cancelled",
    RunStatus.STOPPED: "was stopped: its time was over",
    RunStatus.INTERRUPTED: "was interrupted: its process was gone",
}
_SOURCES = {"scheduler": "as scheduled", "slack": "on request", "cli": "at the command line"}
_MARKS = {
    StepStatus.OK: "Done",
    StepStatus.FAILED: "Failed",
    StepStatus.RUNNING: "Running",
    StepStatus.PENDING: "To come",
    StepStatus.SKIPPED: "Left out",
}
_ORDER = (StepStatus.FAILED, StepStatus.RUNNING, StepStatus.OK, StepStatus.SKIPPED, StepStatus.PENDING)
_LIVE = {RunStatus.QUEUED, RunStatus.WAITING, RunStatus.RUNNING}


def run_card(run: Run) -> Message:
    """Show a run as it is now: how far it is, its steps with those that failed first, and a button to cancel it."""
    blocks = [
        kit.header(f"Database care · run {run.id}"),
        kit.rich(*_state(run)),
        *([kit.rich(*_steps(run))] if run.started_at else []),
        *[kit.note(line(text, 500)) for text in run.notes[:5]],
        *_request(run),
        kit.context(kit.mrkdwn(kit.spoken(_foot(run)))),
        *_buttons(run),
    ]
    return Message(kit.spoken(_state(run)), blocks)


def care_line(a: Activity) -> Message | None:
    """Tell a step's outcome in the thread of the run's card; None for what the card itself says."""
    new = a.new or {}
    if a.verb == "cancel_asked":
        who = line(a.actor_name, 80) if a.actor_name else "Somebody"
        parts: list[Part] = [f"{who} has cancelled this run; the statement that it is at is being given up."]
        return Message(kit.spoken(parts), [kit.rich(*parts)])
    if a.verb != "step_done":
        return None
    failed = new.get("status") == StepStatus.FAILED
    heading: list[Part] = [kit.Bold(_title(str(new.get("name") or ""))), f", {_took(new.get('duration_ms'))}: "]
    told = f"{'Failed. ' if failed else ''}{line(str(new.get('summary') or ''), 500)}"
    body = _body(_texts(new, "failures"), _texts(new, "lines"), _texts(new, "notes"))
    return Message(kit.spoken([*heading, told]), [kit.rich(*heading, told), *body])


def report(name: str, found: Report, now: datetime) -> Reply:
    """Show a report on demand, with when it was made."""
    notes = [*found.notes, *(f"To put right: {it.text} {it.advice}" for it in found.findings[:3])]
    blocks = [
        kit.header(_title(name)),
        kit.rich(line(found.summary, 500)),
        *_body(found.failures, found.lines, notes),
        kit.note("As of ", now, "."),
    ]
    return kit.reply(kit.spoken([f"{_title(name)}: {found.summary}"]), blocks)


def run_ordered(run: Run) -> Reply:
    """Confirm that a run is on its way."""
    return kit.say(
        kit.Bold(f"Run {run.id} of database care"),
        " is ordered. Its card follows it; a worker started with ",
        kit.Code("techops worker --care"),
        " carries it out.",
    )


def run_cancelled(run: Run) -> Reply:
    """Confirm that a run ends."""
    ends = "is cancelled." if run.status == RunStatus.CANCELLED else "ends as soon as its statement is given up."
    return kit.say(kit.Bold(f"Run {run.id} of database care"), f" {ends}")


def session(it: Session, backend_start: datetime, now: datetime) -> Reply:
    """Show whose session it is and what it does, with the button that cancels its query, behind a question."""
    parts: list[Part] = [kit.Bold(f"Session {it.pid}"), f" of {_owner(it)} is {it.state}{_since(it)}. Its query:"]
    blocks = [
        kit.rich(*parts),
        _query(it.query),
        kit.actions(_cancel_button(it, backend_start)),
        kit.note("As of ", now, "."),
    ]
    return kit.reply(kit.spoken(parts), blocks)


def end_ordered(it: Session, means: str) -> Reply:
    """Confirm that the care worker was told to."""
    what = "The query of session" if means == "cancel" else "Session"
    doing = "is being cancelled" if means == "cancel" else "is being ended"
    return kit.say(f"{what} {it.pid} {doing} by the care worker; what comes of it is told you by direct message.")


def session_ended(end: SessionEnd, outcome: str, *, is_there: bool) -> Message:
    """Tell who asked what came of it; where the session is still there, with the button that ends it."""
    parts: list[Part] = [kit.Bold(f"Session {end.pid}"), f" of {line(end.role_name or '', 80)}: {line(outcome, 500)}."]
    blocks = [kit.rich(*parts), _query(end.query or "")]
    if is_there:
        question = f"End session {end.pid} of {line(end.role_name or '', 60)}? Its transaction is rolled back. "
        ask = kit.confirm("End this session?", question + _short(end.query or ""), "End session", "Leave it")
        value = session_value(end.pid, end.backend_start)
        blocks.append(kit.actions(kit.button("End session", END_SESSION, value, "danger", ask)))
    return Message(kit.spoken(parts), blocks)


def session_value(pid: int, backend_start: datetime) -> str:
    """Name a session so that no later one with the same number is meant."""
    return f"{pid}:{backend_start.isoformat()}"


def _cancel_button(it: Session, backend_start: datetime) -> Block:
    question = f"Cancel the query of {_owner(it)}? Its statement is rolled back. "
    ask = kit.confirm("Cancel this query?", question + _short(it.query), "Cancel query", "Leave it")
    return kit.button("Cancel query", CANCEL_QUERY, session_value(it.pid, backend_start), "danger", ask)


def _owner(it: Session) -> str:
    program = f" ({line(it.application_name, 60)})" if it.application_name.strip() else ""
    return f"{line(it.role_name, 60)}{program}"


def _since(it: Session) -> str:
    seconds = it.query_seconds if it.query_seconds is not None else it.transaction_seconds
    return f" for {lasted(seconds)}" if seconds is not None else ""


def _query(query: str) -> Block:
    return kit.quote(kit.Code(line(redacted(query, 600), empty="(none)")))


def _short(query: str) -> str:
    return line(redacted(query, _CONFIRMED), empty="(no query)")


def _state(run: Run) -> list[Part]:
    """Say the state of a run as a sentence."""
    parts: list[Part] = [kit.Bold("Database care"), f" {_STATES.get(RunStatus(run.status), run.status)}"]
    if run.status == RunStatus.RUNNING:
        step = next((it for it in run.steps if it.position == run.current_step), None)
        name = f": {_title(step.name)}" if step else ""
        return [*parts, f", step {run.current_step} of {run.total_steps}{name}."]
    if run.waiting_for:
        return [*parts, f": {line(run.waiting_for, 200)}."]
    failed = sum(step.status == StepStatus.FAILED for step in run.steps)
    done = sum(step.status in {StepStatus.OK, StepStatus.FAILED} for step in run.steps)
    if run.started_at is None:
        return [*parts, "."]
    ends = f"; {count(failed, 'step')} failed" if failed else ""
    return [*parts, f": {done} of {count(run.total_steps, 'step')}{_in_all(run)}{ends}."]


def _in_all(run: Run) -> str:
    if run.started_at is None or run.finished_at is None:
        return ""
    return f" in {lasted((run.finished_at - run.started_at).total_seconds())}"


def _steps(run: Run) -> list[Part]:
    """List the steps, those that failed first, those to come in one line."""
    parts: list[Part] = []
    for status in _ORDER:
        found = [step for step in run.steps if step.status == status]
        if found and status in {StepStatus.PENDING, StepStatus.SKIPPED}:
            parts.append(f"\n{_MARKS[status]}: {', '.join(_title(step.name) for step in found)}")
        elif found:
            for step in found:
                parts += ["\n", *_step(step)]
    if parts:
        parts[0] = str(parts[0]).removeprefix("\n")
    return parts


def _step(step: Step) -> list[Part]:
    mark = _MARKS.get(StepStatus(step.status), step.status)
    told = f", {_took(step.duration_ms)}: {line(step.summary, 200)}" if step.summary else ""
    return [kit.Bold(f"{mark}: {_title(step.name)}"), told]


def _request(run: Run) -> list[Block]:
    if run.request_id is None:
        return []
    return [kit.note("What has to be put right stands in ", kit.Code(f"/maintenance show MR-{run.request_id}"), ".")]


def _foot(run: Run) -> list[Part]:
    who = f" by {line(run.requester_name, 80)}" if run.requester_name else ""
    parts: list[Part] = [f"Ordered {_SOURCES.get(run.source, line(run.source, 30))}{who}, ", run.requested_at]
    if run.role_name:
        parts.append(f"; as role {line(run.role_name, 60)}")
    if run.finished_at:
        parts += ["; ended ", run.finished_at]
    if run.cancel_asked_at:
        parts += [f"; cancelled by {line(run.canceller_name or '', 80, empty='somebody')}, ", run.cancel_asked_at]
    return parts


def _buttons(run: Run) -> list[Block]:
    if run.status not in _LIVE or run.cancel_asked_at is not None:
        return []
    ask = kit.confirm(
        "Cancel this run?", "What is done stays done. The statement that runs is given up.", "Cancel run", "Go on"
    )
    return [kit.actions(kit.button("Cancel run", CANCEL_RUN, str(run.id), "danger", ask))]


def _title(name: str) -> str:
    return TITLES.get(name, line(name, 60))


def _took(milliseconds: object) -> str:
    return lasted(milliseconds / 1000) if isinstance(milliseconds, int) else "no time"


def _texts(new: JsonObject, name: str) -> list[str]:
    found = new.get(name)
    return [str(it) for it in found] if isinstance(found, list) else []


def _body(failures: Sequence[str], lines: Sequence[str], notes: Sequence[str]) -> list[Block]:
    """Show lines, failures before all others, within what a message holds."""
    told = [*(f"Failed: {text}" for text in failures), *lines]
    blocks = [kit.rich(truncate("\n".join(f"• {line(text, 400)}" for text in told), _LINES))] if told else []
    return [*blocks, *[kit.note(line(text, 600)) for text in notes[:5]]]
