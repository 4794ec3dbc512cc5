from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.sandbox.conftest import buttons, refused

# slack_sdk warns of absent texts, which are just what some of these tests send.
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")

TEXT_BLOCK = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("C0GENERAL", "not_in_channel"),
        ("#general", "not_in_channel"),
        ("secret", "channel_not_found"),
        ("C0SECRET", "channel_not_found"),
        ("nowhere", "channel_not_found"),
        ("C0OLD", "is_archived"),
        ("U0GONE", "channel_not_found"),
    ],
)
async def test_where_the_bot_may_not_post(client: AsyncWebClient, where: str, error: str) -> None:
    assert await refused(client.chat_postMessage(channel=where, text="x")) == error


@pytest.mark.parametrize("where", ["C0OPS", "ops", "#ops", "U0ENG"])
async def test_where_the_bot_may_post(slack: Workspace, client: AsyncWebClient, where: str) -> None:
    answer = await client.chat_postMessage(channel=where, text="x")
    assert slack.channels[answer["channel"]].messages[answer["ts"]].text == "x"
    assert answer["message"]["bot_id"] == "B0TECHOPS"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": " \n"}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": "["}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{"type": "invention"}]}, "invalid_blocks"),
        ({"text": "x", "metadata": {"event_type": 1}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_schema"),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
async def test_what_slack_does_not_take(
    slack: Workspace, client: AsyncWebClient, content: dict[str, Any], error: str
) -> None:
    assert await refused(client.chat_postMessage(channel="ops", **content)) == error
    assert slack.messages_in("ops") == []


async def test_an_edit_keeps_what_it_does_not_name(slack: Workspace, client: AsyncWebClient) -> None:
    metadata = {"event_type": "card", "event_payload": {"id": 1}}
    sent = await client.chat_postMessage(channel="ops", text="a", blocks=buttons("go"), metadata=metadata)
    channel, ts = sent["channel"], sent["ts"]
    await client.chat_update(channel=channel, ts=ts, text="b")
    message = slack.messages_in("ops")[0]
    assert (message.text, len(message.blocks), message.metadata) == ("b", 1, metadata)
    await client.chat_update(channel=channel, ts=ts, blocks=[], text="c")
    assert (message.blocks, message.revisions[0][0]["type"]) == ([], "actions")
    assert await refused(client.chat_update(channel=channel, ts=ts, text="é" * 2001)) == "msg_too_long"
    assert await refused(client.chat_update(channel=channel, ts=ts, text="")) == "no_text"
    assert await refused(client.chat_update(channel="ops", ts=ts, text="d")) == "channel_not_found"
    assert await refused(client.chat_update(channel=channel, ts="1.1", text="d")) == "message_not_found"


async def test_only_own_messages_are_edited_and_deleted(slack: Workspace, client: AsyncWebClient) -> None:
    theirs = await slack.person("U_ENG").post("ops", "mine")
    assert await refused(client.chat_update(channel="C0OPS", ts=theirs.ts, text="x")) == "cant_update_message"
    assert await refused(client.chat_delete(channel="C0OPS", ts=theirs.ts)) == "cant_delete_message"
    own = await client.chat_postMessage(channel="ops", text="mine")
    await client.chat_delete(channel="C0OPS", ts=own["ts"])
    assert [m.text for m in slack.messages_in("ops")] == ["mine"]
    assert await refused(client.chat_delete(channel="C0OPS", ts=own["ts"])) == "message_not_found"


async def test_history_has_no_replies_no_ephemerals_and_metadata_only_when_asked(client: AsyncWebClient) -> None:
    metadata = {"event_type": "card", "event_payload": {"id": 1}}
    top = await client.chat_postMessage(channel="ops", text="top", metadata=metadata)
    reply = await client.chat_postMessage(channel="ops", text="reply", thread_ts=top["ts"])
    nested = await client.chat_postMessage(channel="ops", text="nested", thread_ts=reply["ts"], metadata=metadata)
    await client.chat_postMessage(channel="ops", text="shown twice", thread_ts=top["ts"], reply_broadcast=True)
    await client.chat_postEphemeral(channel="C0OPS", user="U0ENG", text="secret")
    history = (await client.conversations_history(channel="C0OPS"))["messages"]
    assert [m["text"] for m in history] == ["shown twice", "top"]
    assert (history[1]["reply_count"], "metadata" in history[1]) == (3, False)
    asked = await client.conversations_history(channel="C0OPS", include_all_metadata=True, oldest=top["ts"])
    assert [m["text"] for m in asked["messages"]] == ["shown twice"]
    inclusive = await client.conversations_history(
        channel="C0OPS", include_all_metadata=True, oldest=top["ts"], latest=top["ts"], inclusive=True
    )
    assert [m["metadata"] for m in inclusive["messages"]] == [metadata]
    replies = (await client.conversations_replies(channel="C0OPS", ts=top["ts"]))["messages"]
    assert [m["text"] for m in replies] == ["top", "reply", "nested", "shown twice"]
    assert nested["message"]["thread_ts"] == top["ts"]
    assert await refused(client.conversations_replies(channel="C0OPS", ts="1.1")) == "thread_not_found"
    assert await refused(client.conversations_history(channel="C0GENERAL")) == "not_in_channel"
    assert await refused(client.conversations_history(channel="ops")) == "channel_not_found"


async def test_history_in_pages(client: AsyncWebClient) -> None:
    for number in range(5):
        await client.chat_postMessage(channel="ops", text=str(number))
    texts: list[str] = []
    async for answer in await client.conversations_history(channel="C0OPS", limit=2):
        texts += [m["text"] for m in answer["messages"]]
    assert texts == ["4", "3", "2", "1", "0"]


async def test_a_deleted_parent_leaves_a_tombstone(slack: Workspace, client: AsyncWebClient) -> None:
    top = await client.chat_postMessage(channel="ops", text="top")
    await client.chat_postMessage(channel="ops", text="reply", thread_ts=top["ts"])
    await client.chat_delete(channel="C0OPS", ts=top["ts"])
    assert [m.subtype for m in slack.messages_in("ops")] == ["tombstone"]
    assert [m.text for m in slack.messages_in("ops", thread_ts=top["ts"])] == ["reply"]


async def test_ephemerals_links_reactions_and_unfurls(slack: Workspace, client: AsyncWebClient) -> None:
    slack.channel("ops").members.discard("U0USER")
    assert await refused(client.chat_postEphemeral(channel="C0OPS", user="U0USER", text="x")) == "user_not_in_channel"
    private = await client.chat_postEphemeral(channel="C0OPS", user="U0ENG", text="for you")
    assert await refused(client.chat_update(channel="C0OPS", ts=private["message_ts"], text="x")) == "message_not_found"
    theirs = await slack.person("erik").post("ops", "see https://dash.example/r/42")
    link = await client.chat_getPermalink(channel="C0OPS", message_ts=theirs.ts)
    assert link["permalink"].endswith(f"/archives/C0OPS/p{theirs.ts.replace('.', '')}")
    await client.reactions_add(channel="C0OPS", timestamp=theirs.ts, name="eyes")
    assert await refused(client.reactions_add(channel="C0OPS", timestamp=theirs.ts, name="eyes")) == "already_reacted"
    card = {"https://dash.example/r/42": {"blocks": [TEXT_BLOCK]}}
    await client.chat_unfurl(channel="C0OPS", ts=theirs.ts, unfurls=card)
    assert theirs.unfurls == card
    other = {"https://dash.example/r/43": {"blocks": [TEXT_BLOCK]}}
    assert await refused(client.chat_unfurl(channel="C0OPS", ts=theirs.ts, unfurls=other)) == "cannot_unfurl_url"


LINKED = {
    "features": {"unfurl_domains": ["dash.example"]},
    "oauth_config": {"scopes": {"bot": ["links:write"]}},
}


@pytest.mark.parametrize("slack_options", [{"manifest": LINKED}])
async def test_what_slack_refuses_below_a_message(slack: Workspace, client: AsyncWebClient) -> None:
    person = slack.person("erik")
    message = await person.post("ops", "see https://dash.example/r/42 and https://elsewhere.example/r/42")
    one = {"blocks": [TEXT_BLOCK]}
    card = {"https://dash.example/r/42": one}

    async def no(unfurls: Any, **where: Any) -> str:
        return await refused(client.chat_unfurl(**({"channel": "C0OPS", "ts": message.ts} | where), unfurls=unfurls))

    assert await no({}) == "missing_unfurls"
    assert await no(["x"]) == "invalid_unfurls_format"
    assert await no({"https://dash.example/r/42": "x"}) == "invalid_unfurls_format"
    assert await no({"https://dash.example/r/42": {}}) == "cannot_parse_attachment"
    assert await no({"https://elsewhere.example/r/42": one}) == "cannot_unfurl_url"
    assert await no({"https://dash.example/r/42": {"blocks": [{"type": "section"}]}}) == "invalid_blocks"
    assert await no(card, ts="1.1") == "cannot_find_message"
    assert await no(card, channel="C0NONE") == "cannot_find_channel"
    assert await no(card, source="composer") == "missing_unfurl_id"
    assert await no(card, unfurl_id="x") == "missing_source"
    assert await no(card, source="mail", unfurl_id="x") == "invalid_source"
    assert await no(card, source="composer", unfurl_id="x") == "invalid_unfurl_id"
    assert await no(card, source="conversations_history", unfurl_id="C0OPS.1.1") == "invalid_unfurl_id"
    draft = await person.compose("https://dash.example/r/42")
    await client.chat_unfurl(source="composer", unfurl_id=draft.id, unfurls=card)
    assert draft.unfurls == card
    assert message.unfurls == {}
    where = {"source": "conversations_history", "unfurl_id": f"C0OPS.{message.ts}"}
    await client.chat_unfurl(**where, unfurls=card)
    assert message.unfurls == card


@pytest.mark.parametrize("slack_options", [{"manifest": {}}])
async def test_previews_need_their_scope(slack: Workspace, client: AsyncWebClient) -> None:
    message = await slack.person("erik").post("ops", "see https://dash.example/r/42")
    card = {"https://dash.example/r/42": {"blocks": [TEXT_BLOCK]}}
    assert await refused(client.chat_unfurl(channel="C0OPS", ts=message.ts, unfurls=card)) == "missing_scope"


async def test_conversations(slack: Workspace, client: AsyncWebClient) -> None:
    listed = (await client.conversations_list(exclude_archived=True))["channels"]
    assert {c["name"]: c["is_member"] for c in listed} == {"ops": True, "deployments": True, "general": False}
    assert await refused(client.conversations_list(types="rooms")) == "invalid_types"
    assert await refused(client.conversations_info(channel="C0SECRET")) == "channel_not_found"
    opened = await client.conversations_open(users="U0ENG")
    again = await client.conversations_open(users=["U0ENG"])
    assert opened["channel"]["id"] == again["channel"]["id"] == slack.person("erik").dm
    assert await refused(client.conversations_open(users="U0OTHERBOT")) == "cannot_dm_bot"
    assert await refused(client.conversations_open(users="U0GONE")) == "user_disabled"
    assert "U0ENG" in (await client.conversations_members(channel="C0OPS"))["members"]
    await client.conversations_join(channel="C0GENERAL")
    assert (await client.chat_postMessage(channel="general", text="here"))["ok"]


async def test_files_in_three_steps(slack: Workspace, client: AsyncWebClient) -> None:
    dm = slack.person("erik").dm
    answer = await client.files_upload_v2(channel=dm, filename="report.csv", content="a,b\n1,2\n", initial_comment="Hi")
    message = slack.person("erik").dms_from_bot()[0]
    assert (message.text, message.files[0]["name"], message.files[0]["size"]) == ("Hi", "report.csv", 8)
    file = slack.files[answer["file"]["id"]]
    assert file.content == b"a,b\n1,2\n"
    assert (await client.files_info(file=file.id))["file"]["channels"] == [dm]
    assert await refused(client.files_upload_v2(channel="ops", filename="a", content="b")) == "channel_not_found"
    assert await refused(client.files_info(file="F0")) == "file_not_found"
    url = await client.files_getUploadURLExternal(filename="a", length=3)
    async with aiohttp.ClientSession() as http, http.post(url["upload_url"], data=b"four") as answer:
        assert answer.status == 400
    assert slack.refusals[-1].error == "length_mismatch"
