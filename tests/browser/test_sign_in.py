"""The pages in Chromium: without scripts, by keyboard, and read by axe-core, whatever went wrong."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.test_access import violations
from tests.fixtures.bot import RunningBot
from tests.pages.conftest import EVA, PASSWORD, give_password, link_of, password_link_of, ties

REQUEST = """
INSERT INTO maintenance_requests (title, description, requested_by, assigned_to, priority, due_date) VALUES
('A request with a title too long for a narrow screen, and_a_word_without_any_place_to_break_it_at_all',
 E'First line\\n\\nThird line', 1, 2, 'high', '2026-12-24 10:00') RETURNING id
"""
PHONE = {"width": 360, "height": 740}


async def new_page(browser: Browser, **options: Any) -> Page:
    context: BrowserContext = await browser.new_context(**options)
    return await context.new_page()


async def enter(page: Page, **values: str) -> None:
    for label, value in values.items():
        await page.get_by_label(label.replace("_", " "), exact=True).fill(value)
    await page.get_by_role("main").get_by_role("button").click()


async def test_linking_needs_no_script(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    page = await new_page(browser, java_script_enabled=False)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(bot.address + await link_of(bot, bot.uma))
    await expect(page.get_by_role("definition")).to_have_text("Uma User")
    await enter(page, **{"E-mail": "eva@example.com", "Password": "wrong"})
    await expect(page.get_by_role("alert")).to_contain_text("No account has this e-mail and this password")
    await expect(page.get_by_label("E-mail")).to_have_value("eva@example.com")
    await expect(page.get_by_label("Password")).to_have_value("")
    await enter(page, Password=PASSWORD)
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are linked")
    assert await ties(bot) == {EVA: bot.uma.id}
    assert [text for text in said if "Security" in text] == []
    await page.context.close()


async def test_the_keyboard_alone_suffices(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    page = await new_page(browser)
    await page.goto(bot.address + await link_of(bot, bot.uma))
    press = page.keyboard.press
    await press("Tab")
    await expect(page.get_by_label("E-mail")).to_be_focused()
    await page.keyboard.type("eva@example.com")
    await press("Tab")
    await expect(page.get_by_label("Password")).to_be_focused()
    await page.keyboard.type(PASSWORD)
    await press("Tab")
    await expect(page.get_by_role("button", name="Sign in and link")).to_be_focused()
    await press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are linked")
    await page.context.close()


async def test_the_address_is_told_to_nobody(bot: RunningBot, browser: Browser) -> None:
    asked: list[tuple[str, str | None]] = []
    page = await new_page(browser)
    page.on("request", lambda request: asked.append((request.url, request.headers.get("referer"))))
    await page.goto(bot.address + await link_of(bot, bot.uma))
    await enter(page, **{"E-mail": "eva@example.com", "Password": "wrong"})
    await expect(page.get_by_role("alert")).to_be_visible()
    assert all(url.startswith(bot.address) for url, _ in asked)
    assert {referer for _, referer in asked} == {None}
    await page.context.close()


async def test_another_site_cannot_post_the_form(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    path = await link_of(bot, bot.uma)
    page = await new_page(browser)
    await page.goto(bot.address + path)
    form = await page.locator("form").inner_html()
    address = f"{bot.address}/link"
    await page.goto("about:blank")
    await page.set_content(f'<form method="post" action="{address}">{form}</form>')
    await page.locator("#email").fill("eva@example.com")
    await page.locator("#password").fill(PASSWORD)
    await page.locator("button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("That was not done")
    assert await ties(bot) == {}
    await page.context.close()


async def check(page: Page, scheme: str, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    assert await violations(page, scheme) == [], heading
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"{heading}: {width} px wide"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_forms(bot: RunningBot, browser: Browser, scheme: str) -> None:
    # axe is put into the page as a script, which the page's own policy would refuse
    page = await new_page(browser, color_scheme=scheme, bypass_csp=True, viewport=PHONE)
    link = bot.address + await link_of(bot, bot.uma)
    await page.goto(link)
    await check(page, scheme, "Link your dashboard account")
    await enter(page, **{"E-mail": "eva@example.com", "Password": "wrong"})
    await check(page, scheme, "Link your dashboard account")
    await enter(page, Password="a" * 73)
    await check(page, scheme, "Link your dashboard account")
    await page.goto(bot.address + await password_link_of(bot, EVA))
    await check(page, scheme, "Choose your password")
    await enter(page, New_password="short", New_password_again="short")
    await check(page, scheme, "Choose your password")
    bot.clock.offset = timedelta(minutes=11)
    await page.goto(link)
    await check(page, scheme, "This link has ended")
    await page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_records(bot: RunningBot, browser: Browser, scheme: str) -> None:
    await give_password(bot, EVA)
    [row] = await bot.fetch(REQUEST)
    await bot.erik.slash("maintenance", f"start {row['id']} with a note")
    page = await new_page(browser, color_scheme=scheme, bypass_csp=True, viewport=PHONE)
    await page.goto(f"{bot.address}/r/{row['id']}")
    await check(page, scheme, "Sign in to TechOps")
    await enter(page, **{"E-mail": "eva@example.com", "Password": PASSWORD})
    await check(page, scheme, "A request with a title too long")
    await page.goto(f"{bot.address}/d/1")
    await check(page, scheme, "There is no such record")
    await page.goto(f"{bot.address}/sign-in")
    await check(page, scheme, "You are signed in")
    await page.get_by_role("button", name="Sign out").click()
    await check(page, scheme, "You are signed out")
    await page.context.close()


async def test_what_is_typed_into_is_large_enough(bot: RunningBot, browser: Browser) -> None:
    page = await new_page(browser, viewport=PHONE)
    await page.goto(bot.address + await link_of(bot, bot.uma))
    sizes = await page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.innerText)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    heights = await page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]), button')].map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
    await page.context.close()
