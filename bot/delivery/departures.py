"""People who were deactivated, by whatever program: the admins hear of it once, with what is left."""

from bot.context import Deps
from bot.delivery.jobs import Job
from bot.services import departures
from db.queries import accounts


async def tell(deps: Deps, job: Job) -> None:
    """Tell the admins of those whom one transaction has deactivated; running twice tells nobody twice."""
    async with deps.pool.acquire() as conn:
        departed = await accounts.list_departures(conn, job.payload, job.created)
    await departures.tell_admins(deps, departed)
