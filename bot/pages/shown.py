"""Rows as a page shows them: the facts of the card, and what happened, newest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.rules.approvals import progress
from bot.rules.deployments import deployment_label
from bot.rules.durations import format_duration
from bot.rules.ids import card_label
from bot.services.deploy_lists import Record as DeploymentRecord
from bot.services.lists import Past
from bot.views.activity import hours_text, sentence, words_of
from bot.views.kit import Bold, Code, Part
from bot.views.wording import priority_label, status_label
from db.models import HistoryEntry
from db.models_approvals import Approval, ApprovalStatus
from db.queries.records import Record

# Told by the status history.
_MOVES: Final = {"started", "completed", "cancelled", "reopened", "status_changed"}

Fact = tuple[str, str | datetime]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a sentence of words and instants, and what the person wrote."""

    at: datetime
    parts: tuple[str | datetime, ...]
    words: str


def request(record: Record, past: Past) -> Mapping[str, object]:
    """A request as `record.html` takes it."""
    row = record.row
    facts: list[Fact] = [
        ("Status", status_label(row.status)),
        ("Priority", priority_label(row.priority)),
        ("Project", row.project_name or "No project"),
        ("Due", row.due_at or "No due date"),
        ("Requester", row.requester_name),
        ("Assignee", row.assignee_name or "Nobody yet"),
        ("Hours logged", hours_text(row.hours)),
        *_approval(record.approval),
    ]
    entries = [Event(entry.at, (_moved(entry),), entry.notes or "") for entry in past.entries]
    others = [
        Event(it.at, _plain(sentence(it, names=past.names, zone=past.zone)), words_of(it))
        for it in past.activity
        if it.verb not in _MOVES | {"created"}
    ]
    raised = Event(row.created_at, (f"{row.requester_name} raised {card_label(row.id)}.",), "")
    events = [*sorted([*entries, *others], key=lambda event: event.at, reverse=True), raised]
    return _page(card_label(row.id), row.title, facts, row.description, events)


def deployment(record: DeploymentRecord) -> Mapping[str, object]:
    """A deployment as `record.html` takes it."""
    row = record.row
    facts: list[Fact] = [
        ("Status", status_label(row.status)),
        ("Environment", status_label(row.environment)),
        ("Project", row.project_name),
        ("Version", row.version),
        ("Deployed by", row.deployer_name or "Nobody yet"),
        ("Deployed at", row.deployed_at or "Not yet"),
    ]
    if row.requester_name and row.requested_by != row.deployed_by:
        facts.append(("Requested by", row.requester_name))
    if row.duration is not None:
        facts.append(("Duration", format_duration(row.duration)))
    if row.override:
        facts.append(("Freeze overridden", f"{row.overrider_name or 'Somebody'}: {row.override}"))
    facts += _approval(record.approval)
    events = [Event(it.at, _plain(sentence(it, names=record.names, zone=UTC)), words_of(it)) for it in record.changes]
    heading = f"{row.project_name} {row.version} to {status_label(row.environment).lower()}"
    return _page(deployment_label(row.id), heading, facts, row.notes or "", events)


def _page(label: str, heading: str, facts: list[Fact], text: str, events: list[Event]) -> Mapping[str, object]:
    return {"label": label, "heading": heading, "facts": facts, "text": text.strip(), "told": "", "events": events}


def _approval(approval: Approval | None) -> list[Fact]:
    if approval is None or approval.status == ApprovalStatus.VOID:
        return []
    more = f". {progress(approval)}" if approval.status == ApprovalStatus.PENDING else ""
    return [("Approval", f"{approval.status.capitalize()}{more}")]


def _moved(entry: HistoryEntry) -> str:
    before = f" from {status_label(entry.old_status).lower()}" if entry.old_status else ""
    return f"{entry.changed_by_name} changed the status{before} to {status_label(entry.new_status).lower()}."


def _plain(parts: Iterable[Part]) -> tuple[str | datetime, ...]:
    return tuple(part.text if isinstance(part, Bold | Code) else part for part in parts)
