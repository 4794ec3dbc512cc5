"""The aiohttp application below /api/v1."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import web

from bot import logs
from bot.api import bodies, openapi
from bot.api.calls import Call, Shared
from bot.api.hub import Hub
from bot.api.limits import Buckets
from bot.api.operations import OPERATIONS, Operation
from bot.api.problems import problem_of, respond, unavailable
from bot.context import Deps
from bot.services import pipelines
from bot.services.pipelines import Seen
from db.models import Deployment, SubjectKind

PREFIX: Final = "/api/v1"
# Each holds a socket, and a process commonly has 1024 of them; beyond these it would rather be asked again.
MOST_WAITING: Final = 800
_RESTART_SECONDS: Final = 1.0
_log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The API of one process."""

    def __init__(self, deps: Deps) -> None:
        async def read(ids: Sequence[int]) -> Mapping[int, Seen[Deployment]]:
            async with deps.pool.acquire() as conn:
                return await pipelines.list_deployments(conn, ids, deps.now())

        self._shared = Shared(
            deps,
            Hub(SubjectKind.DEPLOYMENT, read, capacity=MOST_WAITING),
            Buckets(deps.settings.rate_limit),
            asyncio.Semaphore(max(1, deps.pool.config.max_size // 2)),
        )
        self._document = openapi.document(OPERATIONS, deps.settings.public_url)

    def application(self) -> web.Application:
        """The routes, to be mounted at PREFIX."""
        application = web.Application(middlewares=[_translate])
        application.router.add_get("/openapi.json", self._describe)
        for operation in OPERATIONS:
            application.router.add_route(operation.method, operation.path, self._serve(operation))
        application.cleanup_ctx.append(self._listen)
        return application

    def end(self) -> None:
        """Answer whoever waits with what is known."""
        self._shared.hub.end()

    @property
    def waiting(self) -> int:
        """How many calls wait for a change now."""
        return self._shared.hub.waiting

    async def _describe(self, _request: web.Request) -> web.Response:
        return web.json_response(self._document, headers={"Cache-Control": "no-cache"})

    def _serve(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            call = Call(self._shared, request)
            try:
                return await _answer(operation, call)
            except Exception as error:  # noqa: BLE001 - the one error translator
                committing = call.act is not None and call.act.committing
                return respond(problem_of(error, committing=committing, where=operation.name))

        return handle

    async def _listen(self, _application: web.Application) -> AsyncIterator[None]:
        listening = asyncio.create_task(self._keep_listening(), name="api hub")
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._shared.hub.run(self._shared.deps.pool.config)
            except Exception:  # noqa: BLE001 - a fault of ours: whoever waits still gets an answer
                _log.exception("waiting_failed")
            await asyncio.sleep(_RESTART_SECONDS)


def ending() -> web.Response:
    """The refusal of a process that takes nothing more."""
    return respond(unavailable("This process is ending. Try again."))


async def _answer(operation: Operation, call: Call) -> web.Response:
    if operation.scope:
        await call.identify(operation.scope)
        logs.describe(token=call.caller.token.id, person=call.caller.token.owner_id)
        call.check_rate()
        if not operation.counts_itself:
            call.count()
    call.query = bodies.read_query(call.request, operation.query)
    reply = await operation.handler(call)
    headers = {"Cache-Control": "no-store", **reply.headers}
    text = reply.body.model_dump_json()
    return web.Response(text=text, status=reply.status.value, content_type="application/json", headers=headers)


@web.middleware
async def _translate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Addresses and methods that do not exist are refused like everything else."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return respond(problem_of(error, committing=False, where=request.method))
