"""When something is due, when work was done, which days a report covers: in the person's own time zone.

A date without a time is due at 17:00, the end of the working day; where that has passed today, at 23:59.
A weekday or a time alone is the next one that is still ahead.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from bot.errors import BadInput
from bot.rules import days
from bot.rules.suggest import closest
from bot.rules.wording import bad, quoted
from bot.rules.zones import instant, local, zone

END_OF_WORK: Final = time(17)
END_OF_DAY: Final = time(23, 59)
FURTHEST: Final = timedelta(days=36525)
EARLIEST_WORK: Final = date(2000, 1, 1)
A_WEEK: Final = timedelta(days=7)
A_DAY: Final = timedelta(days=1)
WORK_DATE_EXAMPLES: Final = "today, yesterday, monday or 2026-11-25"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included; `label` as it stands in a heading."""

    first: date
    last: date
    label: str


def parse_due(text: str, *, now: datetime, tz: str, field: str | None = "due_date") -> datetime | None:
    """The instant (UTC) that `text` means to a person in `tz`; None for "none". Raises BadInput, also for the past."""
    wanted = " ".join(text.casefold().split())
    if wanted == "none":
        return None
    if not wanted:
        raise bad("Say when it is due, or none.", example=days.due_examples(now), field=field)
    if days.is_span(wanted):
        return _ahead(days.span(wanted, now=now, field=field), now=now, tz=tz, field=field)
    day_text, at_text = days.divide(wanted)
    at = days.clock(at_text, field=field) if at_text else None
    here = local(now, tz).replace(tzinfo=None)
    day = days.day(day_text, base=here, field=field) if day_text else here.date()
    again = A_WEEK if days.is_weekday(day_text) else A_DAY if day_text is None else None
    if again and _instant(day, at or END_OF_WORK, now=now, tz=tz, field=field) <= now:
        day += again
    return _due(day, at, now=now, tz=tz, field=field)


def combine_due(date_text: str | None, time_text: str | None, *, now: datetime, tz: str) -> datetime | None:
    """The due instant (UTC) from a modal's date (YYYY-MM-DD) and time (HH:MM), both optional.

    Raises BadInput with field "due_date" or "due_time".
    """
    if not date_text:
        if time_text:
            raise bad("A due time needs a date. Choose a due date, or clear the time.", field="due_date")
        return None
    day = days.iso_day(date_text, field="due_date")
    at = days.clock(time_text, field="due_time") if time_text else None
    today = local(now, tz).date()
    return _due(day, at, now=now, tz=tz, field="due_time" if at and day == today else "due_date")


def parse_work_date(text: str | None, *, now: datetime, tz: str, field: str | None = "work_date") -> date:
    """The day work was done: today (also for None), yesterday, the last monday, 2026-11-25. Raises BadInput."""
    today = local(now, tz).date()
    wanted = (text or "today").strip().casefold()
    if not days.is_one_word_day(wanted):
        raise bad(f"{quoted(wanted)} is no date I understand.", example=WORK_DATE_EXAMPLES, field=field)
    day = _day_back(wanted, today, field)
    if day > today:
        raise bad(
            f"{day.isoformat()} is in the future. Log work on the day it was done, or afterwards.",
            example=f"today or {today.isoformat()}",
            field=field,
        )
    if day < EARLIEST_WORK:
        raise bad(f"{day.isoformat()} is before the year 2000. Check the year.", example=today.isoformat(), field=field)
    return day


def parse_period(text: str | None, *, now: datetime, tz: str) -> Period:
    """today, week (Monday to Sunday, also for None), month, or FROM..TO (ISO dates, both included). Raises BadInput."""
    today = local(now, tz).date()
    wanted = (text or "week").strip().casefold()
    if wanted == "today":
        return Period(today, today, "today")
    if wanted == "week":
        monday = today - A_DAY * today.weekday()
        return Period(monday, monday + 6 * A_DAY, "this week")
    if wanted == "month":
        first = today.replace(day=1)
        return Period(first, (first + 31 * A_DAY).replace(day=1) - A_DAY, "this month")
    return _from_to(wanted)


def looks_like_period(word: str) -> bool:
    """Whether one word is meant as a period of a report, valid or not."""
    return word.casefold() in {"today", "week", "month"} or ".." in word


def _from_to(wanted: str) -> Period:
    first_text, dots, last_text = wanted.partition("..")
    if not dots:
        near = closest(wanted, ("today", "week", "month"))
        hint = f" Did you mean {near}?" if near else ""
        raise bad(f"{quoted(wanted)} is no period.{hint}", example="today, week, month or 2026-11-01..2026-11-30")
    first, last = days.iso_day(first_text, field=None), days.iso_day(last_text, field=None)
    if last < first:
        raise bad(f"{quoted(wanted)} ends before it begins.", example=f"{last.isoformat()}..{first.isoformat()}")
    return Period(first, last, f"{first.isoformat()} to {last.isoformat()}")


def _day_back(wanted: str, today: date, field: str | None) -> date:
    if wanted in {"today", "yesterday", "tomorrow"}:
        return today + A_DAY * {"today": 0, "yesterday": -1, "tomorrow": 1}[wanted]
    day = days.day(wanted, base=datetime.combine(today, time()), field=field)
    return day - A_WEEK if days.is_weekday(wanted) and day > today else day


def _due(day: date, at: time | None, *, now: datetime, tz: str, field: str | None) -> datetime:
    due = _instant(day, at or END_OF_WORK, now=now, tz=tz, field=field)
    if at is None and due <= now and day == local(now, tz).date():
        due = _instant(day, END_OF_DAY, now=now, tz=tz, field=field)
    return _ahead(due, now=now, tz=tz, field=field)


def _ahead(due: datetime, *, now: datetime, tz: str, field: str | None) -> datetime:
    if due <= now:
        here = local(due, tz)
        raise bad(
            f"{here:%Y-%m-%d %H:%M} has already passed ({zone(tz)}). A due date must lie ahead.",
            example=days.due_examples(now),
            field=field,
        )
    if due - now > FURTHEST:
        raise _too_far(now, field)
    return due


def _instant(day: date, at: time, *, now: datetime, tz: str, field: str | None) -> datetime:
    try:
        return instant(day, at, now=now, tz=tz)
    except OverflowError:
        raise _too_far(now, field) from None


def _too_far(now: datetime, field: str | None) -> BadInput:
    return bad("That is more than 100 years from now. Check the year.", example=days.due_examples(now), field=field)
