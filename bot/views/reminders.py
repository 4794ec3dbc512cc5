"""Reminders: the message to a person or channel, the menu that puts one off, working hours."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.rules.ids import card_label
from bot.rules.requests import Move, moves_from
from bot.rules.workdays import DEFAULT, HOURS_EXAMPLE, WorkingHours, spoken_hours
from bot.views import kit
from bot.views.answers import Block, Reply, View
from bot.views.kit import Message, Part
from bot.views.wording import count, line, priority_label, quoted
from db.models import Request

START = "reminders.start"
SNOOZE = "reminders.snooze"
OPEN = "reminders.open"
TAKE = "reminders.take"
SNOOZE_CALLBACK = "reminders.snooze_until"

_NAMED = 3
_NOW = timedelta(hours=1)


def reminder_dm(rows: Sequence[Request], total: int, as_of: datetime, *, may_work: bool) -> Message:
    """Remind a person of the first of `total` requests, as of a moment; `may_work`: they may start and complete."""
    told = [_sentence(row, as_of) for row in rows[:_NAMED]]
    left = total - len(told)
    head: list[Part] = [f"{count(total, 'request')} to look at. "] if total > 1 else []
    text = [*head, *[part for parts in told for part in [*parts, " "]], *([f"And {left:,} more."] if left > 0 else [])]
    items = [[kit.rich(*_sentence(row, as_of)), _buttons(row, may_work=may_work)] for row in rows]
    blocks = kit.stack([kit.rich(*head)] if head else [], items, more=_more, total=total)
    return Message(kit.spoken(text).rstrip(), blocks)


def escalation(rows: Sequence[Request], total: int, as_of: datetime) -> Message:
    """Tell a channel of urgent requests that have been overdue for two days."""
    verb = "is" if total == 1 else "are"
    head: list[Part] = [f"{count(total, 'urgent request')} {verb} overdue by two days or more."]
    named = ", ".join(card_label(row.id) for row in rows[:_NAMED])
    items = [[kit.rich(*_sentence(row, as_of), f" {_owner(row)}"), _channel_buttons(row)] for row in rows]
    return Message(f"{kit.spoken(head)} {named}", kit.stack([kit.rich(*head)], items, more=_more_late, total=total))


def snooze_modal(row: Request) -> View:
    """Ask for the day on which a reminder comes back."""
    blocks = [
        kit.rich("Until when do you want to hear nothing of ", *quoted(row.id, row.title), "?"),
        kit.date("until", "Date", hint="At the start of your working day; on a day off, on the next working day."),
    ]
    return kit.modal(SNOOZE_CALLBACK, f"Snooze {card_label(row.id)}"[:24], blocks, "Snooze", str(row.id))


def snoozed(row: Request, until: datetime) -> Reply:
    """Confirm that a reminder was put off."""
    return kit.say("You will be reminded of ", *quoted(row.id, row.title), " again ", until, ", in your working hours.")


def hours_shown(hours: WorkingHours, tz: str) -> Reply:
    """Tell when somebody is reminded."""
    return kit.say(
        f"You are reminded from {spoken_hours(hours)}, by the clock of {line(tz, 60)}. To change that, type ",
        kit.Code(HOURS_EXAMPLE),
        "; to go back to the usual hours, ",
        kit.Code("/techops hours default"),
        ".",
    )


def hours_set(hours: WorkingHours, tz: str) -> Reply:
    """Confirm working hours."""
    usual = " Those are the usual hours." if hours == DEFAULT else ""
    return kit.say(f"From now on you are reminded from {spoken_hours(hours)}, by the clock of {line(tz, 60)}.{usual}")


def _sentence(row: Request, as_of: datetime) -> list[Part]:
    """Say how a request stands to its due date."""
    urgency = f", priority {priority_label(row.priority).lower()}."
    if row.due_at is None:
        return [*quoted(row.id, row.title), f" is open{urgency}"]
    if row.due_at > as_of:
        return [*quoted(row.id, row.title), " is due ", row.due_at, urgency]
    if as_of - row.due_at < _NOW:
        return [*quoted(row.id, row.title), " is due now, ", row.due_at, urgency]
    return [*quoted(row.id, row.title), " is overdue since ", row.due_at, urgency]


def _owner(row: Request) -> str:
    return f"Assigned to {line(row.assignee_name, 80)}." if row.assignee_name else "Nobody is assigned."


def _buttons(row: Request, *, may_work: bool) -> Block:
    """Offer what can be done with a request from a reminder; what a button does is decided when it is pressed."""
    value = str(row.id)
    work = [kit.button("Complete", "maintenance.complete", value, "primary")] if may_work else []
    if may_work and Move.START in moves_from(row.status):
        work.insert(0, kit.button("Start", START, value))
    return kit.actions(*work, _menu(row), kit.button("Open", OPEN, value))


def _menu(row: Request) -> Block:
    options = [("Until tomorrow", "tomorrow"), ("Until next working day", "workday"), ("Until a date…", "date")]
    return {
        "type": "static_select",
        "action_id": SNOOZE,
        "placeholder": kit.plain("Snooze", 150),
        "options": [kit.option(label, f"{value}:{row.id}") for label, value in options],
    }


def _channel_buttons(row: Request) -> Block:
    value = str(row.id)
    take = [kit.button("Assign to me", TAKE, value, "primary")] if row.assigned_to is None else []
    return kit.actions(*take, kit.button("Open", OPEN, value))


def _more(left: int) -> Block:
    return kit.and_more(left, "`/maintenance list mine`")


def _more_late(left: int) -> Block:
    return kit.and_more(left, "`/maintenance list overdue`")
