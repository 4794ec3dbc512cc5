"""Every block is drawn and every element acts as Slack's do."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.browser import samples
from tests.browser.conftest import Screen


@pytest.fixture
def client(slack: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def hear(bolt: AsyncApp) -> list[dict[str, Any]]:
    """What the app is told of elements, in order."""
    heard: list[dict[str, Any]] = []

    async def acted(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body["actions"][0])
        await ack()

    bolt.action({"type": "block_actions"})(acted)
    ids = "approve reject docs static external date time datetime user many conversation channel radio boxes of a"
    for name in ids.split(" "):
        bolt.action(name)(acted)
    return heard


async def test_every_block_is_drawn(slack: Workspace, client: AsyncWebClient, screen: Screen, tmp_path: Path) -> None:
    for blocks in samples.messages():
        await client.chat_postMessage(channel="ops", text="A card", blocks=blocks)
    await screen.open("#/eva/ops")
    log = screen.log
    await expect(log.get_by_role("article")).to_have_count(6)
    await expect(log.locator(".unknown")).to_have_count(0)
    await expect(log.get_by_role("heading", name="Every block")).to_be_visible()
    await expect(log.get_by_text("2026-11-23 at 1:35 AM")).to_be_attached()
    for tag, words in (
        ("strong", "Bold"),
        ("em", "italic"),
        ("s", "strike"),
        ("code", "code"),
        ("blockquote", "a quote"),
    ):
        await expect(log.get_by_role("article").first.locator(tag, has_text=words).first).to_be_attached()
    await expect(log.get_by_role("img", name="A picture of a rack")).to_be_attached()
    for kind in ("bar", "line", "area", "pie"):
        await expect(log.get_by_role("img", name=f"A {kind} chart.")).to_be_attached()
    results = log.get_by_role("button", name="Results")
    await expect(log.get_by_text("ANALYZE")).to_be_hidden()
    await results.click()
    await expect(log.get_by_text("ANALYZE")).to_be_visible()
    table = log.get_by_role("table", name="Hours by person")
    await expect(table.get_by_role("rowheader").first).to_have_text("Person 0")
    await table.get_by_role("button", name="Hours").click()
    await expect(table.get_by_role("rowheader").first).to_have_text("Person 11")
    await log.get_by_role("button", name="Next rows").click()
    await expect(table.get_by_role("rowheader").first).to_have_text("Person 6")
    assert not slack.refusals
    for number, article in enumerate(await log.get_by_role("article").all()):
        await article.screenshot(path=tmp_path / f"blocks-{number}.png")
        assert (tmp_path / f"blocks-{number}.png").stat().st_size > 1000


async def test_every_element_tells_the_app(slack: Workspace, bolt_app: AsyncApp, screen: Screen) -> None:  # noqa: PLR0915 - one story
    heard = hear(bolt_app)

    async def found(ack: Any, payload: dict[str, Any]) -> None:
        await ack(options=[{"text": samples.plain(f"{payload['value']}-{n}"), "value": str(n)} for n in range(3)])

    bolt_app.options("external")(found)
    await bolt_app.client.chat_postMessage(channel="ops", text="A card", blocks=samples.elements())
    await screen.open("#/erik/ops")
    card, page = screen.log.get_by_role("article").first, screen.page

    await card.get_by_role("button", name="Approve").click()
    await card.get_by_role("button", name="Reject").click()
    sure = page.get_by_role("alertdialog", name="Sure?")
    await sure.get_by_role("button", name="Keep it").click()
    await card.get_by_role("button", name="Reject").click()
    await sure.get_by_role("button", name="Yes, reject").click()
    await screen.choose(card, "Pick one", "Option 3")
    menu = card.get_by_role("combobox", name="Search")
    await menu.click()
    await menu.press_sequentially("db")
    await page.get_by_role("option", name="db-2").click()
    await screen.choose(card, "Somebody", "Eva Engineer")
    await screen.choose(card, "A channel", "#deployments")
    several = card.get_by_role("combobox", name="Several")
    await several.click()
    await page.get_by_role("option", name="Option 1").click()
    await page.get_by_role("option", name="Option 4").click()
    await page.keyboard.press("Escape")
    await card.get_by_label("Select a date", exact=True).or_(card.locator("input[type=date]")).first.fill("2026-12-24")
    await card.get_by_label("At what time").fill("09:30")
    await card.locator("input[type=datetime-local]").fill("2026-12-24T12:00")
    await card.locator("input[type=datetime-local]").blur()
    await card.get_by_role("radio", name="Two").check()
    await card.get_by_role("checkbox", name="One").check()
    await slack.wait_for(lambda: len(heard) >= 12 and any(action["action_id"] == "boxes" for action in heard))
    by_id = {action["action_id"]: action for action in heard}
    assert by_id["approve"]["value"] == "1"
    assert [a["action_id"] for a in heard].count("reject") == 1
    assert by_id["static"]["selected_option"]["value"] == "o3"
    assert by_id["external"]["selected_option"]["text"]["text"] == "db-2"
    assert by_id["user"]["selected_user"] == "U0ENG2"
    assert by_id["channel"]["selected_channel"] == "C0DEPLOY"
    assert [o["value"] for o in by_id["many"]["selected_options"]] == ["o1", "o4"]
    assert by_id["date"]["selected_date"] == "2026-12-24"
    assert by_id["time"]["selected_time"] == "09:30"
    assert by_id["datetime"]["selected_date_time"] == 1798131600, "noon in New York"
    assert by_id["radio"]["selected_option"]["value"] == "2"
    assert [o["value"] for o in by_id["boxes"]["selected_options"]] == ["1"]
    await page.reload()
    await screen.ready()
    await expect(card.get_by_role("combobox", name="Pick one")).to_have_value("Option 3")
    await expect(card.get_by_role("radio", name="Two")).to_be_checked()


async def test_a_modal_with_every_field(slack: Workspace, bolt_app: AsyncApp, screen: Screen) -> None:  # noqa: PLR0915 - one story
    sent: list[dict[str, Any]] = []

    async def opened(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=samples.modal())

    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        sent.append(view["state"]["values"])
        if len(sent) == 1:
            await ack(response_action="errors", errors={"title": "Taken already"})
        else:
            await ack(response_action="push", view=samples.modal(title=samples.plain("Second"), callback_id="second"))

    bolt_app.command("/open")(opened)
    bolt_app.view("all")(submitted)
    await screen.open("#/erik/ops")
    await screen.say("/open")
    dialog = screen.dialog("Every field")
    title = dialog.get_by_label("Title")
    await expect(title).to_be_focused()
    await expect(title).to_have_accessible_description("Keep it short")
    await title.press_sequentially("A title")
    await dialog.get_by_label("Details").fill("First\nsecond")
    await dialog.get_by_label("Count").fill("12")
    await dialog.get_by_label("Mail").fill("me@example.com")
    await dialog.get_by_label("Page").fill("https://example.com")
    await screen.choose(dialog, "Kind", "Option 2")
    await screen.choose(dialog, "Who", "Uma User")
    await dialog.get_by_label("When").fill("2026-12-01")
    await dialog.get_by_label("Moment").fill("2026-07-01T12:00")
    await dialog.get_by_role("radio", name="One").check()
    await dialog.get_by_role("checkbox", name="Two").check()
    papers = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
    await dialog.get_by_label("Papers").set_input_files(papers)  # type: ignore[arg-type]
    await expect(dialog.get_by_text("notes.txt")).to_be_visible()
    await dialog.get_by_role("button", name="Create").click()
    count = dialog.get_by_label("Count")
    await expect(count).to_have_accessible_description("Please enter a number from 1 to 9.")
    await count.fill("7")
    await expect(count).not_to_have_attribute("aria-invalid", "true")
    await dialog.get_by_role("button", name="Create").click()
    await expect(title).to_have_accessible_description("Taken already Keep it short")
    await title.fill("Another")
    await dialog.get_by_role("button", name="Create").click()

    second = screen.dialog("Second")
    await expect(second).to_be_visible()
    values = sent[1]
    assert values["title"]["title"]["value"] == "Another"
    assert values["details"]["details"]["value"] == "First\nsecond"
    assert values["kind"]["kind"]["selected_option"]["value"] == "o2"
    assert values["who"]["who"]["selected_user"] == "U0USER"
    assert values["moment"]["moment"]["selected_date_time"] == 1782921600, "noon in New York, in summer"
    assert values["papers"]["papers"]["files"][0]["name"] == "notes.txt"
    await second.get_by_role("button", name="Back").click()
    await expect(title).to_have_value("Another")
    await screen.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(screen.box).to_be_focused()


async def test_trouble_is_said_in_the_modal(slack: Workspace, bolt_app: AsyncApp, screen: Screen) -> None:
    async def opened(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=samples.modal())

    async def fails(ack: Any) -> None:
        await ack(response_action="errors", errors={"nowhere": "x"})

    bolt_app.command("/open")(opened)
    bolt_app.view("all")(fails)
    await screen.open()
    await screen.say("/open")
    dialog = screen.dialog("Every field")
    await dialog.get_by_label("Title").fill("x")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_role("alert").filter(has_text="We had some trouble")).to_be_visible()
    await expect(dialog.get_by_role("alert").filter(has_text="Slack refuses this: view_submission")).to_be_visible()
    await expect(dialog.get_by_label("Title")).to_have_value("x")


async def test_a_dispatching_field_changes_the_modal_under_the_cursor(
    slack: Workspace, bolt_app: AsyncApp, screen: Screen
) -> None:
    element = {"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
    fields = [samples.field("Name", element, dispatch_action=True)]

    async def opened(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=samples.modal(blocks=fields))

    async def typed(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        said = {"type": "section", "text": samples.plain(f"Hello {body['actions'][0]['value']}")}
        await client.views_update(view_id=body["view"]["id"], view=samples.modal(blocks=[*fields, said]))

    bolt_app.command("/open")(opened)
    bolt_app.action("name")(typed)
    await screen.open()
    await screen.say("/open")
    dialog = screen.dialog("Every field")
    await dialog.get_by_label("Name").press_sequentially("Uma")
    await expect(dialog.get_by_text("Hello Uma")).to_be_visible()
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await dialog.get_by_label("Name").press_sequentially("!")
    await expect(dialog.get_by_label("Name")).to_have_value("Uma!")


async def test_files_are_shown_and_downloaded(slack: Workspace, client: AsyncWebClient, screen: Screen) -> None:
    await client.files_upload_v2(filename="report.csv", content="a,b\n1,2\n", channel="C0OPS", initial_comment="Here")
    await screen.open()
    async with screen.page.expect_download() as started:
        await screen.log.get_by_role("link", name="Download report.csv").click()
    download = await started.value
    assert Path(await download.path()).read_text() == "a,b\n1,2\n"
    assert download.suggested_filename == "report.csv"
