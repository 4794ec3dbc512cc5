"""The buttons of approvals, on cards and in reminders. What a button says is only which approval; the database decides.

A card changes by itself. A reminder, and what only one person sees, does not: there the click is answered.
"""

from dataclasses import replace

from bot.context import Deps
from bot.registry import Ask, action, submission
from bot.rules import approvals as rules
from bot.services import approvals
from bot.views import approvals as views
from bot.views.answers import Answer, Done, OpenModal, Reply
from db.models_approvals import Vote


@action("approvals.approve")
async def approve(ask: Ask, deps: Deps) -> Answer:
    """Agree."""
    decided = await approvals.decide(deps, ask.act, rules.read_approval_id(ask.value), Vote.APPROVE)
    return _answered(ask, views.voted(decided.approval, decided.vote))


@action("approvals.reject")
async def reject(ask: Ask, deps: Deps) -> Answer:
    """Ask for the reason."""
    approval = await approvals.find_votable(deps, ask.person, rules.read_approval_id(ask.value))
    return OpenModal(views.reject_modal(approval))


@submission(views.REJECT_CALLBACK)
async def reject_with_reason(ask: Ask, deps: Deps) -> Answer:
    """Refuse, with the reason."""
    reason = rules.read_reason(ask.values.get("reason"))
    decided = await approvals.decide(deps, ask.act, rules.read_approval_id(ask.metadata), Vote.REJECT, reason)
    return views.voted(decided.approval, decided.vote)


@action("approvals.ask_again")
async def ask_again(ask: Ask, deps: Deps) -> Answer:
    """Ask once more after a rejection or expiry."""
    kind, subject_id = rules.read_subject(ask.value)
    approval = await approvals.ask_again(deps, ask.act, kind, subject_id)
    return _answered(ask, views.asked_again(approval, rules.subject_label(kind, subject_id)))


def _answered(ask: Ask, reply: Reply) -> Answer:
    """The card shows it; a reminder gives way to the answer, so that its buttons do not stay."""
    if ask.message is None:
        return reply
    return replace(reply, replace=True) if ask.message.channel_id.startswith("D") else Done()
