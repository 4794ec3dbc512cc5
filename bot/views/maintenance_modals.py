"""The dialogs of maintenance requests. Block ids name the values that come back."""

from datetime import datetime

from bot.rules.ids import card_label
from bot.rules.zones import local
from bot.views import kit
from bot.views.answers import Block, View
from bot.views.wording import clean, line, priority_label, truncate, units
from db.models import Priority, Project, Request

NEW_CALLBACK = "maintenance.new"
FROM_MESSAGE_CALLBACK = "maintenance.new_from_message"
EDIT_CALLBACK = "maintenance.edit"
COMPLETE_CALLBACK = "maintenance.complete"
CANCEL_CALLBACK = "maintenance.cancel"

_INPUT_LIMIT = 3000
_PRIORITIES = [(priority_label(priority), str(priority)) for priority in Priority]


def new_request(
    *,
    tz: str,
    title: str = "",
    description: str = "",
    project: Project | None = None,
    priority: str | None = None,
    due_at: datetime | None = None,
    assignee_slack_id: str | None = None,
    metadata: str = "",
    callback_id: str = NEW_CALLBACK,
) -> View:
    """Ask for a new request, prefilled with what is known; the due date is shown in `tz`, the person's zone."""
    blocks = [
        _title(title),
        _description(description),
        _project((project.name, project.id) if project else None),
        _priority(priority or Priority.MEDIUM),
        *_due(due_at, tz),
        kit.users_select("assignee", "Assignee", initial=assignee_slack_id, optional=True, hint=_ASSIGNEE_HINT),
    ]
    return kit.modal(callback_id, "New maintenance request", blocks, "Create", metadata)


def edit_request(row: Request, *, tz: str, metadata: str | None = None) -> View:
    """Ask for changes of a request.

    What cannot be shown whole has no field, so that saving leaves it as it is: a description of over 3,000
    characters. An assignee outside Slack stays while the field is empty.
    """
    project = (row.project_name or "(no name)", row.project_id) if row.project_id is not None else None
    blocks = [
        _title(row.title),
        _edited_description(row.description),
        _project(project),
        _priority(row.priority),
        *_due(row.due_at, tz),
        kit.users_select(
            "assignee", "Assignee", initial=row.assignee_slack_id, optional=True, hint=_edited_assignee_hint(row)
        ),
    ]
    return kit.modal(EDIT_CALLBACK, f"Edit {card_label(row.id)}", blocks, "Save", _metadata(row, metadata))


def complete_request(row: Request, *, metadata: str | None = None) -> View:
    """Ask for a closing note and the hours worked, both optional."""
    blocks = [
        kit.section(line(row.title, 255)),
        kit.area("note", "Note", optional=True, placeholder="What was done?", hint="Stands in the thread of the card."),
        kit.number("hours", "Hours", optional=True, placeholder="1.5 or 1h30m", hint="Logged as your work of today."),
    ]
    return kit.modal(COMPLETE_CALLBACK, f"Complete {card_label(row.id)}", blocks, "Complete", _metadata(row, metadata))


def cancel_request(row: Request, *, metadata: str | None = None) -> View:
    """Ask why a request is cancelled."""
    blocks = [
        kit.section(line(row.title, 255)),
        kit.area("reason", "Reason", optional=True, placeholder="Why is it not needed any more?"),
    ]
    title = f"Cancel {card_label(row.id)}"
    return kit.modal(CANCEL_CALLBACK, title, blocks, "Cancel request", _metadata(row, metadata), close="Back")


def message_description(message: str, permalink: str) -> str:
    """Make a description of a Slack message: its text, cut where needed, and the whole link to it."""
    ending = f"\n\n{permalink}"
    return truncate(clean(message).strip(), _INPUT_LIMIT - units(ending)) + ending


_ASSIGNEE_HINT = "An engineer or admin. Leave it empty to let somebody take it from the card."


def _metadata(row: Request, given: str | None) -> str:
    return str(row.id) if given is None else given


def _title(initial: str) -> Block:
    return kit.text("title", "Title", initial=initial, placeholder="What is wrong, in one line?")


def _description(initial: str) -> Block:
    return kit.area(
        "description", "Description", initial=initial, placeholder="What happens, since when, who is affected?"
    )


def _edited_description(description: str) -> Block:
    length = units(description)
    if length <= _INPUT_LIMIT:
        return _description(description)
    told = f"The description has {length:,} characters, more than Slack can edit."
    return kit.context(f"{told} It stays as it is; the dashboard can change it.")


def _project(chosen: tuple[str, int] | None) -> Block:
    initial = (chosen[0], str(chosen[1])) if chosen else None
    return kit.external_select("project", "Project", action_id="maintenance.project", initial=initial, optional=True)


def _priority(initial: str) -> Block:
    return kit.select("priority", "Priority", _PRIORITIES, initial=initial, optional=True)


def _due(due_at: datetime | None, tz: str) -> list[Block]:
    wall = local(due_at, tz) if due_at else None
    hint = f"In your time zone, {line(tz, 60)}. Without a time it is due at 17:00."
    return [
        kit.date("due_date", "Due date", initial=wall.date() if wall else None, optional=True),
        kit.time("due_time", "Due time", initial=wall.time() if wall else None, optional=True, hint=hint),
    ]


def _edited_assignee_hint(row: Request) -> str:
    if row.assigned_to is not None and row.assignee_slack_id is None:
        who = line(row.assignee_name or "", 80, empty="Somebody")
        return f"{who}, who is not in this workspace, stays while this is empty."
    return "An engineer or admin."
