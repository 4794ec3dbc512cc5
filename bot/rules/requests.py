"""What may happen to a maintenance request, in which state, and by whom."""

from enum import Enum
from typing import Final

from bot.errors import Forbidden, Missing, WrongState
from bot.rules.access import allows
from bot.rules.ids import card_label
from bot.rules.wording import bad, listed
from db.models import RequestStatus, Role


class Move(Enum):
    """A change of a request's status; the value is the verb that people type."""

    START = "start"
    COMPLETE = "complete"
    CANCEL = "cancel"
    REOPEN = "reopen"


TRANSITIONS: Final[dict[Move, tuple[frozenset[RequestStatus], RequestStatus]]] = {
    Move.START: (frozenset({RequestStatus.OPEN}), RequestStatus.IN_PROGRESS),
    Move.COMPLETE: (frozenset({RequestStatus.IN_PROGRESS}), RequestStatus.COMPLETED),
    Move.CANCEL: (frozenset({RequestStatus.OPEN, RequestStatus.IN_PROGRESS}), RequestStatus.CANCELLED),
    Move.REOPEN: (frozenset({RequestStatus.COMPLETED, RequestStatus.CANCELLED}), RequestStatus.OPEN),
}

SPOKEN: Final = {
    RequestStatus.OPEN: "open",
    RequestStatus.IN_PROGRESS: "in progress",
    RequestStatus.COMPLETED: "completed",
    RequestStatus.CANCELLED: "cancelled",
}


def check_move(move: Move, status: str, *, label: str, by: str | None = None) -> RequestStatus:
    """The status after `move`. Raises WrongState saying the state it is in and what is possible.

    `by` is who brought it into its present state, where that is known.
    """
    allowed_from, after = TRANSITIONS[move]
    if status in allowed_from:
        return after
    who = f" (by {by})" if by else ""
    if status == after:
        raise WrongState(f"{label} is already {spoken(status)}{who}. {_possible(status, label)}")
    raise WrongState(f"{label} is {spoken(status)}{who}, so you cannot {move.value} it. {_possible(status, label)}")


def moves_from(status: str) -> list[Move]:
    """The moves that are possible in this state, in the order of a request's life; none in a state no rule knows."""
    return [move for move, (allowed_from, _) in TRANSITIONS.items() if status in allowed_from]


def spoken(status: str) -> str:
    """The state as people say it: in progress."""
    return SPOKEN[RequestStatus(status)] if status in SPOKEN else status.replace("_", " ")


def is_closed(status: str) -> bool:
    """Whether the request is over: completed or cancelled."""
    return status in {RequestStatus.COMPLETED, RequestStatus.CANCELLED}


def check_open(status: str, *, label: str, doing: str) -> None:
    """Let pass what is not over. Raises WrongState; `doing` completes "you cannot ...", such as "assign it"."""
    if is_closed(status):
        raise WrongState(f"{label} is already {spoken(status)}, so you cannot {doing}. {_possible(status, label)}")


def may_touch(role: str, user_id: int, requested_by: int) -> bool:
    """Engineers and admins may, and the person who made the request."""
    return allows(role, Role.ENGINEER) or user_id == requested_by


def may_cancel(role: str, user_id: int, requested_by: int) -> bool:
    """Whether a person may cancel the request."""
    return may_touch(role, user_id, requested_by)


def may_comment(role: str, user_id: int, requested_by: int) -> bool:
    """Whether a person may comment on the request."""
    return may_touch(role, user_id, requested_by)


def check_may_touch(verb: str, role: str, user_id: int, requested_by: int, *, label: str) -> None:
    """Let pass who may cancel or comment on the request. Raises Forbidden naming who may; `verb` is what was tried."""
    if not may_touch(role, user_id, requested_by):
        raise Forbidden(
            f"You cannot {verb} {label}: only its requester, engineers and admins can, and your role is {role}. "
            "Ask an engineer, or make a request of your own: `/maintenance new`"
        )


def can_be_assigned(role: str, is_active: bool | None) -> bool:
    """Whether work can be given to a person: active engineers and admins."""
    return bool(is_active) and allows(role, Role.ENGINEER)


def check_assignee(name: str, role: str, is_active: bool | None) -> None:
    """Let pass who can be given work. Raises BadInput with field "assignee"."""
    if not is_active:
        raise bad(f"{name} has been deactivated. Choose an active engineer or admin.", field="assignee")
    if not can_be_assigned(role, is_active):
        raise bad(
            f"{name} is no engineer (role: {role}), so no work can be assigned. Choose an engineer or admin.",
            field="assignee",
        )


def missing(request_id: int) -> Missing:
    """The refusal for a number that no request has, or not any more."""
    return Missing(
        f"There is no {card_label(request_id)}; if there was, it has been deleted in the dashboard. "
        "`/maintenance list all` shows what there is."
    )


def check_loggable(status: str, *, label: str) -> None:
    """Let pass requests on which work can be logged: all but cancelled ones. Raises WrongState."""
    if status == RequestStatus.CANCELLED:
        raise WrongState(f"{label} is cancelled, so you cannot log work on it. {_possible(status, label)}")


def _possible(status: str, label: str) -> str:
    moves = moves_from(status)
    if not moves:
        return "No rule knows that state; an admin can set it right in the dashboard."
    verbs = listed(move.value for move in moves)
    return f"You can {verbs} it: `/maintenance {moves[0].value} {label}`"
