"""Make docs/images/sandbox-light.png and sandbox-dark.png from a running sandbox.

Run `techops up` (on an empty data directory, for the sample data alone), then

    python tests/browser/make_screenshots.py ADDRESS

with the address that it prints last, key included. It raises one request, takes it and opens its thread.
"""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 400_000  # bytes
WINDOW = {"width": 1440, "height": 900}


async def raise_request(page: Page) -> None:
    """As Uma: one more request, so that the newest card is a known one."""
    await page.get_by_role("combobox", name="You are").select_option(value="U0USER")
    box = page.get_by_role("textbox", name="Message")
    await box.fill("/maintenance new Disk on db-primary is 92 % full priority:high due:tomorrow")
    await box.press("Enter")
    dialog = page.get_by_role("dialog", name="New maintenance request")
    await dialog.get_by_label("Description").fill(
        "Since Monday it grows by 3 % a day. The archive of the logs is on it."
    )
    await dialog.get_by_role("button", name="Create").click()
    await dialog.wait_for(state="hidden")


async def take_it(page: Page) -> None:
    """As Erik: take and start it, and say so in its thread."""
    await page.get_by_role("combobox", name="You are").select_option(value="U0ENG")
    card = page.locator("main .message").filter(has_text="Disk on db-primary").last
    await card.get_by_role("button", name="Assign to me").click()
    await card.locator(".replies").wait_for()
    await card.get_by_role("button", name="Start", exact=True).click()
    await card.get_by_text("In progress").wait_for()
    await card.locator(".replies").click()
    thread = page.get_by_role("complementary", name="Thread")
    reply = thread.get_by_role("textbox", name="Reply")
    await reply.fill("The old logs go to `archive-2` first, that gives us *a week*. :broom:")
    await reply.press("Enter")
    await thread.get_by_text("archive-2").wait_for()


async def shoot(browser: Browser, address: str, scheme: str) -> Path:
    """One picture of the workspace as it is now."""
    context = await browser.new_context(viewport=WINDOW, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_role("textbox", name="Message").wait_for()
    if scheme == "light":
        await raise_request(page)
        await take_it(page)
    else:
        await page.get_by_role("combobox", name="You are").select_option(value="U0ENG")
        await page.get_by_role("button", name="What Slack would say").click()
        box = page.get_by_role("textbox", name="Message")
        await box.fill("/maintenance list mine")
        await box.press("Enter")
        await page.get_by_text("Only visible to you").last.wait_for()
    await page.mouse.move(10, 400)
    await page.wait_for_timeout(400)
    path = IMAGES / f"sandbox-{scheme}.png"
    await page.screenshot(path=path)
    await context.close()
    return path


async def main() -> int:
    """Both pictures; 1 when one is larger than a README should carry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    address = parser.parse_args().address
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        made = [await shoot(browser, address, scheme) for scheme in ("light", "dark")]
        await browser.close()
    too_large = [path for path in made if path.stat().st_size > LARGEST]
    for path in made:
        print(path.name, path.stat().st_size, "too large" if path in too_large else "")  # noqa: T201 - a script speaks
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
