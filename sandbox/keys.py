"""Who may control the workspace: holders of the control key, and browsers that exchanged it for a cookie."""

import secrets
from typing import Final

from aiohttp import web

# A page is opened a handful of times; the limit only keeps a loop from filling the memory.
_SESSIONS: Final = 200


class Keys:
    """The control key of one workspace, and the sessions opened with it. Without a key everybody is let in."""

    def __init__(self, control_key: str) -> None:
        self.control_key = control_key
        self._sessions: dict[str, None] = {}

    def is_right(self, given: str) -> bool:
        """Whether `given` is the control key."""
        return secrets.compare_digest(given.encode(), self.control_key.encode())

    def open_session(self) -> str:
        """A new secret for a browser's cookie."""
        token = secrets.token_urlsafe(24)
        self._sessions[token] = None
        if len(self._sessions) > _SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return token

    def admits(self, request: web.Request) -> bool:
        """Whether the request carries the key (header or `?key=`) or the cookie of a session."""
        if not self.control_key:
            return True
        if request.cookies.get(cookie_name(request)) in self._sessions:
            return True
        return self.is_right(request.headers.get("X-Sandbox-Key") or request.query.get("key", ""))


def cookie_name(request: web.Request) -> str:
    """The cookie of this very workspace: browsers share cookies between the ports of one host."""
    return f"sandbox_{request.url.port}"
