"""The page's files, its guard and its key."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import which
from subprocess import run
from typing import Any

import aiohttp
import pytest

from sandbox.page import STATIC
from sandbox.workspace import Workspace

KEYED = [{"control_key": "k3y"}]
MODULES = sorted((STATIC / "js").rglob("*.js"))


@pytest.fixture
async def http(slack: Workspace) -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(base_url=slack.base_url, cookie_jar=jar) as session:
        yield session


@pytest.mark.parametrize("slack_options", KEYED)
async def test_the_key_is_exchanged_for_a_cookie(http: aiohttp.ClientSession) -> None:
    assert (await http.get("/")).status == 200, "the page without a session only says how to get one"
    assert (await http.get("/_sandbox/state")).status == 403
    wrong = await http.get("/?key=other")
    assert (wrong.status, len(wrong.cookies)) == (403, 0)
    opened = await http.get("/?key=k3y")
    [cookie] = opened.cookies.values()
    assert (opened.status, cookie["httponly"], cookie["samesite"], cookie["path"]) == (200, True, "Strict", "/")
    assert "k3y" not in cookie.value
    assert (await http.get("/_sandbox/state")).status == 200
    assert (await http.get("/?key=other")).status == 200, "whoever is in stays in"


async def test_every_answer_carries_the_guards(http: aiohttp.ClientSession) -> None:
    for path in ("/", "/static/js/main.js", "/_sandbox/state", "/_sandbox/nothing", "/emoji.json"):
        headers = (await http.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
    assert (await http.get("/_sandbox/state")).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),
    ],
)
async def test_requests_of_other_sites_are_refused(
    http: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    answer = await http.post("/_sandbox/people/erik/post", json={"channel": "ops", "text": "x"}, headers=headers)
    assert answer.status == status


async def test_a_link_from_elsewhere_may_lead_to_the_page(http: aiohttp.ClientSession) -> None:
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await http.get("/", headers=visit)).status == 200
    assert (await http.get("/_sandbox/state", headers=visit)).status == 403


async def test_nothing_outside_of_the_files_is_served(http: aiohttp.ClientSession) -> None:
    for path in ("/static/../page.py", "/static/%2e%2e/page.py", "/static/js/", "/static/nothing.js"):
        assert (await http.get(path)).status in {403, 404}


async def test_emoji_have_their_names(http: aiohttp.ClientSession) -> None:
    names: dict[str, str] = await (await http.get("/emoji.json")).json()
    wanted = {"tada": "🎉", "white_check_mark": "✅", "+1": "👍", "warning": "⚠️", "large_green_circle": "🟢"}
    assert {name: names[name] for name in wanted} == wanted
    assert not [name for name in names if "skin_tone" in name]


def test_no_module_makes_markup_of_text() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc")
    assert [path.name for path in MODULES if forbidden.search(path.read_text())] == []
    assert [
        path.name for path in MODULES if re.search(r"https?://(?!docs\.slack|www\.w3\.org|\[)", path.read_text())
    ] == []


def test_modules_are_small_and_all_are_loaded_ahead() -> None:
    assert {path.name: n for path in MODULES if (n := len(path.read_text().splitlines())) > 300} == {}
    index = (STATIC / "index.html").read_text()
    ahead = set(re.findall(r'modulepreload" href="/static/([^"]+)"', index))
    assert ahead == {path.relative_to(STATIC).as_posix() for path in MODULES} - {"js/main.js"}
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\son\w+=", index)


@pytest.mark.skipif(which("node") is None, reason="no node to check the syntax with")
@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_the_syntax_is_right(module: Path) -> None:
    command: list[Any] = ["node", "--check", "--input-type=module"]
    checked = run(command, input=module.read_bytes(), capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr.decode()
