"""Settings and links through the page, with the real bot behind it."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from bot import app, manifest
from sandbox.manifest import Manifest
from tests.browser.conftest import Screen
from tests.fixtures.bot import RunningBot

URL = "https://ops.example.com"


@pytest.fixture
def bot_settings() -> dict[str, object]:
    return {"public_url": URL}


async def assert_accessible(screen: Screen, within: str) -> None:
    found = await Axe().run(screen.page, context=within)
    assert found.violations_count == 0, found.generate_report()


async def test_settings_are_set_on_the_home(bot: RunningBot, screen: Screen) -> None:
    await screen.open()
    await screen.become("Eva Engineer")
    await screen.page.get_by_role("link", name="App Home").click()
    home = screen.page.get_by_role("region", name="App Home")
    await expect(home).to_contain_text("Direct messages: on")
    await home.get_by_role("button", name="Settings").click()
    form = screen.dialog("Settings")
    await expect(form.get_by_role("checkbox", name="Monday")).to_be_checked()
    await assert_accessible(screen, "dialog")
    await form.get_by_label("Working hours: from").fill("07:30")
    await form.get_by_role("checkbox", name="Friday").uncheck()
    await screen.choose(form, "Time zone", "Japan")
    await screen.choose(form, "Reminders and notices by direct message", "Off")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_be_hidden()
    await expect(home).to_contain_text("07:30 to 17:00, Monday to Thursday, Japan. Direct messages: off")
    assert not bot.slack.refusals


async def test_a_link_shows_its_record(bot: RunningBot, screen: Screen) -> None:
    bot.slack.manifest = Manifest(manifest.build(app.registry(), url=URL))
    await bot.erik.slash("maintenance", "")
    statement = """
    INSERT INTO maintenance_requests (title, description, requested_by, priority)
    VALUES ('Replace the switch', 'It smells', 2, 'high')
    """
    await bot.fetch(statement)
    await screen.open()
    await screen.become("Erik Engineer")
    await screen.say(f"Please look at {URL}/r/1, it hums")
    preview = screen.message("Please look").get_by_role("group", name=f"Preview of {URL}/r/1")
    await expect(preview.get_by_text("MR-1 · Replace the switch")).to_be_visible()
    await expect(preview).to_contain_text("High")
    await expect(preview.get_by_role("button")).to_have_count(0)
    assert not bot.slack.refusals
