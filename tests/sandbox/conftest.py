"""A small Bolt app that plays the bot, over HTTP and over Socket Mode, and the real Slack client."""

import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace


@dataclass
class Clock:
    """The machine's clock, which tests move ahead by `ahead` seconds."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(slack: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def bolt(slack: Workspace) -> AsyncApp:
    """An app without listeners; tests add theirs."""
    web_client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    return AsyncApp(client=web_client, signing_secret=slack.signing_secret, process_before_response=True)


@pytest.fixture
async def bot(slack: Workspace, bolt: AsyncApp) -> AsyncIterator[AsyncApp]:
    """The app behind HTTP."""
    runner = web.AppRunner(bolt.server(port=0, path="/slack/events").web_app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield bolt
    await runner.cleanup()


@pytest.fixture
async def socket_bot(slack: Workspace, bolt: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app behind Socket Mode."""
    handler = AsyncSocketModeHandler(bolt, slack.app_token, ping_interval=0.2)
    await handler.connect_async()
    await slack.wait_for(lambda: slack.sockets.connected)
    yield handler
    await handler.close_async()


async def refused(call: Awaitable[Any]) -> str:
    """The error of a Web API call that has to be refused."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def modal(**changes: Any) -> dict[str, Any]:
    """A modal with one required and one optional input."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Create"},
        "blocks": [field("Title"), field("Notes", optional=True)],
    } | changes


def field(label: str, element: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An input block; its block_id and action_id are the label in lower case."""
    return {
        "type": "input",
        "block_id": label.lower(),
        "label": {"type": "plain_text", "text": label},
        "element": {"type": "plain_text_input", "action_id": label.lower()} | (element or {}),
    } | changes


def buttons(*names: str) -> list[dict[str, Any]]:
    """An actions block with a button for each name, which is its action_id too."""
    return [
        {
            "type": "actions",
            "block_id": "acts",
            "elements": [
                {"type": "button", "action_id": n, "text": {"type": "plain_text", "text": n}, "value": f"v-{n}"}
                for n in names
            ],
        }
    ]
