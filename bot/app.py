"""The Bolt app: one listener a kind, each handing its request to the dispatcher; Socket Mode has the same listeners."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

import handlers
from bot import logs
from bot.context import Deps
from bot.dispatch import Dispatcher
from bot.envelope import Envelope, EnvelopeError, parse_payload
from bot.registry import Registry
from bot.slack import SlackError

_ANY: Final = re.compile("")
_FORM: Final = "application/x-www-form-urlencoded"
_ENVELOPE: Final = "techops_envelope"
_log = structlog.get_logger(__name__)


def registry() -> Registry:
    """Everything that the modules of `handlers` register."""
    return Registry.collect(handlers)


def build(deps: Deps, features: Registry) -> AsyncApp:
    """The Bolt app over the registry.

    `process_before_response`: otherwise Bolt polls every 10 ms for the acknowledgement, and one client waits 12 ms
    instead of 0.4. Signatures are checked by the receiver, before anything is parsed.
    """
    dispatcher = Dispatcher(deps, features)
    client = AsyncWebClient(base_url=deps.slack.client.base_url, session=deps.slack.client.session)
    app = AsyncApp(
        name="techops",
        client=client,
        authorize=_authorize(deps),
        process_before_response=True,
        request_verification_enabled=False,
        signing_secret="checked by the receiver",  # noqa: S106 - Bolt wants one even where it does not verify
    )

    async def listen(ack: AsyncAck, context: dict[str, Any]) -> BoltResponse | None:
        envelope: Envelope = context[_ENVELOPE]
        answer = await dispatcher.handle(envelope)
        if answer.again:
            return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
        await _acknowledge(ack, answer.body)
        return None

    # Bolt tries its listeners one by one; seven of them cost the same at any number of features.
    app.command(_ANY)(listen)
    app.action(_ANY)(listen)
    app.view(_ANY)(listen)
    app.view_closed(_ANY)(listen)
    app.options(_ANY)(listen)
    app.shortcut(_ANY)(listen)
    app.event(_ANY)(listen)
    return app


async def dispatch(
    app: AsyncApp, envelope: Envelope, body: str | dict[str, Any], *, mode: str = "http"
) -> BoltResponse:
    """Hand a validated request to Bolt.

    Raises:
        EnvelopeError: Bolt cannot read it.
    """
    is_form = isinstance(body, str) and not body.startswith("{")
    headers: dict[str, str | Sequence[str]] = {"content-type": [_FORM if is_form else "application/json"]}
    try:
        request = AsyncBoltRequest(body=body, headers=headers, context={_ENVELOPE: envelope}, mode=mode)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # Bolt looks into fields that nobody else reads, such as `enterprise`, without a look at what they are.
        raise EnvelopeError("a payload with fields that Bolt cannot read") from error
    return await app.async_dispatch(request)


class SocketListener:
    """Socket Mode: requests come over a WebSocket that we open, and are answered on it."""

    def __init__(self, app: AsyncApp, app_token: str) -> None:
        self._app = app
        self._client = SocketModeClient(app_token=app_token, web_client=app.client, ping_interval=5)
        self._client.socket_mode_request_listeners.append(self._listen)
        self._running: set[asyncio.Task[Any]] = set()
        self._ending = False

    async def start(self) -> None:
        """Connect; afterwards the client reconnects by itself, also when its pings stay unanswered."""
        await self._client.connect()  # type: ignore[no-untyped-call] # the library leaves it out

    async def connected(self) -> bool:
        """Whether the connection lives, pings included."""
        return bool(await self._client.is_connected())

    async def stop(self, seconds: float) -> None:
        """Take nothing more, wait up to `seconds` for what is in hand, disconnect."""
        self._ending = True
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        await self._client.close()  # type: ignore[no-untyped-call] # as above

    async def _listen(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        task = asyncio.current_task()
        if self._ending or task is None:
            return  # not acknowledged, so Slack offers it to another connection or tells the person
        self._running.add(task)
        try:
            with logs.request("socket"):
                await self._answer(client, request)
        finally:
            self._running.discard(task)

    async def _answer(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        try:
            envelope = parse_payload(request.payload)
            response = await dispatch(self._app, envelope, request.payload, mode="socket_mode")
        except EnvelopeError as error:
            _log.warning("envelope_refused", transport="socket", reason=str(error))
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
            return
        await send_async_response(client, request, response, 0.0)


def _authorize(deps: Deps) -> Callable[..., Awaitable[AuthorizeResult]]:
    token = deps.slack.client.token

    async def authorize(enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult:
        identity = deps.slack.known_identity()
        if identity is None:
            try:
                identity = await deps.slack.identity()
            except SlackError as error:
                # People who are known already can be served from the database while Slack's API is away.
                _log.warning("identity_unknown", reason=str(error))
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            bot_token=token,
            bot_user_id=identity.bot_user_id if identity else None,
            bot_id=identity.bot_id if identity else None,
        )

    return authorize


async def _acknowledge(ack: AsyncAck, body: dict[str, Any]) -> None:
    if "options" in body:
        await ack(options=body["options"])
    elif "response_action" in body:
        await ack(**body)
    elif body:
        await ack(text=body.get("text", ""), blocks=body.get("blocks"), response_type=body.get("response_type"))
    else:
        await ack()
