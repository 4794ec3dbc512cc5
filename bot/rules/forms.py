"""What is read from dialogs: the values of their blocks, checked, each refusal at the field at fault."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from bot.errors import WrongState
from bot.rules.hours import parse_hours
from bot.rules.ids import LARGEST, card_label, parse_id
from bot.rules.text import LINE_ENDS, clean_text, clean_title
from bot.rules.validate import LIMITS, clean_note, clean_work, priority_named, validate_new
from bot.rules.when import combine_due, parse_work_date
from bot.rules.wording import bad
from bot.rules.zones import local
from db.models import Priority, Request

Values = Mapping[str, str | None]
NO_PROJECT: Final = "none"
CARD_CHOICES: Final = frozenset({"edit", "cancel", "history", "reopen"})
_DIGEST: Final = 16


@dataclass(frozen=True, slots=True)
class NewForm:
    """A new request; `assignee` is a Slack user id, `due_at` is in UTC."""

    title: str
    description: str
    priority: Priority
    project_id: int | None
    due_at: datetime | None
    assignee: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edit changes: `names` among title, description, project, priority, due, assignee; the rest is unused."""

    names: tuple[str, ...]
    title: str
    description: str
    priority: str
    project_id: int | None
    due_at: datetime | None
    assignee: str | None


@dataclass(frozen=True, slots=True)
class LogForm:
    """Work that was done."""

    hours: Decimal
    work_date: date
    description: str


def read_new(values: Values, *, now: datetime, tz: str) -> NewForm:
    """A new request. Raises BadInput naming the first field at fault."""
    fields = validate_new(values.get("title"), values.get("description"), values.get("priority"))
    return NewForm(
        title=fields.title,
        description=fields.description,
        priority=fields.priority,
        project_id=_project_id(values.get("project")),
        due_at=combine_due(values.get("due_date"), values.get("due_time"), now=now, tz=tz),
        assignee=values.get("assignee"),
    )


def read_changes(row: Request, values: Values, *, now: datetime, tz: str) -> Changes:
    """What the submitted form says otherwise than the request. Raises BadInput naming the first field at fault.

    What was left as it was shown counts as unchanged, so that a due date that has passed, an unknown priority, an
    assignee outside Slack or a description too long for the form survives the edit of something else.
    """
    title, description = _title(row, values), _description(row, values)
    priority = priority_named(values["priority"] or "") if values.get("priority") else row.priority
    project_id = _project_id(values.get("project"))
    due_fields = (values.get("due_date"), values.get("due_time"))
    due_kept = due_fields == shown_due(row.due_at, tz)
    due_at = row.due_at if due_kept else combine_due(*due_fields, now=now, tz=tz)
    differs = {
        "title": title != row.title,
        "description": description != row.description,
        "project": project_id != row.project_id,
        "priority": priority != row.priority,
        "due": due_at != row.due_at,
        "assignee": values.get("assignee") != row.assignee_slack_id,
    }
    names = tuple(name for name, different in differs.items() if different)
    return Changes(names, title, description, priority, project_id, due_at, values.get("assignee"))


def read_completion(values: Values) -> tuple[str | None, Decimal | None]:
    """Note and hours, both optional. Raises BadInput naming the field."""
    hours = values.get("hours")
    return clean_note(values.get("note")), parse_hours(hours) if hours and hours.strip() else None


def read_reason(values: Values) -> str | None:
    """Why a request is cancelled, optional. Raises BadInput naming the field."""
    return clean_note(values.get("reason"), field="reason")


def read_log(values: Values, *, now: datetime, tz: str) -> LogForm:
    """Work that was done. Raises BadInput naming the first field at fault."""
    return LogForm(
        hours=parse_hours(values.get("hours") or ""),
        work_date=parse_work_date(values.get("work_date"), now=now, tz=tz),
        description=clean_work(values.get("description")),
    )


def shown_due(due_at: datetime | None, tz: str) -> tuple[str | None, str | None]:
    """Date and time as the form's two pickers show a due date to a person in `tz`."""
    wall = local(due_at, tz) if due_at else None
    return (wall.date().isoformat(), f"{wall:%H:%M}") if wall else (None, None)


def read_choice(value: str) -> tuple[str, int]:
    """What was chosen in a card's menu, and for which request. Raises BadInput."""
    verb, _, number = value.partition(":")
    if verb not in CARD_CHOICES:
        raise bad("That menu is of another version of TechOps. Use the command instead.", example="/maintenance help")
    return verb, parse_id(number)


def seen(row: Request) -> str:
    """A fingerprint of what the form of a request shows."""
    due = row.due_at.isoformat() if row.due_at else None
    shown = [row.title, row.description, row.project_id, row.priority, due, row.assigned_to]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:_DIGEST]


def check_seen(row: Request, fingerprint: str) -> None:
    """Let pass a form that shows the request as it still is. Raises WrongState: saving would undo somebody's change."""
    if fingerprint != seen(row):
        raise WrongState(
            f"{card_label(row.id)} was edited by somebody else while this form was open, so nothing was saved. "
            "Copy what you wrote, close the form and open it again."
        )


def _title(row: Request, values: Values) -> str:
    title = clean_title(values.get("title") or "")
    return row.title if title == " ".join(row.title.split()) else title


def _description(row: Request, values: Values) -> str:
    if "description" not in values:
        return row.description
    description = clean_text(values["description"] or "", LIMITS["description"], field="description")
    return row.description if description == LINE_ENDS.sub("\n", row.description).strip() else description


def _project_id(chosen: str | None) -> int | None:
    if not chosen or chosen == NO_PROJECT:
        return None
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) <= len(str(LARGEST)) and int(chosen) <= LARGEST):
        raise bad("That is no project of the list. Choose one, or None.", field="project")
    return int(chosen)
