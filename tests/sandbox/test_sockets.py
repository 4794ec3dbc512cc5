import asyncio
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.sandbox.conftest import buttons, modal


async def here(ack: Any) -> None:
    await ack("here")


async def test_commands_clicks_submissions_and_events_over_a_socket(
    slack: Workspace, bolt: AsyncApp, socket_bot: AsyncSocketModeHandler, client: AsyncWebClient
) -> None:
    del socket_bot
    seen: list[str] = []

    async def command(ack: Any, body: dict[str, Any]) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack("hello")

    async def action(ack: Any) -> None:
        seen.append("action")
        await ack()

    async def view(ack: Any) -> None:
        await ack(response_action="errors", errors={"title": "no"})

    async def home(event: dict[str, Any]) -> None:
        seen.append(event["type"])

    bolt.command("/hello")(command)
    bolt.action("go")(action)
    bolt.view("form")(view)
    bolt.event("app_home_opened")(home)
    person = slack.person("U_ENG")
    ack = await person.slash("/hello", channel="ops")
    assert (ack.text, ack.error) == ("hello", "")
    assert ack.view is not None
    assert (await person.submit(ack.view, {"Title": "x"})).errors == {"title": "no"}
    sent = await client.chat_postMessage(channel="ops", text="card", blocks=buttons("go"))
    assert (await person.click(("ops", sent["ts"]), "go")).ok
    answer = await person.open_home()
    assert answer is not None
    assert (answer.error, seen) == ("", ["action", "app_home_opened"])
    assert {d.transport for d in slack.deliveries} == {"socket"}


async def test_an_unanswered_envelope_times_out(
    slack: Workspace, bolt: AsyncApp, socket_bot: AsyncSocketModeHandler
) -> None:
    del bolt, socket_bot
    slack.ack_timeout = 0.1
    assert (await slack.person("U_ENG").slash("/nobody-listens")).error == "operation_timeout"


async def test_without_a_connection_nothing_is_dispatched(slack: Workspace) -> None:
    assert (await slack.person("U_ENG").slash("/x")).error == "dispatch_failed"


async def test_the_client_comes_back_after_a_disconnect(
    slack: Workspace, bolt: AsyncApp, socket_bot: AsyncSocketModeHandler
) -> None:
    del socket_bot
    bolt.command("/x")(here)
    await slack.sockets.disconnect()
    await slack.wait_for(lambda: len(slack.calls_of("apps.connections.open")) >= 2 and slack.sockets.connected)
    assert (await slack.person("U_ENG").slash("/x")).text == "here"


async def test_the_client_notices_silence_and_comes_back(
    slack: Workspace, bolt: AsyncApp, socket_bot: AsyncSocketModeHandler
) -> None:
    del socket_bot
    bolt.command("/x")(here)
    slack.sockets.freeze()
    slack.ack_timeout = 0.05
    assert (await slack.person("U_ENG").slash("/x")).error == "operation_timeout"
    await slack.wait_for(lambda: len(slack.calls_of("apps.connections.open")) == 2, timeout=10)
    slack.sockets.freeze(frozen=False)
    slack.ack_timeout = 3.0
    await slack.wait_for(lambda: slack.sockets.connected)
    assert (await slack.person("U_ENG").slash("/x")).text == "here"


async def test_an_address_is_good_for_one_connection(slack: Workspace) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as http:
        async with http.ws_connect(url) as socket:
            hello = await asyncio.wait_for(socket.receive_json(), 2)
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        second = await http.get(url.replace("ws:", "http:"))
        assert second.status == 403
