import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import Server
from sandbox.workspace import Workspace
from tests.sandbox.conftest import buttons


@pytest.fixture
async def http(slack: Workspace) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=slack.base_url) as session:
        yield session


async def test_acts_over_http(bot: AsyncApp, http: aiohttp.ClientSession) -> None:
    async def pressed(ack: Any, respond: Any) -> None:
        await ack()
        await respond("pressed")

    async def command(ack: Any, command: dict[str, str]) -> None:
        await ack(f"you said {command['text']}")

    bot.action("go")(pressed)
    bot.command("/echo")(command)
    answer = await http.post("/_sandbox/people/erik/slash", json={"command": "/echo", "text": "x", "channel": "ops"})
    assert [m["text"] for m in (await answer.json())["messages"]] == ["you said x"]
    sent = await bot.client.chat_postMessage(channel="ops", text="card", blocks=buttons("go"))
    click = {"source": ["C0OPS", sent["ts"]], "action_id": "go"}
    assert (await (await http.post("/_sandbox/people/U0ENG/click", json=click)).json())["error"] == ""
    shown = await (await http.get("/_sandbox/channels/ops/messages?as=U0ENG")).json()
    assert [m["text"] for m in shown] == ["you said x", "card", "pressed"]
    others = await (await http.get("/_sandbox/channels/ops/messages?as=U0USER")).json()
    assert [m["text"] for m in others] == ["card"]
    log = await (await http.get("/_sandbox/log/deliveries")).json()
    assert [d["kind"] for d in log] == ["slash_commands", "interactive"]
    assert await (await http.get(f"/_sandbox/log/deliveries?after={log[1]['seq']}")).json() == []
    assert (await (await http.get("/_sandbox/people/erik")).json())["views"] == []


async def test_what_cannot_be_done_is_said(http: aiohttp.ClientSession) -> None:
    assert (await http.post("/_sandbox/people/erik/dance", json={})).status == 404
    assert (await http.post("/_sandbox/people/nobody/slash", json={"command": "/x"})).status == 404
    wrong = await http.post("/_sandbox/people/erik/slash", json={"command": "/x", "nonsense": 1})
    assert (wrong.status, "nonsense" in await wrong.text()) == (400, True)
    gone = await http.post("/_sandbox/people/erik/click", json={"source": ["ops", "1.1"], "action_id": "a"})
    assert gone.status == 404
    assert (await http.post("/_sandbox/faults", data="[")).status == 400
    assert (await http.post("/_sandbox/faults", json={"faults": [{"colour": 1}]})).status == 400


async def test_faults_settings_channels_and_people_over_http(slack: Workspace, http: aiohttp.ClientSession) -> None:
    await http.post("/_sandbox/faults", json={"faults": [{"kind": "ratelimited", "times": 3}], "channel_interval": 1})
    assert (slack.faults.programmed[0].times, slack.faults.channel_interval) == (3, 1)
    await http.delete("/_sandbox/faults")
    assert slack.faults.programmed == []
    await http.post("/_sandbox/settings", json={"bot_url": "http://127.0.0.1:9"})
    assert slack.bot_url == "http://127.0.0.1:9"
    made = await (await http.post("/_sandbox/channels", json={"name": "team"})).json()
    assert slack.channel("#team").id == made["id"]
    await http.post("/_sandbox/users/erik", json={"deleted": True})
    state = await (await http.get("/_sandbox/state")).json()
    assert next(u for u in state["users"] if u["id"] == "U0ENG")["deleted"]


async def test_the_feed_tells_each_change(slack: Workspace, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect("/_sandbox/feed") as feed:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        await client.chat_postMessage(channel="ops", text="x")
        first, second = [await asyncio.wait_for(feed.receive_json(), 2) for _ in range(2)]
    assert (first["type"], first["channel"], first["seq"] + 1) == ("message", "C0OPS", second["seq"])
    assert (second["type"], second["method"]) == ("call", "chat.postMessage")


@pytest.mark.parametrize("slack_options", [{"control_key": "k3y"}])
async def test_the_control_key_is_needed_where_it_is_set(slack: Workspace, http: aiohttp.ClientSession) -> None:
    assert (await http.get("/_sandbox/state")).status == 403
    assert (await http.get("/_sandbox/state?key=other")).status == 403
    assert (await http.get("/_sandbox/state?key=k3y")).status == 200
    assert (await http.get("/_sandbox/state", headers={"X-Sandbox-Key": "k3y"})).status == 200
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    file = (await client.files_upload_v2(filename="a.csv", content="a"))["file"]
    assert (await http.get(file["url_private"])).status == 403
    token = {"Authorization": f"Bearer {slack.bot_token}"}
    assert await (await http.get(file["url_private"], headers=token)).read() == b"a"


async def test_other_hosts_and_other_sites_are_refused(http: aiohttp.ClientSession) -> None:
    assert (await http.get("/_sandbox/state", headers={"Host": "evil.example"})).status == 403
    assert (await http.get("/", headers={"Host": "evil.example:80"})).status == 403
    assert (await http.get("/")).status == 200
    assert (await http.delete("/_sandbox/faults", headers={"Origin": "https://evil.example"})).status == 403
    with pytest.raises(ValueError, match="loopback"):
        await Server(Workspace()).start("0.0.0.0")  # noqa: S104 - what has to be refused


async def test_the_command_line_serves_with_a_manifest_until_it_is_ended(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"oauth_config": {"scopes": {"bot": ["chat:write"]}}}))
    command = ["-m", "sandbox", "--manifest", str(manifest), "--bot-token", "xoxb-1", "--control-key", "k"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        address = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
        client = AsyncWebClient(token="xoxb-1", base_url=f"{address}/api/")
        assert (await client.chat_postMessage(channel="ops", text="x"))["ok"]
        with pytest.raises(Exception, match="missing_scope"):
            await client.users_info(user="U0ENG")
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_workspace_of_any_size() -> None:
    workspace = Workspace()
    people = [workspace.add_user(type(workspace.bot)(f"U0P{n}", f"p{n}", f"Person {n}")) for n in range(200)]
    channels = [workspace.add_channel(f"c{n}") for n in range(50)]
    assert len(people) == 200
    assert people[199].id in workspace.channel("#c49").members
    assert channels[0].id != channels[1].id
