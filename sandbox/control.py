"""The control interface under /_sandbox/: for tests in another process, and for the page.

JSON everywhere. With a control key set, each request carries it as `X-Sandbox-Key` or as `?key=`, or the cookie that
the page was given for it.
"""

import asyncio
import contextlib
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiohttp import web

from sandbox.faults import Fault
from sandbox.keys import Keys
from sandbox.reading import Reading
from sandbox.records import Channel, Json
from sandbox.wire import plain
from sandbox.workspace import Workspace

ACTS = frozenset(
    {"slash", "click", "select", "options", "enter", "submit", "close", "shortcut", "open_home", "post", "read"}
)  # the coroutines of Person that may be called by name


class Control:
    """The control interface of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def _answer(self, value: Any, status: int = 200) -> web.Response:
        return web.json_response(plain(self._ws, value), status=status)

    async def state(self, request: web.Request) -> web.Response:
        """GET state: team, people, channels, commands, shortcuts, and the number of the last change."""
        del request
        ws = self._ws
        return self._answer(
            {
                "seq": ws.feed.seq,
                "team": ws.team,
                "bot": {"user_id": ws.bot.id, "bot_id": ws.bot_id, "name": ws.bot.name},
                "users": [u.as_json(ws.now(), with_email=True) for u in ws.users.values()],
                "channels": [
                    c.as_json(ws.bot.id) | {"kind": c.kind, "members": sorted(c.members)} for c in self._all()
                ],
                "commands": ws.manifest.commands,
                "shortcuts": ws.manifest.shortcuts,
                "home_enabled": ws.manifest.home_enabled,
                "dm_read_only": ws.manifest.dm_read_only,
                "switches": ws.faults.switched,
                "socket_connected": ws.sockets.connected,
                "bot_url": ws.bot_url,
            }
        )

    def _all(self) -> list[Channel]:
        return list(self._ws.channels.values())

    async def messages(self, request: web.Request) -> web.Response:
        """GET channels/{channel}/messages?as=USER&limit=N: oldest first, with replies and what only USER sees."""
        channel = self._ws.channel(request.match_info["channel"])
        reader, limit = request.query.get("as", ""), int(request.query.get("limit", "2000"))
        own = [m for m in channel.ephemerals if m.ephemeral_to == reader]
        return self._answer(sorted([*channel.messages.values(), *own], key=lambda m: float(m.ts))[-limit:])

    async def person(self, request: web.Request) -> web.Response:
        """GET people/{user}: their modals, their Home and the channel of their DM with the bot."""
        person = self._ws.person(request.match_info["user"])
        dm = self._ws.dm(person.id).id
        return self._answer({"views": person.views, "home": person.home, "dm": dm})

    async def act(self, request: web.Request) -> web.Response:
        """POST people/{user}/{act}: one act of a person; the body's fields are its arguments.

        A message is given as `source: [channel, ts]`, a view by its id.
        """
        name = request.match_info["act"]
        if name not in ACTS:
            raise web.HTTPNotFound(text=f"no act {name}; there are {', '.join(sorted(ACTS))}")
        function = getattr(self._ws.person(request.match_info["user"]), name)
        body = await _body(request)
        for field in ("source", "message"):
            if isinstance(body.get(field), list):
                body[field] = tuple(body[field])
        try:
            inspect.signature(function).bind(**body)
        except TypeError as fault:
            raise web.HTTPBadRequest(text=f"{name}: {fault}") from fault
        return self._answer(await function(**body))

    async def log(self, request: web.Request) -> web.Response:
        """GET log/{kind}?after=SEQ: calls, deliveries or refusals, oldest first, 500 at most."""
        logs: dict[str, list[Any]] = {
            "calls": list(self._ws.calls),
            "deliveries": list(self._ws.deliveries),
            "refusals": list(self._ws.refusals),
        }
        after_seq = int(request.query.get("after", "0"))
        lines = [line for line in logs[request.match_info["kind"]] if line.seq > after_seq]
        return self._answer(lines[-500:])

    async def set_faults(self, request: web.Request) -> web.Response:
        """POST faults {faults: [{kind, method, times, ...}], channel_interval}; DELETE forgets them all."""
        if request.method == "DELETE":
            self._ws.faults.clear()
            return self._answer([])
        body = await _body(request)
        if "channel_interval" in body:
            self._ws.faults.channel_interval = body["channel_interval"]
        try:
            self._ws.faults.programmed.extend([Fault(**fault) for fault in body.get("faults", [])])
        except TypeError as wrong:
            raise web.HTTPBadRequest(text=str(wrong)) from wrong
        return self._answer(self._ws.faults.programmed)

    async def switch(self, request: web.Request) -> web.Response:
        """POST switches/{name} {on}: a lasting fault on or off (slow, ratelimited, lost, down)."""
        body = await _body(request)
        self._ws.faults.switch(request.match_info["name"], on=bool(body.get("on")))
        self._ws.feed.publish("switches")
        return self._answer(self._ws.faults.switched)

    async def settings(self, request: web.Request) -> web.Response:
        """POST settings {bot_url}: where the bot listens."""
        body = await _body(request)
        if "bot_url" in body:
            self._ws.bot_url = body["bot_url"]
        return self._answer({"bot_url": self._ws.bot_url})

    async def add(self, request: web.Request) -> web.Response:
        """POST channels {name, bot, kind, members}, or POST users/{user} with the fields to change."""
        body = await _body(request)
        if "user" in request.match_info:
            return self._answer(await self._ws.change_user(request.match_info["user"], **body))
        return self._answer(self._ws.add_channel(**body).as_json(self._ws.bot.id))

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """GET feed: a WebSocket with one JSON object for each change."""
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        queue = self._ws.feed.subscribe()
        sender = asyncio.create_task(_forward(queue, socket))
        try:
            async for _ in socket:
                pass  # the page has nothing to say here
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender
            self._ws.feed.unsubscribe(queue)
        return socket


async def _forward(queue: "asyncio.Queue[Json]", socket: web.WebSocketResponse) -> None:
    while True:
        await socket.send_json(await queue.get())


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError as fault:
        raise web.HTTPBadRequest(text=f"the body is not JSON: {fault}") from fault
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body must be a JSON object")
    return body


Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(keys: Keys, handler: Handler) -> Handler:
    """The handler behind the key; what it cannot find or read becomes 404 or 400 with the reason."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if not keys.admits(request):
            raise web.HTTPForbidden(text="the control key is missing or wrong")
        try:
            return await handler(request)
        except LookupError as fault:
            raise web.HTTPNotFound(text=str(fault.args[0]) if fault.args else "not found") from fault
        except ValueError as fault:
            raise web.HTTPBadRequest(text=str(fault)) from fault

    return checked


def add_routes(app: web.Application, ws: Workspace, keys: Keys) -> None:
    """Put the control interface on the application."""
    control, reading = Control(ws), Reading(ws)
    for verb, path, handler in (
        ("GET", "state", control.state),
        ("GET", "channels/{channel}/messages", control.messages),
        ("GET", "channels/{channel}/messages/{ts}", reading.message),
        ("GET", "channels/{channel}/history", reading.history),
        ("GET", "channels/{channel}/replies/{ts}", reading.replies),
        ("POST", "channels", control.add),
        ("POST", "users/{user}", control.add),
        ("GET", "people/{user}", control.person),
        ("GET", "people/{user}/unread", reading.unread),
        ("POST", "people/{user}/files", reading.upload),
        ("POST", "people/{user}/{act}", control.act),
        ("GET", "log", reading.log),
        ("GET", "log/lines/{seq}", reading.line),
        ("GET", "log/{kind:calls|deliveries|refusals}", control.log),
        ("POST", "faults", control.set_faults),
        ("DELETE", "faults", control.set_faults),
        ("POST", "switches/{name}", control.switch),
        ("POST", "settings", control.settings),
        ("GET", "feed", control.feed),
    ):
        app.router.add_route(verb, f"/_sandbox/{path}", guarded(keys, handler))
