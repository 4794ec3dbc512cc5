"""Usable by keyboard and by a screen reader: axe-core finds nothing, and the way through needs no mouse."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.browser import samples
from tests.browser.conftest import OpenScreen, Screen


async def violations(page: Page, scheme: str) -> list[str]:
    """What axe-core finds: everything in the light scheme, colours again in the dark one."""
    options = {"runOnly": {"type": "rule", "values": ["color-contrast"]}} if scheme == "dark" else {}
    results = await Axe().run(page, options=options)
    return [
        f"{found['id']}: {node['html'][:200]} {node['failureSummary']}"
        for found in results.response["violations"]
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(slack: Workspace, screens: OpenScreen, scheme: str) -> None:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    for blocks in samples.messages():
        await client.chat_postMessage(channel="ops", text="A card", blocks=blocks)
    said = await slack.person("erik").post("ops", "a *word* for @uma :tada: `code`")
    await slack.person("eva").post("ops", "a reply", said.ts)
    await client.chat_postEphemeral(channel="C0OPS", user="U0USER", text="for you alone")
    # axe is put into the page as a script, which the page's own policy would refuse
    screen: Screen = await screens(color_scheme=scheme, bypass_csp=True, viewport={"width": 1600, "height": 2400})
    page = screen.page
    await screen.open("#/uma/ops")
    await expect(screen.log.get_by_role("article")).to_have_count(8)
    assert await violations(page, scheme) == []
    await screen.message("a word").locator(".replies").click()
    await page.get_by_role("button", name="What Slack would say").click()
    await expect(page.get_by_role("complementary")).to_have_count(2)
    await screen.box.fill("/")
    assert await violations(page, scheme) == []
    await client.views_open(trigger_id=slack.tickets.trigger("U0USER"), view=samples.modal())
    dialog = screen.dialog("Every field")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("combobox", name="Kind").click()
    await expect(page.get_by_role("listbox", name="Options")).to_be_visible()
    assert await violations(page, scheme) == []


async def test_the_keyboard_alone_suffices(slack: Workspace, screen: Screen) -> None:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    await client.chat_postMessage(channel="ops", text="A card", blocks=samples.elements())
    await screen.open("#/uma/ops")
    press = screen.page.keyboard.press
    await expect(screen.box).to_be_focused()
    await screen.log.focus()
    await press("ArrowUp")
    card = screen.log.get_by_role("article").last
    await expect(card).to_be_focused()
    await press("Tab")
    await expect(card.get_by_role("button", name="Approve")).to_be_focused()
    await press("Tab")
    await press("Enter")
    sure = screen.page.get_by_role("alertdialog", name="Sure?")
    await expect(sure.get_by_role("button", name="Yes, reject")).to_be_focused()
    await press("Shift+Tab")
    await expect(sure.get_by_role("button", name="Keep it")).to_be_focused()
    await press("Escape")
    await expect(sure).to_be_hidden()
    await expect(card.get_by_role("button", name="Reject")).to_be_focused()
    more = card.get_by_role("button", name="More actions")
    await more.focus()
    await press("Enter")
    await expect(screen.page.get_by_role("menuitem", name="Copy text")).to_be_focused()
    await press("Escape")
    await expect(more).to_be_focused()


async def test_a_narrow_window_has_everything(slack: Workspace, screens: OpenScreen) -> None:
    screen: Screen = await screens(viewport={"width": 380, "height": 700})
    await screen.open("#/uma/ops")
    sidebar = screen.page.get_by_role("navigation", name="Channels and direct messages")
    await expect(sidebar).to_be_hidden()
    await screen.page.get_by_role("button", name="Channels").click()
    await sidebar.get_by_role("link", name="general").click()
    await expect(sidebar).to_be_hidden()
    await expect(screen.page.get_by_role("heading", name="general", exact=True)).to_be_visible()
    await screen.say("hello " + "x" * 400)
    wide = await screen.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 380
