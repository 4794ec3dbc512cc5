"""The buttons and the menu of a request's card, which `/maintenance show` has too.

A card changes by itself. An ephemeral message, which Slack sends without its content, does not: there the click is
answered.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.auth import require
from bot.context import Deps
from bot.registry import Ask, action
from bot.rules import forms
from bot.rules.ids import parse_id
from bot.rules.requests import Move
from bot.rules.zones import local
from bot.services import lists, requests, worklogs
from bot.views import maintenance as views
from bot.views import maintenance_modals as modals
from bot.views import worklog as worklog_views
from bot.views.answers import Answer, Done, OpenModal
from db.models import Role


@action("maintenance.assign_me", role=Role.ENGINEER)
async def assign_me(ask: Ask, deps: Deps) -> Answer:
    """Take a request that nobody has."""
    row = await requests.take(deps, ask.act, ask.person, parse_id(ask.value))
    return Done() if ask.message else views.assigned(row, to_self=True)


@action("maintenance.start", role=Role.ENGINEER)
async def start(ask: Ask, deps: Deps) -> Answer:
    """Begin the work."""
    row = await requests.move(deps, ask.act, ask.person, parse_id(ask.value), Move.START)
    return Done() if ask.message else views.moved(row, "started")


@action("maintenance.log_work", role=Role.ENGINEER)
async def log_work(ask: Ask, deps: Deps) -> Answer:
    """Ask what was done."""
    row = await worklogs.find_loggable(deps, parse_id(ask.value))
    return OpenModal(worklog_views.log_work(row, local(deps.now(), ask.person.tz).date()))


@action("maintenance.complete", role=Role.ENGINEER)
async def complete(ask: Ask, deps: Deps) -> Answer:
    """Ask for note and hours."""
    row = await requests.find_movable(deps, ask.person, parse_id(ask.value), Move.COMPLETE)
    return OpenModal(modals.complete_request(row))


@action("maintenance.more")
async def choose(ask: Ask, deps: Deps) -> Answer:
    """Do what was chosen in the menu."""
    verb, request_id = forms.read_choice(ask.value)
    return await _CHOICES[verb](ask, deps, request_id)


async def _edit(ask: Ask, deps: Deps, request_id: int) -> Answer:
    require(ask.person, Role.ENGINEER, what="Edit")
    row = await requests.find_editable(deps, request_id)
    return OpenModal(modals.edit_request(row, tz=ask.person.tz, metadata=f"{row.id}:{forms.seen(row)}"))


async def _cancel(ask: Ask, deps: Deps, request_id: int) -> Answer:
    row = await requests.find_movable(deps, ask.person, request_id, Move.CANCEL)
    return OpenModal(modals.cancel_request(row))


async def _history(_ask: Ask, deps: Deps, request_id: int) -> Answer:
    past = await lists.history(deps, request_id)
    return views.history(past.row, past.entries, past.activity, names=past.names, zone=past.zone)


async def _reopen(ask: Ask, deps: Deps, request_id: int) -> Answer:
    require(ask.person, Role.ENGINEER, what="Reopen")
    row = await requests.move(deps, ask.act, ask.person, request_id, Move.REOPEN)
    return Done() if ask.message else views.moved(row, "reopened")


_CHOICES: Final[Mapping[str, Callable[[Ask, Deps, int], Awaitable[Answer]]]] = {
    "edit": _edit,
    "cancel": _cancel,
    "history": _history,
    "reopen": _reopen,
}
