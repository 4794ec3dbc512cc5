"""One change of a record, told in a sentence: for threads, histories and the last line of a card."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from bot.rules.deployments import deployment_label
from bot.rules.hours import format_hours
from bot.rules.ids import card_label
from bot.views import kit
from bot.views.approval_lines import DONE, ON_THE_CARD, approval_sentence
from bot.views.care import care_line
from bot.views.deployment_activity import deployment_sentence
from bot.views.kit import Message, Part
from bot.views.wording import join_words, line, priority_label, status_label
from db.models import Activity, JsonObject, SubjectKind

Names = Mapping[int, str]

# What happened, as it stands before "by NAME" at the foot of a card.
_DONE = {
    "created": "Raised",
    "started": "Started",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "reopened": "Reopened",
    "status_changed": "Status changed",
    "assigned": "Assigned",
    "unassigned": "Assignee removed",
    "prioritised": "Priority changed",
    "due_changed": "Due date changed",
    "edited": "Edited",
    "work_logged": "Work logged",
    "work_deleted": "Work log deleted",
    "commented": "Comment added",
    "deleted": "Deleted",
    **DONE,
}
# The column that a verb is about; verbs without an entry are about another table's row.
_TOLD: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("started", "completed", "cancelled", "reopened", "status_changed", "edited"), frozenset()),
    "assigned": frozenset({"assigned_to"}),
    "unassigned": frozenset({"assigned_to"}),
    "prioritised": frozenset({"priority"}),
    "due_changed": frozenset({"due_date"}),
}
_COLUMNS = {"title": "title", "description": "description", "project_id": "project", "requested_by": "requester"}
_SIMPLE = {
    "started": ("started work on", "was started"),
    "completed": ("completed", "was completed"),
    "cancelled": ("cancelled", "was cancelled"),
    "reopened": ("reopened", "was opened again"),
    "unassigned": ("removed the assignee of", "has no assignee any more"),
    "commented": ("commented on", "has a new comment"),
}
_ON_THE_CARD = {"created", "deleted", *ON_THE_CARD}


def done_by(activity: Activity) -> str:
    """Say what happened and who did it, without a date: "Started by Elena Engineer"."""
    what = _DONE.get(activity.verb, "Changed")
    if activity.actor_name:
        return f"{what} by {line(activity.actor_name, 80)}"
    return f"{what} outside Slack" if activity.source == "dashboard" else what


def activity_line(a: Activity, *, names: Names, zone: tzinfo = UTC) -> Message | None:
    """Tell one change in the thread of its card; None where the card itself says it all.

    `names` gives people's names by user id; `zone` is the zone of due dates that come without one.
    """
    if a.subject_kind == SubjectKind.CARE:
        return care_line(a)
    if a.verb in _ON_THE_CARD:
        return None
    parts = sentence(a, names=names, zone=zone)
    words = words_of(a)
    blocks = [kit.rich(*parts)] + ([kit.quote(words)] if words else [])
    return Message(kit.spoken([*parts, *([f" {words}"] if words else [])]), blocks)


def words_of(a: Activity) -> str:
    """Find what the person wrote: the comment, the work done, or the note."""
    column = {"commented": "body", "work_logged": "work_description"}.get(a.verb)
    written = _text(a.new, column) if column else None
    return (written or a.note or "").strip()


def sentence(a: Activity, *, names: Names, zone: tzinfo = UTC) -> list[Part]:
    """Tell one change: a sentence, passive where nobody is known to have done it, and what else changed with it."""
    if a.subject_kind == SubjectKind.DEPLOYMENT:
        what, who = deployment_label(a.subject_id), line(a.actor_name, 80) if a.actor_name else None
        return approval_sentence(a, what, who) or deployment_sentence(a, what, who)
    return [*_main(a, names, zone), *_beside(a, names, zone)]


def _main(a: Activity, names: Names, zone: tzinfo) -> list[Part]:
    what, who = card_label(a.subject_id), line(a.actor_name, 80) if a.actor_name else None
    if a.verb in _SIMPLE:
        active, passive = _SIMPLE[a.verb]
        return [f"{who} {active} {what}."] if who else [f"{what} {passive}."]
    approval = approval_sentence(a, what, who)
    if approval is not None:
        return approval
    told = _DETAILED.get(a.verb)
    if told is None:
        return [f"{who} changed {what}."] if who else [f"{what} was changed."]
    return told(a, what, who, names, zone)


def _beside(a: Activity, names: Names, zone: tzinfo) -> list[Part]:
    """Tell the columns that changed in the same act but do not name it, as the dashboard's form changes many."""
    new, told = a.new or {}, _TOLD.get(a.verb)
    if told is None:
        return []
    parts: list[Part] = []
    if "assigned_to" in new and "assigned_to" not in told:
        assignee = _number(new, "assigned_to")
        parts.append(f" Assignee: {_name(assignee, names) if assignee is not None else 'nobody'}.")
    if "priority" in new and "priority" not in told:
        parts.append(f" Priority: {priority_label(_text(new, 'priority') or '').lower()}.")
    if "due_date" in new and "due_date" not in told:
        due = _instant(_text(new, "due_date"), zone)
        parts += [" Due ", due, "."] if due else [" Due date changed." if _text(new, "due_date") else " No due date."]
    words = [] if a.verb == "edited" else [name for column, name in _COLUMNS.items() if column in new]
    return [*parts, f" Also edited: {join_words(words)}."] if words else parts


def _name(user_id: int | None, names: Names) -> str:
    return line(names.get(user_id or 0, ""), 80, empty="someone else")


def _assigned(a: Activity, what: str, who: str | None, names: Names, _zone: tzinfo) -> list[Part]:
    assignee = _number(a.new, "assigned_to")
    if assignee is not None and assignee == a.actor_id and who:
        return [f"{who} took {what}."]
    name = _name(assignee, names)
    return [f"{who} assigned {what} to {name}."] if who else [f"{what} was assigned to {name}."]


def _status_changed(a: Activity, what: str, who: str | None, _names: Names, _zone: tzinfo) -> list[Part]:
    return _from_to("status", a, "status", what, who, status_label)


def _prioritised(a: Activity, what: str, who: str | None, _names: Names, _zone: tzinfo) -> list[Part]:
    return _from_to("priority", a, "priority", what, who, priority_label)


def _from_to(
    noun: str, a: Activity, column: str, what: str, who: str | None, label: Callable[[str], str]
) -> list[Part]:
    old, new = _text(a.old, column), _text(a.new, column)
    change = (f" from {label(old).lower()}" if old else "") + (f" to {label(new).lower()}" if new else "")
    return [f"{who} changed the {noun} of {what}{change}."] if who else [f"The {noun} of {what} changed{change}."]


def _due_changed(a: Activity, what: str, who: str | None, _names: Names, zone: tzinfo) -> list[Part]:
    due = _instant(_text(a.new, "due_date"), zone)
    if due is None and _text(a.new, "due_date") is None:
        return [f"{who} removed the due date of {what}."] if who else [f"{what} has no due date any more."]
    begin = f"{who} changed the due date of {what}" if who else f"The due date of {what} changed"
    return [f"{begin} to ", due, "."] if due else [f"{begin}."]


def _edited(a: Activity, what: str, who: str | None, _names: Names, _zone: tzinfo) -> list[Part]:
    changed = join_words([name for column, name in _COLUMNS.items() if column in (a.new or {})]) or "text"
    return [f"{who} edited the {changed} of {what}."] if who else [f"The {changed} of {what} was edited."]


def _work_logged(a: Activity, what: str, who: str | None, names: Names, _zone: tzinfo) -> list[Part]:
    doer = who or names.get(_number(a.new, "user_id") or 0)
    return [f"{line(doer, 80)} logged work on {what}{_work(a.new)}." if doer else f"{what} has new work{_work(a.new)}."]


def _work_deleted(a: Activity, what: str, who: str | None, _names: Names, _zone: tzinfo) -> list[Part]:
    return [f"{who} deleted work on {what}{_work(a.old)}." if who else f"Work on {what} was deleted{_work(a.old)}."]


def _work(log: JsonObject | None) -> str:
    amount, day = hours_text(_text(log, "hours_spent")), _text(log, "work_date")
    details = [amount, f"on {line(day, 20)}" if day else ""]
    told = " ".join(detail for detail in details if detail)
    return f": {told}" if told else ""


_Told = Callable[[Activity, str, str | None, Names, tzinfo], list[Part]]
_DETAILED: Mapping[str, _Told] = {
    "assigned": _assigned,
    "status_changed": _status_changed,
    "prioritised": _prioritised,
    "due_changed": _due_changed,
    "edited": _edited,
    "work_logged": _work_logged,
    "work_deleted": _work_deleted,
}


def hours_text(value: Decimal | str | None) -> str:
    """Write hours with their unit: "1 hour", "1.75 hours"; empty where none are recorded or it is no number."""
    try:
        hours = Decimal(value) if value is not None else None
        return "" if hours is None else f"{format_hours(hours)} hour{'' if hours == 1 else 's'}"
    except InvalidOperation:
        return ""


def _text(columns: JsonObject | None, name: str) -> str | None:
    value = (columns or {}).get(name)
    return None if value is None else str(value)


def _number(columns: JsonObject | None, name: str) -> int | None:
    value = (columns or {}).get(name)
    return value if isinstance(value, int) else None


def _instant(text: str | None, zone: tzinfo) -> datetime | None:
    """Read a timestamp as PostgreSQL writes it in JSON; None for infinity and what no calendar holds."""
    try:
        at = datetime.fromisoformat(text or "")
        return at if at.tzinfo else at.replace(tzinfo=zone)
    except ValueError:
        return None
