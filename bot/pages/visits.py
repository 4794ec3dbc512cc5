"""One request of a page: what handlers read from it, and how they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.context import Deps
from bot.errors import BadInput, BotError, Forbidden, Unrecognised
from bot.pages import forms
from bot.pages.rendering import Renderer
from bot.services.people import known_zone
from bot.services.sign_in import SignIns, TooManyAttempts
from db.models import User

_STATUS: Mapping[type[BotError], HTTPStatus] = {
    Unrecognised: HTTPStatus.UNAUTHORIZED,
    BadInput: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
}


class Parts:
    """What all pages of a process share."""

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        self.renderer = Renderer()
        self.cookies = forms.cookies_for(deps.settings)
        self.sign_ins = SignIns(deps)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form, with the sentence that says what is wrong with it."""

    name: str
    label: str
    kind: str
    autocomplete: str
    value: str = ""
    hint: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form: what is said above it, its fields, what it carries along, and the words on its button."""

    path: str
    heading: str
    paragraphs: tuple[str, ...]
    fields: tuple[Field, ...]
    button: str
    facts: tuple[tuple[str, str], ...] = ()
    hidden: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Visit:
    """One request."""

    def __init__(self, parts: Parts, request: web.Request) -> None:
        self.deps = parts.deps
        self.sign_ins = parts.sign_ins
        self.request = request
        self._parts = parts

    @property
    def token(self) -> str:
        """The token in the address."""
        return self.request.query.get("token", "")

    @property
    def address(self) -> str:
        """From where the request came, as far as the connection tells: behind a proxy, the proxy's."""
        return self.request.remote or ""

    async def fields(self) -> Mapping[str, str]:
        """What was posted.

        Raises:
            Refused: not by our page.
        """
        return await forms.read(self.request, self.deps.settings, self._parts.cookies)

    def form(self, form: Form, error: BotError | None = None) -> web.Response:
        """A form, with what was wrong with it where it was posted before."""
        value = forms.form_value(self.request, self._parts.cookies)
        status = _status_of(error) if error else HTTPStatus.OK
        field_name = error.field if isinstance(error, BadInput) else None
        response = self._parts.renderer.page(
            "form.html",
            status,
            form=form,
            hidden={**form.hidden, "form": value},
            fault=str(error).replace("`", "") if error else "",
            faulty=field_name or "",
        )
        if isinstance(error, TooManyAttempts):
            response.headers["Retry-After"] = str(error.retry_after)
        self._parts.cookies.put(response, self._parts.cookies.form, value)
        return response

    def message(self, status: HTTPStatus, heading: str, *paragraphs: str) -> web.Response:
        """A page that only tells something."""
        return self._parts.renderer.message(status, heading, *paragraphs)

    def record(self, reader: User, **values: object) -> web.Response:
        """A record to read."""
        value = forms.form_value(self.request, self._parts.cookies)
        zone = ZoneInfo(known_zone(reader.tz or "UTC"))
        response = self._parts.renderer.page(
            "record.html", HTTPStatus.OK, reader=reader, zone=zone, hidden={"form": value}, **values
        )
        self._parts.cookies.put(response, self._parts.cookies.form, value)
        return response

    async def reader(self) -> User | None:
        """Who is signed in."""
        secret = self.request.cookies.get(self._parts.cookies.session, "")
        return await self.sign_ins.find_reader(secret) if secret else None

    def begin_session(self, response: web.Response, secret: str) -> web.Response:
        """Have the browser keep the session until it is closed, or for 12 hours."""
        self._parts.cookies.put(response, self._parts.cookies.session, secret, 12 * 3600)
        return response

    async def end_session(self, response: web.Response) -> web.Response:
        """End the session here and in the browser."""
        name = self._parts.cookies.session
        await self.sign_ins.close_session(self.request.cookies.get(name, ""))
        self._parts.cookies.put(response, name, "", 0)
        return response

    @staticmethod
    def go(path: str) -> web.Response:
        """Send the browser to another page of ours."""
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


def _status_of(error: BotError) -> HTTPStatus:
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.CONFLICT)
