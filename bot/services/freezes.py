"""Freezes: whether an environment is frozen, and what admins do about it."""

from datetime import datetime
from typing import Final

from bot.context import Act, Deps
from bot.errors import Missing, WrongState
from bot.rules.freezes import NewFreeze, freeze_label
from bot.rules.zones import local
from db.models import Freeze
from db.pool import Conn
from db.queries import freezes

SHOWN_AT_MOST: Final = 30


async def check_frozen(conn: Conn, environment: str, now: datetime) -> Freeze | None:
    """The freeze that keeps an environment from being deployed to, of several the soonest to end; None: go on."""
    active = await freezes.list_active(conn, environment, now)
    return active[0] if active else None


async def freeze(deps: Deps, act: Act, wanted: NewFreeze) -> Freeze:
    """Freeze an environment; windows may overlap."""
    async with deps.transaction(act) as conn:
        freeze_id = await freezes.insert_freeze(
            conn,
            environment=wanted.environment,
            starts_at=wanted.starts_at,
            ends_at=wanted.ends_at,
            tz=wanted.tz,
            reason=wanted.reason,
            created_by=act.person.user_id if act.person else None,
            now=deps.now(),
        )
        return await _get(conn, freeze_id)


async def lift(deps: Deps, act: Act, freeze_id: int) -> Freeze:
    """End a freeze before its time.

    Raises:
        Missing: there is none with this number.
        WrongState: it is lifted, or over, already.
    """
    now = deps.now()
    async with deps.transaction(act) as conn:
        found = await _get(conn, freeze_id)
        label = freeze_label(freeze_id)
        if found.lifted_at is not None:
            tz = act.person.tz if act.person else "UTC"
            raise WrongState(f"{label} was already lifted, {local(found.lifted_at, tz):%Y-%m-%d %H:%M}.")
        if found.ends_at <= now:
            raise WrongState(f"{label} is already over. `/deploy freezes` shows those that are not.")
        await freezes.mark_lifted(conn, freeze_id, act.person.user_id if act.person else None, now)
        return found


async def list_ahead(deps: Deps) -> list[Freeze]:
    """The freezes that last or are still to come, thirty at most."""
    async with deps.pool.acquire() as conn:
        return await freezes.list_ahead(conn, deps.now(), SHOWN_AT_MOST)


async def _get(conn: Conn, freeze_id: int) -> Freeze:
    found = await freezes.find_locked(conn, freeze_id)
    if found is None:
        raise Missing(f"There is no freeze {freeze_label(freeze_id)}. `/deploy freezes` shows what there is.")
    return found
