"""Reminders: their buttons, `/techops snooze` and `/techops hours`.

A reminder does not change by itself, so every click in it is answered.
"""

from bot.context import Deps
from bot.registry import Ask, action, command, submission
from bot.rules import reminders as rules
from bot.rules.ids import parse_id
from bot.rules.requests import Move
from bot.rules.workdays import parse_hours
from bot.services import lists, remind, requests
from bot.views import maintenance
from bot.views import reminders as views
from bot.views.answers import Answer, OpenModal
from db.models import Role


@command(
    "techops",
    "snooze",
    usage="snooze ID WHEN",
    help="Puts your reminders of a request off: until tomorrow, next working day, or a date",
    examples=["snooze MR-42 tomorrow", "snooze MR-42 next working day", "snooze MR-42 friday 14:00"],
)
async def snooze(ask: Ask, deps: Deps) -> Answer:
    """Put reminders off."""
    row, until = await remind.snooze(deps, ask.act, ask.person, rules.parse_snooze(ask.text))
    return views.snoozed(row, until)


@command(
    "techops",
    "hours",
    usage="hours [HH-HH [DAYS]|default]",
    help="Shows or sets when you work; reminders keep to it",
    examples=["hours", "hours 8-16 mon-thu", "hours default"],
)
async def hours(ask: Ask, deps: Deps) -> Answer:
    """Show or set working hours."""
    if not ask.text.strip():
        return views.hours_shown(await remind.working_hours(deps, ask.person), ask.person.tz)
    kept = await remind.set_working_hours(deps, ask.act, ask.person, parse_hours(ask.text))
    return views.hours_set(kept, ask.person.tz)


@action("reminders.snooze")
async def choose_snooze(ask: Ask, deps: Deps) -> Answer:
    """Put reminders off as chosen in the menu, or ask for the date."""
    wanted = rules.read_choice(ask.value)
    if wanted.when == rules.A_DATE:
        return OpenModal(views.snooze_modal(await remind.find_snoozable(deps, ask.person, wanted.request_id)))
    row, until = await remind.snooze(deps, ask.act, ask.person, wanted)
    return views.snoozed(row, until)


@submission("reminders.snooze_until")
async def snooze_until(ask: Ask, deps: Deps) -> Answer:
    """Put reminders off until a date."""
    wanted = rules.Snooze(parse_id(ask.metadata), ask.values.get("until") or "")
    row, until = await remind.snooze(deps, ask.act, ask.person, wanted)
    return views.snoozed(row, until)


@action("reminders.start", role=Role.ENGINEER)
async def start(ask: Ask, deps: Deps) -> Answer:
    """Begin the work."""
    return maintenance.moved(await requests.move(deps, ask.act, ask.person, parse_id(ask.value), Move.START), "started")


@action("reminders.take", role=Role.ENGINEER)
async def take(ask: Ask, deps: Deps) -> Answer:
    """Take a request that nobody has."""
    row = await requests.take(deps, ask.act, ask.person, parse_id(ask.value))
    return maintenance.assigned(row, to_self=True)


@action("reminders.open")
async def open_request(ask: Ask, deps: Deps) -> Answer:
    """Show the request in full."""
    found = await lists.show(deps, parse_id(ask.value))
    return maintenance.show(found.row, found.logs, found.comments, found.approval)
