"""Which day, and which time of day, English words mean.

A text must have one of the forms below as a whole, so that nothing is half understood; dateparser does the reckoning.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from bot.errors import BadInput
from bot.rules.wording import bad, quoted

NOON: Final = 12
A_MONTH: Final = timedelta(days=30)
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_WEEKDAY: Final = rf"(?:{'|'.join(WEEKDAYS)}|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)"
_MONTH: Final = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_COUNT: Final = r"(?:[0-9]{1,4}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve)"
_NAMED_WEEKDAY: Final = re.compile(rf"(?:on |this )?({_WEEKDAY})")
_NEXT_WEEKDAY: Final = re.compile(rf"next ({_WEEKDAY})")
_DAY_FORM: Final = re.compile(
    r"today|tomorrow|yesterday|(?:the )?day after tomorrow"
    rf"|{_NAMED_WEEKDAY.pattern}"
    rf"|(?:in )?{_COUNT} (?:days?|weeks?|months?)"
    rf"|(?:on )?(?:the )?[0-9]{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? [0-9]{{4}})?"
    rf"|(?:on )?{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?(?:,? [0-9]{{4}})?"
)
_SPAN_FORM: Final = re.compile(
    rf"(?:in )?{_COUNT} (?:hours?|hrs?|minutes?|mins?)(?: (?:and )?{_COUNT} (?:minutes?|mins?))?"
)
_BEGINNING: Final = re.compile(rf"in|on|at|the|next|this|{_MONTH}|{_COUNT}")
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_NUMBERS_DAY: Final = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")
_AT: Final = r"(?:at )?(?P<at>noon|[0-9]{1,2}:[0-9]{2}(?::00)?(?: ?[ap]m)?|[0-9]{1,2} ?[ap]m)"
_CLOCK_LAST: Final = re.compile(rf"(?:(?P<day>.+?)(?:,? |(?<=[0-9])t(?=[0-9])))?{_AT}")
_CLOCK_FIRST: Final = re.compile(rf"{_AT},? (?P<day>.+)")
_CLOCK: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?(?::00)? ?([ap]m)?")


def due_examples(base: datetime) -> str:
    """What may be typed as a due date, seen from `base`."""
    return f"friday 17:00, tomorrow, in 3 days, {base + A_MONTH:%Y-%m-%d} 17:00 or none"


def divide(wanted: str) -> tuple[str | None, str | None]:
    """The words for a day and those for a time, None where there are none. `wanted`: lower case, single blanks."""
    found = _CLOCK_LAST.fullmatch(wanted) or _CLOCK_FIRST.fullmatch(wanted)
    return (found["day"], found["at"]) if found else (wanted, None)


def is_time_of_day(word: str) -> bool:
    """Whether one word is a time of day: 17:00, 5pm, noon."""
    return re.fullmatch(_AT, word.casefold()) is not None


def is_weekday(wanted: str | None) -> bool:
    """Whether the words name a day of the week, which comes again in seven days."""
    return wanted is not None and _NAMED_WEEKDAY.fullmatch(wanted) is not None


def is_span(wanted: str) -> bool:
    """Whether the words are a number of hours or minutes from now."""
    return _SPAN_FORM.fullmatch(wanted) is not None


def is_iso_day(wanted: str) -> bool:
    """Whether the word has the form 2026-12-24, existing or not."""
    return _ISO_DAY.fullmatch(wanted) is not None


def is_one_word_day(word: str) -> bool:
    """Whether one word is meant as a date, existing or not: today, mon, 2026-12-24, 24.12.2026."""
    folded = word.casefold()
    named = folded in {"today", "yesterday", "tomorrow"}
    return named or any(form.fullmatch(folded) for form in (_NAMED_WEEKDAY, _ISO_DAY, _NUMBERS_DAY))


def clock(at: str, *, field: str | None) -> time:
    """A time of day from 17:00, 5pm, 5:30pm or noon. Raises BadInput."""
    if at == "noon":
        return time(NOON)
    found = _CLOCK.fullmatch(at.strip().casefold())
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (-1, 0)
    if found and found[3]:
        hour = hour % NOON + (NOON if found[3] == "pm" else 0) if 1 <= hour <= NOON else -1
    try:
        return time(hour, minute)
    except ValueError:
        raise bad(f"{quoted(at)} is no time of day.", example="17:00", field=field) from None


def iso_day(text: str, *, field: str | None) -> date:
    """A date from 2026-12-24. Raises BadInput where it is none or does not exist."""
    try:
        year, month, day = (int(part) for part in text.split("-")) if is_iso_day(text) else (0, 0, 0)
        return date(year, month, day)
    except ValueError:
        raise _nonexistent(text, field) from None


def day(wanted: str, *, base: datetime, field: str | None) -> date:
    """The day that words mean, seen from `base`, a local time without zone; a weekday may be today. Raises BadInput."""
    if is_iso_day(wanted):
        return iso_day(wanted, field=field)
    numbers = _NUMBERS_DAY.fullmatch(wanted)
    if numbers:
        return _from_numbers(int(numbers[1]), int(numbers[2]), int(numbers[3]), wanted, field)
    if not _DAY_FORM.fullmatch(wanted):
        raise _unreadable(wanted, base, field)
    found = _reckon(wanted, base - timedelta(days=1) if is_weekday(wanted) else base)
    if found is None:
        raise _nonexistent(wanted, field)
    return found.date()


def span(wanted: str, *, now: datetime, field: str | None) -> datetime:
    """The instant some hours or minutes after `now`: true hours, whatever the clocks do. Raises BadInput."""
    found = _reckon(wanted, now.astimezone(UTC).replace(tzinfo=None))
    if found is None:
        raise bad(f"{quoted(wanted)} is no time I understand.", example=due_examples(now), field=field)
    return found.replace(tzinfo=UTC)


def warm_up() -> None:
    """Load dateparser and its tables: 0.3 s and 15 MiB that the first such text would cost. Call it in a thread."""
    _reckon("tomorrow", datetime(2000, 1, 1))  # noqa: DTZ001 - dateparser wants a local time without zone


def _reckon(wanted: str, base: datetime) -> datetime | None:
    import dateparser  # noqa: PLC0415 - memory and start-up time that only such a text should cost

    found: datetime | None = dateparser.parse(
        wanted,
        languages=["en"],
        settings={
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": base,
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "PARSERS": ["relative-time", "absolute-time"],
        },
    )
    return found


def _from_numbers(first: int, second: int, year: int, wanted: str, field: str | None) -> date:
    readings = [(second, first), (first, second)]
    days = {date(year, month, day) for month, day in readings if _exists(year, month, day)}
    if not days:
        raise _nonexistent(wanted, field)
    if len(days) > 1:
        either = " or ".join(sorted(day.isoformat() for day in days))
        raise bad(
            f"{quoted(wanted)} could be {either}. Write the year first.", example=min(days).isoformat(), field=field
        )
    return days.pop()


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _nonexistent(text: str, field: str | None) -> BadInput:
    return bad(f"{quoted(text)} is not in the calendar. Dates are year-month-day.", example="2026-12-24", field=field)


def _unreadable(wanted: str, base: datetime, field: str | None) -> BadInput:
    if _BEGINNING.fullmatch(wanted):
        problem = f"{quoted(wanted)} is not a whole date. Put quotes around one of several words"
        return bad(f'{problem}, as in due:"in 3 days".', example=due_examples(base), field=field)
    following = _NEXT_WEEKDAY.fullmatch(wanted)
    if following is None:
        return bad(f"{quoted(wanted)} is no date I understand.", example=due_examples(base), field=field)
    soon = day(following[1], base=base + timedelta(days=1), field=field)
    later = soon + timedelta(days=7)
    return bad(
        f"{quoted(wanted)} could be {soon.isoformat()} or {later.isoformat()}. Write the date.",
        example=soon.isoformat(),
        field=field,
    )
