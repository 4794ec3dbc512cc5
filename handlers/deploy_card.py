"""The buttons of a deployment's card, which `/deploy show` has too, and the dialogs they open.

A card changes by itself. An ephemeral message, which Slack sends without its content, does not: there the click is
answered.
"""

from bot.context import Deps
from bot.registry import Ask, action, submission
from bot.rules.deploy_forms import read_end, read_rollback
from bot.rules.deployments import Step, deployment_id
from bot.services import deployments
from bot.views import deployment_cards as cards
from bot.views import deployment_modals as modals
from bot.views import deployments as views
from bot.views.answers import Answer, Done, OpenModal
from db.models import DeploymentStatus, Role


@action(cards.START, role=Role.ENGINEER)
async def start(ask: Ask, deps: Deps) -> Answer:
    """Begin the deployment; what it may run into is said in any case."""
    it = await deployments.start(deps, ask.act, deployment_id(ask.value))
    return Done() if ask.message and not it.collisions else views.started(it.row, collisions=it.collisions)


@action(cards.SUCCEEDED, role=Role.ENGINEER)
async def succeeded(ask: Ask, deps: Deps) -> Answer:
    """Ask for duration and notes."""
    row = await deployments.find_ready(deps, ask.act, deployment_id(ask.value), Step.SUCCEED)
    return OpenModal(modals.succeeded(row))


@action(cards.FAILED, role=Role.ENGINEER)
async def failed(ask: Ask, deps: Deps) -> Answer:
    """Ask for duration and notes."""
    return OpenModal(modals.failed(await deployments.find_ready(deps, ask.act, deployment_id(ask.value), Step.FAIL)))


@action(cards.ROLL_BACK, role=Role.ENGINEER)
async def roll_back(ask: Ask, deps: Deps) -> Answer:
    """Ask why."""
    row = await deployments.find_ready(deps, ask.act, deployment_id(ask.value), Step.ROLL_BACK)
    return OpenModal(modals.roll_back(row))


@submission(modals.SUCCEEDED_CALLBACK, role=Role.ENGINEER)
async def success_submitted(ask: Ask, deps: Deps) -> Answer:
    """Finish with success."""
    return await _finish(ask, deps, DeploymentStatus.SUCCESS)


@submission(modals.FAILED_CALLBACK, role=Role.ENGINEER)
async def failure_submitted(ask: Ask, deps: Deps) -> Answer:
    """Finish as failed."""
    return await _finish(ask, deps, DeploymentStatus.FAILED)


@submission(modals.ROLL_BACK_CALLBACK, role=Role.ENGINEER)
async def rollback_submitted(ask: Ask, deps: Deps) -> Answer:
    """Roll back."""
    reason = read_rollback(ask.values)
    return views.ended(await deployments.rollback(deps, ask.act, deployment_id(ask.metadata), reason))


async def _finish(ask: Ask, deps: Deps, status: DeploymentStatus) -> Answer:
    duration, notes = read_end(ask.values)
    number = deployment_id(ask.metadata)
    return views.ended(await deployments.finish(deps, ask.act, number, status, duration=duration, notes=notes))
