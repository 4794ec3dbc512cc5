"""Webhooks: what other systems say of deployments, signed with WEBHOOK_SECRET."""

from http import HTTPStatus
from typing import Final

from pydantic import BaseModel

from bot.api import bodies, models
from bot.api.calls import Call, Reply
from bot.api.github import Event, told
from bot.api.problems import Problem
from bot.errors import BadInput
from bot.rules.deployments import clean_version, environment_named, recorded_status
from bot.rules.hooks import Told, is_signed
from bot.rules.validate import clean_note
from bot.services import hooks

GITHUB_SIGNATURE: Final = "X-Hub-Signature-256"
GENERIC_SIGNATURE: Final = "X-TechOps-Signature-256"


class _Anything(BaseModel):
    """A body of which nothing is read."""


async def github(call: Call) -> Reply:
    """Take an event of GitHub; `deployment_status` is read, the others are not."""
    body = await _signed(call, GITHUB_SIGNATURE)
    name = call.request.headers.get("X-GitHub-Event", "")
    if name == "ping":
        bodies.parse(body, _Anything)
        return Reply(models.HookOutcome(outcome="pong", deployment_id=None))
    delivery_id = call.request.headers.get("X-GitHub-Delivery", "")
    if not (delivery_id.strip() and delivery_id.isprintable() and len(delivery_id) <= models.KEY_LIMIT):
        raise bodies.invalid("X-GitHub-Delivery", "The header X-GitHub-Delivery is missing or cannot be kept.")
    if name != "deployment_status":
        return await _ignored(call, "github", delivery_id, f"the event {name[:40]!a} is not read")
    event = bodies.parse(body, Event)
    try:
        async with call.database():
            return _reply(await hooks.take(call.deps, told(event, delivery_id)))
    except BadInput as error:
        return await _ignored(call, "github", delivery_id, str(error))


async def generic(call: Call) -> Reply:
    """Take an event of any other system."""
    body = bodies.parse(await _signed(call, GENERIC_SIGNATURE), models.HookEvent)
    if (body.project is None) == (body.repository is None):
        raise bodies.invalid("project", "Name either the project or its repository.")
    event = Told(
        source="webhook",
        delivery_id=body.delivery,
        external_id=body.deployment,
        project=f"#{body.project}" if isinstance(body.project, int) else body.project,
        repository=body.repository,
        version=clean_version(body.version),
        environment=environment_named(body.environment),
        status=recorded_status(body.status),
        duration=body.duration,
        notes=clean_note(body.notes, field="notes"),
    )
    async with call.database():
        return _reply(await hooks.take(call.deps, event))


async def _signed(call: Call, header: str) -> bytes:
    """The body, if it is signed and says that it is JSON."""
    secret = call.deps.settings.webhook_secret
    if secret is None:
        raise Problem(HTTPStatus.NOT_FOUND, "Webhooks are not set up here: WEBHOOK_SECRET is missing.")
    body = await bodies.read_bytes(call.request, bodies.HOOK_LIMIT)
    if not is_signed(secret.get_secret_value(), body, call.request.headers.get(header, "")):
        raise Problem(HTTPStatus.UNAUTHORIZED, f"The signature in the header {header} is missing or wrong.")
    bodies.check_json(call.request)
    return body


async def _ignored(call: Call, source: str, delivery_id: str, reason: str) -> Reply:
    async with call.database():
        return _reply(await hooks.ignore(call.deps, source, delivery_id, None, reason))


def _reply(delivery: hooks.Delivery) -> Reply:
    status = HTTPStatus.ACCEPTED if delivery.outcome.startswith("ignored") else HTTPStatus.OK
    return Reply(models.HookOutcome(outcome=delivery.outcome, deployment_id=delivery.deployment_id), status)
