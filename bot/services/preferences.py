"""What people set for themselves: working hours, time zone, whether the bot writes to them."""

import asyncio
from zoneinfo import available_timezones

from bot.auth import Actor
from bot.context import Act, Deps
from bot.rules.preferences import Preferences
from db.models_home import PersonSettings
from db.queries import person_settings as queries
from db.queries import reminders


async def find(deps: Deps, person: Actor) -> PersonSettings:
    """What a person has set."""
    async with deps.pool.acquire() as conn:
        return await queries.find_settings(conn, person.user_id)


async def save(deps: Deps, act: Act, person: Actor, wanted: Preferences) -> PersonSettings:
    """Keep what a person has set; it counts from now on."""
    async with deps.transaction(act) as conn:
        if wanted.hours is None:
            await reminders.delete_hours(conn, person.user_id)
        else:
            hours = wanted.hours
            await reminders.upsert_hours(conn, person.user_id, hours.start, hours.end, hours.days, deps.now())
        await queries.upsert_settings(
            conn, person.user_id, wanted.tz, direct_messages=wanted.direct_messages, now=deps.now()
        )
        return await queries.find_settings(conn, person.user_id)


async def zones() -> set[str]:
    """The names of all time zones; read from this machine's files, hence in a thread."""
    return await asyncio.to_thread(available_timezones)
