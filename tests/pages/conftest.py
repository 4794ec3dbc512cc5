"""People with passwords, and the pages as a browser or a program asks for them."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import bcrypt
import pytest

from bot.auth import Actor
from bot.context import Act
from bot.services import links
from sandbox.acts import Person
from tests.fixtures.bot import RunningBot

PASSWORD = "correct horse battery"
ADA, ERIK, EVA = 1, 2, 3
SET_HASH = "UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING id"
TIES = "SELECT user_id, slack_user_id FROM techops.slack_identities ORDER BY user_id"


def cheap(password: str, cost: int = 4) -> str:
    """A hash that costs the tests little to make; checking it takes as long as any."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: aiohttp.typedefs.LooseHeaders
    text: str
    cookies: dict[str, Any]
    url: str

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the form."""
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text))


@dataclass
class Browser:
    """A client that keeps cookies and says what browsers say, unless told otherwise."""

    session: aiohttp.ClientSession
    address: str
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self._send("GET", path, **more)

    async def post(self, path: str, data: dict[str, str], **more: Any) -> Answer:
        return await self._send("POST", path, data=data, **more)

    async def fill(self, page: Answer, path: str, **values: str) -> Answer:
        """Submit the form of a page."""
        return await self.post(path, page.hidden() | values)

    async def _send(self, method: str, path: str, **more: Any) -> Answer:
        headers = self.headers | more.pop("headers", {})
        async with self.session.request(
            method, self.address + path, headers=headers, allow_redirects=more.pop("follow", False), **more
        ) as response:
            text = await response.text()
            cookies = dict(response.cookies.items())
            return Answer(response.status, response.headers, text, cookies, str(response.url))


@pytest.fixture
async def browser(bot: RunningBot) -> AsyncIterator[Browser]:
    """A browser."""
    jar = aiohttp.CookieJar(unsafe=True)
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Browser(session, bot.address, headers)


@pytest.fixture
async def program(bot: RunningBot) -> AsyncIterator[Browser]:
    """A program that keeps no cookies, such as curl."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Browser(session, bot.address)


async def give_password(bot: RunningBot, user_id: int, password: str = PASSWORD, cost: int = 4) -> None:
    """Give an account a password, as the dashboard does."""
    assert await bot.fetch(SET_HASH, user_id, cheap(password, cost))


async def link_of(bot: RunningBot, person: Person) -> str:
    """The path and query of a link that `/techops link` gives."""
    ack = await person.slash("techops", "link")
    found = re.search(r"/link\?token=[\w-]+", str(ack))
    assert found, ack
    return found[0]


async def password_link_of(bot: RunningBot, user_id: int) -> str:
    """The path and query of a link that an admin makes for an account."""
    admin = Actor(ADA, "Ada Admin", "ada@example.com", "admin", "UTC", "", "")
    url = await links.issue_password_link(bot.deps, Act(admin, "slack"), user_id)
    return url[url.index("/password") :]


async def ties(bot: RunningBot) -> dict[int, str]:
    """Who is tied to which account."""
    return {row["user_id"]: row["slack_user_id"] for row in await bot.fetch(TIES)}
