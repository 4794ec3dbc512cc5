"""Approvals: decided by people, expired by a job. What asks for them is in the database, as triggers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import Forbidden, WrongState
from bot.rules import approvals as rules
from bot.views import approvals as views
from bot.views.kit import Message
from db.models import Request, RequestStatus, SubjectKind
from db.models_approvals import Approval, ApprovalStatus, Evidence, Frozen, Vote
from db.pool import Conn
from db.queries import approvals as queries
from db.queries import backups as backup_queries
from db.queries import evidence as evidence_queries
from db.queries import freezes, outbox, policies, requests

_BATCH: Final = 50
_MOST_REMINDED: Final = 20
_FAILURE_DAYS: Final = timedelta(days=30)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a vote led to: the approval as it is now, and who voted."""

    approval: Approval
    vote: Vote


async def state(conn: Conn, kind: str, subject_id: int) -> Approval | None:
    """The approval of a record that counts now, with its votes; None where none was ever asked for."""
    return await queries.find_latest(conn, kind, subject_id)


async def check_may_start(conn: Conn, kind: str, subject_id: int, now: datetime) -> None:
    """Let pass a record that needs no approval, or has it; to be called with the record locked.

    Raises:
        WrongState: it waits for approval, was rejected, or nobody decided in time; says who may and what to do.
    """
    rules.check_may_start(await queries.find_latest(conn, kind, subject_id), now)


async def check_may_lower(conn: Conn, act: Act, row: Request, after: str) -> None:
    """Let pass another priority of a request; away from one that needs approval only by who could give it.

    Raises:
        Forbidden: says who may.
    """
    policy = await policies.find_policy(conn, SubjectKind.MAINTENANCE, row.priority, row.project_id)
    if policy is None:
        return
    person = _voter(act)
    wanted = await policies.find_policy(conn, SubjectKind.MAINTENANCE, after, row.project_id)
    approval = await queries.find_latest(conn, SubjectKind.MAINTENANCE, row.id)
    own = rules.is_own(approval, person.user_id) if approval else person.user_id == row.requested_by
    label = rules.subject_label(SubjectKind.MAINTENANCE, row.id)
    rules.check_may_lower(policy, wanted, label=label, before=row.priority, after=after, own=own, role=person.role)


async def find_votable(deps: Deps, person: Actor, approval_id: int) -> Approval:
    """The approval, if the person may decide on it now; what decides is `decide`.

    Raises:
        Missing, WrongState, Forbidden: as `decide`.
    """
    async with deps.pool.acquire() as conn:
        approval = await queries.find_approval(conn, approval_id)
    if approval is None:
        raise rules.gone(approval_id)
    rules.check_vote(approval, user_id=person.user_id, role=person.role, is_active=True, now=deps.now())
    return approval


async def decide(deps: Deps, act: Act, approval_id: int, vote: Vote, reason: str | None = None) -> Decided:
    """Cast the acting person's vote; the last approval needed grants, one rejection rejects.

    A rejected request is cancelled with the reason; a rejected deployment stays pending. Whoever asked is told.

    Raises:
        Missing: there is no such approval, or what it was asked for is gone.
        WrongState: decided, expired, voided or skipped already, or the person has voted.
        Forbidden: not this person: the role, deactivated, or their own.
    """
    person = _voter(act)
    async with deps.transaction(act, note=reason or "") as conn:
        # Person, subject, approval: deleting an account locks in this order too.
        voter = await queries.find_voter(conn, person.user_id)
        approval = await _locked(conn, approval_id)
        rules.check_vote(
            approval,
            user_id=person.user_id,
            role=voter.role if voter else "",
            is_active=voter is not None and voter.is_active,
            now=deps.now(),
        )
        await queries.insert_vote(conn, approval.id, person.user_id, vote, reason, deps.now())
        after = rules.outcome(approval, vote)
        if after is not ApprovalStatus.PENDING:
            await queries.update_status(conn, approval.id, after, deps.now())
            await _carry_out(conn, approval, after)
        decided = await _reread(conn, approval.id)
        if after is not ApprovalStatus.PENDING:
            await _tell_requesters(conn, decided, deps.now(), but=person.user_id)
        return Decided(decided, vote)


async def ask_again(deps: Deps, act: Act, kind: str, subject_id: int) -> Approval | None:
    """Ask once more for the approval of a record after a rejection or expiry; None where no policy asks any more.

    Raises:
        Missing: the record is gone.
        WrongState: approval is pending or given already, or the record is not waiting to be started.
        Forbidden: only whoever asked, engineers and admins may.
    """
    person = _voter(act)
    async with deps.transaction(act) as conn:
        status = await queries.find_subject_locked(conn, kind, subject_id)
        if status is None:
            raise rules.gone_subject(kind, subject_id)
        latest = await queries.find_latest(conn, kind, subject_id)
        rules.check_may_ask(latest, kind=kind, subject_id=subject_id, status=status, now=deps.now())
        if not rules.may_ask(person.role, person.user_id, latest):
            raise Forbidden("Only whoever asked, an engineer or an admin can ask for approval again.")
        if latest is not None and latest.status == ApprovalStatus.PENDING:
            await queries.update_status(conn, latest.id, ApprovalStatus.EXPIRED, deps.now())
        made = await queries.insert_approval(conn, kind, subject_id)
        if made is None and latest is not None:
            await queries.update_status(conn, latest.id, ApprovalStatus.VOID, deps.now())
        return await queries.find_approval(conn, made) if made is not None else None


async def expire_due(deps: Deps, act: Act, now: datetime) -> int:
    """Let approvals expire on which nobody has decided in time, and tell whoever asked; how many there were."""
    expired = 0
    while True:
        async with deps.transaction(act) as conn:
            ids = await queries.claim_expired(conn, now, _BATCH)
            for approval_id in ids:
                await queries.update_status(conn, approval_id, ApprovalStatus.EXPIRED, now)
            for approval in await queries.list_approvals(conn, ids):
                await _tell_requesters(conn, approval, now)
        expired += len(ids)
        if len(ids) < _BATCH:
            return expired


async def remind_due(deps: Deps, act: Act, now: datetime) -> int:
    """Remind, once, at half time, those who may decide and have not; how many approvals that were.

    More than twenty people get no direct message: the card's thread says it instead, as it does where nobody can be
    reached.
    """
    reminded = 0
    while True:
        async with deps.transaction(act) as conn:
            ids = await queries.claim_reminders(conn, now, _BATCH)
            for approval in await queries.list_approvals(conn, ids):
                await _remind(conn, approval, now)
        reminded += len(ids)
        if len(ids) < _BATCH:
            return reminded


async def evidence(conn: Conn, approval: Approval | None, now: datetime) -> Evidence | None:
    """What a decision on a pending approval can be based on; None where there is nothing to decide."""
    if approval is None or approval.status != ApprovalStatus.PENDING:
        return None
    kind, subject_id = approval.subject_kind, approval.subject_id
    project = await evidence_queries.find_project(conn, kind, subject_id)
    is_deployment = kind == SubjectKind.DEPLOYMENT
    past = await evidence_queries.list_past(conn, project[0], subject_id if is_deployment else 0) if project else []
    since = now - _FAILURE_DAYS
    finished, failed = await evidence_queries.count_finished(conn, project[0], since) if project else (0, 0)
    critical, total = await evidence_queries.list_critical(
        conn, project[0] if project else None, 0 if is_deployment else subject_id
    )
    return Evidence(
        project_name=project[1] if project else None,
        deployments=tuple(past),
        finished=finished,
        failed=failed,
        critical=critical,
        critical_total=total,
        care=tuple(await evidence_queries.list_care(conn)),
        backup_at=(await backup_queries.get_last_verified(conn))[0],
        freezes=await _frozen(conn, approval, now),
    )


async def _frozen(conn: Conn, approval: Approval, now: datetime) -> tuple[Frozen, ...]:
    """The freezes that keep a deployment from being started now."""
    if approval.subject_kind != SubjectKind.DEPLOYMENT:
        return ()
    active = await freezes.list_active(conn, str(approval.asked.get("environment")), now)
    return tuple(Frozen(freeze.environment, freeze.reason, freeze.ends_at - _MINUTE) for freeze in active)


def _voter(act: Act) -> Actor:
    if act.person is None:
        raise Forbidden("Only a person can decide on approvals.")
    return act.person


async def _locked(conn: Conn, approval_id: int) -> Approval:
    """The approval, with its subject locked first: the triggers lock in this order too."""
    found = await queries.find_approval(conn, approval_id)
    if found is None:
        raise rules.gone(approval_id)
    subject = await queries.find_subject_locked(conn, found.subject_kind, found.subject_id)
    approval = await queries.find_locked(conn, approval_id)
    if subject is None or approval is None:
        raise rules.gone(approval_id)
    return approval


async def _carry_out(conn: Conn, approval: Approval, after: ApprovalStatus) -> None:
    if after is ApprovalStatus.REJECTED and approval.subject_kind == SubjectKind.MAINTENANCE:
        await requests.update_status(conn, approval.subject_id, RequestStatus.CANCELLED)


async def _reread(conn: Conn, approval_id: int) -> Approval:
    approval = await queries.find_approval(conn, approval_id)
    if approval is None:
        raise WrongState("The approval was removed from the database while it was decided on. Look at the card.")
    return approval


async def _tell_requesters(conn: Conn, approval: Approval, now: datetime, *, but: int | None = None) -> None:
    told = [who.slack_user_id for who in approval.requesters if who.slack_user_id and who.user_id != but]
    await _send(conn, approval, told, views.decided_dm(approval), "decision", now)


async def _remind(conn: Conn, approval: Approval, now: datetime) -> None:
    approvers = await queries.list_approvers(conn, approval.id, _MOST_REMINDED + 1)
    if 0 < len(approvers) <= _MOST_REMINDED:
        await _send(conn, approval, approvers, views.reminder_dm(approval), "half", now)
    else:
        await queries.insert_reminded(conn, approval.id)


async def _send(
    conn: Conn, approval: Approval, people: Sequence[str], message: Message, what: str, now: datetime
) -> None:
    for slack_user_id in people:
        key = f"approval:{approval.id}:{what}:{slack_user_id}"
        await outbox.enqueue_dm(conn, user=slack_user_id, text=message.text, blocks=message.blocks, key=key, now=now)
