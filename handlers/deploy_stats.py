"""`/deploy stats`: how deployments go."""

from bot.context import Deps
from bot.registry import Ask, command
from bot.rules.dora import parse_stats
from bot.services import stats as service
from bot.views import stats as views
from bot.views.answers import Answer


@command(
    "deploy",
    "stats",
    usage="stats [PROJECT] [30d|90d]",
    help="How often, how safely and how fast is deployed, against the period before",
    examples=["stats", 'stats "Web App" 90d'],
)
async def stats(ask: Ask, deps: Deps) -> Answer:
    """The measures of a project, or of all."""
    name, found = await service.deployment_stats(deps, ask.person, parse_stats(ask.text))
    return views.deployment_stats(found, project_name=name)
