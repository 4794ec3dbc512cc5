"""`/techops link` and `unlink`: which dashboard account a Slack person is."""

from bot.context import Deps
from bot.registry import Ask, action, command
from bot.services import links as services
from bot.views import links as views
from bot.views.answers import Answer, Done


@command("techops", "link", help="Ties you to your dashboard account, by its e-mail and password", account=False)
async def link(ask: Ask, deps: Deps) -> Answer:
    """Give a link to the sign-in page."""
    return views.link_offer(await services.issue_link(deps, ask.act, ask.person), ask.person.email)


@action("links.open", account=False)
async def opened(_ask: Ask, _deps: Deps) -> Answer:
    """The link was opened: the browser does the rest."""
    return Done()


@command("techops", "unlink", help="Unties you from your dashboard account", account=False)
async def unlink(ask: Ask, deps: Deps) -> Answer:
    """Untie the person who asks."""
    return views.unlinked(await services.unlink(deps, ask.act, ask.person))


@action("links.undo", account=False)
async def undo(ask: Ask, deps: Deps) -> Answer:
    """Tie the person again, shortly after they untied themselves."""
    return views.linked_again(await services.take_back(deps, ask.act, ask.person))
