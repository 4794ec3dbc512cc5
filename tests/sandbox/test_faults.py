import asyncio
import time

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.sandbox.conftest import refused


async def test_too_many_requests_on_demand(slack: Workspace, client: AsyncWebClient) -> None:
    slack.faults.add("ratelimited", "chat.postMessage", times=2, retry_after=3)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="ops", text="x")
        assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
        assert caught.value.response.headers["Retry-After"] == "3"
    assert (await client.auth_test())["ok"]
    assert (await client.chat_postMessage(channel="ops", text="x"))["ok"]
    assert len(slack.messages_in("ops")) == 1
    assert not slack.refusals
    assert [c.fault for c in slack.calls_of("chat.postMessage")] == ["ratelimited", "ratelimited", ""]


async def test_a_lost_answer_did_the_work_and_a_lost_request_did_not(slack: Workspace, client: AsyncWebClient) -> None:
    slack.faults.add("drop_after", "chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="ops", text="lost answer")
    slack.faults.add("drop_before")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="ops", text="lost request")
    assert [m.text for m in slack.messages_in("ops")] == ["lost answer"]
    assert [(c.ok, c.error) for c in slack.calls] == [(True, ""), (False, "connection_dropped")]


async def test_server_errors_refusals_and_calls_that_pass_first(slack: Workspace, client: AsyncWebClient) -> None:
    slack.faults.add("server_error", "auth.test", skip=1, status=503)
    slack.faults.add("refuse", "chat.postMessage", error="fatal_error", times=None)
    assert (await client.auth_test())["ok"]
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.status_code == 503
    for _ in range(3):
        assert await refused(client.chat_postMessage(channel="ops", text="x")) == "fatal_error"
    slack.faults.clear()
    assert (await client.chat_postMessage(channel="ops", text="x"))["ok"]


async def test_slow_and_late_answers(slack: Workspace, client: AsyncWebClient) -> None:
    slack.faults.add("delay", "chat.postMessage", delay=0.05)
    started = time.monotonic()
    await client.chat_postMessage(channel="ops", text="slow")
    assert time.monotonic() - started >= 0.05
    slack.faults.add("delay", "chat.postMessage", delay=0.2, after=True)
    late = asyncio.create_task(client.chat_postMessage(channel="ops", text="late"))
    await slack.wait_for(lambda: len(slack.messages_in("ops")) == 2)
    assert not late.done()
    assert (await late)["ok"]


async def test_one_message_a_second_and_channel(slack: Workspace, client: AsyncWebClient) -> None:
    slack.faults.channel_interval = 1.0
    await client.chat_postMessage(channel="ops", text="1")
    await client.chat_postMessage(channel="deployments", text="1")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="ops", text="2")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert len(slack.messages_in("ops")) == 1


async def test_a_fault_can_be_narrowed_to_a_channel(slack: Workspace, client: AsyncWebClient) -> None:
    fault = slack.faults.add("server_error", "chat.postMessage", channel="C0OPS")
    await client.chat_postMessage(channel="C0DEPLOY", text="x")
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0OPS", text="x")
    assert fault.hits == 1


async def test_waiting_says_what_happened_when_it_is_in_vain(slack: Workspace, client: AsyncWebClient) -> None:
    await client.auth_test()
    with pytest.raises(AssertionError, match=r"still false after 0\.05 s.*auth\.test -> ok"):
        await slack.wait_for(lambda: False, timeout=0.05)
