"""What the page reads, and what it keeps for a person."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.sandbox.conftest import field, modal


@pytest.fixture
async def http(slack: Workspace) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=f"{slack.base_url}/_sandbox/") as session:
        yield session


async def read(http: aiohttp.ClientSession, path: str) -> Any:
    answer = await http.get(path)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_a_channel_is_read_page_by_page(slack: Workspace, http: aiohttp.ClientSession) -> None:
    erik = slack.person("erik")
    posted = [await erik.post("ops", str(number)) for number in range(7)]
    await erik.post("ops", "a reply", posted[0].ts)
    newest = await read(http, "channels/ops/history?as=uma&limit=4")
    assert ([m["text"] for m in newest["messages"]], newest["has_more"]) == (["3", "4", "5", "6"], True)
    older = await read(http, f"channels/ops/history?as=uma&limit=4&before={newest['messages'][0]['ts']}")
    assert ([m["text"] for m in older["messages"]], older["has_more"]) == (["0", "1", "2"], False)
    assert older["messages"][0]["reply_count"] == 1
    thread = await read(http, f"channels/ops/replies/{posted[0].ts}?as=uma")
    assert [m["text"] for m in thread["messages"]] == ["0", "a reply"]


async def test_private_words_are_for_one_person(
    slack: Workspace, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    sent = await client.chat_postEphemeral(channel="C0OPS", user="U0USER", text="for you")
    path = f"channels/ops/messages/{sent['message_ts']}"
    assert (await read(http, f"{path}?as=uma"))["ephemeral_to"] == "U0USER"
    assert (await http.get(f"{path}?as=erik")).status == 404
    assert (await read(http, "channels/ops/history?as=erik"))["messages"] == []
    assert (await http.get("channels/secret/history?as=erik")).status == 404
    assert (await http.get("channels/ops/history")).status == 404
    assert (await http.get("channels/ops/history?as=erik&limit=x")).status == 400


async def test_unread_messages_are_counted_until_they_are_read(slack: Workspace, http: aiohttp.ClientSession) -> None:
    first = await slack.person("erik").post("ops", "one")
    await slack.person("uma").post("ops", "my own")
    await slack.person("erik").post("ops", "a reply", first.ts)
    assert (await read(http, "people/uma/unread"))["C0OPS"] == {"last_read": "", "count": 1}
    await http.post("people/uma/read", json={"channel": "ops", "ts": first.ts})
    await http.post("people/uma/read", json={"channel": "ops", "ts": "1.0"})
    assert (await read(http, "people/uma/unread"))["C0OPS"] == {"last_read": first.ts, "count": 0}
    assert (await read(http, "people/erik/unread"))["C0OPS"]["count"] == 1
    assert "C0SECRET" not in await read(http, "people/uma/unread")


async def test_what_is_typed_is_kept(slack: Workspace, client: AsyncWebClient, http: aiohttp.ClientSession) -> None:
    blocks = [field("Title"), field("Papers", {"type": "file_input"}, optional=True)]
    await client.views_open(trigger_id=slack.tickets.trigger("U0ENG"), view=modal(blocks=blocks))
    view = slack.person("erik").views[0]
    form = aiohttp.FormData()
    form.add_field("file", b"hello", filename="a.txt")
    [file] = await (await http.post("people/erik/files", data=form)).json()
    assert (file["name"], file["size"], file["user"]) == ("a.txt", 5, "U0ENG")
    entries = [
        {"block_id": "title", "action_id": "title", "value": "typed"},
        {"block_id": "papers", "action_id": "papers", "value": [file]},
    ]
    assert (await http.post("people/erik/enter", json={"view": view.id, "entries": entries})).status == 200
    [seen] = (await read(http, "people/erik"))["views"]
    assert seen["state"]["values"]["title"]["title"]["value"] == "typed"
    assert seen["state"]["values"]["papers"]["papers"]["files"][0]["id"] == file["id"]
    wrong = [{"block_id": "none", "action_id": "title", "value": "x"}]
    assert (await http.post("people/erik/enter", json={"view": view.id, "entries": wrong})).status == 404


async def test_the_log_in_brief_and_in_full(bot: AsyncApp, slack: Workspace, http: aiohttp.ClientSession) -> None:
    async def command(ack: Any) -> None:
        await ack("done")

    bot.command("/echo")(command)
    await slack.person("erik").slash("/echo", "x")
    with pytest.raises(SlackApiError):
        await bot.client.chat_postMessage(channel="nowhere", text="x")
    lines = await read(http, "log")
    assert [line["kind"] for line in lines if line["what"] != "auth.test"] == ["slash_commands", "call", "refusal"]
    assert "args" not in lines[-1]
    asked = next(line for line in lines if line["kind"] == "slash_commands")
    assert (asked["ok"], asked["waiting"]) == (True, False)
    assert (await read(http, f"log/lines/{asked['seq']}"))["payload"]["command"] == "/echo"
    assert await read(http, f"log?after={lines[-1]['seq']}") == []
    assert (await http.get("log/lines/999999")).status == 404


async def test_switches_last_until_they_are_off(
    slack: Workspace, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    async def switch(name: str, on: bool) -> dict[str, bool]:
        answer: dict[str, bool] = await (await http.post(f"switches/{name}", json={"on": on})).json()
        return answer

    assert await switch("ratelimited", on=True) == {"slow": False, "ratelimited": True, "lost": False, "down": False}
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="ops", text="x")
        assert caught.value.response.status_code == 429
    await switch("ratelimited", on=False)
    await switch("lost", on=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="ops", text="posted all the same")
    assert [m.text for m in slack.messages_in("ops")] == ["posted all the same"]
    await switch("lost", on=False)
    assert (await client.chat_postMessage(channel="ops", text="x"))["ok"]
    assert (await http.post("switches/lights", json={"on": True})).status == 404
    assert (await read(http, "state"))["switches"] == dict.fromkeys(("slow", "ratelimited", "lost", "down"), False)


async def serve(given: str) -> tuple[int | None, str, asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--secrets-stdin",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(given.encode() + b"\n")
    await process.stdin.drain()
    address = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
    return process.returncode, address, process


async def test_secrets_come_by_standard_input() -> None:
    secrets = {"bot_token": "xoxb-7", "app_token": "xapp-7", "signing_secret": "s", "control_key": "k"}
    _, address, process = await serve(json.dumps(secrets))
    try:
        client = AsyncWebClient(token="xoxb-7", base_url=f"{address}/api/")
        assert (await client.auth_test())["ok"]
        async with aiohttp.ClientSession() as http:
            assert (await http.get(f"{address}/_sandbox/state")).status == 403
            assert (await http.get(f"{address}/_sandbox/state", headers={"X-Sandbox-Key": "k"})).status == 200
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0
        await process.communicate()


@pytest.mark.parametrize("given", ["[]", "nonsense", '{"bot_token": 1}', '{"colour": "red"}'])
async def test_secrets_that_are_none_end_the_start(given: str) -> None:
    _, address, process = await serve(given)
    _, said = await process.communicate()
    assert (address, process.returncode) == ("", 2)
    assert b"the sandbox cannot start" in said
