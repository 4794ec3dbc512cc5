"""The page itself: keys, places, completion, live updates, the panel, many messages."""

import time
from typing import Any

import pytest
from playwright.async_api import expect
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.records import Json
from sandbox.server import Server
from sandbox.workspace import Workspace
from tests.browser.conftest import OpenScreen, Screen

MANIFEST: Json = {
    "features": {
        "app_home": {"home_tab_enabled": True},
        "slash_commands": [
            {"command": "/echo", "usage_hint": "WORDS", "description": "Say it again", "should_escape": True},
            {"command": "/eat", "usage_hint": "", "description": "Something else"},
        ],
        "shortcuts": [
            {"name": "Make a task", "type": "message", "callback_id": "task", "description": "From this message"},
            {"name": "Start a task", "type": "global", "callback_id": "start", "description": "From nothing"},
        ],
    },
    "oauth_config": {"scopes": {"bot": ["chat:write", "commands", "users:read", "channels:read", "im:write"]}},
    "settings": {
        "interactivity": {"is_enabled": True},
        "event_subscriptions": {"bot_events": ["app_home_opened"]},
    },
}


@pytest.fixture
def slack_options() -> dict[str, Any]:
    return {"manifest": MANIFEST}


@pytest.fixture
def client(slack: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def echo(bolt: AsyncApp) -> None:
    async def command(ack: Any, command: dict[str, str]) -> None:
        await ack(f"you said {command['text']}")

    bolt.command("/echo")(command)


async def test_a_command_is_completed_and_answered_privately(
    slack: Workspace, bolt_app: AsyncApp, screen: Screen
) -> None:
    echo(bolt_app)
    await screen.open()
    assert screen.page.url.endswith("#/uma/ops")
    await screen.box.press_sequentially("/e")
    offers = screen.page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    await expect(offers).to_have_count(2)
    await expect(offers.first).to_contain_text("WORDS")
    await expect(offers.first).to_contain_text("Say it again")
    await screen.box.press("ArrowDown")
    await screen.box.press("ArrowUp")
    await expect(offers.first).to_have_attribute("aria-selected", "true")
    await screen.box.press("Enter")
    await expect(screen.box).to_have_value("/echo ")
    await screen.box.press_sequentially("hello @erik")
    await screen.box.press("Enter")
    answer = screen.message("you said hello")
    await expect(answer).to_contain_text("Only visible to you")
    await expect(answer).to_contain_text("@Erik Engineer")
    await screen.become("Eva Engineer")
    await expect(screen.page.get_by_role("combobox", name="You are")).to_have_value("U0ENG2")
    await expect(screen.log.get_by_text("you said")).to_have_count(0)


async def test_what_is_no_command_stays_in_the_box(slack: Workspace, screen: Screen) -> None:
    await screen.open()
    await screen.say("/nonsense now")
    await expect(screen.page.get_by_role("alert")).to_contain_text("/nonsense is not a valid command")
    await expect(screen.box).to_have_value("/nonsense now")
    await screen.box.fill("two")
    await screen.box.press("Shift+Enter")
    await screen.box.press_sequentially("lines")
    await screen.box.press("Enter")
    await expect(screen.message("lines")).to_contain_text("two")
    assert slack.messages_in("ops")[0].text == "two\nlines"


async def test_shortcuts_of_a_message_and_of_the_workspace(
    slack: Workspace, bolt_app: AsyncApp, screen: Screen
) -> None:
    heard: list[str] = []

    async def used(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body["type"] + " " + body["callback_id"] + " " + body.get("message", {}).get("text", ""))
        await ack()

    bolt_app.shortcut("task")(used)
    bolt_app.shortcut("start")(used)
    await slack.person("erik").post("ops", "the disk is full")
    await screen.open()
    message = screen.message("the disk is full")
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    menu = screen.page.get_by_role("menu", name="More actions")
    await expect(menu.get_by_role("menuitem").first).to_be_focused()
    await screen.page.keyboard.press("Enter")
    await screen.page.get_by_role("button", name="Shortcuts").click()
    await screen.page.get_by_role("menuitem", name="Start a task").click()
    await slack.wait_for(lambda: len(heard) == 2)
    assert heard == ["message_action task the disk is full", "shortcut start "]


async def test_places_threads_and_drafts_outlive_a_reload(slack: Workspace, screen: Screen) -> None:
    message = await slack.person("erik").post("deployments", "rolling out")
    await slack.person("eva").post("deployments", "watching", message.ts)
    await screen.open()
    await screen.become("Eva Engineer")
    await screen.page.get_by_role("link", name="deployments").click()
    await screen.message("rolling out").locator(".replies").click()
    thread = screen.page.get_by_role("complementary", name="Thread")
    await thread.get_by_role("textbox", name="Reply").fill("draft")
    await screen.page.reload()
    await screen.ready()
    await expect(screen.page.get_by_role("combobox", name="You are")).to_have_value("U0ENG2")
    await expect(thread.get_by_role("log")).to_contain_text("watching")
    await expect(thread.get_by_role("textbox", name="Reply")).to_have_value("draft")
    await thread.get_by_role("textbox", name="Reply").press("Enter")
    await expect(thread.get_by_role("article").last).to_contain_text("draft")
    await screen.page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()
    await screen.page.go_back()
    await expect(thread).to_be_visible()


async def test_unread_marks_and_live_changes(slack: Workspace, client: AsyncWebClient, screens: OpenScreen) -> None:
    await slack.person("erik").post("general", "old news")
    screen: Screen = await screens()
    await screen.open("#/uma/ops")
    await expect(screen.page.get_by_role("link", name="general (1 unread)")).to_be_visible()
    await screen.page.get_by_role("link", name="general").click()
    await expect(screen.page.get_by_role("link", name="general", exact=True)).to_be_visible()
    await screen.page.get_by_role("link", name="ops", exact=True).click()
    await slack.person("erik").post("general", "fresh news")
    await expect(screen.page.get_by_role("link", name="general (1 unread)")).to_be_visible()
    await screen.page.get_by_role("link", name="general").click()
    await expect(screen.log.get_by_role("separator", name="New")).to_be_visible()
    await screen.page.get_by_role("link", name="ops", exact=True).click()
    sent = await client.chat_postMessage(channel="C0OPS", text="one")
    await expect(screen.message("one")).to_be_visible()
    await client.chat_update(channel="C0OPS", ts=sent["ts"], text="two")
    await expect(screen.message("two")).to_be_visible()
    await client.chat_delete(channel="C0OPS", ts=sent["ts"])
    await expect(screen.log.get_by_role("article")).to_have_count(0)
    await client.chat_postMessage(channel="U0USER", text="for you")
    await expect(screen.page.get_by_role("link", name="TechOps APP (1 unread)")).to_be_visible()


async def test_the_app_home_shows_what_is_published(
    slack: Workspace, bolt_app: AsyncApp, client: AsyncWebClient, screen: Screen
) -> None:
    async def opened(event: dict[str, Any]) -> None:
        blocks = [{"type": "section", "text": {"type": "plain_text", "text": f"Hello {event['user']}"}}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    bolt_app.event("app_home_opened")(opened)
    await screen.open()
    await screen.page.get_by_role("link", name="App Home").click()
    home = screen.page.get_by_role("region", name="App Home")
    await expect(home).to_contain_text("Hello U0USER")
    await screen.become("Erik Engineer")
    await expect(home).to_contain_text("Hello U0ENG")


async def test_the_panel_tells_calls_answers_and_refusals(
    slack: Workspace, bolt_app: AsyncApp, client: AsyncWebClient, screen: Screen
) -> None:
    echo(bolt_app)
    await screen.open()
    await screen.page.get_by_role("button", name="What Slack would say").click()
    panel = screen.page.get_by_role("complementary", name="What Slack would say")
    await screen.say("/echo hello")
    await expect(panel.get_by_text("/echo hello by uma")).to_be_visible()
    await expect(panel.get_by_text("of 3 s").first).to_be_visible()
    with pytest.raises(Exception, match="channel_not_found"):
        await client.chat_postMessage(channel="nowhere", text="x")
    refused = panel.locator(".line.refusal").filter(has_text="chat.postMessage")
    await expect(refused).to_contain_text("channel_not_found")
    await panel.locator(".line.call").filter(has_text="chat.postMessage").locator("summary").click()
    await expect(panel.locator(".line-detail").filter(has_text="nowhere").first).to_be_visible()
    await panel.get_by_role("switch", name="Slack is down").click()
    await expect(panel.get_by_role("switch", name="Slack is down")).to_have_attribute("aria-checked", "true")
    with pytest.raises(Exception, match="503"):
        await client.chat_postMessage(channel="ops", text="x")
    await panel.get_by_role("switch", name="Slack is down").click()
    await slack.wait_for(lambda: not slack.faults.lasting)
    assert (await client.chat_postMessage(channel="ops", text="x"))["ok"]


SCROLL = """async by => {
    const list = document.querySelector('main .log');
    const gaps = [];
    list.scrollTop = 0;
    for (let step = 0; step < 30; step += 1) {
        const started = performance.now();
        list.scrollTop = (step * by) % (list.scrollHeight - list.clientHeight);
        await new Promise(requestAnimationFrame);
        gaps.push(performance.now() - started);
    }
    return gaps.sort((a, b) => a - b)[15];
}"""


async def opening(screen: Screen, words: str) -> float:
    """Seconds until the page shows `words`."""
    started = time.monotonic()
    await screen.open()
    await expect(screen.message(words)).to_be_visible()
    return time.monotonic() - started


async def test_two_thousand_messages(slack: Workspace, client: AsyncWebClient, screen: Screen) -> None:
    channel = slack.channel("ops")
    for number in range(2000):
        slack.messages.post(channel, "U0ENG" if number // 7 % 2 else "U0ENG2", {"text": f"number {number} *bold*"})
    # the best of several tries: other work on the machine only ever adds to the time
    assert min([await opening(screen, "number 1999") for _ in range(2)]) < 1.5
    floor = await screen.page.evaluate(SCROLL, 300)
    rows = screen.page.locator("main .message")  # roles of 2,000 elements take long to compute
    for _ in range(60):
        if "number 0 " in str(await rows.first.text_content()):
            break
        before = await rows.count()
        await screen.log.evaluate("list => { list.scrollTop = 0 }")
        more = "n => document.querySelectorAll('main .message').length > n"
        await screen.page.wait_for_function(more, arg=before)
    await expect(rows).to_have_count(2000)
    assert min([await screen.page.evaluate(SCROLL, 700) for _ in range(2)]) < 2 * floor + 17, "a frame more"
    await screen.log.evaluate("list => { list.scrollTop = 0 }")
    await client.chat_postMessage(channel="ops", text="the newest")
    await screen.page.get_by_role("button", name="Jump to the newest").click()
    await expect(rows.last).to_contain_text("the newest")
    await expect(rows.last).to_be_in_viewport()


async def test_a_lost_connection_is_said_and_made_good(screens: OpenScreen) -> None:
    workspace = Workspace()
    server = Server(workspace)
    address = await server.start()
    screen: Screen = await screens(workspace=workspace)
    await screen.open("#/uma/ops")
    await screen.box.fill("a draft")
    await server.stop()
    status = screen.page.get_by_role("banner").get_by_role("status")
    await expect(status).to_have_text("Connecting…")
    await workspace.person("erik").post("ops", "said meanwhile")
    server = Server(workspace)
    await server.start(port=int(address.rpartition(":")[2]))
    await expect(screen.message("said meanwhile")).to_be_visible()
    await expect(status).not_to_have_text("Connecting…")
    await expect(screen.box).to_have_value("a draft")
    await workspace.person("erik").post("ops", "and said after")
    await expect(screen.message("and said after")).to_be_visible()
    await screen.page.close()
    await server.stop()


async def test_an_act_shows_within_300_ms(slack: Workspace, bolt_app: AsyncApp, screen: Screen) -> None:
    echo(bolt_app)
    await screen.open()
    took = []
    for number in range(6):
        await screen.box.fill(f"/echo round {number}")
        started = time.monotonic()
        await screen.box.press("Enter")
        await screen.message(f"you said round {number}").wait_for()
        took.append(time.monotonic() - started)
    assert min(took) < 0.3
