import pytest

from bot.errors import BadInput, Forbidden, WrongState
from bot.rules.access import allows, role_of
from bot.rules.requests import (
    TRANSITIONS,
    Move,
    can_be_assigned,
    check_assignee,
    check_may_touch,
    check_move,
    check_open,
    is_closed,
    may_cancel,
    may_comment,
    moves_from,
)
from db.models import RequestStatus, Role

OPEN, IN_PROGRESS, COMPLETED, CANCELLED = RequestStatus
ALLOWED = {
    (OPEN, Move.START): IN_PROGRESS,
    (IN_PROGRESS, Move.COMPLETE): COMPLETED,
    (OPEN, Move.CANCEL): CANCELLED,
    (IN_PROGRESS, Move.CANCEL): CANCELLED,
    (COMPLETED, Move.REOPEN): OPEN,
    (CANCELLED, Move.REOPEN): OPEN,
}


@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("status", RequestStatus)
def test_only_the_moves_of_a_requests_life_are_possible(move: Move, status: RequestStatus) -> None:
    after = ALLOWED.get((status, move))
    assert (move in moves_from(status)) == (after is not None)
    if after is not None:
        assert check_move(move, status, label="MR-42") == after
        return
    with pytest.raises(WrongState, match="MR-42 is ") as caught:
        check_move(move, status, label="MR-42")
    for possible in moves_from(status):
        assert possible.value in str(caught.value)


def test_every_move_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Move)


@pytest.mark.parametrize(
    ("move", "status", "sentence"),
    [
        (
            Move.COMPLETE,
            "completed",
            "MR-42 is already completed (by Anna Lee). You can reopen it: `/maintenance reopen MR-42`",
        ),
        (
            Move.COMPLETE,
            "open",
            (
                "MR-42 is open (by Anna Lee), so you cannot complete it. "
                "You can start or cancel it: `/maintenance start MR-42`"
            ),
        ),
        (
            Move.START,
            "in_progress",
            "MR-42 is already in progress (by Anna Lee). You can complete or cancel it: `/maintenance complete MR-42`",
        ),
        (
            Move.START,
            "on_hold",
            (
                "MR-42 is on hold (by Anna Lee), so you cannot start it. "
                "No rule knows that state; an admin can set it right in the dashboard."
            ),
        ),
    ],
)
def test_a_refusal_says_the_state_and_what_is_possible(move: Move, status: str, sentence: str) -> None:
    with pytest.raises(WrongState) as caught:
        check_move(move, status, label="MR-42", by="Anna Lee")
    assert str(caught.value) == sentence


def test_nothing_can_happen_in_a_state_that_no_rule_knows() -> None:
    assert moves_from("on_hold") == []
    assert not is_closed("on_hold")


@pytest.mark.parametrize("status", ["open", "in_progress", "on_hold"])
def test_what_is_not_over_can_be_changed(status: str) -> None:
    check_open(status, label="MR-42", doing="assign it")


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_what_is_over_cannot_be_changed(status: str) -> None:
    with pytest.raises(WrongState, match=f"MR-42 is already {status}, so you cannot assign it. You can reopen it"):
        check_open(status, label="MR-42", doing="assign it")


@pytest.mark.parametrize(
    ("role", "user_id", "allowed"),
    [("user", 7, True), ("user", 8, False), ("auditor", 8, False), ("engineer", 8, True), ("admin", 8, True)],
)
def test_who_may_cancel_and_comment(role: str, user_id: int, allowed: bool) -> None:
    assert may_cancel(role, user_id, 7) is allowed
    assert may_comment(role, user_id, 7) is allowed
    if allowed:
        check_may_touch("cancel", role, user_id, 7, label="MR-42")
        return
    with pytest.raises(Forbidden, match=f"cannot cancel MR-42: only its requester, engineers and admins .* {role}"):
        check_may_touch("cancel", role, user_id, 7, label="MR-42")


@pytest.mark.parametrize(
    ("role", "active", "assignable"),
    [
        ("engineer", True, True),
        ("admin", True, True),
        ("user", True, False),
        ("auditor", True, False),
        ("engineer", False, False),
        ("admin", None, False),
    ],
)
def test_who_can_be_given_work(role: str, active: bool | None, assignable: bool) -> None:
    assert can_be_assigned(role, active) is assignable
    if assignable:
        check_assignee("Bo", role, active)
        return
    with pytest.raises(BadInput, match=r"Bo (is no engineer|has been deactivated)") as caught:
        check_assignee("Bo", role, active)
    assert caught.value.field == "assignee"


@pytest.mark.parametrize("needed", Role)
@pytest.mark.parametrize("role", [*Role, "auditor", "", "ADMIN"])
def test_a_role_may_do_what_lower_ones_may(role: str, needed: Role) -> None:
    ladder = [Role.USER, Role.ENGINEER, Role.ADMIN]
    own = ladder.index(Role(role)) if role in ladder else 0
    assert allows(role, needed) is (own >= ladder.index(needed))
    assert role_of(role) == ladder[own]
