"""`/maintenance`: what changes a request by typing."""

from bot.context import Deps
from bot.registry import Ask, command
from bot.rules import maintenance as rules
from bot.rules.requests import Move
from bot.services import requests
from bot.views import maintenance as views
from bot.views.answers import Answer
from db.models import Role


@command(
    "maintenance",
    "assign",
    role=Role.ENGINEER,
    usage="assign ID @x|me",
    help="Gives a request to an engineer or admin",
    examples=["assign MR-42 me"],
)
async def assign(ask: Ask, deps: Deps) -> Answer:
    """Give a request to somebody."""
    wanted = rules.parse_assign(ask.text)
    row = await requests.assign(deps, ask.act, ask.person, wanted.id, wanted.who)
    return views.assigned(row, to_self=row.assigned_to == ask.person.user_id)


@command(
    "maintenance",
    "start",
    role=Role.ENGINEER,
    usage="start ID [note]",
    help="Says that work on it has begun",
    examples=["start MR-42"],
)
async def start(ask: Ask, deps: Deps) -> Answer:
    """Open becomes in progress."""
    wanted = rules.parse_noted(ask.text, "start")
    row = await requests.move(deps, ask.act, ask.person, wanted.id, Move.START, wanted.note)
    return views.moved(row, "started")


@command(
    "maintenance",
    "complete",
    role=Role.ENGINEER,
    usage="complete ID [note]",
    help="Says that it is done",
    examples=["complete MR-42 Replaced the disk"],
)
async def complete(ask: Ask, deps: Deps) -> Answer:
    """In progress becomes completed."""
    wanted = rules.parse_noted(ask.text, "complete")
    row = await requests.move(deps, ask.act, ask.person, wanted.id, Move.COMPLETE, wanted.note)
    return views.moved(row, "completed")


@command(
    "maintenance",
    "reopen",
    role=Role.ENGINEER,
    usage="reopen ID [note]",
    help="Opens a completed or cancelled request again",
    examples=["reopen MR-42 It is back"],
)
async def reopen(ask: Ask, deps: Deps) -> Answer:
    """Completed or cancelled becomes open."""
    wanted = rules.parse_noted(ask.text, "reopen")
    row = await requests.move(deps, ask.act, ask.person, wanted.id, Move.REOPEN, wanted.note)
    return views.moved(row, "reopened")


@command(
    "maintenance",
    "cancel",
    usage="cancel ID [reason]",
    help="Says that it is not needed any more; its requester, engineers and admins may",
    examples=["cancel MR-42 Solved by a restart"],
)
async def cancel(ask: Ask, deps: Deps) -> Answer:
    """Open or in progress becomes cancelled."""
    wanted = rules.parse_noted(ask.text, "cancel")
    row = await requests.move(deps, ask.act, ask.person, wanted.id, Move.CANCEL, wanted.note)
    return views.moved(row, "cancelled")


@command(
    "maintenance",
    "priority",
    role=Role.ENGINEER,
    usage="priority ID low|medium|high|critical",
    help="Changes how urgent it is",
    examples=["priority MR-42 high"],
)
async def priority(ask: Ask, deps: Deps) -> Answer:
    """Another priority."""
    request_id, wanted = rules.parse_priority(ask.text)
    return views.prioritised(await requests.set_priority(deps, ask.act, request_id, wanted))


@command(
    "maintenance",
    "due",
    role=Role.ENGINEER,
    usage="due ID WHEN|none",
    help="Changes when it is due, in your own time zone",
    examples=["due MR-42 friday 17:00", "due MR-42 none"],
)
async def due(ask: Ask, deps: Deps) -> Answer:
    """Another due date, or none."""
    request_id, due_at = rules.parse_due_command(ask.text, now=deps.now(), tz=ask.person.tz)
    return views.due_changed(await requests.set_due(deps, ask.act, ask.person, request_id, due_at))


@command(
    "maintenance",
    "comment",
    usage="comment ID TEXT",
    help="Adds a remark to its thread; its requester, engineers and admins may",
    examples=["comment MR-42 The spare part has arrived"],
)
async def comment(ask: Ask, deps: Deps) -> Answer:
    """A remark."""
    request_id, body = rules.parse_comment(ask.text)
    return views.commented(await requests.comment(deps, ask.act, ask.person, request_id, body))
