"""Shortcuts that raise a maintenance request: from anywhere, and from a message."""

from bot.context import Deps
from bot.errors import WrongState
from bot.registry import Ask, shortcut, submission
from bot.rules import forms
from bot.rules.shortcuts import Source, read_source, source_token
from bot.services import requests, shortcuts
from bot.services.subscriptions import card_channel
from bot.views import maintenance as views
from bot.views import maintenance_modals as modals
from bot.views.answers import Answer, OpenModal
from db.models_subscriptions import Topic


@shortcut("new_request", "New maintenance request")
async def new_request(ask: Ask, _deps: Deps) -> Answer:
    """The empty form."""
    return OpenModal(modals.new_request(tz=ask.person.tz))


@shortcut("create_request", "New maintenance request", on_message=True)
async def from_message(ask: Ask, deps: Deps) -> Answer:
    """The form, with the message as description."""
    it = ask.message
    if it is None or not it.ts:
        raise WrongState("Slack did not say which message is meant, so nothing was done. Try again from its menu.")
    told = await shortcuts.description(deps, ask.person, it.channel_id, it.ts, it.thread_ts, it.text)
    source = source_token(Source(it.channel_id, it.thread_ts or it.ts))
    callback = modals.FROM_MESSAGE_CALLBACK
    return OpenModal(modals.new_request(tz=ask.person.tz, description=told, metadata=source, callback_id=callback))


@submission(modals.FROM_MESSAGE_CALLBACK)
async def create_from_message(ask: Ask, deps: Deps) -> Answer:
    """Raise the request, and name it in the message's thread."""
    form = forms.read_new(ask.values, now=deps.now(), tz=ask.person.tz)
    row = await requests.create(deps, ask.act, ask.person, form, source=read_source(ask.metadata))
    where = await card_channel(deps, Topic.MAINTENANCE, row.project_id, deps.settings.ops_channel)
    return views.created(row, where)
