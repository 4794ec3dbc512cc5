import json

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.api.registry import load
from sandbox.webapi import WebApi
from sandbox.workspace import Workspace
from tests.sandbox.conftest import refused

NARROW = {"oauth_config": {"scopes": {"bot": ["chat:write", "users:read"]}}}


async def test_the_token_is_checked(slack: Workspace, client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["user_id"], answer["team_id"], answer["bot_id"]) == ("U0TECHOPS", "T0SANDBOX", "B0TECHOPS")
    stranger = AsyncWebClient(token="xoxb-other", base_url=slack.api_url)
    assert await refused(stranger.auth_test()) == "invalid_auth"
    assert await refused(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
    by_app_token = AsyncWebClient(token=slack.app_token, base_url=slack.api_url)
    assert await refused(by_app_token.auth_test()) == "not_allowed_token_type"
    assert await refused(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"


async def test_arguments_come_from_query_form_and_json(slack: Workspace) -> None:
    url = f"{slack.api_url}chat.postMessage"
    bearer = {"Authorization": f"Bearer {slack.bot_token}"}
    blocks = [{"type": "divider"}]
    async with aiohttp.ClientSession() as http:
        query = {"channel": "C0OPS", "text": "query"}
        answers = [
            await http.post(url, params=query, headers=bearer),
            await http.post(url, data={"token": slack.bot_token, "channel": "ops", "blocks": json.dumps(blocks)}),
            await http.post(url, json={"channel": "#ops", "text": "json", "blocks": blocks}, headers=bearer),
        ]
        assert [(await a.json())["ok"] for a in answers] == [True, True, True]
        no_header = await http.post(url, json={"token": slack.bot_token, "channel": "ops", "text": "x"})
        assert (await no_header.json())["error"] == "not_authed"
        broken = await http.post(url, data="{", headers=bearer | {"Content-Type": "application/json"})
        assert (await broken.json())["error"] == "invalid_json"
    assert [(m.text, len(m.blocks)) for m in slack.messages_in("ops")] == [("query", 0), ("", 1), ("json", 1)]


async def test_an_unknown_method_is_refused_and_all_calls_are_logged(slack: Workspace, client: AsyncWebClient) -> None:
    assert await refused(client.api_call("chat.sing")) == "unknown_method"
    await client.api_test(foo="bar")
    assert [(c.method, c.ok, c.error) for c in slack.calls] == [
        ("chat.sing", False, "unknown_method"),
        ("api.test", True, ""),
    ]
    assert [(r.where, r.error) for r in slack.refusals] == [("chat.sing", "unknown_method")]


@pytest.mark.parametrize("slack_options", [{"manifest": NARROW}])
async def test_scopes_of_the_manifest_decide(client: AsyncWebClient) -> None:
    answer = await client.users_info(user="U0ENG")
    assert "email" not in answer["user"]["profile"]
    assert answer.headers["x-oauth-scopes"] == "chat:write,users:read"
    with pytest.raises(Exception, match="missing_scope") as caught:
        await client.users_lookupByEmail(email="erik@example.com")
    assert caught.value.response["needed"] == "users:read.email"  # type: ignore[attr-defined]
    assert caught.value.response["provided"] == "chat:write,users:read"  # type: ignore[attr-defined]
    assert await refused(client.conversations_history(channel="C0OPS")) == "missing_scope"
    assert await refused(client.conversations_open(users="U0ENG")) == "missing_scope"
    assert await refused(client.files_getUploadURLExternal(filename="a", length=1)) == "missing_scope"
    assert (await client.chat_postMessage(channel="ops", text="x"))["ok"]


async def test_people_look_as_slack_shows_them(client: AsyncWebClient) -> None:
    erik = (await client.users_info(user="U0ENG"))["user"]
    assert (erik["profile"]["email"], erik["tz"], erik["is_email_confirmed"]) == (
        "erik@example.com",
        "America/New_York",
        True,
    )
    assert erik["tz_offset"] in {-18000, -14400}
    assert (await client.users_info(user="U0OUT"))["user"]["is_stranger"]
    gone = (await client.users_info(user="U0GONE"))["user"]
    assert gone["deleted"]
    assert "tz" not in gone
    assert await refused(client.users_info(user="U0NOBODY")) == "user_not_found"
    assert (await client.users_lookupByEmail(email="Eva@Example.com"))["user"]["id"] == "U0ENG2"
    assert await refused(client.users_lookupByEmail(email="gerda@example.com")) == "users_not_found"
    assert (await client.bots_info(bot="B0TECHOPS"))["bot"]["user_id"] == "U0TECHOPS"
    assert (await client.team_info())["team"]["name"] == "Sandbox"


async def test_lists_come_in_pages(slack: Workspace, client: AsyncWebClient) -> None:
    names = []
    async for answer in await client.users_list(limit=4):
        assert len(answer["members"]) <= 4
        names += [m["name"] for m in answer["members"]]
    assert sorted(names) == sorted(u.name for u in slack.users.values() if not u.is_stranger)
    assert await refused(client.users_list(cursor="nonsense")) == "invalid_cursor"
    assert await refused(client.users_list(limit=5000)) == "invalid_arguments"


def test_every_method_has_one_declaration() -> None:
    methods = load()
    assert len(methods) >= 28
    assert all(m.handler.__doc__ for m in methods.values())


NAMES = (
    "channel", "user", "users", "user_id", "text", "blocks", "attachments", "metadata", "thread_ts", "ts", "view",
    "trigger_id", "view_id", "hash", "files", "channel_id", "channels", "filename", "length", "limit", "cursor",
    "oldest", "latest", "types", "email", "unfurls", "name", "timestamp", "message_ts", "bot", "team", "file",
)  # fmt: skip
NONSENSE: list[object] = ["", "x", "C0OPS", "U0ENG", "[1]", "{}", "null", 7, -1, 1.5, True, None, [], [1], [None], {}]


@pytest.mark.parametrize("method", sorted(load()))
async def test_nonsense_is_answered_and_never_breaks_a_method(slack: Workspace, method: str) -> None:
    token = slack.app_token if method.startswith("apps.") else slack.bot_token
    channel = slack.channel("ops")
    message = slack.messages.post(channel, slack.bot.id, {"text": "x"})
    real = {"channel": "C0OPS", "ts": message.ts, "timestamp": message.ts, "message_ts": message.ts, "text": "x"}
    real |= {"user": "U0ENG", "user_id": "U0ENG", "filename": "f", "length": "1"}
    api = WebApi(slack)
    for value in NONSENSE:
        trials = [dict.fromkeys(NAMES, value), dict.fromkeys(NAMES, value) | real, *(real | {n: value} for n in NAMES)]
        for args in trials:
            channel.messages[message.ts] = message
            outcome = await api._work(method, token, args)
            assert outcome.body["ok"] or outcome.body["error"] not in {"invalid_auth", "not_allowed_token_type"}
            json.dumps(outcome.body)
