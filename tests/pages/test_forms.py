"""What guards every page: headers, cookies, and where a form may come from."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.context import Deps
from bot.processes.web import serve_web
from bot.slack import Slack
from db.pool import DatabaseConfig, open_pool
from sandbox.workspace import Workspace
from tests.fixtures.bot import RunningBot, TestClock, settings_for
from tests.pages.conftest import EVA, PASSWORD, Answer, Browser, give_password, link_of, password_link_of, ties

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Type": "text/html; charset=utf-8",
}
POLICY = ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'sha256-")


def guarded(answer: Answer) -> None:
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, name  # type: ignore[union-attr]
    policy = str(answer.headers.get("Content-Security-Policy"))  # type: ignore[union-attr]
    assert all(part in policy for part in POLICY)
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text


async def test_every_answer_is_guarded(bot: RunningBot, browser: Browser) -> None:
    link, password = await link_of(bot, bot.uma), await password_link_of(bot, EVA)
    page = await browser.get(link)
    wrong = await browser.fill(page, "/link", email="nobody@example.com", password="wrong")
    answers = [page, wrong, await browser.get(password), await browser.get("/sign-in")]
    answers += [await browser.get("/link?token=x"), await browser.get("/password?token=x")]
    answers += [await browser.post(path, {}) for path in ("/link", "/password", "/sign-in", "/sign-out")]
    answers.append(await browser.post("/link", {}, headers={"Sec-Fetch-Site": "cross-site"}))
    assert [answer.status for answer in answers] == [200, 401, 200, 200, 410, 410, 403, 403, 403, 403, 403]
    for answer in answers:
        guarded(answer)


async def test_redirects_are_guarded(browser: Browser) -> None:
    asked = await browser.get("/r/1")
    assert asked.status == 303
    assert asked.headers.get("Cache-Control") == "no-store"  # type: ignore[union-attr]


async def test_the_cookie_is_out_of_reach(bot: RunningBot, browser: Browser) -> None:
    page = await browser.get(await link_of(bot, bot.uma))
    cookie = page.cookies["techops_form"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert page.hidden()["form"] == cookie.value
    again = await browser.get("/sign-in")
    assert again.hidden()["form"] == cookie.value, "two open pages both work"


class TestOverHttps:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"public_url": "https://techops.example.com"}

    async def test_cookies_are_secure(self, bot: RunningBot, program: Browser) -> None:
        ack = await bot.uma.slash("techops", "link")
        assert "https://techops.example.com/link?token=" in str(ack.body)
        page = await program.get(await link_of(bot, bot.uma))
        cookie = page.cookies["__Host-techops_form"]
        assert cookie["secure"] is True

    async def test_the_public_address_is_ours(self, program: Browser) -> None:
        page = await program.get("/sign-in")
        value = page.hidden()["form"]
        headers = {"Cookie": f"__Host-techops_form={value}", "Origin": "https://techops.example.com"}
        posted = await program.post("/sign-in", {"form": value, "email": "a@example.com"}, headers=headers)
        assert posted.status == 400, "it got as far as the missing password"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 400),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "{self}"}, 400),
        ({"Origin": "{self}"}, 400),
        ({"Origin": "null"}, 400),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "{self}.evil.example"}, 403),
        ({"Origin": "http://"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{self}"}, 403),
    ],
)
async def test_where_a_form_may_come_from(browser: Browser, headers: dict[str, str], status: int) -> None:
    page = await browser.get("/sign-in")
    browser.headers = {name: value.replace("{self}", browser.address) for name, value in headers.items()}
    posted = await browser.fill(page, "/sign-in", email="", password="")
    assert posted.status == status


@pytest.mark.parametrize("value", ["", "x", "ä", "A" * 43])
async def test_a_form_that_does_not_agree_with_its_cookie_does_nothing(
    bot: RunningBot, browser: Browser, value: str
) -> None:
    await give_password(bot, EVA)
    page = await browser.get(await link_of(bot, bot.uma))
    given = page.hidden() | {"form": value, "email": "eva@example.com", "password": PASSWORD}
    assert (await browser.post("/link", given)).status == 403
    assert await ties(bot) == {}


async def test_a_browser_without_cookies_is_told_so(bot: RunningBot, program: Browser) -> None:
    page = await program.get(await link_of(bot, bot.uma))
    refused = await program.post("/link", page.hidden() | {"email": "a", "password": "b"}, headers={"Origin": "null"})
    assert refused.status == 403
    assert "with cookies allowed" in refused.text


async def test_a_program_needs_no_cookie(bot: RunningBot, program: Browser) -> None:
    await give_password(bot, EVA)
    page = await program.get(await link_of(bot, bot.uma))
    done = await program.fill(page, "/link", email="eva@example.com", password=PASSWORD)
    assert done.status == 200
    assert await ties(bot) == {EVA: bot.uma.id}


async def test_what_is_no_form_is_refused(program: Browser) -> None:
    for path in ("/link", "/password", "/sign-in", "/sign-out"):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        json = await program._send("POST", path, json={"token": "x"})
        long = await program._send("POST", path, data=b"a=" + b"b" * 8192, headers=form)
        many = await program._send("POST", path, data=b"&".join(b"a=b" for _ in range(21)), headers=form)
        bytes_ = await program._send("POST", path, data=b"\xff\xfe", headers=form)
        escaped = await program._send("POST", path, data=b"email=%ff", headers=form)
        assert [answer.status for answer in (json, long, many, bytes_, escaped)] == [415, 413, 400, 400, 400]
        for answer in (json, long, many, bytes_, escaped):
            guarded(answer)


async def test_a_fault_of_ours_is_told_with_its_number(bot: RunningBot, program: Browser) -> None:
    await bot.fetch("DROP TABLE techops.links CASCADE")
    failed = await program.get("/link?token=x")
    assert (failed.status, failed.heading) == (500, "Something went wrong")
    assert "give an admin this number" in failed.text
    assert "techops.links" not in failed.text
    guarded(failed)


@pytest.fixture
async def without_database(slack: Workspace) -> AsyncIterator[str]:
    """The address of a web process whose database is away."""
    settings = settings_for(slack, DatabaseConfig(dsn="postgresql://nobody@127.0.0.1:1/nothing"))
    pool, client = await open_pool(settings.database("test"), connect_now=False), Slack(settings)
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    web = asyncio.create_task(serve_web(Deps(settings, pool, client, TestClock()), stop, ready.set_result))
    yield await ready
    stop.set()
    await web
    await client.close()
    await pool.close()


async def test_a_database_that_is_away_is_told_so(without_database: str) -> None:
    async with aiohttp.ClientSession() as session:
        browser = Browser(session, without_database)
        form = {"token": "x", "email": "a@example.com", "password": "x"}
        answers = [await browser.get("/link?token=x"), await browser.get("/password?token=x")]
        answers += [await browser.post(path, form) for path in ("/link", "/password", "/sign-in")]
        assert {(answer.status, answer.heading) for answer in answers} == {(503, "Not now")}
        for answer in answers:
            assert answer.headers.get("Retry-After") == "10"  # type: ignore[union-attr]
            guarded(answer)
