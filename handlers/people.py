"""What Slack tells of people."""

from bot.context import Deps
from bot.registry import Ask, event
from bot.services import departures
from bot.slack import parse_user
from bot.views.answers import Answer, Done


@event("user_change", introduces=False)
async def user_changed(ask: Ask, deps: Deps) -> Answer:
    """Somebody has another name or time zone, was deactivated, or became a guest."""
    user_object = ask.event.get("user")
    if isinstance(user_object, dict):
        await departures.slack_changed(deps, ask.act, ask.person.team_id, parse_user(user_object))
    return Done()
