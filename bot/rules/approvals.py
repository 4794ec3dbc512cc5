"""Who may decide on what, when enough have decided, and what may not be started yet."""

import re
from datetime import datetime, timedelta
from typing import Final

from bot.errors import Forbidden, Missing, WrongState
from bot.rules.access import allows, role_of
from bot.rules.ids import LARGEST
from bot.rules.requests import spoken
from bot.rules.text import clean_text, is_blank
from bot.rules.validate import LIMITS
from bot.rules.wording import bad, listed
from db.models import Priority, RequestStatus, Role, SubjectKind
from db.models_approvals import Approval, ApprovalStatus, Policy, Vote

_PREFIXES: Final = {SubjectKind.MAINTENANCE: "MR-", SubjectKind.DEPLOYMENT: "D-"}
_WAITING: Final = {SubjectKind.MAINTENANCE: RequestStatus.OPEN.value, SubjectKind.DEPLOYMENT: "pending"}
_WHO: Final = {Role.USER: "anybody", Role.ENGINEER: "an engineer or admin", Role.ADMIN: "an admin"}
_DONE: Final = {Vote.APPROVE: "approved", Vote.REJECT: "rejected"}
_SUBJECT: Final = re.compile(r"(maintenance|deployment):([1-9][0-9]{0,9})", re.ASCII)
_RANKS: Final = {priority.value: rank for rank, priority in enumerate(Priority)}


def subject_label(kind: str, subject_id: int) -> str:
    """What people call a record: MR-42, D-17."""
    return f"{_PREFIXES.get(SubjectKind(kind), '#')}{subject_id}"


def read_approval_id(value: str) -> int:
    """The approval that a button carries. Raises BadInput for what no button of ours carries."""
    if not re.fullmatch(r"[1-9][0-9]{0,17}", value, re.ASCII):
        raise bad("That button is of another version of TechOps. Please use the buttons of the card as it is now.")
    return int(value)


def read_subject(value: str) -> tuple[str, int]:
    """The record that an *Ask again* button carries: maintenance:42. Raises BadInput."""
    found = _SUBJECT.fullmatch(value)
    if found is None or int(found[2]) > LARGEST:
        raise bad("That button is of another version of TechOps. Please use the buttons of the card as it is now.")
    return found[1], int(found[2])


def read_reason(text: str | None) -> str:
    """Why something is rejected. Raises BadInput (field "reason") where nothing is said."""
    if text is None or is_blank(text):
        raise bad("Say why it is rejected; whoever asked reads it.", field="reason")
    return clean_text(text, LIMITS["reason"], field="reason")


def is_own(approval: Approval, user_id: int) -> bool:
    """Whether the subject is the person's own: they asked for it, or it was asked for in their name."""
    return any(person.user_id == user_id for person in approval.requesters)


def check_vote(approval: Approval, *, user_id: int, role: str, is_active: bool, now: datetime) -> None:
    """Let pass who may decide on the approval now.

    Raises:
        WrongState: it was decided, expired, changed or skipped already, or the person has voted already.
        Forbidden: deactivated, without the role, or it is the person's own.
    """
    label = subject_label(approval.subject_kind, approval.subject_id)
    _check_undecided(approval, label, now)
    if not is_active:
        raise Forbidden(f"Your account is deactivated, so you cannot decide on {label}. An admin can reactivate it.")
    if not allows(role, role_of(approval.role)):
        raise Forbidden(
            f"Only {who_decides(approval.role)} can decide on {label}, and your role is {role}. Nothing was changed."
        )
    if is_own(approval, user_id) and not approval.own_counts:
        raise Forbidden(
            f"{label} is your own, so you cannot decide on it yourself. "
            f"It needs somebody else: {who_decides(approval.role)}."
        )
    mine = next((vote for vote in approval.votes if vote.user_id == user_id), None)
    if mine is not None:
        raise WrongState(
            f"You have already {_DONE[Vote(mine.vote)]} {label}; each person counts once. {progress(approval)}"
        )


def outcome(approval: Approval, vote: Vote) -> ApprovalStatus:
    """The status of a pending approval once this vote has been added to it: one rejection rejects."""
    if vote is Vote.REJECT:
        return ApprovalStatus.REJECTED
    return ApprovalStatus.APPROVED if approvals_of(approval) + 1 >= approval.required else ApprovalStatus.PENDING


def approvals_of(approval: Approval) -> int:
    """How many have approved."""
    return sum(vote.vote == Vote.APPROVE for vote in approval.votes)


def progress(approval: Approval) -> str:
    """How far a pending approval is, as a sentence."""
    return f"It has {approvals_of(approval)} of {approval.required} approvals."


def check_may_start(approval: Approval | None, now: datetime) -> None:
    """Let pass what needs no approval, or has it.

    Raises:
        WrongState: it waits for one, was rejected, or nobody decided in time; says who may and what to do.
    """
    if approval is None or approval.status in {ApprovalStatus.APPROVED, ApprovalStatus.VOID, ApprovalStatus.SKIPPED}:
        return
    label = subject_label(approval.subject_kind, approval.subject_id)
    if approval.status == ApprovalStatus.REJECTED:
        raise WrongState(f"{label} was rejected{_by(approval)}, so it cannot be started. Press Ask again on its card.")
    if has_expired(approval, now):
        raise WrongState(
            f"{label} cannot be started: its approval has expired, nobody decided in time. Press Ask again on its card."
        )
    other = "" if approval.own_counts else " other than its requester"
    raise WrongState(
        f"{label} cannot be started before it is approved. {progress(approval)} "
        f"On its card {who_decides(approval.role)}{other} can press Approve within {_left(approval, now)}."
    )


def has_expired(approval: Approval, now: datetime) -> bool:
    """Whether its time is over without a decision, also where the job that says so has not run yet."""
    return approval.status == ApprovalStatus.EXPIRED or (
        approval.status == ApprovalStatus.PENDING and approval.expires_at <= now
    )


def check_may_ask(approval: Approval | None, *, kind: str, subject_id: int, status: str, now: datetime) -> None:
    """Let pass a record for which approval may be asked (again).

    Raises:
        WrongState: approval is pending or given already, or the record is not waiting to be started.
    """
    label = subject_label(kind, subject_id)
    if status != _WAITING[SubjectKind(kind)]:
        how = (
            f" Reopen it, and approval is asked for again: `/maintenance reopen {label}`"
            if is_cancelled(status)
            else ""
        )
        raise WrongState(f"{label} is already {spoken(status)}, so there is nothing to approve.{how}")
    if approval is None or approval.status in {ApprovalStatus.VOID, ApprovalStatus.SKIPPED}:
        return
    if approval.status == ApprovalStatus.APPROVED:
        raise WrongState(f"{label} is already approved{_by(approval)}, so it can be started.")
    if approval.status == ApprovalStatus.PENDING and not has_expired(approval, now):
        raise WrongState(f"{label} is already waiting for approval. {progress(approval)}")


def is_cancelled(status: str) -> bool:
    """Whether a request was cancelled, as by a rejection."""
    return status == RequestStatus.CANCELLED


def may_ask(role: str, user_id: int, approval: Approval | None) -> bool:
    """Whoever asked may ask again, and engineers and admins."""
    return allows(role, Role.ENGINEER) or (approval is not None and is_own(approval, user_id))


def check_may_lower(
    policy: Policy | None, wanted: Policy | None, *, label: str, before: str, after: str, own: bool, role: str
) -> None:
    """Let pass a change of priority, unless it takes a request away from an approval that this person could not give.

    `policy` and `wanted` hold for the priorities `before` and `after`; `own`: the request is the person's own.

    Raises:
        Forbidden: says who may.
    """
    if policy is None or not policy.required:
        return
    asks_on = wanted is not None and wanted.required >= policy.required
    if asks_on and _RANKS.get(after, 0) >= _RANKS.get(before, 0):
        return
    needs = f"priority {before} needs approval, so only somebody who could approve it can lower it"
    if not allows(role, role_of(policy.role)):
        raise Forbidden(f"You cannot lower {label}: {needs}: {who_decides(policy.role)}. Your role is {role}.")
    if own and not policy.own_counts:
        raise Forbidden(
            f"You cannot lower {label}, since it is your own: {needs}: another, {who_decides(policy.role)}."
        )


def who_decides(role: str) -> str:
    """Who may decide, as words in a sentence."""
    return _WHO[role_of(role)]


def gone(approval_id: int) -> Missing:
    """The refusal for an approval that does not exist, or whose record was deleted."""
    return Missing(
        f"What approval {approval_id} was asked for has been deleted, so there is nothing to decide any more."
    )


def gone_subject(kind: str, subject_id: int) -> Missing:
    """The refusal for a record that was deleted."""
    return Missing(f"There is no {subject_label(kind, subject_id)} any more: it has been deleted in the dashboard.")


def _check_undecided(approval: Approval, label: str, now: datetime) -> None:
    match approval.status:
        case ApprovalStatus.APPROVED | ApprovalStatus.REJECTED:
            done = "approved" if approval.status == ApprovalStatus.APPROVED else "rejected"
            raise WrongState(f"{label} was already {done}{_by(approval)}, so nothing was changed.")
        case ApprovalStatus.VOID:
            raise WrongState(
                f"What was asked for {label} has already changed since this button was shown, so nothing was decided. "
                "Its card shows what is asked for now."
            )
        case ApprovalStatus.SKIPPED:
            raise WrongState(f"{label} has already gone on without approval, so there is nothing to decide any more.")
    if has_expired(approval, now):
        raise WrongState(
            f"The approval of {label} has already expired, so nothing was changed. Press Ask again on its card."
        )


def _by(approval: Approval) -> str:
    decisive = Vote.REJECT if approval.status == ApprovalStatus.REJECTED else Vote.APPROVE
    names = [vote.name or "somebody" for vote in approval.votes if vote.vote == decisive]
    reason = next((vote.comment for vote in approval.votes if vote.vote == Vote.REJECT and vote.comment), None)
    by = f" by {listed(names, last='and')}" if names else ""
    return f"{by} ({' '.join(reason.split())[:200]})" if reason and decisive is Vote.REJECT else by


def _left(approval: Approval, now: datetime) -> str:
    left = approval.expires_at - now
    if left < timedelta(hours=1):
        return f"{max(1, int(left / timedelta(minutes=1)))} minutes"
    hours = int(left / timedelta(hours=1) + 0.5)
    return f"{hours} hour{'' if hours == 1 else 's'}"
