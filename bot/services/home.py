"""What the App Home shows of one person; only read."""

from datetime import timedelta
from typing import Final

from bot.auth import Actor
from bot.context import Deps
from bot.rules.access import allows
from bot.services import health
from db.models import Role
from db.models_home import Health, Home
from db.queries import backups
from db.queries import home as queries

ROWS: Final = 10
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
    checked = await _health(deps) if allows(person.role, Role.ADMIN) else None
    return Home(tuple(approvals), total, found, tuple(deployed[:ROWS]), len(deployed) > ROWS, checked)


async def _health(deps: Deps) -> Health:
    queue = (await health.figures(deps)).queue
    async with deps.pool.acquire() as conn:
        backup_at, _since = await backups.get_last_verified(conn)
    return Health(queue.due, queue.oldest_seconds, queue.waiting, queue.held, backup_at)
