"""What `/techops policy` answers."""

from collections.abc import Sequence

from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Part
from bot.views.wording import count, line
from db.models import SubjectKind
from db.models_approvals import Policy

_KINDS = {SubjectKind.DEPLOYMENT: "Deployments to", SubjectKind.MAINTENANCE: "Maintenance requests of priority"}
_ROLES = {"user": "anybody", "engineer": "an engineer or admin", "admin": "an admin"}


def policy_list(policies: Sequence[Policy]) -> Reply:
    """Show every policy, the one for a project after the one it goes before."""
    if not policies:
        return kit.say("There is no policy, so nothing needs approval. ", *_HOW)
    told = f"{len(policies)} {'policy says' if len(policies) == 1 else 'policies say'} what needs approval."
    head = [kit.section(told)]
    return kit.reply(told, kit.stack(head, [[_item(policy)] for policy in policies], [kit.note(*_HOW)]))


def policy_set(policy: Policy) -> Reply:
    """Confirm what holds from now on."""
    return kit.say(
        "From now on: ", *_sentence(policy), " What waits already keeps the terms on which it was asked for."
    )


def policy_removed(kind: str, match: str, rest: Policy | None) -> Reply:
    """Confirm that a policy is gone, and say what holds in its place."""
    gone: list[Part] = ["The policy for ", kit.Bold(f"{kind} {line(match, 50)}"), " is removed. "]
    if rest is None:
        return kit.say(*gone, "They need no approval from now on.")
    return kit.say(*gone, "What holds for everywhere goes on: ", *_sentence(rest))


def _item(policy: Policy) -> Block:
    return kit.rich(*_sentence(policy))


def _sentence(policy: Policy) -> list[Part]:
    what = f"{_KINDS.get(SubjectKind(policy.subject_kind), policy.subject_kind)} {line(policy.match, 50)}"
    where = f" in {line(policy.project_name or '', 80)}" if policy.project_id is not None else ""
    if not policy.required:
        return [kit.Bold(f"{what}{where}"), " need no approval."]
    own = "one's own counts" if policy.own_counts else "one's own does not count"
    terms = f" need {count(policy.required, 'approval')} by {_ROLES.get(policy.role, line(policy.role, 30))}; {own}; "
    return [kit.Bold(f"{what}{where}"), terms, f"undecided, it expires after {count(policy.hours, 'hour')}."]


_HOW: tuple[Part, ...] = ("To set one, type ", kit.Code("/techops policy set deployment production required:2"), ".")
