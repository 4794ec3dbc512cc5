"""Socket Mode: the connections that the bot holds open, and the envelopes sent through them.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import contextlib
import json
import secrets
import time
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from sandbox.exchange import Answer, Prepared
from sandbox.records import Json, SlackRefusal

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

MOST_CONNECTIONS = 10


class Sockets:
    """The Socket Mode connections of one workspace's app."""

    def __init__(self, workspace: "Workspace") -> None:
        self._ws = workspace
        self._tickets: set[str] = set()
        self._connections: list[web.WebSocketResponse] = []
        self._pending: dict[str, asyncio.Future[Json | None]] = {}
        self.frozen = False

    @property
    def connected(self) -> bool:
        """Whether the bot holds a connection."""
        return bool(self._connections)

    def address(self) -> str:
        """A new WebSocket address, good for one connection."""
        if len(self._connections) >= MOST_CONNECTIONS:
            raise SlackRefusal("too_many_websockets")
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return f"{self._ws.base_url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={self._ws.app_id}"

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one connection until either side ends it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="link_disabled")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self._connections.append(socket)
        self._ws.feed.publish("socket", connections=len(self._connections))
        try:
            await socket.send_json(self._hello())
            await self._read(socket)
        finally:
            self._connections.remove(socket)
            self._ws.feed.publish("socket", connections=len(self._connections))
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "connection_info": {"app_id": self._ws.app_id},
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
        }

    async def _read(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.PING and not self.frozen:
                await socket.pong(message.data)
            elif message.type is WSMsgType.TEXT and not self.frozen:
                self._acknowledge(message.data)

    def _acknowledge(self, text: str) -> None:
        with contextlib.suppress(ValueError):  # the bot may send anything; what is no JSON acknowledges nothing
            body = json.loads(text)
            waiting = self._pending.get(str(body.get("envelope_id"))) if isinstance(body, dict) else None
            if waiting is not None and not waiting.done():
                waiting.set_result(body.get("payload"))

    async def send(self, prepared: Prepared) -> Answer:
        """Send one envelope through the newest connection and wait for its acknowledgement."""
        if not self._connections:
            return Answer(None, "", 0.0, "dispatch_failed")
        envelope_id = secrets.token_hex(16)
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": prepared.kind,
            "payload": prepared.payload,
            "accepts_response_payload": prepared.kind != "events_api",
        }
        if prepared.kind == "events_api":
            envelope |= {"retry_attempt": prepared.retry_num, "retry_reason": prepared.retry_reason}
        waiting = self._pending[envelope_id] = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        try:
            if not self.frozen:
                await self._connections[-1].send_json(envelope)
            payload = await asyncio.wait_for(waiting, self._ws.ack_timeout)
        except TimeoutError:
            return Answer(None, "", (time.perf_counter() - started) * 1000, "operation_timeout")
        except ConnectionError:
            return Answer(None, "", (time.perf_counter() - started) * 1000, "dispatch_failed")
        finally:
            del self._pending[envelope_id]
        body = "" if payload is None else json.dumps(payload)
        return Answer(200, body, (time.perf_counter() - started) * 1000)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection that it ends, then end it, as Slack does when it moves them."""
        for socket in list(self._connections):
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
            await socket.close()

    def freeze(self, *, frozen: bool = True) -> None:
        """Go silent on open connections without closing them: no envelopes, no pongs, nothing heard."""
        self.frozen = frozen

    async def stop(self) -> None:
        """Close every connection."""
        for socket in list(self._connections):
            await socket.close()
