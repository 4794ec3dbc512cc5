"""Decisions as pure rules: counted once each, one's own not, and never beyond what is required."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, BotError, Forbidden, WrongState
from bot.rules import approvals as rules
from bot.rules.policies import parse_policy
from db.models import Role
from db.models_approvals import Approval, ApprovalStatus, CastVote, Policy, Requester, Vote

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PENDING = Approval(
    id=1,
    subject_kind="maintenance",
    subject_id=42,
    required=1,
    role="engineer",
    own_counts=False,
    status="pending",
    asked={},
    requesters=(Requester(4, "Uma User", None),),
    requested_at=NOW,
    expires_at=NOW + timedelta(hours=24),
    decided_at=None,
    votes=(),
)
CRITICAL = Policy(1, "maintenance", "critical", None, None, 1, "engineer", own_counts=False, hours=24)


def cast(approval: Approval, user_id: int, role: str, vote: Vote, now: datetime = NOW) -> Approval:
    """The approval once somebody has voted, as the service does it."""
    rules.check_vote(approval, user_id=user_id, role=role, is_active=True, now=now)
    after = rules.outcome(approval, vote)
    return replace(approval, status=after, votes=(*approval.votes, CastVote(user_id, f"P{user_id}", vote, None, now)))


people = st.tuples(st.integers(1, 8), st.sampled_from([*Role, "boss"]), st.sampled_from(Vote))


@given(st.lists(people, max_size=20), st.integers(1, 4), st.sampled_from(Role), st.booleans())
def test_whatever_happens_the_counts_hold(
    acts: list[tuple[int, str, Vote]], required: int, role: str, own: bool
) -> None:
    approval = replace(PENDING, required=required, role=role, own_counts=own)
    for user_id, their_role, vote in acts:
        before = approval
        try:
            approval = cast(approval, user_id, their_role, vote)
        except BotError:
            assert approval == before
    voters = [vote.user_id for vote in approval.votes]
    assert len(voters) == len(set(voters)), "each counts once"
    assert rules.approvals_of(approval) <= required
    assert own or 4 not in voters
    rejected = any(vote.vote == Vote.REJECT for vote in approval.votes)
    assert (approval.status == ApprovalStatus.REJECTED) == rejected
    assert (approval.status == ApprovalStatus.APPROVED) == (rules.approvals_of(approval) == required and not rejected)


@pytest.mark.parametrize(
    ("needed", "role", "may"),
    [
        ("engineer", "engineer", True),
        ("engineer", "admin", True),
        ("engineer", "user", False),
        ("admin", "engineer", False),
        ("admin", "admin", True),
        ("user", "user", True),
        ("engineer", "boss", False),
    ],
)
def test_roles(needed: str, role: str, may: bool) -> None:
    approval = replace(PENDING, role=needed)
    if may:
        assert cast(approval, 1, role, Vote.APPROVE).status == ApprovalStatus.APPROVED
    else:
        with pytest.raises(Forbidden, match=f"your role is {role}"):
            cast(approval, 1, role, Vote.APPROVE)


def test_the_moment_of_expiry_is_too_late() -> None:
    just = PENDING.expires_at - timedelta(microseconds=1)
    assert cast(PENDING, 1, "admin", Vote.APPROVE, just).status == ApprovalStatus.APPROVED
    with pytest.raises(WrongState, match="expired"):
        cast(PENDING, 1, "admin", Vote.APPROVE, PENDING.expires_at)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("pending", "MR-42 cannot be started before it is approved. It has 0 of 1 approvals"),
        ("rejected", "MR-42 was rejected"),
        ("expired", "has expired"),
        ("approved", None),
        ("void", None),
        ("skipped", None),
    ],
)
def test_what_may_be_started(status: str, said: str | None) -> None:
    approval = replace(PENDING, status=status)
    if said is None:
        rules.check_may_start(approval, NOW)
    else:
        with pytest.raises(WrongState, match=said):
            rules.check_may_start(approval, NOW)
    rules.check_may_start(None, NOW)


@pytest.mark.parametrize(
    ("left", "said"),
    [(timedelta(hours=24), "24 hours"), (timedelta(minutes=70), "1 hour."), (timedelta(seconds=5), "1 m")],
)
def test_how_long_it_can_be_approved_is_said(left: timedelta, said: str) -> None:
    with pytest.raises(WrongState, match=f"within {said}"):
        rules.check_may_start(replace(PENDING, expires_at=NOW + left), NOW)


@pytest.mark.parametrize(
    ("before", "after", "own", "role", "wanted", "may"),
    [
        ("critical", "high", False, "engineer", None, True),
        ("critical", "high", True, "engineer", None, False),
        ("critical", "high", True, "admin", None, False),
        ("critical", "high", False, "user", None, False),
        ("critical", "high", True, "engineer", CRITICAL, False),
        ("high", "critical", True, "engineer", CRITICAL, True),
        ("high", "critical", True, "engineer", None, False),
    ],
)
def test_who_may_lower(before: str, after: str, own: bool, role: str, wanted: Policy | None, may: bool) -> None:
    def check() -> None:
        rules.check_may_lower(CRITICAL, wanted, label="MR-42", before=before, after=after, own=own, role=role)

    if may:
        check()
    else:
        with pytest.raises(Forbidden, match=r"own|role"):
            check()
    rules.check_may_lower(None, wanted, label="MR-42", before=before, after=after, own=own, role=role)


@given(st.text(max_size=40))
def test_no_value_of_a_button_is_more_than_an_id(value: str) -> None:
    with suppress(BadInput):
        assert rules.read_approval_id(value) > 0
    with suppress(BadInput):
        kind, number = rules.read_subject(value)
        assert kind in {"maintenance", "deployment"}
        assert 0 < number < 2**31


@given(st.text(max_size=200))
def test_any_policy_command_is_read_or_refused(text: str) -> None:
    with suppress(BadInput):
        assert parse_policy(text).kind in {"", "maintenance", "deployment"}
