"""The HTTP server: Web API, uploads, response addresses, Socket Mode, and the control interface.

It listens on the loopback only; control requests with another Host header, or from another site, are refused.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import urlsplit

from aiohttp import web

from sandbox import control
from sandbox.keys import Keys
from sandbox.page import Page
from sandbox.responses import handle_response_url
from sandbox.webapi import WebApi, after, before
from sandbox.workspace import Workspace

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
LARGEST_UPLOAD = 64 * 1024 * 1024


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@web.middleware
async def local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse, outside of what the bot uses, foreign Host headers (DNS rebinding) and requests of other sites."""
    if request.path.startswith(("/api/", "/upload/", "/response/", "/link/")):
        return await handler(request)
    if _host_name(request.host) not in LOCAL_NAMES:
        raise web.HTTPForbidden(text="this address serves this machine only")
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != f"{request.scheme}://{request.host}"
    if foreign or (_from_elsewhere(request) and not _is_visit(request)):
        raise web.HTTPForbidden(text="requests from other sites are refused")
    return await handler(request)


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _from_elsewhere(request: web.Request) -> bool:
    """Another site, or another port of this machine: browsers send cookies there and say so."""
    return request.headers.get("Sec-Fetch-Site", "none") in {"cross-site", "same-site"}


def _is_visit(request: web.Request) -> bool:
    return request.method == "GET" and request.path == "/" and request.headers.get("Sec-Fetch-Mode") == "navigate"


class Server:
    """Serves one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.keys = Keys(workspace.control_key)
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen (port 0: any free one) and return the address. Raises ValueError for a host that is not loopback."""
        if not is_loopback(host):
            raise ValueError(f"the sandbox listens on the loopback only, not on {host}")
        runner = web.AppRunner(self._application(), handle_signals=False, shutdown_timeout=1.0, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        self._runner = runner
        bound_port = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        self.workspace.base_url = f"http://{shown}:{bound_port}"
        await self.workspace.delivery.start()
        return self.workspace.base_url

    async def stop(self) -> None:
        """Stop listening, end retries, close connections."""
        await self.workspace.delivery.stop()
        await self.workspace.sockets.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def _application(self) -> web.Application:
        ws = self.workspace
        app = web.Application(middlewares=[local_only], client_max_size=LARGEST_UPLOAD)
        api = WebApi(ws)
        app.router.add_route("*", "/api/{method:[A-Za-z.]+}", api.handle)
        app.router.add_post("/upload/v1/{file_id}", self._upload)
        app.router.add_get("/files-pri/{file_id}/{name}", self._download)
        app.router.add_post("/response/{secret}", self._response_url)
        app.router.add_get("/link/", ws.sockets.serve)
        app.router.add_get("/status", self._status)
        Page(self.keys).add_routes(app)
        control.add_routes(app, ws, self.keys)
        return app

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        return await handle_response_url(self.workspace, request)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """The second step of an upload: https://docs.slack.dev/reference/methods/files.getUploadURLExternal."""
        fault = self.workspace.faults.take("upload", {})
        outcome = await before(fault)
        if outcome is not None:
            await after(fault, request)
            return web.json_response(outcome.body, status=outcome.status)
        file = self.workspace.files.get(request.match_info["file_id"])
        content = await request.read()
        if file is None:
            raise web.HTTPNotFound(text="no such upload")
        if len(content) != file.length:
            self.workspace.refuse("upload", "length_mismatch", [f"announced {file.length}, got {len(content)} bytes"])
            raise web.HTTPBadRequest(text="the length is not the one that was announced")
        file.content = content
        await after(fault, request)
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file's bytes, for the bot's token or the control key."""
        ws = self.workspace
        file = ws.files.get(request.match_info["file_id"])
        by_bot = request.headers.get("Authorization") == f"Bearer {ws.bot_token}"
        if not (by_bot or self.keys.admits(request)):
            raise web.HTTPForbidden(text="the control key is missing")
        if file is None or file.content is None:
            raise web.HTTPNotFound(text="no such file")
        return web.Response(
            body=file.content,
            content_type="application/octet-stream",
            headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"},
        )

    async def _status(self, request: web.Request) -> web.StreamResponse:
        del request
        ws = self.workspace
        lines = [
            f"Slack sandbox {ws.team['name']} ({ws.team['id']})",
            f"Web API calls: {len(ws.calls)}, refused: {len(ws.refusals)}",
            f"Requests to the bot: {len(ws.deliveries)}",
            f"Bot: {'connected by Socket Mode' if ws.sockets.connected else ws.bot_url or 'no address yet'}",
        ]
        return web.Response(text="\n".join(lines) + "\n")
