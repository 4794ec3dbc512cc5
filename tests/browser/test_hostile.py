"""What people write is text, whatever it looks like."""

import pytest
from playwright.async_api import expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.browser.conftest import Screen

NASTY = [
    "<script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    '"><svg onload=alert(1)> <b>bold</b> &amp; &lt;i&gt;',
    "<javascript:alert(1)|press me> javascript:alert(1)",
    "[x](javascript:alert(1)) <data:text/html,x|data>",
    "*_~`" * 200,
    "\u202eright to left \u2066isolated \u05e9\u05dc\u05d5\u05dd latin",
    "${7*7} {{7*7}} %00 \\u003cscript\\u003e",
]


async def test_it_is_shown_as_written(slack: Workspace, screen: Screen) -> None:
    await screen.open("#/uma/general")
    for number, text in enumerate(NASTY):
        await screen.say(f"start{number} {text} end{number}")
        message = screen.message(f"start{number}")
        await expect(message).to_contain_text(f"end{number}")
        markup = message.locator(".body").locator("script, img, svg, b, i, iframe, [onerror], [onload]")
        assert await markup.count() == 0
        assert await message.locator("a[href^='javascript'], a[href^='data']").count() == 0
    await expect(screen.message("start0")).to_contain_text(NASTY[0])
    await expect(screen.message("start6")).to_contain_text("שלום")
    assert await screen.page.title() != "taken"


async def test_names_titles_and_fields_too(slack: Workspace, screen: Screen) -> None:
    tag = "<img src=x onerror=document.title='taken'>"
    await slack.change_user("erik", real_name=tag)
    slack.add_channel("x-img-src")
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    plain = {"type": "plain_text", "text": tag}
    blocks = [
        {"type": "header", "text": plain},
        {"type": "section", "text": plain, "accessory": {"type": "button", "action_id": "a", "text": plain}},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": tag}]}]},
        {"type": "markdown", "text": f"# {tag}\n\n**{tag}** [a](javascript:alert(1))\n\n| {tag} |\n|---|\n| {tag} |"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": tag}], [{"type": "raw_text", "text": tag}]]},
        {"type": "container", "title": plain, "child_blocks": [{"type": "section", "text": plain}]},
    ]
    await client.chat_postMessage(channel="ops", text=tag, blocks=blocks)
    await slack.person("erik").post("ops", "hello")
    await screen.open("#/uma/ops")
    card = screen.log.get_by_role("article").first
    await expect(card.get_by_role("heading", name=tag).first).to_be_visible()
    await expect(card.get_by_role("button", name=tag).first).to_be_visible()
    assert await screen.page.locator("img").count() == 0
    assert await screen.page.title() != "taken"


async def test_ten_thousand_characters_are_folded_and_whole(slack: Workspace, screen: Screen) -> None:
    await slack.person("uma").post("ops", "W" * 10_000)
    await screen.open("#/uma/ops")
    message = screen.log.get_by_role("article").last
    assert (await message.locator(".text").inner_text()).strip() == "W" * 10_000
    folded = await message.bounding_box()
    await message.get_by_role("button", name="Show more").click()
    unfolded = await message.bounding_box()
    assert folded is not None
    assert unfolded is not None
    assert folded["height"] < 400 < unfolded["height"]
    assert unfolded["width"] <= 1030


async def test_pathological_marks_do_not_hold_the_page(slack: Workspace, screen: Screen) -> None:
    for text in ("_a " * 3000, "*a" * 5000, "`" * 9000, "<" * 9000, "_a_*b*~c~" * 1000, ":a" * 4000, "[a](" * 2000):
        await slack.person("uma").post("ops", text)
    await screen.open("#/uma/ops")
    await expect(screen.log.get_by_role("article")).to_have_count(7)
    took = await screen.page.evaluate("performance.now()")
    assert took < 5000


async def test_a_view_that_slack_refuses_is_not_drawn_and_the_reason_is(slack: Workspace, screen: Screen) -> None:
    await screen.open("#/uma/ops")
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T" * 25}, "blocks": []}
    with pytest.raises(Exception, match="invalid_arguments"):
        await client.views_open(trigger_id=slack.tickets.trigger("U0USER"), view=view)
    alert = screen.page.get_by_role("alert").filter(has_text="Slack refuses this: views.open")
    await expect(alert).to_contain_text("title")
    assert await screen.page.get_by_role("dialog").count() == 0
