"""Forms as they are posted, and whether it was our own page that posted them.

A page's form carries a random value that a cookie carries too. Another site can make a browser post a form here, but
it can neither read nor set that cookie, so its form cannot carry the value; and browsers say with `Origin` and
`Sec-Fetch-Site` where a form comes from. Both is asked for wherever there is a browser. A client that sends no cookie
and neither of these headers is none, since every browser sends `Origin` with a form: such a program is let through.
Nobody can make a program act for somebody else; that attack needs a browser which holds the victim's cookies.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from bot.errors import BotError
from bot.services.links import new_secret
from bot.settings import Settings

BODY_LIMIT: Final = 8 * 1024
_FIELDS_AT_MOST: Final = 20


class Refused(BotError):
    """A request that is answered with nothing but a status and a sentence."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names of our cookies. Over https they are such as no other host of the same domain can set (`__Host-`)."""

    secure: bool

    @property
    def form(self) -> str:
        """The cookie that a form has to agree with."""
        return self._name("techops_form")

    @property
    def session(self) -> str:
        """The cookie of a session."""
        return self._name("techops_session")

    def put(self, response: web.StreamResponse, name: str, value: str, seconds: int | None = None) -> None:
        """Set a cookie. Lax, since people come by links from Slack: with Strict they would seem to be signed out."""
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="Lax", secure=self.secure, path="/")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


def cookies_for(settings: Settings) -> Cookies:
    """The cookies that fit the address under which browsers reach us."""
    return Cookies(secure=(settings.public_url or "").lower().startswith("https:"))


def form_value(request: web.Request, cookies: Cookies) -> str:
    """The value for a form and its cookie; the one that the browser has, so that two open pages both work."""
    known = request.cookies.get(cookies.form, "")
    return known if _looks_right(known) else new_secret()


async def read(request: web.Request, settings: Settings, cookies: Cookies) -> Mapping[str, str]:
    """The fields of a form that our own page, or a program, has posted.

    Raises:
        Refused: another page posted it, or it is no form, or too long.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the fields as a form sends them.")
    body = await request.content.read(BODY_LIMIT + 1)
    while len(body) <= BODY_LIMIT and not request.content.at_eof():
        body += await request.content.read(BODY_LIMIT + 1 - len(body))
    if len(body) > BODY_LIMIT:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is more than this form can hold.")
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_AT_MOST, errors="strict"))
    except ValueError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "These are not the fields of this form.") from error
    if not _is_ours(request, settings, cookies, fields.get("form", "")):
        raise Refused(
            HTTPStatus.FORBIDDEN,
            "This form did not come from this page, or the page has stood open too long, so nothing was done. "
            "Open the link again, with cookies allowed.",
        )
    return fields


def _is_ours(request: web.Request, settings: Settings, cookies: Cookies, given: str) -> bool:
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    cookie = request.cookies.get(cookies.form)
    if origin is None and site is None and not request.cookies:
        return True
    if site is not None and site.strip().lower() != "same-origin":
        return False
    if origin is not None and not _from_here(origin, request, settings):
        return False
    return cookie is not None and hmac.compare_digest(cookie.encode(), given.encode())


def _from_here(origin: str, request: web.Request, settings: Settings) -> bool:
    if origin == "null":
        # What browsers say of our own forms, since our pages send no Referer (Fetch standard, "serializing a request
        # origin"), and of some strange ones; the cookie tells them apart.
        return True
    scheme, _, host = origin.lower().partition("://")
    hosts = {request.host.lower(), urlsplit(settings.public_url or "").netloc.lower()}
    return scheme in {"http", "https"} and host != "" and host in hosts


def _looks_right(value: str) -> bool:
    return len(value) == 43 and value.replace("-", "").replace("_", "").isalnum() and value.isascii()  # noqa: PLR2004
