"""The HTTP side of the Web API: arguments, tokens, scopes, faults, and the log of calls.

https://docs.slack.dev/apis/web-api
"""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.api.registry import Args, Method, load, need_scope
from sandbox.faults import Fault
from sandbox.records import Call, Json, SlackRefusal

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


@dataclass(slots=True)
class Outcome:
    """The answer to one call before it is put on the wire."""

    body: Json
    status: int = 200
    retry_after: int | None = None


async def read_arguments(request: web.Request) -> tuple[Json, str | None]:
    """The arguments from query, form or JSON body, and the token; JSON bodies take theirs from the header only.

    Raises SlackRefusal: invalid_json, json_not_object.
    """
    args: Json = dict(request.query)
    header = request.headers.get("Authorization", "")
    token = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else None
    if request.content_type == "application/json":
        args |= _json_object(await request.text())
        return args, token
    form = await request.post()
    args |= {name: value for name, value in form.items() if isinstance(value, str)}
    return args, token or args.pop("token", None)


def _json_object(text: str) -> Json:
    try:
        body: Any = json.loads(text) if text else {}
    except ValueError:
        raise SlackRefusal("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackRefusal("json_not_object")
    return body


class WebApi:
    """Answers `/api/METHOD` for one workspace."""

    def __init__(self, workspace: "Workspace") -> None:
        self._ws = workspace
        self._methods = load()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, with whatever fault is programmed for it."""
        name = request.match_info["method"]
        started = time.perf_counter()
        args: Json = {}
        token: str | None = None
        broken: SlackRefusal | None = None
        try:
            args, token = await read_arguments(request)
        except SlackRefusal as refusal:
            broken = refusal
        fault = self._ws.faults.take(name, args)
        outcome = await before(fault)
        if outcome is None:
            outcome = Outcome(_refused(broken)) if broken else await self._work(name, token, args)
        self._log(name, args, outcome, started, fault)
        await after(fault, request)
        return self._respond(outcome, self._methods.get(name))

    async def _work(self, name: str, token: str | None, args: Json) -> Outcome:
        found = self._methods.get(name)
        if found is None:
            return Outcome({"ok": False, "error": "unknown_method", "req_method": name})
        try:
            self._authorise(found, token)
            return Outcome({"ok": True} | await found.handler(self._ws, Args(args)))
        except SlackRefusal as refusal:
            wait = refusal.extra.pop("retry_after", None)
            return Outcome(_refused(refusal), 429 if wait else 200, wait)

    def _authorise(self, found: Method, token: str | None) -> None:
        if found.token == "none":  # noqa: S105 - a kind, no secret
            return
        if not token:
            raise SlackRefusal("not_authed")
        expected = {"bot": self._ws.bot_token, "app": self._ws.app_token}
        if not any(secrets.compare_digest(token.encode(), known.encode()) for known in expected.values()):
            raise SlackRefusal("invalid_auth")
        if token != expected[found.token]:
            raise SlackRefusal("not_allowed_token_type")
        if found.token == "bot":  # noqa: S105 - a kind, no secret
            need_scope(self._ws, *found.scopes)

    def _log(self, name: str, args: Json, outcome: Outcome, started: float, fault: Fault | None) -> None:
        ws, body = self._ws, outcome.body
        error = str(body.get("error", ""))
        ms = (time.perf_counter() - started) * 1000
        what = fault.kind if fault else ""
        call = Call(ws.next_seq(), ws.now(), name, args, not error, error, body, ms, what, outcome.status)
        ws.calls.append(call)
        if error and fault is None:
            messages = body.get("response_metadata", {}).get("messages", [])
            ws.refuse(name, error, messages, {"args": args, "seq": call.seq})
        ws.feed.publish("call", method=name, ok=call.ok, error=error, ms=ms)

    def _respond(self, outcome: Outcome, found: Method | None) -> web.Response:
        headers = {
            "X-OAuth-Scopes": ",".join(sorted(self._ws.manifest.scopes)),
            "X-Slack-Req-Id": secrets.token_hex(16),
        }
        if found is not None and found.scopes:
            headers["X-Accepted-OAuth-Scopes"] = ",".join(found.scopes)
        if outcome.retry_after is not None:
            headers["Retry-After"] = str(outcome.retry_after)
        return web.json_response(outcome.body, status=outcome.status, headers=headers)


def _refused(refusal: SlackRefusal) -> Json:
    return {"ok": False, "error": refusal.error} | refusal.extra


async def before(fault: Fault | None) -> Outcome | None:
    """What a fault does before any work; the answer that replaces the work, or None."""
    if fault is None:
        return None
    if fault.delay and not fault.after:
        await asyncio.sleep(fault.delay)
    match fault.kind:
        case "drop_before":
            return Outcome({"ok": False, "error": "connection_dropped"}, 500)
        case "ratelimited":
            return Outcome({"ok": False, "error": "ratelimited"}, 429, fault.retry_after)
        case "server_error":
            return Outcome({"ok": False, "error": "internal_error"}, fault.status)
        case "refuse":
            return Outcome({"ok": False, "error": fault.error})
        case _:
            return None


async def after(fault: Fault | None, request: web.Request) -> None:
    """What a fault does once the work is done, or left out: a late answer, or a closed connection."""
    if fault is None:
        return
    if fault.delay and fault.after:
        await asyncio.sleep(fault.delay)
    if fault.kind in {"drop_before", "drop_after"} and request.transport is not None:
        request.transport.abort()
