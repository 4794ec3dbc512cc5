"""The OpenAPI 3.1 document, made of the operations and of the models that validate."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.api.models import Problem
from bot.api.operations import Operation
from bot.api.problems import CONTENT_TYPE
from bot.rules.tokens import Scope

VERSION: Final = "1"
_REF: Final = "#/components/schemas/{model}"
_WITH_BODY: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_SIGNED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE)
_WITH_TOKEN: Final = (*_SIGNED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
_DESCRIPTIONS: Final = {
    HTTPStatus.OK: "Done, or done before with the same key.",
    HTTPStatus.CREATED: "Made.",
    HTTPStatus.ACCEPTED: "Taken, and nothing follows from it.",
    HTTPStatus.BAD_REQUEST: "The body is no JSON.",
    HTTPStatus.UNAUTHORIZED: "No token or signature, or one that does not hold (any more).",
    HTTPStatus.FORBIDDEN: "The token lacks the scope, or its owner the role.",
    HTTPStatus.NOT_FOUND: "There is no such record.",
    HTTPStatus.CONFLICT: "Not possible now: frozen, locked, not approved, another state; or a key with another body.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not sent as JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field cannot be used; `field` names it.",
    HTTPStatus.TOO_MANY_REQUESTS: "The token calls too often; `Retry-After` says when to come back.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database is away; `Retry-After` says when to come back.",
}


def document(operations: Sequence[Operation], server: str | None) -> dict[str, Any]:
    """The whole document."""
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    wanted += [(operation.answer, "serialization") for operation in operations]
    wanted += [(operation.body, "validation") for operation in operations if operation.body]
    schemas, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = paths.setdefault(operation.path, {})
        path[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TechOps",
            "version": VERSION,
            "description": "Deployments, approvals and maintenance requests for pipelines.",
        },
        "servers": [{"url": f"{(server or '').rstrip('/')}/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"`techops token create`; its scopes are some of {', '.join(Scope)}.",
                }
            },
        },
    }


def _operation(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {
            **{
                str(status.value): _answer(status, schemas[operation.answer, "serialization"])
                for status in operation.statuses
            },
            **{str(status.value): _refusal(status, schemas) for status in _refusals(operation)},
        },
    }
    if operation.scope:
        described |= {"security": [{"token": []}], "description": f"Scope `{operation.scope}`."}
    parameters = _parameters(operation)
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        content = {"application/json": {"schema": schemas[operation.body, "validation"]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _refusals(operation: Operation) -> list[HTTPStatus]:
    always = _WITH_TOKEN if operation.scope else (*_SIGNED, *_WITH_BODY)
    body = _WITH_BODY if operation.body else (HTTPStatus.UNPROCESSABLE_ENTITY,) if operation.query else ()
    return sorted({*always, *body, *operation.refusals})


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in operation.path:
        found.append({"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}})
    for name, description in operation.query.items():
        kind = {"type": "number", "minimum": 0} if name == "wait" else {"type": "string"}
        found.append({"name": name, "in": "query", "description": description, "schema": kind})
    if operation.scope and operation.body:
        description = "As `idempotency_key` in the body."
        found.append(
            {"name": "Idempotency-Key", "in": "header", "description": description, "schema": {"type": "string"}}
        )
    return found


def _answer(status: HTTPStatus, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": _DESCRIPTIONS[status], "content": {"application/json": {"schema": schema}}}


def _refusal(status: HTTPStatus, schemas: dict[Any, Any]) -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": schemas[Problem, "serialization"]}}
    return {"description": _DESCRIPTIONS[status], "content": content}
