from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.payloads import Payloads
from sandbox.workspace import Workspace
from tests.sandbox.conftest import Clock, buttons


@pytest.fixture
def slack_options(clock: Clock) -> dict[str, Any]:
    return {"clock": clock}


async def test_five_answers_within_thirty_minutes(slack: Workspace, clock: Clock) -> None:
    url = Payloads(slack).response_url("U0ENG", "C0OPS")
    hook = AsyncWebhookClient(url)
    for number in range(5):
        assert (await hook.send(text=str(number))).body == "ok"
    sixth = await hook.send(text="6")
    assert (sixth.status_code, "used_url" in sixth.body) == (404, True)
    old = AsyncWebhookClient(Payloads(slack).response_url("U0ENG", "C0OPS"))
    clock.ahead = 1801
    assert "expired_url" in (await old.send(text="late")).body
    assert [m.text for m in slack.person("U_ENG").ephemerals("ops")] == list("01234")
    assert [r.error for r in slack.refusals] == ["used_url", "expired_url"]


async def test_answers_are_private_unless_said_otherwise(slack: Workspace) -> None:
    hook = AsyncWebhookClient(Payloads(slack).response_url("U0ENG", "C0OPS"))
    await hook.send(text="all", response_type="in_channel")
    await hook.send(text="you")
    assert [m.text for m in slack.messages_in("ops")] == ["all"]
    assert [m.text for m in slack.person("U_ENG").ephemerals("ops")] == ["you"]


async def test_replacing_and_deleting_the_message_that_was_clicked(slack: Workspace, client: AsyncWebClient) -> None:
    sent = await client.chat_postMessage(channel="ops", text="card", blocks=buttons("go"))
    hook = AsyncWebhookClient(Payloads(slack).response_url("U0ENG", "C0OPS", sent["ts"]))
    await hook.send(text="done", replace_original=True)
    message = slack.messages_in("ops")[0]
    assert (message.text, message.blocks) == ("done", [])
    await hook.send(delete_original=True)
    assert slack.messages_in("ops") == []


async def test_an_ephemeral_message_can_be_replaced_through_its_address_only(
    slack: Workspace, client: AsyncWebClient
) -> None:
    sent = await client.chat_postEphemeral(channel="C0OPS", user="U0ENG", text="page 1")
    hook = AsyncWebhookClient(Payloads(slack).response_url("U0ENG", "C0OPS", sent["message_ts"]))
    await hook.send(text="page 2", replace_original=True)
    assert [m.text for m in slack.person("U_ENG").ephemerals("ops")] == ["page 2"]
    await hook.send(delete_original=True)
    assert slack.person("U_ENG").ephemerals("ops") == []


async def test_wrong_answers_are_refused(slack: Workspace) -> None:
    url = Payloads(slack).response_url("U0ENG", "C0OPS")
    hook = AsyncWebhookClient(url)
    assert "no_text" in (await hook.send(text="")).body
    assert "invalid_blocks" in (await hook.send(text="x", blocks=[{"type": "nonsense"}])).body
    assert "message_not_found" in (await hook.send(text="x", replace_original=True)).body
    async with aiohttp.ClientSession() as http:
        assert (await http.post(url, data="[")).status == 400
        assert (await http.post(f"{slack.base_url}/response/unknown", json={"text": "x"})).status == 404


async def test_faults_reach_response_addresses_too(slack: Workspace) -> None:
    slack.faults.add("ratelimited", "response_url", retry_after=7)
    hook = AsyncWebhookClient(Payloads(slack).response_url("U0ENG", "C0OPS"), retry_handlers=[])
    limited = await hook.send(text="x")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    slack.faults.add("drop_after", "response_url")
    with pytest.raises(aiohttp.ClientError):
        await hook.send(text="done all the same")
    assert [m.text for m in slack.person("U_ENG").ephemerals("ops")] == ["done all the same"]
