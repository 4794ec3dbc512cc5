"""The aiohttp application: what comes from Slack, and what tells whether we are well.

Every request has an id, which its log lines, its answer's `X-Request-Id` and what people are told of failures share.
"""

import asyncio
import hmac
import ipaddress
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot import logs
from bot.api import application
from bot.app import dispatch
from bot.envelope import Envelope, EnvelopeError, SlashCommand, SslCheck, UrlVerification, parse_body
from bot.meters import Meters
from bot.services.health import Finding
from bot.settings import Settings

# The largest view is 250 KB (docs.slack.dev/reference/views); form encoding can triple it.
_BODY_LIMIT: Final = 1024 * 1024
# Bodies that are read, and answers that are made, at once; beyond them a request is refused before it is read.
_MOST_IN_HAND: Final = 500
_BODY_SECONDS: Final = 2.0
_SOON: Final = MappingProxyType({"Retry-After": "1"})
_SLACK: Final = "/slack/events"
_SIGNATURE_SECONDS: Final = 300
# Asked every few seconds by machines; their lines would hide those of people.
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
# A proxy on this machine adds one of these, and then whoever asks is somewhere else.
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
_log = structlog.get_logger(__name__)

Examine = Callable[[], Awaitable[Sequence[Finding]]]
Measure = Callable[[], Awaitable[bytes]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """The HTTP side of one process; `examine` tells whether it is in order, `measure` gives its figures."""

    def __init__(
        self,
        app: AsyncApp,
        settings: Settings,
        examine: Examine,
        measure: Measure,
        now: Callable[[], float],
        api: application.Api,
        meters: Meters,
        pages: Sequence[web.AbstractRouteDef],
    ) -> None:
        secret = settings.slack_signing_secret
        self._app = app
        self._settings = settings
        self._examine = examine
        self._measure = measure
        self._now = now
        self._verifier = SignatureVerifier(secret.get_secret_value()) if secret else None
        self._api = api
        self._meters = meters
        self._pages = pages
        self._ending = False
        self._in_hand = 0

    def application(self) -> web.Application:
        """The routes."""
        routes = web.Application(client_max_size=_BODY_LIMIT, middlewares=[self._account, self._refuse_when_ending])
        routes.router.add_post(_SLACK, self._slack)
        routes.router.add_get("/healthz", self._healthz)
        routes.router.add_get("/readyz", self._readyz)
        routes.router.add_get("/metrics", self._metrics)
        routes.add_routes(self._pages)
        routes.add_subapp(application.PREFIX, self._api.application())
        return routes

    def end(self) -> None:
        """From now on new requests are refused with 503; those in hand are finished."""
        self._ending = True
        self._api.end()

    @web.middleware
    async def _account(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Number, count, time and log every request; what nobody foresaw becomes a 500 that names the number."""
        if request.path in _QUIET:
            return await self._answer(request, handler, "")
        with logs.request("http") as request_id:
            return await self._answer(request, handler, request_id)

    async def _answer(self, request: web.Request, handler: Handler, request_id: str) -> web.StreamResponse:
        route, status, begun = _route(request), 499, time.monotonic()  # 499: the client has gone
        try:
            response = await _guarded(request, handler)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            error.headers["X-Request-Id"] = request_id
            raise
        finally:
            self._meters.served(route, request.method, status, time.monotonic() - begun)
            if request_id:
                _describe(route, status)
        if request_id and not response.prepared:
            response.headers["X-Request-Id"] = request_id
        return response

    @web.middleware
    async def _refuse_when_ending(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._ending and request.path.startswith(application.PREFIX):
            return application.ending()
        if self._ending and request.path != "/healthz":
            return web.Response(status=503, text="This process is ending. Please try again.", headers=_SOON)
        return await handler(request)

    async def _slack(self, request: web.Request) -> web.StreamResponse:
        if self._in_hand >= _MOST_IN_HAND:
            return web.Response(status=503, text="Too many requests at once. Please try again.", headers=_SOON)
        self._in_hand += 1
        try:
            return await self._take(request)
        finally:
            self._in_hand -= 1

    async def _take(self, request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="The body did not come in time.", headers={"Connection": "close"})
        if not self._signed(request, body):
            return web.Response(status=401, text="The signature is missing, wrong or too old.")
        try:
            text = body.decode()
            envelope = parse_body(text, request.content_type)
            if isinstance(envelope, SlashCommand):
                envelope = envelope.model_copy(update={"signature": request.headers["X-Slack-Signature"]})
            return await self._acknowledged(envelope, text)
        except (EnvelopeError, UnicodeDecodeError) as error:
            _log.warning("envelope_refused", transport="http", reason=str(error))
            return web.Response(status=400, text="This is no request of a kind that Slack sends.")

    async def _acknowledged(self, envelope: Envelope | SslCheck, text: str) -> web.Response:
        if isinstance(envelope, UrlVerification):
            return web.json_response({"challenge": envelope.challenge})
        if isinstance(envelope, SslCheck):
            return web.Response()
        response = await dispatch(self._app, envelope, text)
        return web.Response(
            status=response.status, body=response.body, headers=dict(response.first_headers_without_set_cookie())
        )

    def _signed(self, request: web.Request, body: bytes) -> bool:
        # docs.slack.dev/authentication/verifying-requests-from-slack; the library raises on a timestamp like "soon"
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if self._verifier is None or not re.fullmatch(r"[0-9]{1,11}", timestamp):
            return False
        if abs(self._now() - int(timestamp)) > _SIGNATURE_SECONDS:
            return False
        try:
            expected = self._verifier.generate_signature(timestamp=timestamp, body=body)
        except UnicodeDecodeError:
            return False
        return expected is not None and hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, _request: web.Request) -> web.Response:
        findings = await self._examine()
        ready = all(finding.ok for finding in findings)
        body = {
            "status": "ok" if ready else "unavailable",
            "checks": {finding.name: finding.text for finding in findings},
        }
        return web.json_response(body, status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        if not self._may_see_metrics(request):
            return web.Response(status=401, text="Send the METRICS_TOKEN as a bearer token, or ask from this machine.")
        return web.Response(body=await self._measure(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _may_see_metrics(self, request: web.Request) -> bool:
        token = self._settings.metrics_token
        if token is not None:
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            right = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.get_secret_value().encode())
            return right and scheme.lower() == "bearer"
        if any(name in request.headers for name in _FORWARDED):
            return False
        try:
            return ipaddress.ip_address(request.remote or "").is_loopback
        except ValueError:
            return False


async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException:
        raise  # an answer, too: of an address that does not exist, or of a body that is too large
    except Exception as error:  # noqa: BLE001 - the last one to catch it
        error_id = logs.request_id()
        _log.error("request_failed", error_id=error_id, exc_info=error)
        return web.Response(status=500, text=f"Something unexpected went wrong. Its number in the log: {error_id}")


def _describe(route: str, status: int) -> None:
    logs.describe(route=route or None, status=status)
    if route != _SLACK or status >= HTTPStatus.BAD_REQUEST:  # else the dispatcher has said how it came out
        refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        logs.describe(outcome="refused" if refused else "ok" if status < HTTPStatus.BAD_REQUEST else "failed")


def _route(request: web.Request) -> str:
    """The pattern that took the request, such as /api/v1/deployments/{id}; empty where none did."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


def wall_clock() -> float:
    """Seconds since the epoch, for the age of signatures."""
    return time.time()
