import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.sandbox.conftest import buttons, modal


class RawBot:
    """A bot that records each request as it came and answers as told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self.status, self.delay, self.body = 200, 0.0, ""

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.text()))
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status, text=self.body)

    def form(self, index: int = -1) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(self.requests[index][1], keep_blank_values=True).items()}


@pytest.fixture
async def raw(slack: Workspace) -> AsyncIterator[RawBot]:
    bot = RawBot()
    app = web.Application()
    app.router.add_post("/slack/events", bot.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield bot
    await runner.cleanup()


async def test_a_slash_command_is_a_signed_form(slack: Workspace, raw: RawBot) -> None:
    await slack.person("U_ENG").slash("/maintenance", 'new "Title" due:friday', channel="#ops")
    headers, body = raw.requests[0]
    assert SignatureVerifier(slack.signing_secret).is_valid_request(body, headers)
    form = raw.form()
    assert form.pop("trigger_id")
    assert form.pop("response_url").startswith(slack.base_url)
    assert form == {
        "team_id": "T0SANDBOX",
        "team_domain": "sandbox",
        "channel_id": "C0OPS",
        "channel_name": "ops",
        "user_id": "U0ENG",
        "user_name": "erik",
        "command": "/maintenance",
        "text": 'new "Title" due:friday',
        "api_app_id": "A0TECHOPS",
        "is_enterprise_install": "false",
    }


COMMANDS = {
    "features": {
        "slash_commands": [
            {"command": "/plain", "description": "d"},
            {"command": "/rich", "description": "d", "should_escape": True},
        ]
    }
}


@pytest.mark.parametrize("slack_options", [{"manifest": COMMANDS}])
async def test_the_manifest_decides_on_commands_and_escaping(slack: Workspace, raw: RawBot) -> None:
    person = slack.person("U_ENG")
    unknown = await person.slash("/other")
    assert (unknown.error, raw.requests) == ("unknown_command", [])
    text = "@uma <!channel> a&b <@U0ENG> @nobody mail@uma #ops #42"
    await person.slash("/plain", text)
    assert raw.form()["text"] == text
    await person.slash("/rich", text)
    escaped = "<@U0USER|uma> &lt;!channel&gt; a&amp;b <@U0ENG> @nobody mail@uma <#C0OPS|ops> #42"
    assert raw.form()["text"] == escaped


async def test_late_and_failed_acknowledgements_are_shown_and_recorded(slack: Workspace, raw: RawBot) -> None:
    slack.ack_timeout, raw.delay = 0.05, 1.0
    person = slack.person("U_ENG")
    late = await person.slash("/x")
    assert (late.error, late.shown) == ("operation_timeout", "/x failed with the error “operation_timeout”")
    raw.delay, raw.status = 0.0, 500
    assert (await person.slash("/x")).error == "dispatch_failed"
    slack.bot_url = "http://127.0.0.1:1"
    assert (await person.slash("/x")).error == "dispatch_failed"
    assert [r.error for r in slack.refusals] == ["operation_timeout", "dispatch_failed", "dispatch_failed"]
    assert [d.error for d in slack.deliveries] == [r.error for r in slack.refusals]


async def test_the_body_of_a_command_may_be_text_or_a_message(slack: Workspace, raw: RawBot) -> None:
    person = slack.person("U_ENG")
    assert (await person.slash("/x", channel="ops")).messages == []
    raw.body = json.dumps({"text": "to all", "response_type": "in_channel"})
    await person.slash("/x", channel="ops")
    assert [m.text for m in slack.messages_in("ops")] == ["to all"]
    raw.body = json.dumps({"text": "x", "blocks": [{"type": "nonsense"}]})
    wrong = await person.slash("/x", channel="ops")
    assert (wrong.error, wrong.messages) == ("invalid_command_response", [])
    assert slack.refusals[-1].error == "invalid_blocks"


async def test_the_very_same_request_can_come_five_times(slack: Workspace, raw: RawBot) -> None:
    ack = await slack.person("U_ENG").slash("/x", "once", repeat=5)
    assert len(ack.repeats) == 5
    assert len({(h["X-Slack-Signature"], h["X-Slack-Request-Timestamp"], b) for h, b in raw.requests}) == 1


async def test_a_click_has_slacks_shape_and_its_body_is_ignored(
    slack: Workspace, raw: RawBot, client: AsyncWebClient
) -> None:
    sent = await client.chat_postMessage(channel="ops", text="card", blocks=buttons("go"))
    raw.body = json.dumps({"text": "unseen"})
    person = slack.person("U_ENG")
    ack = await person.click(("ops", sent["ts"]), "go")
    assert ack.ok
    payload = json.loads(raw.form()["payload"])
    assert payload["container"] == {
        "type": "message",
        "message_ts": sent["ts"],
        "channel_id": "C0OPS",
        "is_ephemeral": False,
    }
    assert payload["user"] == {"id": "U0ENG", "username": "erik", "name": "erik", "team_id": "T0SANDBOX"}
    assert payload["channel"] == {"id": "C0OPS", "name": "ops"}
    assert payload["message"]["blocks"][0]["block_id"] == "acts"
    action = payload["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == ("go", "acts", "v-go")
    assert (person.ephemerals("ops"), slack.refusals[-1].error) == ([], "ack_body_ignored")


async def test_buttons_that_are_not_there_cannot_be_pressed(
    slack: Workspace, raw: RawBot, client: AsyncWebClient
) -> None:
    sent = await client.chat_postMessage(channel="ops", text="card", blocks=buttons("go"))
    await client.chat_update(channel="C0OPS", ts=sent["ts"], text="done", blocks=[])
    person = slack.person("U_ENG")
    with pytest.raises(LookupError):
        await person.click(("ops", sent["ts"]), "go")
    assert raw.requests == []
    await person.click(("ops", sent["ts"]), "go", stale=True)
    await person.click(("ops", sent["ts"]), "forged", element={"value": "7"})
    assert [json.loads(raw.form(i)["payload"])["actions"][0].get("value") for i in (0, 1)] == ["v-go", "7"]


async def test_a_choice_in_a_message_arrives_with_its_state(
    slack: Workspace, raw: RawBot, client: AsyncWebClient
) -> None:
    option = {"text": {"type": "plain_text", "text": "Edit"}, "value": "edit-1"}
    elements: list[dict[str, Any]] = [
        {"type": "overflow", "action_id": "more", "options": [option]},
        {"type": "users_select", "action_id": "who"},
    ]
    blocks = [{"type": "actions", "block_id": "b", "elements": elements}]
    sent = await client.chat_postMessage(channel="ops", text="card", blocks=blocks)
    person = slack.person("U_ENG")
    await person.select(("ops", sent["ts"]), "more", "Edit")
    assert json.loads(raw.form()["payload"])["actions"][0]["selected_option"] == option
    await person.select(("ops", sent["ts"]), "who", "uma")
    payload = json.loads(raw.form()["payload"])
    assert payload["actions"][0]["selected_user"] == "U0USER"
    assert payload["state"]["values"]["b"]["who"]["selected_user"] == "U0USER"


async def test_shortcuts(slack: Workspace, bot: AsyncApp, client: AsyncWebClient) -> None:
    seen: list[dict[str, Any]] = []

    async def listener(ack: Any, body: dict[str, Any]) -> None:
        seen.append(body)
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    bot.shortcut("new")(listener)
    message = await slack.person("U_USER").post("ops", "the printer is on fire")
    assert (await slack.person("U_ENG").shortcut("new")).view is not None
    assert (await slack.person("U_ENG").shortcut("new", message)).view is not None
    assert [b["type"] for b in seen] == ["shortcut", "message_action"]
    assert seen[1]["message"]["text"] == "the printer is on fire"
    assert "response_url" in seen[1]
    assert "response_url" not in seen[0]


async def test_a_modal_from_a_trigger_to_a_submission(slack: Workspace, bot: AsyncApp) -> None:
    async def opens(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        if view["state"]["values"]["title"]["title"]["value"] == "bad":
            await ack(response_action="errors", errors={"title": "not that"})
        else:
            await ack()

    bot.command("/new")(opens)
    bot.view("form")(submitted)
    person = slack.person("U_ENG")
    ack = await person.slash("/new", channel="ops")
    assert ack.view is not None
    empty = await person.submit(ack.view)
    assert (empty.sent, list(empty.errors)) == (False, ["title"])
    refused = await person.submit(ack.view, {"Title": "bad"})
    assert (refused.errors, refused.closed) == ({"title": "not that"}, False)
    taken = await person.submit(ack.view, {"title": "good"})
    assert (taken.closed, taken.view, person.views) == (True, None, [])
    assert not slack.refusals


async def test_events_reach_the_bot_and_come_again_until_they_are_acknowledged(slack: Workspace, raw: RawBot) -> None:
    slack.event_retry_delays = (0.0, 0.01, 0.01)
    raw.status = 503
    await slack.person("U_ENG").open_home()
    await slack.wait_for(lambda: len(raw.requests) == 4 and not any(d.status is None for d in slack.deliveries))
    bodies = [json.loads(body) for _, body in raw.requests]
    assert len({b["event_id"] for b in bodies}) == 1
    assert bodies[0]["event"]["type"] == "app_home_opened"
    assert [h.get("X-Slack-Retry-Num") for h, _ in raw.requests] == [None, "1", "2", "3"]
    assert raw.requests[1][0]["X-Slack-Retry-Reason"] == "http_error"
    raw.status = 200
    await slack.change_user("U_ENG", deleted=True)
    assert len(raw.requests) == 5
    assert json.loads(raw.requests[4][1])["event"]["user"]["deleted"] is True


EVENTS = {
    "features": {"unfurl_domains": ["dash.example"]},
    "settings": {"event_subscriptions": {"bot_events": ["message.channels", "link_shared", "app_mention"]}},
}


@pytest.mark.parametrize("slack_options", [{"manifest": EVENTS}])
async def test_only_events_of_the_manifest_are_sent(slack: Workspace, raw: RawBot) -> None:
    person = slack.person("U_ENG")
    await person.open_home()
    await person.post("general", "the bot is not here")
    assert raw.requests == []
    await person.post("ops", "@techops see https://www.dash.example/r/1, and https://other.example")
    events = [json.loads(body)["event"] for _, body in raw.requests]
    assert [e["type"] for e in events] == ["message", "app_mention", "link_shared"]
    assert events[2]["links"] == [{"url": "https://www.dash.example/r/1", "domain": "www.dash.example"}]
    assert events[2]["is_bot_user_member"] is True


@pytest.mark.parametrize("slack_options", [{"manifest": EVENTS}])
async def test_the_bot_hears_of_links_where_it_is_not(slack: Workspace, raw: RawBot) -> None:
    slack.channel("general").is_ext_shared = True
    root = await slack.person("U_ENG").post("general", "no link, nobody hears of it")
    await slack.person("U_ENG").post("general", "https://dash.example/r/1 https://dash.example/r/1", root.ts)
    [envelope] = [json.loads(body) for _, body in raw.requests]
    assert envelope["is_ext_shared_channel"] is True
    event = envelope["event"]
    assert (event["type"], event["is_bot_user_member"], event["thread_ts"]) == ("link_shared", False, root.ts)
    assert [link["url"] for link in event["links"]] == ["https://dash.example/r/1"]


PORT = {"features": {"unfurl_domains": ["127.0.0.1:3000"]}, "settings": EVENTS["settings"]}


@pytest.mark.parametrize("slack_options", [{"manifest": PORT}])
async def test_an_app_on_this_machine_may_name_a_port(slack: Workspace, raw: RawBot) -> None:
    await slack.person("U_ENG").post(
        "general", "http://127.0.0.1:3001/r/1 http://127.0.0.1/r/1 http://127.0.0.1:3000/r/1"
    )
    [envelope] = [json.loads(body) for _, body in raw.requests]
    assert [link["url"] for link in envelope["event"]["links"]] == ["http://127.0.0.1:3000/r/1"]


@pytest.mark.parametrize("slack_options", [{"manifest": EVENTS}])
async def test_the_bot_hears_of_links_that_are_being_written(slack: Workspace, raw: RawBot) -> None:
    draft = await slack.person("U_ENG").compose("see https://dash.example/r/1")
    [event] = [json.loads(body)["event"] for _, body in raw.requests]
    assert (event["channel"], event["source"], event["unfurl_id"]) == ("COMPOSER", "composer", draft.id)
    await slack.person("U_ENG").compose("nothing to see")
    assert len(raw.requests) == 1


@pytest.mark.usefixtures("bot")
async def test_the_handshake_of_a_request_url(slack: Workspace) -> None:
    answer = await slack.delivery.verify_url()
    assert answer.status == 200
    assert not slack.refusals
