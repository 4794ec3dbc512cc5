"""`/techops subscribe`, `subscriptions`, `unsubscribe` and `digest now`; the buttons of digests."""

from zoneinfo import ZoneInfo

from bot.context import Deps
from bot.errors import WrongState
from bot.registry import Ask, action, command
from bot.rules import subscriptions as rules
from bot.rules.deployments import deployment_id
from bot.rules.ids import parse_id
from bot.services import deploy_lists, digest, lists, requests
from bot.services import subscriptions as services
from bot.views import deployments as deployment_views
from bot.views import digest as digest_views
from bot.views import maintenance
from bot.views import subscriptions as views
from bot.views.answers import Answer
from db.models import Role


@command(
    "techops",
    "subscribe",
    usage="subscribe KIND [project:P] [daily|weekly] [at HH:MM] [tz:ZONE] [on mon,thu]",
    help="Has this channel hear of maintenance, deployments, digest, database or reminders",
    examples=["subscribe digest daily at 09:00", 'subscribe deployments project:"Web App"'],
)
async def subscribe(ask: Ask, deps: Deps) -> Answer:
    """Subscribe the channel the command is typed in."""
    wish = rules.parse_subscribe(ask.text, tz=ask.person.tz)
    if ask.channel_id is None:
        raise WrongState("Slack did not say which channel this is. Type the command in a channel.")
    return views.subscribed(await services.subscribe(deps, ask.act, ask.person, ask.channel_id, wish))


@command("techops", "subscriptions", help="Lists what channels have subscribed to, those of this channel first")
async def subscriptions(ask: Ask, deps: Deps) -> Answer:
    """All subscriptions."""
    return views.subscription_list(await services.list_all(deps), ask.channel_id)


@command("techops", "unsubscribe", usage="unsubscribe N", help="Ends a subscription", examples=["unsubscribe 3"])
async def unsubscribe(ask: Ask, deps: Deps) -> Answer:
    """End a subscription."""
    number = rules.parse_unsubscribe(ask.text)
    return views.unsubscribed(await services.unsubscribe(deps, ask.act, ask.person, number, ask.channel_id))


@command(
    "techops",
    "digest",
    usage="digest now [daily|weekly] [project:P]",
    help="Shows you what this channel's digest would tell now",
    examples=["digest now", "digest now weekly"],
)
async def digest_now(ask: Ask, deps: Deps) -> Answer:
    """A digest for one person only."""
    found = await digest.preview(deps, ask.person, ask.channel_id, ask.text)
    return digest_views.preview(digest_views.digest_message(found.digest, found.stats))


@action("digest.open")
async def open_record(ask: Ask, deps: Deps) -> Answer:
    """Show a request or deployment in full."""
    if not ask.value.startswith("D-"):
        found = await lists.show(deps, parse_id(ask.value))
        return maintenance.show(found.row, found.logs, found.comments, found.approval)
    it = await deploy_lists.show(deps, deployment_id(ask.value))
    zone = ZoneInfo(deps.settings.dashboard_timezone)
    return deployment_views.show(
        it.row, it.changes, it.collisions, it.lock, names=it.names, zone=zone, approval=it.approval
    )


@action("digest.take", role=Role.ENGINEER)
async def take(ask: Ask, deps: Deps) -> Answer:
    """Take a request that nobody has."""
    row = await requests.take(deps, ask.act, ask.person, parse_id(ask.value))
    return maintenance.assigned(row, to_self=True)
