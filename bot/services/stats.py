"""How deployments go: the measures of a period against the one before."""

from bot.auth import Actor
from bot.context import Deps
from bot.rules import dora
from bot.rules.dora import DeploymentStats, StatsFilter
from bot.services import projects
from db.queries import stats as queries
from db.queries.stats import Periods


async def deployment_stats(deps: Deps, person: Actor, wanted: StatsFilter) -> tuple[str | None, DeploymentStats]:
    """The project's name, None for all of them, and its measures over the person's own local days.

    Raises:
        BadInput: no such project.
    """
    project = await projects.named(deps, wanted.project) if wanted.project else None
    over = dora.window(wanted.days, now=deps.now(), tz=person.tz)
    periods = Periods(over.before, over.since, over.until)
    async with deps.pool.transaction(queries.PLANNING) as conn:
        counts = await queries.count_deployments(conn, periods, over.edges, project.id if project else None)
    return project.name if project else None, dora.measure(counts, over)
