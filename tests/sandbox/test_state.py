"""The shape of state.values for each element, and what Slack's client refuses by itself."""

from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.records import View
from sandbox.workspace import Workspace
from tests.sandbox.conftest import field, modal

Json = dict[str, Any]


def option(value: str) -> Json:
    return {"text": {"type": "plain_text", "text": value.upper()}, "value": value}


OPTIONS = [option("low"), option("high")]
ELEMENTS: list[tuple[Json, Any, Json]] = [
    ({"type": "plain_text_input"}, "x", {"value": "x"}),
    ({"type": "plain_text_input"}, None, {"value": None}),
    ({"type": "number_input", "is_decimal_allowed": True}, 1.5, {"value": "1.5"}),
    ({"type": "email_text_input"}, "a@b.example", {"value": "a@b.example"}),
    ({"type": "url_text_input"}, "https://a.example", {"value": "https://a.example"}),
    ({"type": "static_select", "options": OPTIONS}, "high", {"selected_option": option("high")}),
    ({"type": "static_select", "options": OPTIONS}, "LOW", {"selected_option": option("low")}),
    ({"type": "radio_buttons", "options": OPTIONS}, "low", {"selected_option": option("low")}),
    ({"type": "checkboxes", "options": OPTIONS}, ["low"], {"selected_options": [option("low")]}),
    ({"type": "checkboxes", "options": OPTIONS}, None, {"selected_options": []}),
    ({"type": "multi_static_select", "options": OPTIONS}, ["low", "high"], {"selected_options": OPTIONS}),
    ({"type": "users_select"}, "erik", {"selected_user": "U0ENG"}),
    ({"type": "multi_users_select"}, ["erik", "U_USER"], {"selected_users": ["U0ENG", "U0USER"]}),
    ({"type": "channels_select"}, "#ops", {"selected_channel": "C0OPS"}),
    ({"type": "conversations_select"}, "ops", {"selected_conversation": "C0OPS"}),
    ({"type": "datepicker"}, "2026-12-24", {"selected_date": "2026-12-24"}),
    ({"type": "timepicker"}, "17:00", {"selected_time": "17:00"}),
    ({"type": "datetimepicker"}, 1_790_000_000, {"selected_date_time": 1_790_000_000}),
    ({"type": "file_input"}, [{"id": "F1"}], {"files": [{"id": "F1"}]}),
]


async def opened(slack: Workspace, client: AsyncWebClient, *blocks: Json) -> View:
    await client.views_open(trigger_id=slack.tickets.trigger("U0ENG"), view=modal(blocks=list(blocks)))
    found = slack.person("U_ENG").view
    assert found is not None
    return found


@pytest.mark.parametrize(("element", "value", "expected"), ELEMENTS)
async def test_what_is_filled_in_arrives_in_slacks_shape(
    slack: Workspace, bot: AsyncApp, client: AsyncWebClient, element: Json, value: Any, expected: Json
) -> None:
    seen: list[Json] = []

    async def submitted(ack: Any, view: Json) -> None:
        seen.append(view["state"]["values"])
        await ack()

    bot.view("form")(submitted)
    view = await opened(slack, client, field("Field", element, optional=True))
    assert (await slack.person("U_ENG").submit(view, {"Field": value})).closed
    assert seen == [{"field": {"field": {"type": element["type"], **expected}}}]


REFUSED: list[tuple[Json, Any, str]] = [
    ({"type": "plain_text_input"}, "", "required"),
    ({"type": "static_select", "options": OPTIONS}, None, "required"),
    ({"type": "checkboxes", "options": OPTIONS}, [], "required"),
    ({"type": "plain_text_input", "min_length": 3}, "ab", "at least 3"),
    ({"type": "plain_text_input", "max_length": 3}, "abcd", "at most 3"),
    ({"type": "plain_text_input"}, "x" * 3001, "at most 3000"),
    ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "valid number"),
    ({"type": "number_input", "is_decimal_allowed": True, "max_value": "24"}, "25", "to 24"),
    ({"type": "email_text_input"}, "nobody", "valid email"),
    ({"type": "url_text_input"}, "example", "valid URL"),
]


@pytest.mark.parametrize(("element", "value", "complaint"), REFUSED)
async def test_what_slacks_client_refuses_is_not_sent(
    slack: Workspace, client: AsyncWebClient, element: Json, value: Any, complaint: str
) -> None:
    view = await opened(slack, client, field("Field", element))
    result = await slack.person("U_ENG").submit(view, {"field": value})
    assert not result.sent
    assert complaint in result.errors["field"]
    assert not slack.deliveries


async def test_initial_values_are_there_and_unknown_fields_and_options_are_an_error(
    slack: Workspace, client: AsyncWebClient
) -> None:
    menu = {"type": "static_select", "options": OPTIONS, "initial_option": option("low")}
    view = await opened(slack, client, field("Title", {"initial_value": "was"}), field("Priority", menu))
    assert view.state["title"]["title"]["value"] == "was"
    assert view.state["priority"]["priority"]["selected_option"]["value"] == "low"
    person = slack.person("U_ENG")
    with pytest.raises(LookupError, match="no field 'Nope'"):
        person.fill(view, {"Nope": "x"})
    with pytest.raises(LookupError, match="no option 'medium'"):
        person.fill(view, {"Priority": "medium"})


async def test_an_external_select_asks_shows_and_sends(slack: Workspace, bot: AsyncApp, client: AsyncWebClient) -> None:
    asked: list[str] = []

    async def suggest(ack: Any, payload: Json) -> None:
        asked.append(payload["value"])
        await ack(options=[option(f"{payload['value']}1"), option(f"{payload['value']}2")])

    bot.options("project")(suggest)
    element = {"type": "external_select", "min_query_length": 2}
    view = await opened(slack, client, field("Project", element))
    person = slack.person("U_ENG")
    assert await person.options(view, "project", "a") == []
    shown = await person.options(view, "project", "ab")
    assert [o["value"] for o in shown] == ["ab1", "ab2"]
    person.fill(view, {"Project": "ab2"})
    assert view.state["project"]["project"]["selected_option"] == option("ab2")
    assert asked == ["ab"]


BAD_OPTIONS: list[tuple[Json, str]] = [
    ({"options": [option(str(n)) for n in range(101)]}, "no more than 100 items allowed"),
    ({"options": [option("x" * 151)]}, "must be less than 151 characters"),
    ({"options": [{"text": {"type": "plain_text", "text": "t" * 76}, "value": "v"}]}, "less than 76 characters"),
    ({"option_groups": [{"label": {"type": "plain_text", "text": "g"}, "options": []}]}, "no fewer than 1"),
    ({}, "must define either `options` or `option_groups`"),
]


@pytest.mark.parametrize(("answer", "complaint"), BAD_OPTIONS)
async def test_wrong_options_are_dropped(
    slack: Workspace, bot: AsyncApp, client: AsyncWebClient, answer: Json, complaint: str
) -> None:
    async def suggest(ack: Any) -> None:
        await ack(**answer)

    bot.options("project")(suggest)
    view = await opened(slack, client, field("Project", {"type": "external_select", "min_query_length": 0}))
    assert await slack.person("U_ENG").options(view, "project") == []
    assert complaint in "\n".join(slack.refusals[-1].messages)
