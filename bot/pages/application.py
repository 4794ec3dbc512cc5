"""The routes of the pages, and the one place where their errors become answers."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from bot import logs
from bot.context import Deps
from bot.errors import BotError, Missing
from bot.pages import linking, reading
from bot.pages.forms import Refused
from bot.pages.visits import Parts, Visit
from bot.services.links import LinkGone
from db import errors as db_errors

# Waiting for other people's passwords to be hashed included.
_SECONDS: Final = 10.0
_log = structlog.get_logger(__name__)

Handler = Callable[[Visit], Awaitable[web.Response]]


class Pages:
    """The pages of one process."""

    def __init__(self, deps: Deps) -> None:
        self._parts = Parts(deps)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """What is to be added to the application."""
        gets: dict[str, Handler] = {
            "/link": linking.show_link,
            "/password": linking.show_password,
            "/sign-in": reading.show_sign_in,
            "/r/{id}": reading.show_request,
            "/d/{id}": reading.show_deployment,
        }
        posts: dict[str, Handler] = {
            "/link": linking.post_link,
            "/password": linking.post_password,
            "/sign-in": reading.post_sign_in,
            "/sign-out": reading.post_sign_out,
        }
        return [web.get(path, self._serve(handler)) for path, handler in gets.items()] + [
            web.post(path, self._serve(handler)) for path, handler in posts.items()
        ]

    def _serve(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            visit = Visit(self._parts, request)
            try:
                async with asyncio.timeout(_SECONDS):
                    response = await handler(visit)
            except Exception as error:  # noqa: BLE001 - the one error translator
                response = _translate(visit, error)
            response.headers.update(self._parts.renderer.headers)
            return response

        return handle


def _translate(visit: Visit, error: Exception) -> web.Response:
    match error:
        case LinkGone():
            return visit.message(HTTPStatus.GONE, "This link has ended", str(error), _again(visit))
        case Refused(status=status):
            return visit.message(status, "That was not done", str(error))
        case Missing() | db_errors.NotFound():
            return visit.message(HTTPStatus.NOT_FOUND, "There is no such record", str(error).replace("`", ""))
        case BotError():
            return visit.message(HTTPStatus.FORBIDDEN, "That was not done", str(error))
        case db_errors.Unavailable() | db_errors.Timeout() | TimeoutError():
            _log.warning("page_unavailable", reason=str(error) or "no answer in time")
            response = visit.message(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Not now",
                "The database did not answer in time. Try again in a minute; if it lasts, tell an admin.",
            )
            response.headers["Retry-After"] = str(math.ceil(_SECONDS))
            return response
        case _:
            error_id = logs.request_id()
            _log.error("page_failed", error_id=error_id, exc_info=error)
            told = f"That is a fault of ours. If it happens again, give an admin this number: {error_id}"
            return visit.message(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", told)


def _again(visit: Visit) -> str:
    if visit.request.path == "/password":
        return "Ask an admin for a new one."
    return "Type /techops link in Slack for a new one, and use it within ten minutes."
