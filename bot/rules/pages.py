"""What the buttons of lists and reports carry: a filter and a place, as opaque text.

Nothing in it is believed: every part is checked, and what a person may see is decided as for a command. A token made by
hand shows at most what a command would have shown.
"""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bot.errors import BadInput
from bot.rules.ids import LARGEST
from bot.rules.maintenance import Scope
from bot.rules.when import Period
from db.models import Priority, RequestStatus

LABEL_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class ListView:
    """A list with its names found: numbers of project and assignee, None where the list is not narrowed to one."""

    scope: Scope
    project_id: int | None = None
    priority: Priority | None = None
    status: RequestStatus | None = None
    assignee_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Between which requests a page begins; `due` is None in lists ordered by number."""

    due: datetime | None
    id: int
    backwards: bool


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report with its names found: the hours of a person, of a project, or all where both are None."""

    user_id: int | None
    project_id: int | None
    period: Period


def list_token(view: ListView) -> str:
    """The filter of a list, as text."""
    return pack([view.scope, view.project_id, view.priority, view.status, view.assignee_id])


def read_list_token(token: str) -> ListView:
    """The filter that `list_token` made. Raises BadInput for any other text."""
    scope, project_id, priority, status, assignee_id = unpack(token, 5)
    try:
        return ListView(
            Scope(str(scope)),
            number(project_id),
            None if priority is None else Priority(str(priority)),
            None if status is None else RequestStatus(str(status)),
            number(assignee_id),
        )
    except ValueError as error:
        raise strange() from error


def place_token(place: Place) -> str:
    """A place in a list, as text."""
    return pack([place.due.isoformat() if place.due else None, place.id, place.backwards])


def read_place_token(token: str) -> Place:
    """The place that `place_token` made. Raises BadInput for any other text."""
    due_text, request_id, backwards = unpack(token, 3)
    try:
        due = None if due_text is None else datetime.fromisoformat(str(due_text))
        place = number(request_id)
    except ValueError as error:
        raise strange() from error
    if place is None or not isinstance(backwards, bool) or (due is not None and due.tzinfo is not None):
        raise strange()
    return Place(due, place, backwards)


def read_page(value: str) -> tuple[ListView, Place]:
    """The list and the place in the value of a page button, a JSON pair of both tokens. Raises BadInput."""
    try:
        pair = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise strange() from error
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):  # noqa: PLR2004 - a pair
        raise strange()
    return read_list_token(pair[0]), read_place_token(pair[1])


def report_token(view: ReportView) -> str:
    """What a report is about, as text."""
    period = view.period
    return pack([view.user_id, view.project_id, period.first.isoformat(), period.last.isoformat(), period.label])


def read_report_token(token: str) -> ReportView:
    """What `report_token` made. Raises BadInput for any other text."""
    user_id, project_id, first, last, label = unpack(token, 5)
    try:
        period = Period(date.fromisoformat(str(first)), date.fromisoformat(str(last)), str(label)[:LABEL_LIMIT])
        return ReportView(number(user_id), number(project_id), period)
    except ValueError as error:
        raise strange() from error


def pack(parts: list[object]) -> str:
    """Values as opaque text, in letters, digits, - and _."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode()


def unpack(token: str, length: int) -> list[object]:
    """The values that `pack` packed, as many as expected. Raises BadInput for any other text."""
    try:
        parts = json.loads(base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise strange() from error
    if not isinstance(parts, list) or len(parts) != length:
        raise strange()
    return parts


def number(value: object) -> int | None:
    """The number of a record, or None. Raises ValueError for anything else."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST:
        raise ValueError(f"{value!r} is no number of a record")
    return value


def strange() -> BadInput:
    """The refusal for what no button of ours carries."""
    return BadInput("That button is of another version of TechOps. Please type the command again.")
