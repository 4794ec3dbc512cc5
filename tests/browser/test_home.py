"""The App Home and a message's shortcut through the page, with the real bot behind it."""

from playwright.async_api import expect

from tests.browser.conftest import Screen
from tests.fixtures.bot import RunningBot


async def test_the_home_shows_what_waits_and_changes_with_it(bot: RunningBot, screen: Screen) -> None:
    await bot.erik.open_home()
    statement = """
    INSERT INTO maintenance_requests (title, description, requested_by, priority)
    VALUES ('Replace the switch', 'It smells', 2, 'critical')
    """
    await bot.fetch(statement)
    await screen.open()
    await screen.become("Eva Engineer")
    await screen.page.get_by_role("link", name="App Home").click()
    home = screen.page.get_by_role("region", name="App Home")
    await expect(home.get_by_role("heading", name="Hello Eva Engineer")).to_be_visible()
    await expect(home).to_contain_text("Replace the switch")
    await home.get_by_role("button", name="Approve").click()
    answer = screen.dialog("TechOps")
    await expect(answer).to_contain_text("is approved now")
    await answer.get_by_role("button", name="Close").last.click()
    await expect(home).not_to_contain_text("Replace the switch")

    await home.get_by_role("button", name="New request").click()
    form = screen.dialog("New maintenance request")
    await form.get_by_label("Title").fill("Projector is dark")
    await form.get_by_label("Description").fill("Room 4")
    await form.get_by_role("button", name="Create").click()
    await expect(form).to_be_hidden()
    await expect(home).to_contain_text("Projector is dark")
    assert not bot.slack.refusals
