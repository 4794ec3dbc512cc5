"""The OpenAPI document is valid, is made of what validates, and describes every route and answer."""

from typing import Any

import aiohttp
import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from bot.api.operations import OPERATIONS
from tests.api.conftest import STAGING, Client
from tests.fixtures.bot import RunningBot


@pytest.fixture
async def document(bot: RunningBot, http: aiohttp.ClientSession) -> dict[str, Any]:
    async with http.get(f"{bot.address}/api/v1/openapi.json") as response:
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found


async def test_it_is_valid_and_complete(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}
    assert {"/deployments", "/deployments/{id}", "/maintenance-requests", "/maintenance-requests/{id}"} <= set(
        document["paths"]
    )
    body = document["components"]["schemas"]["NewDeployment"]
    assert body["additionalProperties"] is False
    assert set(body["required"]) == {"project", "version", "environment"}
    create = document["paths"]["/deployments"]["post"]
    assert {"201", "200", "401", "403", "409", "413", "415", "422", "429", "503"} <= set(create["responses"])
    assert create["security"] == [{"token": []}]


async def test_answers_are_as_described(document: dict[str, Any], api: Client) -> None:
    def check(name: str, body: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(body)

    made = await api.post("/deployments", STAGING)
    check("Deployment", made.body)
    check("DeploymentPage", (await api.get("/deployments")).body)
    check("Problem", (await api.get("/deployments/4711")).body)
    request = await api.post("/maintenance-requests", {"title": "Disk", "description": "Full"})
    check("Request", request.body)


async def test_every_refusal_is_described(document: dict[str, Any], api: Client) -> None:
    number = await api.made(STAGING)
    for answer, method, path in (
        (await api.patch(f"/deployments/{number}", {"status": "success"}), "patch", "/deployments/{id}"),
        (await api.get("/deployments?cursor=x"), "get", "/deployments"),
        (await api.send("POST", "/deployments", data=b"{"), "post", "/deployments"),
    ):
        described = document["paths"][path][method]["responses"][str(answer.status)]
        assert set(described["content"]) == {"application/problem+json"}
