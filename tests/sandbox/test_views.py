from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.answers import TROUBLE
from sandbox.records import View
from sandbox.workspace import Workspace
from tests.sandbox.conftest import Clock, buttons, field, modal, refused

HOME = {"type": "home", "blocks": buttons("go")}


@pytest.fixture
def slack_options(clock: Clock) -> dict[str, Any]:
    return {"clock": clock}


async def opened(slack: Workspace, client: AsyncWebClient, view: dict[str, Any] | None = None) -> View:
    await client.views_open(trigger_id=slack.tickets.trigger("U0ENG"), view=view or modal())
    found = slack.person("U_ENG").view
    assert found is not None
    return found


async def test_a_trigger_is_good_once_and_for_three_seconds(
    slack: Workspace, client: AsyncWebClient, clock: Clock
) -> None:
    trigger = slack.tickets.trigger("U0ENG")
    clock.ahead = 2.9
    await client.views_open(trigger_id=trigger, view=modal())
    assert await refused(client.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    late = slack.tickets.trigger("U0ENG")
    clock.ahead = 6.0
    assert await refused(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert await refused(client.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"
    assert await refused(client.views_open(trigger_id=trigger, view=modal(submit=None))) == "invalid_arguments"
    fresh = slack.tickets.trigger("U0ENG")
    assert await refused(client.views_push(trigger_id=fresh, view=modal())) == "not_found"


async def test_an_update_checks_the_hash_and_keeps_what_was_typed(slack: Workspace, client: AsyncWebClient) -> None:
    view = await opened(slack, client)
    slack.person("U_ENG").fill(view, {"Title": "typed"})
    old = view.hash
    changed = modal(blocks=[field("Title"), field("Other")])
    answer = await client.views_update(view_id=view.id, hash=old, view=changed)
    assert answer["view"]["state"]["values"]["title"]["title"]["value"] == "typed"
    assert "other" in view.state
    assert await refused(client.views_update(view_id=view.id, hash=old, view=changed)) == "hash_conflict"
    await slack.person("U_ENG").close(view)
    assert await refused(client.views_update(view_id=view.id, view=changed)) == "not_found"


async def test_views_have_external_ids_of_their_own(slack: Workspace, client: AsyncWebClient) -> None:
    await opened(slack, client, modal(external_id="e1"))
    await client.views_update(external_id="e1", view=modal(external_id="e1", private_metadata="x"))
    trigger = slack.tickets.trigger("U0USER")
    assert await refused(client.views_open(trigger_id=trigger, view=modal(external_id="e1"))) == "duplicate_external_id"
    assert await refused(client.views_update(external_id="e2", view=modal())) == "not_found"
    assert await refused(client.api_call("views.update", json={"view": modal()})) == "invalid_arguments"


async def test_three_modals_on_top_of_each_other_at_most(slack: Workspace, client: AsyncWebClient) -> None:
    view = await opened(slack, client)
    for _ in range(2):
        await client.views_push(trigger_id=slack.tickets.trigger("U0ENG", view.id), view=modal())
    trigger = slack.tickets.trigger("U0ENG", view.id)
    assert await refused(client.views_push(trigger_id=trigger, view=modal())) == "push_limit_reached"
    stack = slack.person("U_ENG").views
    assert [v.previous_id for v in stack] == [None, stack[0].id, stack[1].id]
    assert {v.root_id for v in stack} == {view.id}
    await slack.person("U_ENG").close(stack[-1])
    assert len(slack.person("U_ENG").views) == 2
    await slack.person("U_ENG").close(stack[1], everything=True)
    assert slack.person("U_ENG").views == []


async def test_a_home_is_published_again_and_again(slack: Workspace, client: AsyncWebClient) -> None:
    first = await client.views_publish(user_id="U0ENG", view=HOME)
    again = await client.views_publish(user_id="U0ENG", view=HOME, hash=first["view"]["hash"])
    assert first["view"]["id"] == again["view"]["id"]
    assert await refused(client.views_publish(user_id="U0ENG", view=HOME, hash="0.0")) == "hash_conflict"
    assert await refused(client.views_publish(user_id="U0NOBODY", view=HOME)) == "user_not_found"
    assert await refused(client.views_publish(user_id="U0ENG", view=modal())) == "invalid_arguments"
    home = slack.person("U_ENG").home
    assert home is not None
    assert home.updates == 1


async def test_a_click_in_a_home_has_a_trigger_and_no_response_address(
    slack: Workspace, bot: AsyncApp, client: AsyncWebClient
) -> None:
    bodies: list[dict[str, Any]] = []

    async def pressed(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        bodies.append(body)
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    bot.action("go")(pressed)
    await client.views_publish(user_id="U0ENG", view=HOME)
    home = slack.person("U_ENG").home
    assert home is not None
    ack = await slack.person("U_ENG").click(home, "go")
    assert ack.view is slack.person("U_ENG").view
    assert bodies[0]["view"]["type"] == "home"
    assert "response_url" not in bodies[0]


ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"response_action": "errors", "errors": {"nowhere": "x"}}, "no input block 'nowhere'"),
    ({"response_action": "errors", "errors": {}}, "errors must be a non-empty object"),
    ({"response_action": "errors", "errors": {"title": 1}}, "must be a text"),
    ({"response_action": "update", "view": modal(submit=None)}, "`submit` is required"),
    ({"response_action": "update"}, "missing required field: title"),
    ({"response_action": "dance"}, "unknown response_action"),
]


@pytest.mark.parametrize(("answer", "complaint"), ANSWERS)
async def test_a_wrong_answer_to_a_submission_leaves_the_modal_in_trouble(
    slack: Workspace, bot: AsyncApp, client: AsyncWebClient, answer: dict[str, Any], complaint: str
) -> None:
    async def submitted(ack: Any) -> None:
        await ack(answer)

    bot.view("form")(submitted)
    view = await opened(slack, client)
    result = await slack.person("U_ENG").submit(view, {"Title": "x"})
    assert (result.trouble, result.closed, view.trouble) == (TROUBLE, False, TROUBLE)
    assert complaint in "\n".join(slack.refusals[-1].messages)


async def test_right_answers_to_a_submission(slack: Workspace, bot: AsyncApp, client: AsyncWebClient) -> None:
    answers = [
        {"response_action": "push", "view": modal(title={"type": "plain_text", "text": "Second"})},
        {"response_action": "update", "view": modal(title={"type": "plain_text", "text": "Third"})},
        {"response_action": "errors", "errors": {"notes": "too short"}},
        {"response_action": "clear"},
    ]

    async def submitted(ack: Any) -> None:
        await ack(answers.pop(0))

    bot.view("form")(submitted)
    person = slack.person("U_ENG")
    view = await opened(slack, client)
    pushed = await person.submit(view, {"Title": "x"})
    assert pushed.view is not None
    assert (pushed.view.title, pushed.closed, len(person.views)) == ("Second", False, 2)
    updated = await person.submit(pushed.view, {"Title": "x"})
    assert updated.view is pushed.view
    assert pushed.view.title == "Third"
    erroneous = await person.submit(pushed.view)
    assert pushed.view.errors == erroneous.errors == {"notes": "too short"}
    cleared = await person.submit(pushed.view)
    assert (cleared.closed, cleared.view, person.views) == (True, None, [])


async def test_a_closed_modal_is_announced_where_the_app_asked(
    slack: Workspace, bot: AsyncApp, client: AsyncWebClient
) -> None:
    closed: list[bool] = []

    async def listener(ack: Any, body: dict[str, Any]) -> None:
        closed.append(body["is_cleared"])
        await ack()

    bot.view_closed("form")(listener)
    await slack.person("U_ENG").close(await opened(slack, client))
    await slack.person("U_ENG").close(await opened(slack, client, modal(notify_on_close=True)))
    await slack.person("U_ENG").close(
        await opened(slack, client, modal(notify_on_close=True, clear_on_close=True)), everything=True
    )
    assert closed == [False, True]
