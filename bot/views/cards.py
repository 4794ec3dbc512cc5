"""The card of a record, the lines in its thread, and the DM that says "your turn"."""

from collections.abc import Mapping, Sequence

from bot.rules.ids import card_label
from bot.rules.requests import Move, is_closed, moves_from
from bot.views import kit
from bot.views.activity import activity_line, done_by, hours_text
from bot.views.answers import Block
from bot.views.approvals import approval_blocks
from bot.views.kit import Message, Part
from bot.views.wording import count, join_words, line, priority_label, quoted, status_label, truncate, units
from db.models import Activity, HistoryEntry, JsonObject, Request, RequestStatus, SubjectKind
from db.models_approvals import Approval, Evidence

__all__ = [
    "activity_line",
    "assigned_dm",
    "card_actions",
    "card_fields",
    "deleted_card",
    "heading",
    "request_card",
    "summary",
]

_HEADER = 150
_EXCERPT = 300
_SUMMARY_LABELS = 10
_PREFIXES: Mapping[str, str] = {SubjectKind.MAINTENANCE: "MR-", SubjectKind.DEPLOYMENT: "D-"}
_NOUNS: Mapping[str, str] = {SubjectKind.MAINTENANCE: "maintenance request", SubjectKind.DEPLOYMENT: "deployment"}
_CLOSED: Mapping[str, str] = {RequestStatus.COMPLETED: "Completed", RequestStatus.CANCELLED: "Cancelled"}
_COUNTED = {
    "created": "raised",
    "status_changed": "moved to another status",
    "prioritised": "given another priority",
    "due_changed": "given another due date",
    "work_logged": "with work logged",
    "work_deleted": "with work logs deleted",
    "commented": "commented on",
}


def request_card(
    row: Request,
    *,
    last: Activity | None = None,
    closed: HistoryEntry | None = None,
    approval: Approval | None = None,
    evidence: Evidence | None = None,
) -> Message:
    """Show a request as it is now.

    `last` is its latest change; `closed` the change that completed or cancelled it, so that a later comment
    does not hide who did it and when; `approval` the one that counts now, with the evidence for who decides.
    """
    excerpt = _excerpt(row.description)
    blocks = [
        *heading(row),
        card_fields(row),
        *([kit.section(excerpt)] if excerpt else []),
        _foot(row, last, closed),
        *approval_blocks(approval, evidence),
        card_actions(row),
    ]
    return Message(kit.spoken(_state(row)), blocks)


def heading(row: Request) -> list[Block]:
    """Name a request by label and title; a title that a heading cannot hold follows whole."""
    title = line(row.title, empty="(no title)")
    whole = f"{card_label(row.id)} · {title}"
    made = kit.header(whole)
    return [made] if units(whole) <= _HEADER else [made, kit.section(title)]


def card_fields(row: Request) -> Block:
    """Show what a request is, in two columns."""
    due = kit.date_token(row.due_at) if row.due_at else "No due date"
    return kit.fields(
        [
            kit.field("Status", status_label(row.status)),
            kit.field("Priority", priority_label(row.priority)),
            kit.field("Project", row.project_name or "No project"),
            kit.field("Due", due, markup=True),
            kit.field("Requester", row.requester_name),
            kit.field("Assignee", row.assignee_name or "Nobody yet"),
            kit.field("Hours logged", hours_text(row.hours)),
        ]
    )


def card_actions(row: Request) -> Block:
    """Offer what can be done with a request in its present state, and nothing else."""
    value, moves = str(row.id), moves_from(row.status)
    live = not is_closed(row.status)
    buttons = []
    if live and row.assigned_to is None:
        buttons.append(kit.button("Assign to me", "maintenance.assign_me", value))
    if Move.START in moves:
        buttons.append(kit.button("Start", "maintenance.start", value, "primary"))
    if live:
        buttons.append(kit.button("Log work", "maintenance.log_work", value))
    if Move.COMPLETE in moves:
        buttons.append(kit.button("Complete", "maintenance.complete", value, "primary"))
    return kit.actions(*buttons, kit.overflow("maintenance.more", _menu(row, moves)))


def deleted_card(kind: str, id: int, old: JsonObject) -> Message:  # noqa: A002 - the column's own name
    """Show that a record is gone; `old` holds its last columns."""
    name = f"{_PREFIXES.get(kind, '#')}{id}"
    told = old.get("title") or old.get("version")
    title = f" “{line(str(told), 150)}”" if told else ""
    parts: list[Part] = [
        kit.Bold(name),
        f"{title} was deleted from the dashboard. Nothing more can be done with it here.",
    ]
    return Message(kit.spoken(parts), [kit.rich(*parts)])


def assigned_dm(row: Request, actor_name: str | None, permalink: str | None) -> Message:
    """Tell a person that a request is theirs now; `permalink` leads to its card."""
    who = f"{line(actor_name, 80)} assigned " if actor_name else ""
    end = " to you." if actor_name else " is assigned to you."
    parts: list[Part] = [who, *quoted(row.id, row.title), end]
    blocks = [kit.rich(*parts), card_fields(row), _way(row, permalink)]
    return Message(kit.spoken([*parts, *_when(row)]), blocks)


def summary(
    counts: Mapping[str, int],
    ids: Sequence[int],
    *,
    total: int,
    actor_name: str | None = None,
    kind: str = SubjectKind.MAINTENANCE,
) -> Message:
    """Tell in one message what one transaction did to many records.

    `counts` gives records by verb, `ids` the records in order (the first ten are named), `total` how many they are.
    """
    noun, prefix = _NOUNS.get(kind, "record"), _PREFIXES.get(kind, "#")
    who = f" by {line(actor_name, 80)}" if actor_name else ""
    parts: list[Part] = [f"{count(total, noun)} changed at once{who}: {_by_verb(counts)}."]
    labels = [f"{prefix}{number}" for number in ids[:_SUMMARY_LABELS]]
    left = total - len(labels)
    named = ", ".join(labels) + (f" and {left:,} more" if left > 0 else "")
    return Message(kit.spoken(parts), [kit.rich(*parts), *([kit.context(named)] if labels else [])])


def _by_verb(counts: Mapping[str, int]) -> str:
    told = [f"{number:,} {_COUNTED.get(verb, line(verb, 40).replace('_', ' '))}" for verb, number in counts.items()]
    return join_words(told[:15]) or "no details"


def _state(row: Request) -> list[Part]:
    """Say the state of a request as a sentence."""
    who = f"assigned to {line(row.assignee_name, 80)}" if row.assignee_name else "not assigned"
    status, priority = status_label(row.status).lower(), priority_label(row.priority).lower()
    end = "" if is_closed(row.status) else f", {who}, priority {priority}"
    return [*quoted(row.id, row.title), f" is {status}{end}.", *([] if is_closed(row.status) else _when(row))]


def _when(row: Request) -> list[Part]:
    return [" It is due ", row.due_at, "."] if row.due_at else []


def _excerpt(description: str) -> str:
    text = kit.clean(description).strip()
    return truncate(text, _EXCERPT) if kit.visible(text) else ""


def _foot(row: Request, last: Activity | None, closed: HistoryEntry | None) -> Block:
    """Say who did what last, and of a closed request who closed it."""
    told: list[list[Part]] = []
    if closed is not None and is_closed(row.status):
        told.append([f"{status_label(row.status)} by {line(closed.changed_by_name, 80)}, ", closed.at])
    if last is not None and not (told and last.verb in set(_CLOSED)):
        told.append([f"{done_by(last)}, ", last.at])
    if not told:
        told.append([f"Raised by {line(row.requester_name, 80)}, ", row.created_at])
        if row.updated_at > row.created_at:
            told.append([f"{_CLOSED.get(row.status, 'Last changed')} ", row.updated_at])
    return kit.context(*[kit.mrkdwn(kit.spoken(parts)) for parts in told])


def _menu(row: Request, moves: Sequence[Move]) -> list[tuple[str, str]]:
    entries = [] if is_closed(row.status) else [("Edit", f"edit:{row.id}")]
    if Move.CANCEL in moves:
        entries.append(("Cancel request", f"cancel:{row.id}"))
    entries.append(("History", f"history:{row.id}"))
    if Move.REOPEN in moves:
        entries.append(("Reopen", f"reopen:{row.id}"))
    return entries


def _way(row: Request, permalink: str | None) -> Block:
    if permalink and permalink.startswith(("https://", "http://")) and not set(permalink) & set("<>|\n "):
        return kit.context(kit.mrkdwn(f"<{permalink}|Open the card> to start it or to log work."))
    return kit.note("To see it, type ", kit.Code(f"/maintenance show {card_label(row.id)}"), ".")
