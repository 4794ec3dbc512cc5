"""Working hours, Monday to Friday from 9 to 17 where a person lives: nothing in the sample happens outside them."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

OPENS: Final = 9
CLOSES: Final = 17
_LAST_WORKDAY: Final = 4


def at_work(moment: datetime, tz: str, rng: Random) -> datetime:
    """The moment itself, to the minute, where it lies within working hours; else one late on the last working day."""
    local = moment.astimezone(ZoneInfo(tz))
    if local.weekday() <= _LAST_WORKDAY and OPENS <= local.hour < CLOSES:
        return local.replace(second=0, microsecond=0).astimezone(UTC)
    day = local.date() if local.hour >= CLOSES else local.date() - timedelta(days=1)
    while day.weekday() > _LAST_WORKDAY:
        day -= timedelta(days=1)
    return at_hour(day, CLOSES, tz) - timedelta(minutes=rng.randint(5, 90))


def earlier(moment: datetime, tz: str, rng: Random, shortest: float, longest: float) -> datetime:
    """A moment within working hours, some hours before the given one: `shortest` at least, more over a night."""
    return at_work(moment - timedelta(hours=rng.uniform(shortest, longest)), tz, rng)


def at_hour(day: date, hour: int, tz: str) -> datetime:
    """The full hour of a day where a person lives."""
    return datetime.combine(day, time(hour), ZoneInfo(tz)).astimezone(UTC)


def day_of(moment: datetime, tz: str) -> date:
    """The date on a person's calendar."""
    return moment.astimezone(ZoneInfo(tz)).date()
