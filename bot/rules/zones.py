"""Wall clocks: a person's local time, and the instant that a local time means."""

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(tz: str) -> tzinfo:
    """The zone of an IANA name. One that this machine does not know counts as UTC: no profile locks a person out."""
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def local(now: datetime, tz: str) -> datetime:
    """`now` on the clock of `tz`."""
    return now.astimezone(zone(tz))


def instant(day: date, at: time, *, now: datetime, tz: str) -> datetime:
    """The UTC instant of a wall time.

    A time that comes twice (clocks go back) is its first coming, unless that is over and the second is not.
    A time that never comes (clocks go forward) is moved forward by as much as the clock was.
    Raises OverflowError outside the years that a datetime can hold.
    """
    wall = datetime.combine(day, at, tzinfo=zone(tz))
    first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if first <= now < second else first
