"""One call of the API: who calls, with what, what it may use of the database, and how often it may come."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeVar

from aiohttp import web
from pydantic import BaseModel

from bot.api import bodies
from bot.api.hub import Hub
from bot.api.limits import Buckets
from bot.api.problems import too_many
from bot.context import Act, Deps
from bot.errors import Repeated
from bot.rules.tokens import Scope
from bot.services import once, tokens
from bot.services.once import Once
from bot.services.pipelines import Seen
from bot.services.tokens import Caller
from db.models import Deployment

_DEADLINE: Final = 10.0

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all calls of a process share. `gate` leaves the larger part of the pool to people."""

    deps: Deps
    hub: Hub[Seen[Deployment]]
    buckets: Buckets
    gate: asyncio.Semaphore


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its model becomes the JSON."""

    body: BaseModel
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """A request that is being answered; `act` is what it does, once it does something."""

    shared: Shared
    request: web.Request
    query: Mapping[str, str] = field(default_factory=dict)
    act: Act | None = None
    _caller: Caller | None = None

    @property
    def deps(self) -> Deps:
        """The process's parts."""
        return self.shared.deps

    @property
    def caller(self) -> Caller:
        """Who calls; only for operations that ask for a token."""
        if self._caller is None:
            raise LookupError("This operation asks for no token.")
        return self._caller

    @property
    def gone(self) -> bool:
        """Whether the client has hung up."""
        transport = self.request.transport
        return transport is None or transport.is_closing()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[None]:
        """Everything that needs the database happens in here: few at a time, and none for longer than 10 s.

        Raises:
            TimeoutError: that time is over.
        """
        async with asyncio.timeout(_DEADLINE), self.shared.gate:
            yield

    async def identify(self, scope: Scope) -> None:
        """Find out who calls, and let pass whom the token allows to.

        Raises:
            Unrecognised, Forbidden: as `tokens.authenticate` and `Caller.require`.
        """
        secret = bodies.bearer(self.request)
        async with self.database():
            self._caller = await tokens.authenticate(self.deps, secret)
        self._caller.require(scope)

    def check_rate(self) -> None:
        """Let pass a token that does not call too often; 429 for others."""
        wait = self.shared.buckets.wait(self._bucket, self._now)
        if wait > 0:
            raise too_many(wait)

    def count(self) -> None:
        """Count this call against the token's rate."""
        self.shared.buckets.take(self._bucket, self._now)

    async def read(self, model: type[Body]) -> Body:
        """The body."""
        bodies.check_json(self.request)
        return bodies.parse(await bodies.read_bytes(self.request), model)

    async def carry_out(
        self, wanted: Once | None, do: Callable[[Act], Awaitable[int]], *, on_behalf_of: int | None = None
    ) -> tuple[int, bool]:
        """Do it, unless a call with the same key did: the record's number, and whether it was there already.

        Raises:
            WrongState: the key was sent with another body.
        """
        known = await once.first_effect(self.deps, wanted) if wanted else None
        if known is not None:
            return known, True
        self.act = once.act_of(self.deps, self.caller, wanted, on_behalf_of=on_behalf_of)
        try:
            return await do(self.act), False
        except Repeated:
            known = await once.first_effect(self.deps, wanted) if wanted else None
            if known is None:
                raise
            return known, True

    @property
    def _bucket(self) -> str:
        return f"token {self.caller.token.id}"

    @property
    def _now(self) -> float:
        return self.deps.now().timestamp()
