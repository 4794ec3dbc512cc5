"""What may be stored. Every refusal names the modal's field at fault.

A plain-text input of Slack holds 3000 characters: https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
"""

from dataclasses import dataclass
from typing import Final

from bot.rules.suggest import closest
from bot.rules.text import TITLE_LIMIT, clean_text, clean_title, is_blank
from bot.rules.wording import bad, listed, quoted
from db.models import Priority, RequestStatus

LIMITS: Final = {
    "title": TITLE_LIMIT,
    "description": 3000,
    "note": 2000,
    "reason": 2000,
    "comment": 3000,
    "work": 3000,
    "search": 200,
}
ACTIVE_PROJECT: Final = "active"
ARCHIVED_PROJECT: Final = "archived"


@dataclass(frozen=True, slots=True)
class NewFields:
    """The texts of a new request, cleaned."""

    title: str
    description: str
    priority: Priority


def validate_new(title: str | None, description: str | None, priority: str | None) -> NewFields:
    """The fields of a new request, cleaned; no priority is medium. Raises BadInput naming the first field at fault."""
    return NewFields(
        title=clean_title(title or ""),
        description=clean_text(description or "", LIMITS["description"], field="description"),
        priority=priority_named(priority) if priority else Priority.MEDIUM,
    )


def priority_named(word: str) -> Priority:
    """A priority by name. Raises BadInput (field "priority")."""
    wanted = word.strip().casefold()
    if wanted in set(Priority):
        return Priority(wanted)
    raise bad(_unknown(word, "priority", list(Priority)), field="priority")


def status_named(word: str) -> RequestStatus:
    """A status by name; blanks and hyphens count as underscores. Raises BadInput (field "status")."""
    wanted = "_".join(word.casefold().replace("-", " ").split())
    if wanted in set(RequestStatus):
        return RequestStatus(wanted)
    raise bad(_unknown(word, "status", list(RequestStatus)), field="status")


def clean_note(text: str | None, *, field: str = "note") -> str | None:
    """An optional note or reason, None where nothing was written. Raises BadInput."""
    if text is None or is_blank(text):
        return None
    return clean_text(text, LIMITS["note"], field=field)


def clean_comment(text: str) -> str:
    """A comment. Raises BadInput (field "comment")."""
    return clean_text(text, LIMITS["comment"], field="comment")


def clean_work(text: str | None) -> str:
    """What was done. Raises BadInput (field "description")."""
    if text is None or is_blank(text):
        raise bad("Say what was done; a few words are enough.", field="description")
    return clean_text(text, LIMITS["work"], field="description")


def check_project(name: str, status: str | None, *, what: str = "requests") -> None:
    """Let pass a project that takes something new. Raises BadInput (field "project") for an archived one."""
    if status == ARCHIVED_PROJECT:
        raise bad(f"The project {quoted(name)} is archived and takes no new {what}. Choose another.", field="project")


def _unknown(word: str, what: str, known: list[str]) -> str:
    near = closest(word, known)
    hint = f" Did you mean {near}?" if near else ""
    return f"{quoted(word)} is no {what}.{hint} It is {listed(known)}."
