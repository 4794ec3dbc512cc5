"""When a person works: hours and weekdays on the clock of their own zone; and weekdays as people type them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from bot.rules.days import WEEKDAYS
from bot.rules.wording import bad, listed, quoted
from bot.rules.zones import instant, local

MONDAY_TO_FRIDAY: Final = (1, 2, 3, 4, 5)
EVERY_DAY: Final = (1, 2, 3, 4, 5, 6, 7)
HOURS_EXAMPLE: Final = "/techops hours 8-16 mon-thu"
_SHORT: Final = tuple(name[:3] for name in WEEKDAYS)
_ALIASES: Final = {"weekdays": MONDAY_TO_FRIDAY, "workdays": MONDAY_TO_FRIDAY, "everyday": EVERY_DAY, "all": EVERY_DAY}
_SPAN: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?(?:-|\u2013|\.\.)([0-9]{1,2})(?::([0-9]{2}))?")
_A_DAY: Final = timedelta(days=1)
_A_MINUTE: Final = timedelta(minutes=1)
_MIDNIGHT: Final = 24
# So far ahead that a wall time which comes twice is always its first coming.
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """From `start` to `end`, the minute of `end` included, on these days (1 is Monday)."""

    start: time = time(9)
    end: time = time(17)
    days: tuple[int, ...] = MONDAY_TO_FRIDAY

    @property
    def morning_end(self) -> time:
        """When the first hour of work is over."""
        return time.max if self.start.hour == _MIDNIGHT - 1 else self.start.replace(hour=self.start.hour + 1)


DEFAULT: Final = WorkingHours()


def first_instant(day: date, at: time, tz: str) -> datetime:
    """The UTC instant of a wall time; one that comes twice is its first coming."""
    return instant(day, at, now=_NEVER, tz=tz)


def is_working(now: datetime, tz: str, hours: WorkingHours) -> bool:
    """Whether a person works at this moment."""
    here = local(now, tz)
    return here.isoweekday() in hours.days and hours.start <= _minute(here) <= hours.end


def is_morning(now: datetime, tz: str, hours: WorkingHours) -> bool:
    """Whether it is the first hour of a person's working day."""
    return is_working(now, tz, hours) and _minute(local(now, tz)) < hours.morning_end


def opening(moment: datetime, tz: str, hours: WorkingHours) -> datetime:
    """The first instant (UTC) at or after `moment` at which a person works."""
    first = local(moment, tz).date()
    for ahead in range(9):  # a week, and a day for what the clocks may skip
        day = first + _A_DAY * ahead
        start = first_instant(day, hours.start, tz)
        if day.isoweekday() in hours.days and moment < first_instant(day, hours.end, tz) + _A_MINUTE:
            return max(moment.astimezone(UTC), start)
    raise ValueError(f"no working day in {hours.days}")


def start_of_work(now: datetime, tz: str, hours: WorkingHours, *, working_day: bool) -> datetime:
    """When work begins tomorrow, or on the next working day; the instant in UTC."""
    day = local(now, tz).date() + _A_DAY
    while working_day and day.isoweekday() not in hours.days:
        day += _A_DAY
    return first_instant(day, hours.start, tz)


def parse_hours(text: str) -> WorkingHours | None:
    """Working hours from "8-16 mon-thu", "8:30-17", "mon,wed 9-13"; None for "default". Raises BadInput."""
    words = text.casefold().replace(" - ", "-").replace(", ", ",").split()
    if words == ["default"]:
        return None
    spans = [word for word in words if _SPAN.fullmatch(word)]
    named = [word for word in words if word not in spans]
    if len(spans) != 1 or len(named) > 1:
        raise bad("Say from when to when you work, and on which days.", example=HOURS_EXAMPLE)
    start, end = _span(spans[0])
    return WorkingHours(start, end, parse_days(named[0], example=HOURS_EXAMPLE) if named else MONDAY_TO_FRIDAY)


def parse_days(text: str, *, example: str) -> tuple[int, ...]:
    """Weekdays (1 is Monday) from "mon,thu", "mon-fri", "sat-mon", "weekdays". Raises BadInput."""
    found: set[int] = set()
    for part in filter(None, text.casefold().split(",")):
        found.update(_ALIASES.get(part) or _days(part, example))
    if not found:
        raise bad("Say on which days.", example=example)
    return tuple(sorted(found))


def is_days(word: str) -> bool:
    """Whether a word is meant as weekdays: it begins with one."""
    first = re.split(r"[,\-]", word.casefold(), maxsplit=1)[0]
    return first in _ALIASES or _weekday(first) is not None


def spoken_days(days: Iterable[int]) -> str:
    """Weekdays in a sentence: "Monday to Friday", "Monday and Thursday", "every day"."""
    known = sorted(set(days))
    if known == list(EVERY_DAY):
        return "every day"
    names = [WEEKDAYS[day - 1].capitalize() for day in known]
    if len(known) > 2 and known[-1] - known[0] == len(known) - 1:  # noqa: PLR2004 - two days are no range
        return f"{names[0]} to {names[-1]}"
    return listed(names, last="and")


def spoken_hours(hours: WorkingHours) -> str:
    """Working hours in a sentence: "09:00 to 17:00, Monday to Friday"."""
    return f"{hours.start:%H:%M} to {hours.end:%H:%M}, {spoken_days(hours.days)}"


def _minute(here: datetime) -> time:
    return here.time().replace(second=0, microsecond=0)


def _span(word: str) -> tuple[time, time]:
    found = _SPAN.fullmatch(word)
    numbers = [int(part or 0) for part in found.groups()] if found else [-1] * 4
    if numbers[2:] == [_MIDNIGHT, 0]:
        numbers[2:] = [_MIDNIGHT - 1, 59]
    try:
        start, end = time(numbers[0], numbers[1]), time(numbers[2], numbers[3])
    except ValueError:
        raise bad(f"{quoted(word)} are no hours of a day.", example=HOURS_EXAMPLE) from None
    if end <= start:
        raise bad(f"{quoted(word)} ends before it begins; hours over midnight are not possible.", example=HOURS_EXAMPLE)
    return start, end


def _days(part: str, example: str) -> list[int]:
    first, dash, last = part.replace("\u2013", "-").partition("-")
    ends = (_weekday(first), _weekday(last) if dash else _weekday(first))
    if ends[0] is None or ends[1] is None:
        raise bad(f"{quoted(part)} is no day of the week. Days are {listed(_SHORT, last='and')}.", example=example)
    length = (ends[1] - ends[0]) % 7 + 1
    return [(ends[0] - 1 + step) % 7 + 1 for step in range(length)]


def _weekday(word: str) -> int | None:
    """The number of a day from mon, tues, wednesday."""
    begun = [number for number, name in enumerate(WEEKDAYS, 1) if len(word) > 2 and name.startswith(word)]  # noqa: PLR2004 - mon
    return begun[0] if begun else None
