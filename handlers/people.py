"""What Slack tells of people."""

from bot.context import Deps
from bot.registry import Ask, event
from bot.services import people
from bot.views.answers import Answer, Done


@event("user_change", introduces=False)
async def user_changed(ask: Ask, deps: Deps) -> Answer:
    """Somebody changed their name or moved to another time zone."""
    user_object = ask.event.get("user")
    if isinstance(user_object, dict):
        await people.refresh(deps, ask.person.team_id, user_object)
    return Done()
