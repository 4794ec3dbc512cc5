"""Deliveries of webhooks: each is taken once, and leads to a deployment that is recorded or moved on."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from bot.context import Act, Deps
from bot.errors import BotError, Repeated, WrongState
from bot.rules.deploy_forms import NewDeployment
from bot.rules.hooks import Told, repository_name, same_repository
from bot.rules.wording import bad, listed, quoted
from bot.services import deployments, projects
from db.models import DeploymentStatus
from db.pool import Conn
from db.queries import webhooks
from db.queries.webhooks import Delivery

__all__ = ["Delivery", "ignore", "take"]

_TRIES: Final = 5
_OUTCOME_LIMIT: Final = 300


class _Moved(BotError):
    """Another delivery told of the same deployment meanwhile."""


async def take(deps: Deps, told: Told) -> Delivery:
    """Record what a delivery tells, once.

    Raises:
        BadInput: no project, or several, can be meant; fields "project", "repository".
    """
    for _ in range(_TRIES):
        known, deployment_id = await _known(deps, told)
        if known is not None:
            return Delivery("repeated", known.deployment_id)
        try:
            return await _record(deps, told) if deployment_id is None else await _move(deps, told, deployment_id)
        except (Repeated, _Moved):
            continue  # look again at what is known now
        except WrongState as refusal:
            return await ignore(deps, told.source, told.delivery_id, told.external_id, str(refusal))
    raise WrongState("Other deliveries of this deployment arrive at the same moment. Send this one again.")


async def ignore(deps: Deps, source: str, delivery_id: str, external_id: str | None, reason: str) -> Delivery:
    """Keep that a delivery changes nothing, and why."""
    ignored = Delivery(f"ignored: {reason}"[:_OUTCOME_LIMIT], None)
    async with deps.pool.transaction() as conn:
        if await webhooks.insert_delivery(conn, source, delivery_id, external_id, deps.now()):
            await webhooks.mark_delivery(conn, source, delivery_id, ignored)
            return ignored
        kept = await webhooks.find_delivery(conn, source, delivery_id)
    return Delivery("repeated", kept.deployment_id if kept else None)


async def _known(deps: Deps, told: Told) -> tuple[Delivery | None, int | None]:
    """What came of this delivery before, and the deployment that earlier ones told of."""
    async with deps.pool.acquire() as conn:
        delivery = await webhooks.find_delivery(conn, told.source, told.delivery_id)
        found = await webhooks.find_external(conn, told.source, told.external_id) if told.external_id else None
    return delivery, found


async def _record(deps: Deps, told: Told) -> Delivery:
    project_id = await _project(deps, told)
    new = NewDeployment(project_id, told.version, told.environment, told.status, told.duration, told.notes)
    outcome = await deployments.record(deps, _act(deps, told, "recorded", None), new)
    return Delivery("recorded", outcome.row.id)


async def _move(deps: Deps, told: Told, deployment_id: int) -> Delivery:
    act = _act(deps, told, "updated", deployment_id)
    match told.status:
        case DeploymentStatus.IN_PROGRESS:
            await deployments.start(deps, act, deployment_id, note=told.notes)
        case DeploymentStatus.ROLLED_BACK:
            await deployments.rollback(deps, act, deployment_id, told.notes)
        case _:
            await deployments.finish(deps, act, deployment_id, told.status, duration=told.duration, notes=told.notes)
    return Delivery("updated", deployment_id)


async def _project(deps: Deps, told: Told) -> int:
    """The project that is meant."""
    if told.project is not None:
        return (await projects.named(deps, told.project)).id
    address = told.repository or ""
    async with deps.pool.acquire() as conn:
        near = await webhooks.list_repositories(conn, repository_name(address)) if repository_name(address) else []
    found = [(number, name) for number, name, known in near if same_repository(known, address)]
    if not found:
        raise bad(f"No project that is not archived has the repository {address[:200]}.", field="repository")
    if len(found) > 1:
        each = listed((f"#{number} {quoted(name)}" for number, name in found), last="and")
        raise bad(f"Several projects have the repository {address[:200]}: {each}.", field="repository")
    return found[0][0]


def _act(deps: Deps, told: Told, outcome: str, deployment_id: int | None) -> Act:
    origin = {"delivery": told.delivery_id} | ({"external": told.external_id} if told.external_id else {})
    return Act(None, told.source, origin=origin, around=_around(deps, told, outcome, deployment_id))


def _around(
    deps: Deps, told: Told, outcome: str, assumed: int | None
) -> Callable[[Conn], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def around(conn: Conn) -> AsyncIterator[None]:
        if told.external_id:
            await webhooks.lock_external(conn, told.source, told.external_id)
        if not await webhooks.insert_delivery(conn, told.source, told.delivery_id, told.external_id, deps.now()):
            raise Repeated(told.delivery_id)
        if told.external_id and await webhooks.find_external(conn, told.source, told.external_id) != assumed:
            raise _Moved("Another delivery told of the same deployment meanwhile.")
        yield
        await webhooks.mark_told(conn, told.source, told.delivery_id, outcome)

    return around
