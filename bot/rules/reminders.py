"""Which reminders of a request are due, seen from one moment; and until when somebody puts one off.

A step is said once for a due date: `before` (24 hours before), `due` (at the time), `overdue:DAY` (each working
morning), `snooze:INSTANT` (when a pause is over), `escalated` (in the channel). All of them keep to working hours.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.errors import WrongState
from bot.rules import days
from bot.rules.ids import card_label, is_labelled, parse_id
from bot.rules.when import A_WEEK, parse_due
from bot.rules.wording import bad
from bot.rules.workdays import WorkingHours, is_morning, is_working, opening, start_of_work
from bot.rules.zones import instant, local
from db.models import Priority, Request

BEFORE: Final = "before"
DUE: Final = "due"
ESCALATED: Final = "escalated"
AHEAD: Final = timedelta(hours=24)
URGENT_AFTER: Final = timedelta(days=2)
# A due time waits for working hours for a week at most, and an hour more where the clocks change in it.
LONGEST_WAIT: Final = timedelta(days=8)
A_DATE: Final = "date"
URGENT: Final = frozenset({Priority.HIGH, Priority.CRITICAL})
SNOOZE_EXAMPLE: Final = "/techops snooze MR-42 tomorrow"
_NEXT: Final = {"next working day", "next workday", "next-working-day", "workday"}


@dataclass(frozen=True, slots=True)
class Snooze:
    """What to put off; `when` is as typed, or what the menu said."""

    request_id: int
    when: str


def overdue_step(now: datetime, tz: str) -> str:
    """The step of this morning."""
    return f"overdue:{local(now, tz).date().isoformat()}"


def snooze_step(until: datetime) -> str:
    """The step that ends a pause."""
    return f"snooze:{until.timestamp():.0f}"


def steps_due(
    due_at: datetime,
    now: datetime,
    *,
    tz: str,
    hours: WorkingHours,
    sent: Collection[str] = (),
    snoozed_until: datetime | None = None,
) -> tuple[str, ...]:
    """The steps to be said now, in one message: nothing outside working hours, nothing that is in `sent`.

    `snoozed_until` is when the person wants to hear of it again; None where they have not put it off.
    """
    if not is_working(now, tz, hours) or (snoozed_until is not None and now < snoozed_until):
        return ()
    steps = [snooze_step(snoozed_until)] if snoozed_until is not None else []
    if due_at - AHEAD <= now < due_at:
        steps.append(BEFORE)
    if due_at <= now and _is_first_day(due_at, now, tz, hours):
        steps.append(DUE)
    if due_at <= now and is_morning(now, tz, hours):
        steps.append(overdue_step(now, tz))
    return tuple(step for step in steps if step not in sent)


def is_escalation_due(priority: str, due_at: datetime, now: datetime, *, tz: str, hours: WorkingHours) -> bool:
    """Whether the channel should hear of it: high or critical, overdue by two days, in the person's working hours."""
    return priority in URGENT and now - due_at >= URGENT_AFTER and is_working(now, tz, hours)


def parse_snooze(text: str) -> Snooze:
    """Read ID WHEN. Raises BadInput."""
    words = text.split()
    if len(words) < 2:  # noqa: PLR2004 - ID and WHEN
        raise bad("Say which request, and until when.", example=SNOOZE_EXAMPLE)
    if is_labelled(words[-1]) and not is_labelled(words[0]):
        words = [words[-1], *words[:-1]]
    return Snooze(parse_id(words[0]), " ".join(words[1:]).removeprefix("until ").strip(' "\u201c\u201d'))


def read_choice(value: str) -> Snooze:
    """What was chosen in the menu: "tomorrow:42", "workday:42" or "date:42". Raises BadInput."""
    when, _, number = value.partition(":")
    return Snooze(parse_id(number), when)


def snooze_until(when: str, *, now: datetime, tz: str, hours: WorkingHours, field: str | None = None) -> datetime:
    """The instant (UTC) that a pause ends: tomorrow, next working day (both at the start of work), or a date.

    A date without a time is the start of work on that day. Raises BadInput.
    """
    wanted = " ".join(when.casefold().split())
    if wanted in _NEXT or wanted == "tomorrow":
        return start_of_work(now, tz, hours, working_day=wanted != "tomorrow")
    until = parse_due(wanted, now=now, tz=tz, field=field)
    if until is None:
        raise bad("A reminder has to come back some day. To hear no more of it, complete or cancel the request.")
    if days.is_span(wanted) or days.divide(wanted)[1] is not None:
        return until.replace(second=0, microsecond=0)
    return _at_work(wanted, until, now=now, tz=tz, hours=hours)


def check_snooze(row: Request, user_id: int, *, open_: bool) -> datetime:
    """The due date of a request whose reminders the person may put off. Raises WrongState."""
    label = card_label(row.id)
    if not open_:
        raise WrongState(f"{label} is over, so there are no reminders of it to put off.")
    if row.due_at is None:
        raise WrongState(
            f"{label} has no due date, so there are no reminders of it to put off. "
            f"An engineer can give it one: `/maintenance due {label} friday 17:00`"
        )
    if user_id not in {row.assigned_to, row.requested_by}:
        who = row.assignee_name or row.requester_name
        raise WrongState(f"You get no reminders of {label}; {who} does.")
    return row.due_at


def _is_first_day(due_at: datetime, now: datetime, tz: str, hours: WorkingHours) -> bool:
    """Whether now is on the first working day that has working hours at or after the due time."""
    first = opening(due_at, tz, hours)
    return first <= now and local(first, tz).date() == local(now, tz).date()


def _at_work(wanted: str, until: datetime, *, now: datetime, tz: str, hours: WorkingHours) -> datetime:
    """The start of work on the day that `until` is on; where it is over, that of the same weekday in a week."""
    day = local(until, tz).date()
    start = instant(day, hours.start, now=now, tz=tz)
    if start > now:
        return start
    return instant(day + A_WEEK, hours.start, now=now, tz=tz) if days.is_weekday(wanted) else until
