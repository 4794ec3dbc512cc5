"""Deployments over HTTP: asked for, recorded, moved on, read, waited for."""

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from bot.api import models
from bot.api.bodies import invalid, read_key, read_wait
from bot.api.calls import Call, Reply
from bot.api.cursors import cursor_after, read_cursor
from bot.api.hub import Full
from bot.api.problems import unavailable
from bot.api.shown import deployment
from bot.context import Act
from bot.errors import BadInput, Missing
from bot.rules.deploy_forms import DeployView, NewDeployment
from bot.rules.deployments import (
    clean_version,
    deployment_id,
    deployment_label,
    deployment_status_named,
    environment_named,
    missing_deployment,
)
from bot.rules.tokens import Scope
from bot.rules.validate import clean_note
from bot.services import deployments, once, pipelines, projects
from bot.services.pipelines import Seen
from db.models import Deployment, DeploymentStatus, SubjectKind

PAGE_SIZE: Final = 50
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Whoever hung up is noticed this soon.
_SLICE: Final = 1.0


async def create(call: Call) -> Reply:
    """Ask for a deployment, or record one."""
    body = await call.read(models.NewDeployment)
    key = read_key(call.request, body.idempotency_key)
    asked = body.model_dump(exclude={"idempotency_key"}) | {"call": "create a deployment"}
    wanted = once.once(call.caller, key, SubjectKind.DEPLOYMENT, asked) if key else None

    async def do(act: Act) -> int:
        new = await _new(call, body)
        make = deployments.request if new.status is DeploymentStatus.PENDING else deployments.record
        return (await make(call.deps, act, new)).row.id

    async with call.database():
        on_behalf_of = await once.find_on_behalf(call.deps, body.on_behalf_of)
        number, repeated = await call.carry_out(wanted, do, on_behalf_of=on_behalf_of)
        seen = await pipelines.get_deployment(call.deps, number)
    status = HTTPStatus.OK if repeated else HTTPStatus.CREATED
    return Reply(deployment(seen), status, {"Location": f"/api/v1/deployments/{number}"})


async def change(call: Call) -> Reply:
    """Move a deployment on."""
    number = _number(call)
    body = await call.read(models.DeploymentChange)
    key = read_key(call.request, body.idempotency_key)
    asked = body.model_dump(exclude={"idempotency_key"}) | {"call": f"change deployment {number}"}
    wanted = once.once(call.caller, key, SubjectKind.DEPLOYMENT, asked) if key else None
    status, notes = deployment_status_named(body.status), clean_note(body.notes, field="notes")
    if status is DeploymentStatus.PENDING:
        raise invalid("status", "A deployment does not become pending again. Make a new one.")

    async def do(act: Act) -> int:
        match status:
            case DeploymentStatus.IN_PROGRESS:
                await deployments.start(call.deps, act, number, note=notes)
            case DeploymentStatus.ROLLED_BACK:
                await deployments.rollback(call.deps, act, number, notes)
            case _:
                await deployments.finish(call.deps, act, number, status, duration=body.duration, notes=notes)
        return number

    async with call.database():
        await call.carry_out(wanted, do)
        return Reply(deployment(await pipelines.get_deployment(call.deps, number)))


async def index(call: Call) -> Reply:
    """A page of deployments, the newest first."""
    query = call.query
    after = read_cursor(query["cursor"]) if "cursor" in query else None
    environment = environment_named(query["environment"]) if "environment" in query else None
    status = deployment_status_named(query["status"]) if "status" in query else None
    async with call.database():
        project = await projects.named(call.deps, query["project"]) if "project" in query else None
        view = DeployView(project.id if project else None, environment, status)
        found, following = await pipelines.page(call.deps, view, after, PAGE_SIZE)
    next_cursor = cursor_after(following) if following is not None else None
    return Reply(models.DeploymentPage(items=[deployment(seen) for seen in found], next_cursor=next_cursor))


async def show(call: Call) -> Reply:
    """A deployment as it is now, or, with `wait`, as soon as it has changed."""
    number = _number(call)
    seconds = read_wait(call.query.get("wait"), call.deps.settings.max_wait)
    if seconds > 0:
        return Reply(deployment(await _wait(call, number, seconds)))
    call.count()
    async with call.database():
        return Reply(deployment(await pipelines.get_deployment(call.deps, number)))


async def _wait(call: Call, number: int, seconds: float) -> Seen[Deployment]:
    """The deployment once it has changed, or when the time is over. Only answers given at once are counted."""
    try:
        changed, held = await _watch(call, number, seconds)
    except Full as error:
        raise unavailable("As many pipelines wait already as may. Try again in a moment.") from error
    if call.gone:
        raise unavailable("Nobody is there any more to be answered.")
    if not held:
        call.count()
    else:
        # What was valid when the waiting began need not be now.
        await call.identify(Scope.DEPLOYMENTS_READ)
    if changed is not None:
        return changed
    async with call.database():
        return await pipelines.get_deployment(call.deps, number)


async def _watch(call: Call, number: int, seconds: float) -> tuple[Seen[Deployment] | None, bool]:
    """The changed deployment, None where the time was over before; and whether the call was held at all."""
    hub = call.shared.hub
    until = asyncio.get_running_loop().time() + seconds
    first: Seen[Deployment] | None = None
    with hub.watch(number) as watch:
        while not (hub.ending or call.gone):
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            if not await watch.news(min(left, _SLICE)) or not watch.read:
                continue
            if watch.reading is None:
                raise missing_deployment(number)
            if first is None and not pipelines.is_waited_for(watch.reading):
                return watch.reading, False
            if first is not None and _state(first) != _state(watch.reading):
                return watch.reading, True
            first = first or watch.reading
    return None, True


def _state(seen: Seen[Deployment]) -> tuple[str, str]:
    return seen.row.status, seen.word


async def _new(call: Call, body: models.NewDeployment) -> NewDeployment:
    named = f"#{body.project}" if isinstance(body.project, int) else body.project
    version, environment = clean_version(body.version), environment_named(body.environment)
    status, notes = deployment_status_named(body.status), clean_note(body.notes, field="notes")
    deployed_at = _deployed_at(call, body.deployed_at)
    project = await projects.named(call.deps, named)
    return NewDeployment(project.id, version, environment, status, body.duration, notes, deployed_at)


def _deployed_at(call: Call, moment: datetime | None) -> datetime | None:
    if moment is not None and not _EARLIEST <= moment <= call.deps.now() + _CLOCKS_DIFFER:
        raise invalid("deployed_at", "That is in the future, or before 1970. Say when it was deployed.")
    return moment


def _number(call: Call) -> int:
    word = call.request.match_info["id"]
    try:
        return deployment_id(word)
    except BadInput as error:
        raise Missing(
            f"There is no deployment {word[:40]}. Deployments have numbers, such as {deployment_label(17)}."
        ) from error
