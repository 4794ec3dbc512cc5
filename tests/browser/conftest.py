"""Chromium on the page of the sandbox. Where there is none the tests are skipped; CI turns that into a failure."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

expect.set_options(timeout=12_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = os.path.dirname(__file__)  # noqa: PTH120 - items carry a path that may be compared as text
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "no Chromium on PATH (Debian: apt-get install chromium)"
        if os.environ.get("CI_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def chromium_address(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One browser for all tests; each has windows of its own, that share nothing."""
    profile = tmp_path_factory.mktemp("chromium")
    command = [chromium, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", *ARGUMENTS]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        written = profile / "DevToolsActivePort"
        deadline = time.monotonic() + 20
        while not (written.exists() and written.read_text().count("\n")):
            assert running.poll() is None, "Chromium ended at once"
            assert time.monotonic() < deadline, "Chromium did not start within 20 s"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{written.read_text().split()[0]}"
        running.terminate()


@pytest.fixture
async def browser(chromium_address: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        yield await playwright.chromium.connect_over_cdp(chromium_address)


@dataclass
class Screen:
    """One window on the workspace."""

    page: Page
    slack: Workspace
    faults: list[str] = field(default_factory=list)

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def log(self) -> Locator:
        return self.page.locator("main").get_by_role("log")

    def message(self, text: str) -> Locator:
        return self.log.get_by_role("article").filter(has_text=text).last

    def dialog(self, title: str) -> Locator:
        return self.page.get_by_role("dialog", name=title, exact=True)

    async def open(self, hash_: str = "") -> None:
        await self.page.goto(f"{self.slack.base_url}/{hash_}")
        await self.ready()

    async def ready(self) -> None:
        await expect(self.page.locator("#app")).not_to_have_attribute("aria-busy", "true")

    async def become(self, name: str) -> None:
        label = await self.page.get_by_role("option", name=name).get_attribute("value")
        await self.page.get_by_role("combobox", name="You are").select_option(value=label)

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def choose(self, within: Locator, label: str, option: str) -> None:
        """Pick in a select menu, by keyboard."""
        menu = within.get_by_role("combobox", name=label)
        await menu.click()
        await menu.press_sequentially(option[:5])
        offered = self.page.get_by_role("listbox", name="Options")
        wanted = offered.get_by_role("option", name=re.compile(f"^{re.escape(option)}( @|$)"))
        await expect(wanted).to_be_visible()
        for _ in range(20):
            if await wanted.get_attribute("id") == await menu.get_attribute("aria-activedescendant"):
                break
            await menu.press("ArrowDown")
        await menu.press("Enter")
        await expect(menu).to_have_value(option)


OpenScreen = Callable[..., Any]


@pytest.fixture
async def screens(browser: Browser, slack: Workspace) -> AsyncIterator[OpenScreen]:
    """Make a window; what a script complains about fails the test."""
    made: list[Screen] = []

    async def make(workspace: Workspace = slack, **options: Any) -> Screen:
        context = await browser.new_context(**({"viewport": {"width": 1280, "height": 820}} | options))
        screen = Screen(await context.new_page(), workspace)
        screen.page.on("pageerror", lambda fault: screen.faults.append(str(fault)))
        screen.page.on(
            "console", lambda said: screen.faults.append(said.text) if "Content Security" in said.text else None
        )
        made.append(screen)
        return screen

    yield make
    for screen in made:
        await screen.page.context.close()
    assert [fault for screen in made for fault in screen.faults] == []


@pytest.fixture
async def screen(screens: OpenScreen) -> Screen:
    made: Screen = await screens()
    return made


@pytest.fixture
async def bolt_app(slack: Workspace) -> AsyncIterator[AsyncApp]:
    """A small app behind HTTP; tests add its listeners."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    runner = web.AppRunner(app.server(port=0, path="/slack/events").web_app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield app
    await runner.cleanup()
