"""`/techops policy`: who has to agree to what."""

from bot.context import Deps
from bot.registry import Ask, command
from bot.rules.policies import PolicyVerb, parse_policy
from bot.services import policies
from bot.views import policies as views
from bot.views.answers import Answer
from db.models import Role


@command(
    "techops",
    "policy",
    role=Role.ADMIN,
    usage="policy list|set|remove [deployment ENV|maintenance PRIORITY] [project: required: role: own: hours:]",
    help="Says which deployments and requests need approval: how many, from which role, whether one's own counts, "
    "and after how many hours it expires",
    examples=["policy list", "policy set deployment production project:Shop required:2 role:admin own:no hours:8"],
)
async def policy(ask: Ask, deps: Deps) -> Answer:
    """List, set or remove policies."""
    wanted = parse_policy(ask.text)
    if wanted.verb is PolicyVerb.SET:
        return views.policy_set(await policies.save(deps, ask.act, wanted))
    if wanted.verb is PolicyVerb.REMOVE:
        return views.policy_removed(wanted.kind, wanted.match, await policies.remove(deps, ask.act, wanted))
    return views.policy_list(await policies.list_all(deps))
