"""Links to records that are pasted into Slack."""

from bot.context import Deps
from bot.registry import Ask, event
from bot.rules.unfurls import read_shared
from bot.services import unfurls
from bot.services.links import address_of
from bot.views.answers import Answer, Done


@event("link_shared", introduces=False)
async def link_shared(ask: Ask, deps: Deps) -> Answer:
    """Have the records shown; the worker does it, so that a slow Slack delays nobody."""
    shared = read_shared(ask.event, address_of(deps.settings))
    if shared is not None:
        await unfurls.ask(deps, ask.act, ask.person, shared)
    return Done()
