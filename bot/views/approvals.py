"""What a card shows of an approval: who has decided, what the decision is based on, and the buttons to decide."""

from collections.abc import Sequence
from datetime import datetime

from bot.rules import approvals as rules
from bot.views import kit
from bot.views.answers import Block, Reply, View
from bot.views.kit import Message, Part
from bot.views.wording import count, join_words, line, status_label
from db.models import SubjectKind
from db.models_approvals import Approval, ApprovalStatus, CastVote, Evidence, PastDeployment, Vote

REJECT_CALLBACK = "approvals.reject"

_VOTES_SHOWN = 10
_ROLES = {"user": "anybody", "engineer": "engineers and admins", "admin": "admins"}


def approval_blocks(approval: Approval | None, evidence: Evidence | None = None) -> list[Block]:
    """Show the state of an approval on the card of its subject, with buttons while there is something to decide.

    Nothing where no approval was asked for, or where what it was asked for needs none any more.
    """
    if approval is None or approval.status == ApprovalStatus.VOID:
        return []
    told = kit.rich(*_state(approval))
    match approval.status:
        case ApprovalStatus.PENDING:
            shown = [told, *_votes(approval), *([evidence_block(evidence)] if evidence else []), _buttons(approval)]
        case ApprovalStatus.REJECTED if approval.subject_kind == SubjectKind.MAINTENANCE:
            shown = [told, *_reason(approval)]  # it is cancelled; opening it again asks again
        case ApprovalStatus.REJECTED | ApprovalStatus.EXPIRED:
            shown = [told, *_reason(approval), kit.actions(_again(approval))]
        case _:
            shown = [told]
    return [kit.divider(), *shown]


def evidence_block(evidence: Evidence) -> Block:
    """Show what a decision can be based on, a line each."""
    parts: list[Part] = [kit.Bold("To decide on")]
    if evidence.project_name is not None:
        parts += [*_deployments(evidence), *_failures(evidence)]
    parts += ["\nOpen critical requests: ", _critical(evidence)]
    parts += ["\nDatabase care: ", f"{join_words(list(evidence.care))} running" if evidence.care else "none running"]
    backup: list[Part] = ["verified ", evidence.backup_at] if evidence.backup_at else ["no backup recorded yet"]
    parts += ["\nLast backup: ", *backup]
    parts += ["\nFreezes: ", *(_freezes(evidence) or ["none"])]
    return kit.rich(*parts)


def reject_modal(approval: Approval) -> View:
    """Ask why something is rejected; the reason is required."""
    label = _label(approval)
    ends = (
        f"{label} is cancelled with this reason, and its requester reads it."
        if approval.subject_kind == SubjectKind.MAINTENANCE
        else f"{label} cannot be started then, and whoever asked reads the reason."
    )
    blocks = [kit.section(_asked(approval)), kit.area("reason", "Reason", hint=ends)]
    return kit.modal(REJECT_CALLBACK, f"Reject {label}", blocks, "Reject", str(approval.id))


def voted(approval: Approval, vote: Vote) -> Reply:
    """Confirm a vote."""
    label = _label(approval)
    if vote is Vote.REJECT:
        cancelled = " and cancelled" if approval.subject_kind == SubjectKind.MAINTENANCE else ""
        return kit.say(kit.Bold(label), f" is rejected{cancelled} now.")
    if approval.status == ApprovalStatus.APPROVED:
        return kit.say(kit.Bold(label), " is approved now and can be started.")
    return kit.say("Your approval of ", kit.Bold(label), f" counts. {rules.progress(approval)}")


def asked_again(approval: Approval | None, label: str) -> Reply:
    """Confirm that approval is asked for once more, or tell that none is needed any more."""
    if approval is None:
        return kit.say(kit.Bold(label), " needs no approval any more, so it can be started.")
    return kit.say("Approval of ", kit.Bold(label), " is asked for again; its card has the buttons.")


def decided_dm(approval: Approval) -> Message:
    """Tell whoever asked how it was decided, or that nobody decided in time."""
    again = _expired_again(approval)
    blocks = [kit.rich(*_named(approval), " ", *_state(approval)), *_reason(approval), *again]
    return Message(kit.spoken([*_named(approval), " ", *_state(approval), *_spoken_reason(approval)]), blocks)


def reminder_dm(approval: Approval) -> Message:
    """Remind somebody who may decide; the buttons ask the database, like those of the card."""
    parts: list[Part] = [*_named(approval), " ", *_state(approval)]
    blocks = [kit.rich(*parts), *_votes(approval), _buttons(approval)]
    return Message(kit.spoken(["You are asked to decide: ", *parts]), blocks)


def _label(approval: Approval) -> str:
    return rules.subject_label(approval.subject_kind, approval.subject_id)


def _asked(approval: Approval) -> str:
    """Name what was asked for: a request's title, a deployment's version and environment."""
    told = approval.asked
    if approval.subject_kind == SubjectKind.MAINTENANCE:
        return line(str(told.get("title") or ""), 150, empty="(no title)")
    return f"version {line(str(told.get('version') or ''), 100)} to {line(str(told.get('environment') or ''), 50)}"


def _named(approval: Approval) -> list[Part]:
    return [kit.Bold(_label(approval)), f" “{_asked(approval)}”:"]


def _state(approval: Approval) -> list[Part]:
    """Say the state of an approval as a sentence."""
    match approval.status:
        case ApprovalStatus.PENDING:
            have, who = rules.approvals_of(approval), _ROLES.get(approval.role, approval.role)
            own = "" if approval.own_counts else ", not of one's own"
            needed = f"{have} of {count(approval.required, 'approval')} so far, by {who}{own}. It expires "
            return [kit.Bold("Waiting for approval"), ": ", needed, approval.expires_at, "."]
        case ApprovalStatus.APPROVED:
            return [kit.Bold("Approved"), *_who(approval, Vote.APPROVE), *_when(approval.decided_at), "."]
        case ApprovalStatus.REJECTED:
            return [kit.Bold("Rejected"), *_who(approval, Vote.REJECT), *_when(approval.decided_at), "."]
        case ApprovalStatus.EXPIRED:
            return [kit.Bold("Approval expired"), ": nobody decided in time", *_when(approval.expires_at), "."]
        case ApprovalStatus.SKIPPED:
            were = "was" if approval.required == 1 else "were"
            needed = f": {count(approval.required, 'approval')} {were} needed and not given"
            return [kit.Bold("Without approval"), needed, *_when(approval.decided_at), "."]
        case _:
            return [kit.Bold("No approval needed"), " any more."]


def _who(approval: Approval, vote: Vote) -> list[Part]:
    names = [_name(cast) for cast in approval.votes if cast.vote == vote]
    return [f" by {join_words(names[:_VOTES_SHOWN])}"] if names else []


def _when(at: datetime | None) -> list[Part]:
    return [", ", at] if at else []


def _name(cast: CastVote) -> str:
    return line(cast.name or "", 80, empty="somebody who is gone")


def _votes(approval: Approval) -> list[Block]:
    """Tell who has approved so far, of an approval that needs more."""
    shown = [vote for vote in approval.votes if vote.vote == Vote.APPROVE][:_VOTES_SHOWN]
    return [kit.note(f"Approved by {_name(vote)}, ", vote.at) for vote in shown]


def _reason(approval: Approval) -> list[Block]:
    return [kit.quote(line(vote.comment, 500)) for vote in approval.votes if vote.vote == Vote.REJECT and vote.comment]


def _spoken_reason(approval: Approval) -> list[Part]:
    reasons = [vote.comment for vote in approval.votes if vote.vote == Vote.REJECT and vote.comment]
    return [f" {line(reasons[0], 500)}"] if reasons else []


def _buttons(approval: Approval) -> Block:
    value = str(approval.id)
    return kit.actions(
        kit.button("Approve", "approvals.approve", value, "primary"),
        kit.button("Reject", "approvals.reject", value, "danger"),
    )


def _again(approval: Approval) -> Block:
    return kit.button("Ask again", "approvals.ask_again", f"{approval.subject_kind}:{approval.subject_id}")


def _expired_again(approval: Approval) -> Sequence[Block]:
    cancelled = approval.subject_kind == SubjectKind.MAINTENANCE and approval.status == ApprovalStatus.REJECTED
    if approval.status not in {ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED} or cancelled:
        return []
    return [kit.actions(_again(approval))]


def _deployments(evidence: Evidence) -> list[Part]:
    name = line(evidence.project_name or "", 80)
    if not evidence.deployments:
        return [f"\nLast deployments of {name}: none"]
    parts: list[Part] = [f"\nLast deployments of {name}: "]
    for place, past in enumerate(evidence.deployments):
        parts += [*([", "] if place else []), *_past(past)]
    return parts


def _past(past: PastDeployment) -> list[Part]:
    what = f"{line(past.version, 60)} to {line(past.environment, 30)} {status_label(past.status).lower()} "
    return [what, past.at]


def _failures(evidence: Evidence) -> list[Part]:
    if not evidence.finished:
        return ["\nFailure rate, 30 days: no finished deployments"]
    rate = round(100 * evidence.failed / evidence.finished)
    return [f"\nFailure rate, 30 days: {rate} % ({evidence.failed:,} of {evidence.finished:,})"]


def _critical(evidence: Evidence) -> str:
    labels = [rules.subject_label(SubjectKind.MAINTENANCE, number) for number in evidence.critical]
    more = evidence.critical_total - len(labels)
    return (join_words(labels) + (f", and {more:,} more" if more > 0 else "")) if labels else "none"


def _freezes(evidence: Evidence) -> list[Part]:
    parts: list[Part] = []
    for place, freeze in enumerate(evidence.freezes[:5]):
        what = f"{'; ' if place else ''}{line(freeze.environment, 30)} ({line(freeze.reason, 200)}) until "
        parts += [what, freeze.ends_at]
    return parts
