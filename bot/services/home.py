"""What the App Home shows of one person, and when it is shown anew."""

from datetime import datetime, timedelta
from typing import Final

from bot.auth import Actor
from bot.context import Deps
from bot.rules.access import allows
from bot.services import health
from db.models import Role
from db.models_home import Health, Home
from db.queries import home as queries
from db.queries import person_settings

ROWS: Final = 10
# A Home opened before that is opened anew, and thereby shown anew, before anybody looks at it again.
OPENED_WITHIN: Final = timedelta(hours=24)
_SOON: Final = timedelta(days=3)
_RECENT: Final = timedelta(days=90)


async def read(deps: Deps, person: Actor) -> Home:
    """Everything the person's Home shows; ten rows of each part."""
    now = deps.now()
    roles = [role.value for role in Role if allows(person.role, role)]
    async with deps.pool.acquire() as conn:
        approvals, total = await queries.list_decidable(conn, person.user_id, roles, now, ROWS)
        found = await queries.list_open(conn, person.user_id, now, now + _SOON, ROWS)
        deployed = await queries.list_deployments(conn, person.user_id, now - _RECENT, ROWS + 1)
        settings = await person_settings.find_settings(conn, person.user_id)
    checked = await _health(deps) if allows(person.role, Role.ADMIN) else None
    return Home(tuple(approvals), total, found, tuple(deployed[:ROWS]), len(deployed) > ROWS, checked, settings)


async def mark_opened(deps: Deps, person: Actor) -> None:
    """Note that the person looks at their Home."""
    async with deps.pool.acquire() as conn:
        await person_settings.mark_opened(conn, person.user_id, deps.now())


async def refresh_after(deps: Deps, xid: str, since: datetime) -> None:
    """Have the worker show the Homes anew of those who acted in a transaction, where they may be on a screen."""
    async with deps.pool.acquire() as conn:
        await person_settings.insert_refreshes(conn, xid, since, deps.now() - OPENED_WITHIN)


async def _health(deps: Deps) -> Health:
    queue = (await health.figures(deps)).queue
    async with deps.pool.acquire() as conn:
        database = await queries.get_database_health(conn)
    return Health(queue.due, queue.oldest_seconds, queue.waiting, queue.held, database)
