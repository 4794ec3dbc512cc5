"""Templates and the headers that go with every page."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from http import HTTPStatus
from typing import Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_STYLE: Final = "style.css"
_TEMPLATES: Final = ("form.html", "message.html", "record.html")


class Renderer:
    """All templates, read once."""

    def __init__(self) -> None:
        environment = Environment(
            loader=PackageLoader("bot.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        loader = environment.loader
        assert loader is not None  # noqa: S101 - it is given above
        style, _, _ = loader.get_source(environment, _STYLE)
        # Ours, without anything that anybody typed.
        environment.globals["style"] = Markup(style)  # noqa: S704
        environment.filters["at"] = _at
        self._templates = {name: environment.get_template(name) for name in _TEMPLATES}
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.headers: Mapping[str, str] = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'; "
                "base-uri 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "X-Robots-Tag": "noindex, nofollow",
        }

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> web.Response:
        """A page."""
        text = self._templates[template].render(**values)
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

    def message(self, status: HTTPStatus, heading: str, *paragraphs: str) -> web.Response:
        """A page that only tells something."""
        failed = status >= HTTPStatus.BAD_REQUEST
        return self.page("message.html", status, heading=heading, paragraphs=paragraphs, failed=failed)


def _at(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%d %B %Y, %H:%M}".lstrip("0")
