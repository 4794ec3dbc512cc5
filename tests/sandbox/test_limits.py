from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.limits import check_message, check_view
from sandbox.records import SlackRefusal
from tests.sandbox.conftest import buttons, field, modal

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | more


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain("x")} | more


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(value: str = "v", text: str = "t", **more: Any) -> Json:
    return {"text": plain(text), "value": value} | more


def menu(kind: str = "static_select", **more: Any) -> Json:
    return {"type": kind, "action_id": "m"} | more


def chart(kind: str = "bar", **more: Any) -> Json:
    points = [{"label": "Mon", "value": 1}, {"label": "Tue", "value": -2}]
    body = {"type": kind, "series": [{"name": "s", "data": points}], "axis_config": {"categories": ["Mon", "Tue"]}}
    return {"type": "data_visualization", "title": "t", "chart": body | more}


def table(rows: int = 2, cells: int = 2, kind: str = "data_table", **more: Any) -> Json:
    grid = [[{"type": "raw_text", "text": "c"}] * cells] * rows
    return {"type": kind, "rows": grid} | ({"caption": "c"} if kind == "data_table" else {}) | more


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


CONFIRM = {"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}
GOOD: list[Json] = [
    section("x" * 3000),
    section(accessory=button(style="primary", confirm=CONFIRM, value="v" * 2000)),
    {"type": "section", "fields": [plain("x" * 2000)] * 5},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [plain("x")] * 10},
    actions(*(button(action_id=str(n)) for n in range(25))),
    actions(menu("overflow", options=[option(str(n)) for n in range(5)])),
    actions(menu(options=[option(str(n)) for n in range(100)], initial_option=option("7"))),
    actions(menu("external_select", min_query_length=0, placeholder=plain("p" * 150))),
    actions(menu("datepicker", initial_date="2026-02-28"), menu("timepicker", action_id="t", initial_time="23:59")),
    {"type": "divider"},
    {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"},
    field("Title"),
    rich({"type": "text", "text": "a", "style": {"bold": True}}, {"type": "user", "user_id": "U1"}),
    table(100, 1, "table"),
    table(101, 3),
    chart(),
    chart("line"),
    {"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]}},
    {"type": "markdown", "text": "x" * 12_000},
    {"type": "container", "title": plain("c"), "child_blocks": [section()] * 10, "is_collapsible": True},
]

BAD: list[tuple[Json, str]] = [
    ({"type": "invention"}, "unsupported type: invention [json-pointer:/blocks/0/type]"),
    ({"type": "video"}, "unsupported type: video [json-pointer:/blocks/0/type]"),
    ({}, "missing required field: type [json-pointer:/blocks/0]"),
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ({"type": "section"}, "must define either `text` or `fields`"),
    ({"type": "section", "fields": [plain("x")] * 11}, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    ({"type": "section", "fields": [plain("x" * 2001)]}, "must be less than 2001 characters"),
    ({"type": "section", "fields": []}, "no fewer than 1 items allowed"),
    (section(colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
    (section(accessory=menu("plain_text_input")), "unsupported type: plain_text_input"),
    (section(block_id="x" * 256), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "unsupported type: mrkdwn"),
    ({"type": "header", "text": "x"}, "missing required field: type"),
    ({"type": "context", "elements": [plain("x")] * 11}, "no more than 10 items allowed"),
    ({"type": "context", "elements": [button()]}, "unsupported type: button"),
    (actions(*(button(action_id=str(n)) for n in range(26))), "no more than 25 items allowed"),
    (actions(), "no fewer than 1 items allowed"),
    (actions(button(), button()), "action_id must be unique"),
    (actions(button(text=plain("x" * 76))), "must be less than 76 characters"),
    (actions(button(text={"type": "mrkdwn", "text": "x"})), "unsupported type: mrkdwn"),
    (actions(button(value="x" * 2001)), "must be less than 2001 characters"),
    (actions(button(value="")), "must be more than 0 characters"),
    (actions(button(value=7)), "must provide a string"),
    (actions(button(style="default")), "must be a valid enum value"),
    (actions(button(action_id="x" * 256)), "must be less than 256 characters"),
    (actions(button(confirm=CONFIRM | {"title": plain("x" * 101)})), "must be less than 101 characters"),
    (actions(button(confirm=CONFIRM | {"text": plain("x" * 301)})), "must be less than 301 characters"),
    (actions(button(confirm=CONFIRM | {"deny": plain("x" * 31)})), "must be less than 31 characters"),
    (actions(button(confirm={"title": plain("t")})), "missing required field: deny"),
    (actions(menu("overflow", options=[option(str(n)) for n in range(6)])), "no more than 5 items allowed"),
    (actions(menu(options=[])), "no fewer than 1 items allowed"),
    (actions(menu(options=[option()] * 101)), "no more than 100 items allowed"),
    (actions(menu()), "must define either `options` or `option_groups`"),
    (actions(menu(options=[option("v" * 151)])), "must be less than 151 characters"),
    (actions(menu(options=[option("")])), "must be more than 0 characters"),
    (actions(menu(options=[option(text="t" * 76)])), "must be less than 76 characters"),
    (actions(menu(options=[option(description=plain("d" * 76))])), "must be less than 76 characters"),
    (actions(menu(options=[option("a")], initial_option=option("b"))), "initial option `b` is not one of the options"),
    (actions(menu(options=[option()], placeholder=plain("p" * 151))), "must be less than 151 characters"),
    (actions(menu("datepicker", initial_date="28.2.2026")), "must be a date"),
    (actions(menu("timepicker", initial_time="24:00")), "must be a time"),
    (actions(menu("datetimepicker", initial_date_time=12)), "must be between"),
    (actions(menu("radio_buttons", options=[option(str(n)) for n in range(11)])), "no more than 10 items allowed"),
    (actions(menu("checkboxes", options=[option("a"), option("a")])), "option value must be unique"),
    ({"type": "image", "image_url": "https://x.example", "alt_text": "a" * 2001}, "must be less than 2001 characters"),
    ({"type": "image", "alt_text": "a"}, "must define either `image_url` or `slack_file`"),
    (field("T", {"max_length": 3001}), "must be between 1 and 3000"),
    (field("T", {"max_length": 2, "initial_value": "abc"}), "must be less than 3 characters"),
    (field("T", {"min_length": 3, "max_length": 2}), "min_length must not be greater than max_length"),
    (field("T" * 2001), "must be less than 2001 characters"),
    (field("T", button()), "unsupported type: button"),
    (field("T", menu("email_text_input")), "unsupported type: email_text_input"),
    (rich({"type": "text", "text": ""}), "must be more than 0 characters"),
    (rich({"type": "bold", "text": "a"}), "unsupported type: bold"),
    (table(101, 1, "table"), "no more than 100 items allowed"),
    (table(2, 21, "table"), "no more than 20 items allowed"),
    (table(102, 1), "no more than 101 items allowed"),
    (table(1, 1), "no fewer than 2 items allowed"),
    ({k: v for k, v in table().items() if k != "caption"}, "missing required field: caption"),
    (table(rows=2) | {"rows": [[rich()], [rich()]]}, "header cells must not be rich_text"),
    (chart() | {"title": "t" * 51}, "must be less than 51 characters"),
    (chart(series=[{"name": str(n), "data": [{"label": "Mon", "value": 1}]} for n in range(13)]), "no more than 12"),
    (chart(series=[{"name": "s", "data": [{"label": "Mon", "value": 1}]}]), "one data point for each category"),
    (chart(axis_config={"categories": [str(n) for n in range(21)]}), "no more than 20 items allowed"),
    (chart("donut"), "unsupported type: donut"),
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
    ({"type": "container", "title": plain("c"), "child_blocks": [section()] * 11}, "no more than 10 items allowed"),
    ({"type": "container", "title": plain("c"), "child_blocks": [{"type": "markdown", "text": "x"}]}, "unsupported"),
]


def complaints(blocks: Any) -> str:
    with pytest.raises(SlackRefusal) as caught:
        check_message(blocks)
    assert caught.value.error == "invalid_blocks"
    messages: list[str] = caught.value.extra["response_metadata"]["messages"]
    assert messages == [f"[ERROR] {e}" for e in caught.value.extra["errors"]]
    return "\n".join(messages)


@pytest.mark.parametrize("block", GOOD, ids=lambda b: b["type"])
def test_what_slack_takes(block: Json) -> None:
    check_message([block])


@pytest.mark.parametrize(("block", "complaint"), BAD)
def test_what_slack_refuses(block: Json, complaint: str) -> None:
    assert complaint in complaints([block])


def test_sums_of_a_message() -> None:
    check_message([{"type": "divider"}] * 50)
    assert "no more than 50 items allowed [json-pointer:/blocks]" in complaints([{"type": "divider"}] * 51)
    assert "block_id must be unique" in complaints([section(block_id="a"), section(block_id="a")])
    nested = {"type": "container", "title": plain("c"), "child_blocks": [section(block_id="a")]}
    assert "block_id must be unique" in complaints([section(block_id="a"), nested])
    assert "no more than 2 data_visualization" in complaints([chart()] * 3)
    assert "only_one_table_allowed" in complaints([table(kind="table")] * 2)
    assert "characters of markdown" in complaints([{"type": "markdown", "text": "x" * 6001}] * 2)
    with pytest.raises(SlackRefusal, match="msg_blocks_too_long"):
        check_message([section("x" * 2700)] * 5)
    check_message([section("x" * 2500)] * 5)
    with pytest.raises(SlackRefusal, match="invalid_blocks_format"):
        check_message({"type": "divider"})


MODALS: list[tuple[Json, str]] = [
    (modal(submit=None), "`submit` is required"),
    (modal(title=plain("t" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
    (modal(submit=plain("t" * 25)), "must be less than 25 characters"),
    (modal(close=plain("t" * 25)), "must be less than 25 characters"),
    (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
    (modal(callback_id="x" * 256), "must be less than 256 characters"),
    (modal(blocks=[{"type": "divider"}] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
    (modal(blocks=[table()]), "unsupported type: data_table [json-pointer:/view/blocks/0/type]"),
    (modal(blocks=[field("A", {"focus_on_load": True}), field("B", {"focus_on_load": True})]), "focus_on_load"),
    (modal(colour="red"), "invalid additional property: colour"),
    (modal(type="home"), "must be a valid enum value: modal"),
    ({k: v for k, v in modal().items() if k != "title"}, "missing required field: title"),
]


@pytest.mark.parametrize(("view", "complaint"), MODALS)
def test_modals_that_slack_refuses(view: Json, complaint: str) -> None:
    with pytest.raises(SlackRefusal) as caught:
        check_view(view, "modal")
    assert caught.value.error == "invalid_arguments"
    assert complaint in "\n".join(caught.value.extra["response_metadata"]["messages"])


def test_views_that_slack_takes() -> None:
    number = {"type": "number_input", "is_decimal_allowed": True, "min_value": "0.25", "max_value": "24"}
    check_view(modal(blocks=[field("Hours", number), field("Mail", {"type": "email_text_input"})]), "modal")
    check_view({"type": "home", "blocks": [section()] * 100}, "home")
    check_view({"type": "home", "blocks": [*buttons("a"), field("Notes")]}, "home")
    with pytest.raises(SlackRefusal, match="invalid_arguments"):
        check_view({"type": "home", "blocks": [], "title": plain("t")}, "home")
    with pytest.raises(SlackRefusal, match="view_too_large"):
        check_view({"type": "home", "blocks": [section("é" * 2900)] * 50}, "home")


NAMES = st.sampled_from(["type", "text", "elements", "element", "options", "fields", "rows", "chart", "blocks"])
KINDS = st.sampled_from(["section", "actions", "input", "static_select", "data_table", "bar", "rich_text"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner | KINDS, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JUNK)
def test_nonsense_is_refused_and_breaks_nothing(junk: Any) -> None:
    for check in (
        lambda: check_message([junk, {}]),
        lambda: check_view(junk, "modal"),
        lambda: check_view(junk, "home"),
    ):
        with pytest.raises(SlackRefusal):
            check()
