"""A request's whole life through the page, by three people, with the real bot behind it."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.browser.conftest import OpenScreen, Screen
from tests.fixtures.bot import RunningBot


async def test_raised_taken_worked_on_and_completed(bot: RunningBot, screen: Screen) -> None:  # noqa: PLR0915 - one story
    await screen.open()
    await expect(screen.page.get_by_role("heading", name="ops", exact=True)).to_be_visible()
    await screen.become("Uma User")
    await screen.say("/maintenance new Disk is full")
    dialog = screen.dialog("New maintenance request")
    await expect(dialog.get_by_label("Title")).to_have_value("Disk is full")

    await dialog.get_by_role("button", name="Create").click()
    wrong = dialog.get_by_label("Description")
    await expect(wrong).to_have_attribute("aria-invalid", "true")
    await expect(wrong).to_be_focused()
    await expect(wrong).to_have_accessible_description("Please complete this required field.")

    await wrong.fill("No space left on db1")
    await screen.page.reload()
    await screen.ready()
    dialog = screen.dialog("New maintenance request")
    await expect(dialog.get_by_label("Description")).to_have_value("No space left on db1")
    await screen.choose(dialog, "Project", "E-commerce Platform")
    await dialog.get_by_label("Due date").fill((datetime.now(UTC) + timedelta(days=4)).strftime("%Y-%m-%d"))
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog).to_be_hidden()
    card = screen.message("MR-1")
    await expect(card).to_contain_text("E-commerce Platform")

    await screen.become("Erik Engineer")
    card = screen.log.get_by_role("article").filter(has=screen.page.get_by_role("button", name="Start"))
    await card.get_by_role("button", name="Assign to me").click()
    await expect(card).to_contain_text("Erik Engineer")
    await card.get_by_role("button", name="Start").click()
    await expect(screen.log).to_contain_text("In progress")
    card = screen.log.get_by_role("article").filter(has=screen.page.get_by_role("button", name="Log work"))
    await card.get_by_role("button", name="Log work").click()
    work = screen.dialog("Log work")
    await work.get_by_label("Hours").fill("1h30m")
    await work.get_by_label("What was done").fill("Moved the logs")
    await work.get_by_role("button", name="Create").click()
    await expect(work).to_be_hidden()

    await screen.become("Ada Admin")
    await card.get_by_role("button", name="Complete").click()
    complete = screen.dialog("Complete MR-1")
    await complete.get_by_label("Hours").fill("0.25")
    await complete.get_by_role("button", name="Complete").click()
    await expect(complete).to_be_hidden()
    await expect(screen.log).to_contain_text("Completed")
    await expect(screen.log).to_contain_text("1.75")
    assert [r["status"] for r in await bot.fetch("SELECT status FROM maintenance_requests")] == ["completed"]

    await screen.log.locator(".replies").click()
    thread = screen.page.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_role("log")).to_contain_text("Moved the logs")
    assert not bot.slack.refusals


async def test_field_errors_of_the_bot_stand_at_the_field(bot: RunningBot, screen: Screen) -> None:
    await screen.open("#/uma/ops")
    await screen.say("/maintenance new")
    dialog = screen.dialog("New maintenance request")
    await dialog.get_by_label("Title").fill("x" * 256)
    await dialog.get_by_label("Description").fill("On db1")
    await dialog.get_by_label("Due date").fill("2001-01-01")
    await dialog.get_by_role("button", name="Create").click()
    title = dialog.get_by_label("Title")
    await expect(title).to_have_attribute("aria-invalid", "true")
    await expect(title).to_be_focused()
    await expect(title).to_have_value("x" * 256)
    await screen.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(screen.box).to_be_focused()


async def test_a_button_pressed_by_two_people(bot: RunningBot, screens: OpenScreen) -> None:
    opened = await bot.uma.slash("maintenance", "new Disk", channel="ops")
    assert opened.view is not None
    await bot.uma.submit(opened.view, {"Description": "Full"})
    await bot.card(1)
    erik, eva = await screens(), await screens()
    await erik.open("#/erik/ops")
    await eva.open("#/eva/ops")
    for window in (erik, eva):
        await window.log.get_by_role("button", name="Assign to me").wait_for()
    await erik.log.get_by_role("button", name="Assign to me").click()
    await eva.log.get_by_role("button", name="Assign to me").click()
    await bot.until(lambda: "Engineer" in str(bot.cards()[0].blocks))
    [row] = await bot.fetch("SELECT assigned_to FROM maintenance_requests")
    winner = {2: "Erik Engineer", 3: "Eva Engineer"}[row["assigned_to"]]
    for window in (erik, eva):
        await expect(window.log.get_by_role("article").filter(has_text="MR-1").first).to_contain_text(winner)


async def test_lists_are_paged_with_next_and_previous(bot: RunningBot, screen: Screen) -> None:
    statement = "INSERT INTO maintenance_requests (requested_by, title, description) SELECT 1, 'Task ' || n, 'x' FROM generate_series(1, 12) n RETURNING id"  # noqa: E501
    await bot.fetch(statement)
    await screen.open("#/ada/general")
    await screen.say("/maintenance list open")
    answer = screen.log.get_by_role("article").filter(has_text="Only visible to you").last
    await expect(answer.get_by_text("MR-", exact=False).first).to_be_visible()
    first = await answer.locator(".body").inner_text()
    await answer.get_by_role("button", name="Next").click()
    await expect(answer.get_by_role("button", name="Previous")).to_be_visible()
    assert await answer.locator(".body").inner_text() != first
    await answer.get_by_role("button", name="Previous").click()
    await expect(answer.locator(".body")).to_have_text(first, use_inner_text=True)
    assert not bot.slack.refusals
