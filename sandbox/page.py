"""The page: its files, the headers that guard it, and the exchange of the key in its address for a cookie.

The files hold no secrets: whoever has no session sees a page that asks for the address with the key.
"""

from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox.emoji_names import emoji_names
from sandbox.keys import Keys, cookie_name

STATIC: Final = Path(__file__).parent / "static"
# Only `self`, and no scripts or styles inside the page: text that slipped through as HTML could still run nothing.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'none'; "
    "connect-src 'self' ws://{host}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def guard(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer; what is not a file of the page is never stored."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(host=request.host))
    is_file = request.path.startswith("/static/")
    response.headers.setdefault("Cache-Control", "no-cache" if is_file else "no-store")


class Page:
    """Serves the page of one workspace."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._emoji: dict[str, str] | None = None

    async def index(self, request: web.Request) -> web.StreamResponse:
        """The page; with the right `?key=`, also the cookie that stands for it from then on."""
        given = request.query.get("key", "")
        wrong = bool(given) and not self._keys.admits(request)
        response = web.FileResponse(STATIC / "index.html", status=403 if wrong else 200)
        if given and self._keys.control_key and self._keys.is_right(given):
            token = self._keys.open_session()
            response.set_cookie(cookie_name(request), token, httponly=True, samesite="Strict", path="/")
        return response

    async def emoji(self, request: web.Request) -> web.Response:
        """GET emoji: the names of emoji, each with its characters."""
        del request
        if self._emoji is None:
            self._emoji = emoji_names()
        return web.json_response(self._emoji, headers={"Cache-Control": "private, max-age=86400"})

    def add_routes(self, app: web.Application) -> None:
        """Put the page on the application."""
        app.router.add_get("/", self.index)
        app.router.add_get("/emoji.json", self.emoji)
        app.router.add_static("/static/", STATIC)
        app.on_response_prepare.append(guard)
