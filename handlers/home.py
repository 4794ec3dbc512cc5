"""The App Home, and the buttons that only it has."""

from zoneinfo import ZoneInfo

from bot.context import Deps
from bot.registry import Ask, action, event
from bot.rules import worklog as rules
from bot.rules.deployments import deployment_id
from bot.rules.ids import parse_id
from bot.rules.pages import report_token
from bot.services import deploy_lists, home, lists, reports
from bot.views import deployment_modals
from bot.views import deployments as deployment_views
from bot.views import home as views
from bot.views import maintenance as maintenance_views
from bot.views import worklog as worklog_views
from bot.views.answers import Answer, Done, OpenModal, PublishHome
from db.models import Role


@event("app_home_opened")
async def opened(ask: Ask, deps: Deps) -> Answer:
    """Show the Home; the app's other tabs need nothing."""
    if ask.event.get("tab") != "home":
        return Done()
    found = await home.read(deps, ask.person)
    await home.mark_opened(deps, ask.person)
    return PublishHome(views.home(found, name=ask.person.name, role=ask.person.role, now=deps.now()))


@action(views.OPEN)
async def open_request(ask: Ask, deps: Deps) -> Answer:
    """One request with its comments, work logs and buttons."""
    it = await lists.show(deps, parse_id(ask.value))
    return maintenance_views.show(it.row, it.logs, it.comments, it.approval)


@action(views.OPEN_DEPLOYMENT)
async def open_deployment(ask: Ask, deps: Deps) -> Answer:
    """One deployment with its latest changes and buttons."""
    it = await deploy_lists.show(deps, deployment_id(ask.value))
    shown = deployment_views.show
    zone = ZoneInfo(deps.settings.dashboard_timezone)
    return shown(it.row, it.changes, it.collisions, it.lock, names=it.names, zone=zone, approval=it.approval)


@action(views.RECORD, role=Role.ENGINEER)
async def record_deployment(_ask: Ask, _deps: Deps) -> Answer:
    """The empty form."""
    return OpenModal(deployment_modals.record_deployment())


@action(views.HOURS, role=Role.ENGINEER)
async def hours(ask: Ask, deps: Deps) -> Answer:
    """The person's hours of this week."""
    wanted = rules.parse_report("mine week", now=deps.now(), tz=ask.person.tz)
    found = await reports.report(deps, ask.person, wanted)
    return worklog_views.report(found.lines, found.view.period, scope=found.whose, token=report_token(found.view))
