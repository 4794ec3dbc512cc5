"""`/deploy`: what changes a deployment by typing, and the form that records one."""

from bot.context import Deps
from bot.registry import Ask, command, options, shortcut, submission
from bot.rules import deploy as rules
from bot.rules.deploy_forms import NewDeployment, read_record
from bot.services import deployments, projects
from bot.views import deployment_modals as modals
from bot.views import deployments as views
from bot.views.answers import Answer, OpenModal
from bot.views.maintenance import project_choices
from db.models import Role


@command(
    "deploy",
    "record",
    role=Role.ENGINEER,
    usage="record [PROJECT VERSION ENV [STATUS] [DURATION] [NOTES]]",
    help="Writes down a deployment that has happened; alone it opens the form",
    examples=["record", 'record "Web App" v2.1.0 staging success 4m New checkout'],
)
async def record(ask: Ask, deps: Deps) -> Answer:
    """Record what was typed, or ask for it."""
    if not ask.text.strip():
        return OpenModal(modals.record_deployment())
    it = await deployments.record(deps, ask.act, await _new(deps, rules.parse_record(ask.text)))
    return views.recorded(it.row, deps.settings.deploy_channel, collisions=it.collisions)


@shortcut("record_deployment", "Record deployment", role=Role.ENGINEER)
async def record_shortcut(_ask: Ask, _deps: Deps) -> Answer:
    """The empty form."""
    return OpenModal(modals.record_deployment())


@submission(modals.RECORD_CALLBACK, role=Role.ENGINEER)
async def record_submitted(ask: Ask, deps: Deps) -> Answer:
    """Record what the form says."""
    it = await deployments.record(deps, ask.act, read_record(ask.values))
    return views.recorded(it.row, deps.settings.deploy_channel, collisions=it.collisions)


@options(modals.PROJECT_SELECT)
async def offer_projects(ask: Ask, deps: Deps) -> Answer:
    """Projects that match what was typed so far."""
    return project_choices(await projects.offered(deps, ask.query), none=False)


@command(
    "deploy",
    "request",
    usage="request PROJECT VERSION ENV [notes]",
    help="Asks for a deployment; it waits for approval where a policy says so",
    examples=['request "Web App" v2.1.0 production New checkout'],
)
async def request(ask: Ask, deps: Deps) -> Answer:
    """Ask for a deployment."""
    wanted = rules.parse_request(ask.text)
    it = await deployments.request(deps, ask.act, await _new(deps, wanted), override=wanted.override)
    where = deps.settings.deploy_channel
    return views.requested(it.row, where, lock=it.lock, collisions=it.collisions, approval=it.approval)


@command(
    "deploy",
    "start",
    role=Role.ENGINEER,
    usage="start ID",
    help="Says that it begins; an admin may override a freeze",
    examples=["start D-17", "start D-17 override:Hotfix for the checkout"],
)
async def start(ask: Ask, deps: Deps) -> Answer:
    """Pending becomes in progress."""
    wanted = rules.parse_start(ask.text)
    it = await deployments.start(deps, ask.act, wanted.id, override=wanted.override, note=wanted.note)
    return views.started(it.row, collisions=it.collisions)


@command(
    "deploy",
    "finish",
    role=Role.ENGINEER,
    usage="finish ID success|failed [DURATION] [NOTES]",
    help="Says how it ended; without a duration it is measured from the start",
    examples=["finish D-17 success", "finish D-17 failed 1h5m Checkout timed out"],
)
async def finish(ask: Ask, deps: Deps) -> Answer:
    """In progress becomes success or failed."""
    it = rules.parse_finish(ask.text)
    return views.ended(await deployments.finish(deps, ask.act, it.id, it.status, duration=it.duration, notes=it.notes))


@command(
    "deploy",
    "rollback",
    role=Role.ENGINEER,
    usage="rollback ID [REASON]",
    help="Says that it was taken back after its end",
    examples=["rollback D-17 Checkout fails"],
)
async def rollback(ask: Ask, deps: Deps) -> Answer:
    """Success or failed becomes rolled back."""
    deployment_id, reason = rules.parse_rollback(ask.text)
    return views.ended(await deployments.rollback(deps, ask.act, deployment_id, reason))


async def _new(deps: Deps, wanted: rules.Wanted) -> NewDeployment:
    project = await projects.named(deps, wanted.project)
    return NewDeployment(project.id, wanted.version, wanted.environment, wanted.status, wanted.duration, wanted.notes)
