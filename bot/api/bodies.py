"""What a request carries: its token, its JSON, its query; anything else is refused with the field at fault."""

import asyncio
import math
import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Any, Final, TypeVar

from aiohttp import ClientPayloadError, web
from pydantic import BaseModel, ValidationError

from bot.api.models import KEY_LIMIT
from bot.api.problems import Fault, Problem
from bot.errors import Unrecognised
from bot.rules.suggest import closest
from bot.rules.wording import listed, quoted

BODY_LIMIT: Final = 64 * 1024
HOOK_LIMIT: Final = 512 * 1024  # GitHub's events repeat whole repositories and people
_JSON: Final = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE | re.ASCII)
_MOST_FAULTS: Final = 20
_BODY_SECONDS: Final = 15.0

Body = TypeVar("Body", bound=BaseModel)


def bearer(request: web.Request) -> str:
    """The token that the request shows.

    Raises:
        Unrecognised: it shows none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not token.strip():
        raise Unrecognised("Send a token in the header: `Authorization: Bearer tops_...`")
    return token.strip()


async def read_bytes(request: web.Request, limit: int = BODY_LIMIT) -> bytes:
    """The body, refused with 413 as soon as it is known to be over `limit` bytes."""
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.content.iter_chunked(16 * 1024):
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError as error:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time.") from error
    except (ClientPayloadError, web.RequestPayloadError, ConnectionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body did not arrive whole.") from error
    return bytes(body)


def check_json(request: web.Request) -> None:
    """Let pass a request that says it carries JSON; 415 for any other."""
    if not _JSON.fullmatch(request.content_type) or "Content-Type" not in request.headers:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with the header `Content-Type: application/json`.")
    if request.headers.get("Content-Encoding", "identity").casefold() not in {"", "identity"}:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without Content-Encoding.")


def parse(body: bytes, model: type[Body]) -> Body:
    """The body as the model has it; 400 for what is no JSON, 422 naming the fields at fault."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _refused(error, model) from error


def read_query(request: web.Request, known: Collection[str]) -> dict[str, str]:
    """The query's values; 422 for a name that is not known or given twice. An empty value counts as none."""
    faults = [Fault(name, _unknown(name, known)) for name in request.query if name not in known]
    faults += [Fault(name, "Give it once.") for name in known if len(request.query.getall(name, [])) > 1]
    faults += [Fault(name, "A value has to be text.") for name, value in request.query.items() if "\x00" in value]
    if faults:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, faults[0].detail, faults=faults[:_MOST_FAULTS])
    return {name: value for name, value in request.query.items() if value.strip()}


def read_wait(text: str | None, longest: float) -> float:
    """Seconds to wait, cut to `longest`; 422 for what is no number of seconds."""
    if text is None:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not (math.isfinite(seconds) and seconds >= 0):
        raise invalid("wait", "Give the seconds to wait as a number, such as wait=25.")
    return min(seconds, longest)


def read_key(request: web.Request, in_body: str | None) -> str | None:
    """The idempotency key, from the body or the header; 422 where they differ or it cannot be kept."""
    header = request.headers.get("Idempotency-Key")
    if in_body is not None and header is not None and in_body != header:
        raise invalid("idempotency_key", "The header Idempotency-Key says something else. Send one of the two.")
    key = header if in_body is None else in_body
    if key is not None and not (key.strip() and key.isprintable() and len(key) <= KEY_LIMIT):
        raise invalid("idempotency_key", f"A key has 1 to {KEY_LIMIT} characters, all of which can be printed.")
    return key


def invalid(field: str, detail: str) -> Problem:
    """The refusal of one field."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults=[Fault(field, detail)])


def _too_large(limit: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limit // 1024} KiB.")


def _refused(error: ValidationError, model: type[BaseModel]) -> Problem:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    if details[0]["type"] == "json_invalid":
        return Problem(
            HTTPStatus.BAD_REQUEST, f"The body is no JSON: {details[0]['msg'].removeprefix('Invalid JSON: ')}."
        )
    if not details[0]["loc"]:
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The body has to be a JSON object.")
    faults: dict[str, Fault] = {}
    for detail in details:
        name = str(detail["loc"][0])[:100]
        faults.setdefault(name, Fault(name, _sentence(name, detail, model)))
    first = next(iter(faults.values()))
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"{first.field}: {first.detail}", faults=list(faults.values())[:_MOST_FAULTS]
    )


def _sentence(name: str, detail: Any, model: type[BaseModel]) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return _unknown(name, model.model_fields)
        case "missing":
            return "It is required."
    field = model.model_fields.get(name)
    if field is not None and len(detail["loc"]) > 1 and field.description:
        return f"{detail['msg']}. {field.description}"
    return f"{detail['msg']}."


def _unknown(name: str, known: Collection[str]) -> str:
    if not known:
        return f"There is no field {quoted(name)}; this address takes none."
    near = closest(name, known)
    hint = f" Did you mean {near}?" if near else ""
    return f"There is no field {quoted(name)}.{hint} There are {listed(sorted(known), last='and')}."
