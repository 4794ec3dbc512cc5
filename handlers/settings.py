"""What people set for themselves, from the Home's button or by `/techops settings`."""

from bot.context import Deps
from bot.registry import Ask, action, command, options, submission
from bot.rules.preferences import read_preferences, zone_choices
from bot.services import preferences
from bot.views import preferences as views
from bot.views.answers import Answer, Choices, Done, OpenModal


@command(
    "techops",
    "settings",
    usage="settings",
    help="Your working hours, time zone, and whether I write to you",
    examples=["settings"],
)
@action(views.OPEN)
async def open_settings(ask: Ask, deps: Deps) -> Answer:
    """The form with what counts now."""
    return OpenModal(views.form(await preferences.find(deps, ask.person)))


@options(views.ZONE)
async def offer_zones(ask: Ask, _deps: Deps) -> Answer:
    """The time zones that match what was typed."""
    return Choices(zone_choices(ask.query, await preferences.zones()))


@submission(views.CALLBACK)
async def save_settings(ask: Ask, deps: Deps) -> Answer:
    """Keep them; on the Home they are seen, elsewhere it is said."""
    wanted = read_preferences(ask.values, await preferences.zones())
    kept = await preferences.save(deps, ask.act, ask.person, wanted)
    return Done(views.saved(kept)) if ask.channel_id else Done()
