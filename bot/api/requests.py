"""Maintenance requests over HTTP: raised and read."""

from datetime import datetime
from http import HTTPStatus

from bot.api import models
from bot.api.bodies import invalid, read_key
from bot.api.calls import Call, Reply
from bot.api.shown import request as shown
from bot.context import Act
from bot.errors import BadInput, Missing
from bot.rules.forms import NewForm
from bot.rules.ids import card_label, parse_id
from bot.rules.validate import validate_new
from bot.services import once, pipelines, projects, requests
from db.models import SubjectKind


async def create(call: Call) -> Reply:
    """Raise a request in the name of the token's owner."""
    body = await call.read(models.NewRequest)
    key = read_key(call.request, body.idempotency_key)
    asked = body.model_dump(exclude={"idempotency_key"}) | {"call": "create a request"}
    wanted = once.once(call.caller, key, SubjectKind.MAINTENANCE, asked) if key else None

    async def do(act: Act) -> int:
        return (await requests.create(call.deps, act, call.caller.person, await _form(call, body))).id

    async with call.database():
        on_behalf_of = await once.find_on_behalf(call.deps, body.on_behalf_of)
        number, repeated = await call.carry_out(wanted, do, on_behalf_of=on_behalf_of)
        seen = await pipelines.get_request(call.deps, number)
    status = HTTPStatus.OK if repeated else HTTPStatus.CREATED
    return Reply(shown(seen), status, {"Location": f"/api/v1/maintenance-requests/{number}"})


async def show(call: Call) -> Reply:
    """A request as it is now."""
    word = call.request.match_info["id"]
    try:
        number = parse_id(word)
    except BadInput as error:
        raise Missing(f"There is no request {word[:40]}. Requests have numbers, such as {card_label(42)}.") from error
    async with call.database():
        return Reply(shown(await pipelines.get_request(call.deps, number)))


async def _form(call: Call, body: models.NewRequest) -> NewForm:
    fields = validate_new(body.title, body.description, body.priority)
    due_at = _due(call, body.due_at)
    project_id = None
    if body.project is not None:
        named = f"#{body.project}" if isinstance(body.project, int) else body.project
        project_id = (await projects.named(call.deps, named, for_new=True)).id
    return NewForm(fields.title, fields.description, fields.priority, project_id, due_at, None)


def _due(call: Call, moment: datetime | None) -> datetime | None:
    latest = 9000
    if moment is not None and (moment <= call.deps.now() or moment.year >= latest):
        raise invalid("due_at", "That is not in the future, or further than any calendar goes.")
    return moment
