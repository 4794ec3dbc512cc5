"""Refusals as `application/problem+json` (https://www.rfc-editor.org/rfc/rfc9457), with the field at fault."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from bot import logs
from bot.errors import BadInput, BotError, Forbidden, Missing, Unrecognised
from db import errors as db_errors

CONTENT_TYPE: Final = "application/problem+json"
_RETRY_SECONDS: Final = 2
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """A field that cannot be used, and why."""

    field: str
    detail: str


class Problem(Exception):
    """A refusal with everything that the answer says."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})


def too_many(seconds: float) -> Problem:
    """The refusal of a token that calls too often."""
    wait = max(1, math.ceil(seconds))
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"This token calls too often. Wait {wait} s and try again.",
        headers={"Retry-After": str(wait)},
    )


def unavailable(detail: str) -> Problem:
    """The refusal for now: the same call may well succeed in a moment."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(_RETRY_SECONDS)})


def problem_of(error: Exception, *, committing: bool, where: str) -> Problem:
    """The one translation of errors to answers; what nobody foresaw is logged under an id, which the answer names.

    `committing`: COMMIT had been sent, so that only the record can tell whether something was saved.
    """
    match error:
        case Problem():
            return error
        case Unrecognised():
            headers = {"WWW-Authenticate": 'Bearer realm="techops", error="invalid_token"'}
            return Problem(HTTPStatus.UNAUTHORIZED, str(error), headers=headers)
        case BadInput(field=name):
            faults = (Fault(name, str(error)),) if name else ()
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), faults=faults)
        case Forbidden():
            return Problem(HTTPStatus.FORBIDDEN, str(error))
        case Missing() | db_errors.NotFound():
            return Problem(HTTPStatus.NOT_FOUND, str(error))
        case BotError():
            return Problem(HTTPStatus.CONFLICT, str(error))
        case web.HTTPException():
            return _of_http(error)
    return _of_database(error, committing=committing, where=where)


def respond(problem: Problem) -> web.Response:
    """The answer that says it."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
    }
    if problem.faults:
        body["field"] = problem.faults[0].field
        body["errors"] = [{"field": fault.field, "detail": fault.detail} for fault in problem.faults]
    headers = {"Cache-Control": "no-store"} | problem.headers
    return web.json_response(body, status=problem.status.value, content_type=CONTENT_TYPE, headers=headers)


def _of_database(error: Exception, *, committing: bool, where: str) -> Problem:
    match error:
        case db_errors.Unavailable() | db_errors.Timeout() | TimeoutError():
            _log.warning("api_database_unavailable", where=where, reason=str(error) or "deadline", uncertain=committing)
            if committing:
                return unavailable(
                    "The database did not confirm in time whether this was saved. Send it again with the same "
                    "idempotency key, or look at the record first."
                )
            return unavailable("The database does not answer at the moment, so nothing was changed. Try again.")
        case db_errors.DataRejected() | db_errors.CheckFailed():
            _log.warning("api_value_refused", where=where, reason=str(error))
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The database cannot keep one of these values.")
        case db_errors.Conflict() | db_errors.ReferencedGone():
            return Problem(HTTPStatus.CONFLICT, "Something that this refers to was changed meanwhile. Try again.")
    error_id = logs.request_id()
    _log.error("api_request_failed", error_id=error_id, where=where, exc_info=error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, f"Something unexpected went wrong. Its number in the log: {error_id}"
    )


def _of_http(error: web.HTTPException) -> Problem:
    kept = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
    details = {
        HTTPStatus.NOT_FOUND: "There is nothing at this address. /api/v1/openapi.json lists what there is.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"This address takes {kept.get('Allow', 'other methods')} only.",
    }
    status = HTTPStatus(error.status)
    return Problem(status, details.get(status, status.description or status.phrase), headers=kept)
