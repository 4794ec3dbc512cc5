"""Somebody has left: what they have open is handed over."""

from bot.context import Deps
from bot.registry import Ask, action, submission
from bot.rules import accounts as rules
from bot.services import departures
from bot.views import departures as views
from bot.views.answers import Answer, OpenModal
from db.models import Role


@action(views.HAND_OVER, role=Role.ADMIN)
async def hand_over(ask: Ask, deps: Deps) -> Answer:
    """Ask what goes to whom."""
    return OpenModal(views.hand_over(*await departures.find(deps, ask.person, rules.read_user(ask.value))))


@submission(views.HAND_OVER_CALLBACK, role=Role.ADMIN)
async def save(ask: Ask, deps: Deps) -> Answer:
    """Hand it over."""
    wanted = rules.read_hand_over(ask.metadata, ask.values)
    it = await departures.hand_over(deps, ask.act, ask.person, wanted)
    return views.handed(it.user, it.to, it.counts)
