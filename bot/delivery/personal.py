"""What one person has asked to see by what they did: previews of links they share, their App Home anew.

Both show the present, change nothing, and may be done twice.
"""

from typing import Any, Final

import structlog
from pydantic import BaseModel

from bot.auth import Actor
from bot.context import Deps
from bot.delivery.jobs import Job
from bot.delivery.places import find_place
from bot.errors import Forbidden
from bot.rules.unfurls import COMPOSER, may_show
from bot.services import home, people, unfurls
from bot.slack import JsonMap, SlackRefused
from bot.views import home as home_views

_log = structlog.get_logger(__name__)
HOME_ENTRY: Final = "home"


class HomeOf(BaseModel):
    """Payload of entry point `home`."""

    team: str
    user: str


async def unfurl(deps: Deps, job: Job) -> None:
    """Entry point: show records below a message that links to them, where everybody who reads it may see them."""
    wanted = unfurls.Wanted.model_validate_json(job.payload)
    if await _active(deps, wanted.team, wanted.user) is None:
        return
    place = await find_place(deps, wanted.channel) if wanted.channel else None
    if not may_show(wanted.abroad, place, composing=not wanted.channel):
        _log.info("A link is not shown: others read along there, or may", channel=wanted.channel or COMPOSER)
        return
    shown: dict[str, JsonMap] = {}
    async with deps.pool.acquire() as conn:
        for link in wanted.links:
            found = await unfurls.preview(conn, link)
            if found is None:
                _log.info("A link leads to no record", kind=link.kind, id=link.id)
            else:
                shown[link.url] = found.attachment()
    if shown:
        await _unfurl(deps, wanted, shown)


async def _unfurl(deps: Deps, wanted: unfurls.Wanted, shown: dict[str, JsonMap]) -> None:
    where: dict[str, Any] = {"channel": wanted.channel, "ts": wanted.ts}
    if not wanted.channel:
        where = {"source": COMPOSER, "unfurl_id": wanted.unfurl_id}
    try:
        await deps.slack.call("chat.unfurl", unfurls=shown, **where)
    except SlackRefused as error:
        # A courtesy: the message is gone, was edited, or Slack does not want it there.
        _log.warning("A link was not shown", code=error.code, detail=error.messages, **where)


async def show_home(deps: Deps, job: Job) -> None:
    """Entry point: show a person's Home as it is now."""
    whose = HomeOf.model_validate_json(job.payload)
    person = await _active(deps, whose.team, whose.user)
    if person is None:
        return
    found = await home.read(deps, person)
    view = home_views.home(found, name=person.name, role=person.role, now=deps.now())
    try:
        await deps.slack.call("views.publish", user_id=person.slack_user_id, view=view)
    except SlackRefused as error:
        _log.warning("home_not_refreshed", reason=str(error))


async def _active(deps: Deps, team_id: str, slack_user_id: str) -> Actor | None:
    """Who it is, None where they have no account, or none any more."""
    try:
        return await people.resolve(deps, team_id, slack_user_id, introduce=False)
    except Forbidden as error:
        _log.info("Nothing is shown", reason=str(error))
        return None
