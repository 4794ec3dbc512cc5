"""Approvals as cards and messages show them: every state, any text, within Slack's limits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.views import approvals as views
from bot.views import cards, policies
from bot.views.kit import Message
from db.models_approvals import (
    Approval,
    ApprovalStatus,
    CastVote,
    Evidence,
    Frozen,
    PastDeployment,
    Policy,
    Requester,
    Vote,
)
from tests.views import builders as make
from tests.views.checks import assert_openable, assert_sendable
from tests.views.test_limits import several

PENDING = Approval(
    id=7,
    subject_kind="deployment",
    subject_id=17,
    required=2,
    role="engineer",
    own_counts=False,
    status="pending",
    asked={"project_id": 1, "version": "v2.1.0", "environment": "production"},
    requesters=(Requester(2, "Erik Engineer", "U2"),),
    requested_at=make.NOW,
    expires_at=make.NOW + timedelta(hours=24),
    decided_at=None,
    votes=(CastVote(3, "Eva Engineer", "approve", None, make.NOW),),
)
EVIDENCE = Evidence(
    project_name="Payments",
    deployments=(PastDeployment(16, "v2.0.0", "production", "rolled_back", make.NOW),),
    finished=8,
    failed=2,
    critical=(3, 9),
    critical_total=12,
    care=("REINDEX", "VACUUM"),
    backup_at=make.NOW,
    freezes=(Frozen("production", "Black Friday", make.NOW),),
)

votes = st.lists(
    st.builds(CastVote, make.numbers, make.maybe_text, st.sampled_from(Vote), make.maybe_text, st.just(make.NOW)),
    max_size=12,
)
approvals = st.builds(
    replace,
    st.just(PENDING),
    subject_kind=st.sampled_from(["maintenance", "deployment"]),
    status=st.sampled_from(ApprovalStatus),
    role=st.sampled_from(["user", "engineer", "admin", "boss"]),
    own_counts=st.booleans(),
    required=st.integers(0, 10),
    decided_at=st.none() | st.just(make.NOW),
    votes=votes.map(tuple),
    asked=st.dictionaries(st.sampled_from(["title", "version", "environment"]), make.text | st.none()),
)
evidences = st.builds(
    Evidence,
    make.maybe_text,
    st.lists(
        st.builds(PastDeployment, make.numbers, make.text, make.text, make.text, st.just(make.NOW)), max_size=3
    ).map(tuple),
    st.integers(0, 500),
    st.integers(0, 500),
    st.lists(make.numbers, max_size=10).map(tuple),
    st.integers(0, 10_000),
    st.lists(make.text, max_size=4).map(tuple),
    st.none() | st.just(make.NOW),
    st.lists(st.builds(Frozen, make.text, make.text, st.just(make.NOW)), max_size=7).map(tuple),
)


def shown(approval: Approval | None, evidence: Evidence | None = None) -> str:
    return str(views.approval_blocks(approval, evidence))


def buttons(approval: Approval) -> list[str]:
    elements = [
        element
        for block in views.approval_blocks(approval)
        if block["type"] == "actions"
        for element in block["elements"]  # type: ignore[attr-defined] # a row of buttons
    ]
    return [element["text"]["text"] for element in elements]


@several
@given(approvals, st.none() | evidences)
def test_any_approval_fits(approval: Approval, evidence: Evidence | None) -> None:
    assert_sendable(Message("A card.", views.approval_blocks(approval, evidence) or [{"type": "divider"}]))
    assert_sendable(views.decided_dm(approval))
    assert_sendable(views.reminder_dm(approval))
    assert_openable(views.reject_modal(approval))
    for vote in Vote:
        assert_sendable(views.voted(approval, vote))


@several
@given(make.requests, approvals, evidences)
def test_a_card_with_all_of_it_fits(row: object, approval: Approval, evidence: Evidence) -> None:
    assert_sendable(cards.request_card(row, approval=approval, evidence=evidence))  # type: ignore[arg-type] # a request


@several
@given(
    make.many(
        st.builds(
            Policy,
            make.numbers,
            st.sampled_from(["maintenance", "deployment"]),
            make.text,
            st.none() | make.numbers,
            make.maybe_text,
            st.integers(0, 10),
            make.text,
            st.booleans(),
            st.integers(1, 720),
        )
    )
)
def test_any_policies_fit(found: list[Policy]) -> None:
    assert_sendable(policies.policy_list(found))
    for policy in found[:1]:
        assert_sendable(policies.policy_set(policy))
        assert_sendable(policies.policy_removed(policy.subject_kind, policy.match, policy))


def test_pending_has_the_buttons_and_says_how_far_it_is() -> None:
    assert buttons(PENDING) == ["Approve", "Reject"]
    told = shown(PENDING)
    assert "1 of 2 approvals so far, by engineers and admins" in told
    assert "Eva Engineer" in told
    assert "'value': '7'" in told, "a button carries the id and nothing else"


@pytest.mark.parametrize(
    ("status", "kind", "said", "offered"),
    [
        (ApprovalStatus.APPROVED, "deployment", "Approved", []),
        (ApprovalStatus.REJECTED, "deployment", "Rejected", ["Ask again"]),
        (ApprovalStatus.REJECTED, "maintenance", "Rejected", []),
        (ApprovalStatus.EXPIRED, "deployment", "Approval expired", ["Ask again"]),
        (ApprovalStatus.EXPIRED, "maintenance", "Approval expired", ["Ask again"]),
        (ApprovalStatus.SKIPPED, "deployment", "Without approval", []),
        (ApprovalStatus.SKIPPED, "maintenance", "Without approval", []),
    ],
)
def test_what_is_over_says_so(status: str, kind: str, said: str, offered: list[str]) -> None:
    approval = replace(PENDING, status=status, subject_kind=kind, decided_at=make.NOW)
    assert said in shown(approval, EVIDENCE)
    assert "To decide on" not in shown(approval, EVIDENCE)
    assert buttons(approval) == offered


def test_nothing_is_said_where_nothing_was_asked_or_needs_asking() -> None:
    assert views.approval_blocks(None) == views.approval_blocks(replace(PENDING, status="void")) == []


def test_the_evidence() -> None:
    told = shown(PENDING, EVIDENCE)
    for words in (
        "Last deployments of Payments: ",
        "v2.0.0 to production rolled back",
        "25 % (2 of 8)",
        "MR-3 and MR-9, and 10 more",
        "REINDEX and VACUUM running",
        "verified ",
        "production (Black Friday) until ",
    ):
        assert words in told, words
    empty = Evidence(None, (), 0, 0, (), 0, (), None, ())
    assert "no backup recorded yet" in shown(PENDING, empty)
    assert "deployments" not in shown(PENDING, empty)
