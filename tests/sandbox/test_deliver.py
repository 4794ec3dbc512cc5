from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Workspace
from tests.sandbox.conftest import buttons, modal


async def test_a_slash_command_is_answered_by_the_body_of_its_acknowledgement(slack: Workspace, bot: AsyncApp) -> None:
    async def listener(ack: Any, command: dict[str, str]) -> None:
        await ack(f"you said {command['text']}")

    bot.command("/echo")(listener)
    ack = await slack.person("U_ENG").slash("/echo", "hi @eva in #ops & <b>", channel="ops")
    assert ack.ok
    assert ack.text == "you said hi <@U0ENG2|eva> in <#C0OPS|ops> &amp; &lt;b&gt;"
    assert [m.text for m in slack.person("erik").ephemerals("ops")] == [ack.text]
    assert slack.person("uma").ephemerals("ops") == []
    assert slack.messages_in("ops") == []


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
    assert ack.view.title == "Form"

    empty = await person.submit(ack.view)
    assert (empty.sent, list(empty.errors)) == (False, ["title"])
    refused = await person.submit(ack.view, {"Title": "bad"})
    assert (refused.errors, refused.closed) == ({"title": "not that"}, False)
    taken = await person.submit(ack.view, {"title": "good"})
    assert (taken.closed, taken.view, person.views) == (True, None, [])
    assert not slack.refusals


async def test_a_click_reaches_the_bot_with_the_message_it_was_on(slack: Workspace, bot: AsyncApp) -> None:
    seen: list[dict[str, Any]] = []

    async def pressed(ack: Any, body: dict[str, Any], respond: Any) -> None:
        seen.append(body)
        await ack()
        await respond(text="done", replace_original=True)

    bot.action("go")(pressed)
    posted = await bot.client.chat_postMessage(channel="#ops", text="card", blocks=buttons("go", "stop"))
    message = slack.messages_in("ops")[0]
    assert (await slack.person("U_ENG").click(message, "go")).ok
    assert seen[0]["message"]["ts"] == posted["ts"]
    assert seen[0]["actions"][0]["value"] == "v-go"
    await slack.wait_for(lambda: message.text == "done")
    with pytest.raises(LookupError):
        await slack.person("U_ENG").click(message, "go")
    assert (await slack.person("U_ENG").click(message, "go", stale=True)).ok
