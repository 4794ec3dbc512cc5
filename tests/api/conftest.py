"""A client of the API: tokens of several owners, and requests with what came of them."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from bot.context import Act
from bot.services import tokens
from tests.fixtures.bot import RunningBot

ADA, ERIK, EVA = 1, 2, 3
SHOP, WEB_APP, OLD = 1, 2, 3
STAGING: dict[str, Any] = {"project": "Web App", "version": "v1", "environment": "staging"}
PRODUCTION: dict[str, Any] = {"project": "Web App", "version": "v1", "environment": "production"}


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def field(self) -> str | None:
        return self.body.get("field") if isinstance(self.body, dict) else None

    @property
    def detail(self) -> str:
        return str(self.body.get("detail", ""))


@dataclass
class Client:
    """Sends requests in a token's name."""

    http: aiohttp.ClientSession
    address: str
    token: str
    ids: dict[str, int] = field(default_factory=dict)

    async def send(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"} | dict(more.pop("headers", {}))
        if body is not None:
            more["data"] = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        async with self.http.request(method, f"{self.address}/api/v1{path}", headers=headers, **more) as response:
            text = await response.text()
            parsed = json.loads(text) if "json" in response.content_type else text
            answer = Answer(response.status, parsed, dict(response.headers))
        if answer.status >= 400:
            assert response.content_type == "application/problem+json", answer
            assert parsed["status"] == answer.status, answer
            assert parsed["detail"], answer
        return answer

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.send("GET", path, **more)

    async def post(self, path: str, body: object, **more: Any) -> Answer:
        return await self.send("POST", path, body, **more)

    async def patch(self, path: str, body: object, **more: Any) -> Answer:
        return await self.send("PATCH", path, body, **more)

    async def made(self, body: Mapping[str, Any]) -> int:
        """The number of a new deployment."""
        answer = await self.post("/deployments", body)
        assert answer.status == 201, answer
        return int(answer.body["id"])


async def new_token(bot: RunningBot, owner: str = "", *scopes: str, expires: str = "") -> str:
    secret, _ = await tokens.create(bot.deps, Act(None, "cli"), "ci", owner=owner, scopes=list(scopes), expires=expires)
    return secret


@pytest.fixture
def bot_settings() -> dict[str, object]:
    return {"rate_limit": 100_000, "webhook_secret": "0123456789abcdef", "max_wait": 20}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=40)) as session:
        yield session


@pytest.fixture
async def api(bot: RunningBot, http: aiohttp.ClientSession) -> Client:
    """A token of an engineer's, with every scope."""
    return Client(http, bot.address, await new_token(bot, "erik@example.com"))
