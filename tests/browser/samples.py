"""One message or view of every block and element."""

from typing import Any

Block = dict[str, Any]
MARKDOWN = """
# Heading

Some **bold** and [a page](https://example.com).

- one
- two

| A | B |
|---|--:|
| x | 1 |
"""


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


OPTIONS = [{"text": plain(f"Option {n}"), "value": f"o{n}"} for n in range(5)]
DESCRIBED = [
    {"text": plain("One"), "value": "1", "description": plain("the first")},
    {"text": plain("Two"), "value": "2"},
]
CATEGORIES = ["Mon", "Tue", "Wed", "Thu", "Fri"]
CONFIRM = {
    "title": plain("Sure?"),
    "text": mrkdwn("*Really* reject it?"),
    "confirm": plain("Yes, reject"),
    "deny": plain("Keep it"),
}


def element(kind: str, action_id: str, hint: str, **more: Any) -> Block:
    return {"type": kind, "action_id": action_id, "placeholder": plain(hint), **more}


def beside(text: str, accessory: Block) -> Block:
    return {"type": "section", "text": plain(text), "accessory": accessory}


def button(text: str, **more: Any) -> Block:
    return {"type": "button", "action_id": text.split(maxsplit=1)[0].lower(), "text": plain(text), **more}


def layout() -> list[Block]:
    text = (
        "*Bold* _italic_ ~strike~ `code` <https://example.com|a link> <@U0ENG> <#C0OPS> <!here>\n> a quote\n```pre```"
    )
    cells = [mrkdwn("*Status*\nOpen"), mrkdwn("*Due*\n<!date^1795377904^{date_num} at {time}|soon>")]
    return [
        {"type": "header", "text": plain("Every block :sparkles:")},
        {
            "type": "section",
            "text": mrkdwn(text),
            "accessory": {"type": "button", "action_id": "a", "text": plain("Accessory")},
        },
        {
            "type": "section",
            "fields": cells,
            "accessory": {"type": "overflow", "action_id": "of", "options": OPTIONS[:3]},
        },
        {"type": "divider"},
        {
            "type": "context",
            "elements": [
                mrkdwn("by *Uma* :wave:"),
                {"type": "image", "image_url": "https://example.com/a", "alt_text": "A cat"},
            ],
        },
        {
            "type": "image",
            "image_url": "https://example.com/r",
            "alt_text": "A picture of a rack",
            "title": plain("A rack"),
        },
    ]


def elements() -> list[Block]:
    buttons = [
        button("Approve", style="primary", value="1"),
        button("Reject", style="danger", confirm=CONFIRM),
        button("Docs to open", url="https://example.com"),
    ]
    pickers = [
        element("static_select", "static", "Pick one", options=OPTIONS),
        element("external_select", "external", "Search", min_query_length=1),
        {"type": "datepicker", "action_id": "date", "initial_date": "2026-11-24"},
        element("timepicker", "time", "At what time"),
        {"type": "datetimepicker", "action_id": "datetime"},
    ]
    menus = [
        element("users_select", "user", "Somebody"),
        element("multi_static_select", "many", "Several", options=OPTIONS),
        element("conversations_select", "conversation", "A conversation"),
        element("channels_select", "channel", "A channel"),
    ]
    return [
        {"type": "actions", "block_id": "acts", "elements": [*buttons, *pickers]},
        {"type": "actions", "block_id": "menus", "elements": menus},
        beside("Radio", {"type": "radio_buttons", "action_id": "radio", "options": DESCRIBED}),
        beside("Boxes", {"type": "checkboxes", "action_id": "boxes", "options": DESCRIBED}),
    ]


def rich() -> list[Block]:
    run = [
        {"type": "text", "text": "Rich "},
        {"type": "text", "text": "bold", "style": {"bold": True}},
        {"type": "link", "url": "https://example.com", "text": "linked"},
        {"type": "user", "user_id": "U0ENG"},
        {"type": "channel", "channel_id": "C0OPS"},
        {"type": "emoji", "name": "tada"},
        {"type": "broadcast", "range": "here"},
        {"type": "color", "value": "#c01343"},
        {"type": "date", "timestamp": 1795377904, "format": "{date_num} {time}"},
    ]
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "an item"}]}
    return [
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": run},
                {"type": "rich_text_list", "style": "bullet", "elements": [item, item]},
                {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [item]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted words"}]},
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "SELECT 1;"}]},
            ],
        },
        {"type": "markdown", "text": MARKDOWN},
        {
            "type": "container",
            "title": plain("Results"),
            "subtitle": plain("3 of 9"),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": [{"type": "section", "text": mrkdwn("*ANALYZE* done")}],
        },
    ]


def tables() -> list[Block]:
    head = [{"type": "raw_text", "text": "Person"}, {"type": "raw_text", "text": "Hours"}]
    rows = [[{"type": "raw_text", "text": f"Person {n}"}, {"type": "raw_number", "value": 12 - n}] for n in range(12)]
    return [
        {"type": "table", "rows": [head, rows[0]]},
        {
            "type": "data_table",
            "caption": "Hours by person",
            "page_size": 5,
            "row_header_column_index": 0,
            "rows": [head, *rows],
        },
    ]


def chart(kind: str) -> Block:
    series = [
        {"name": name, "data": [{"label": day, "value": (n * by) % 5 + 1} for n, day in enumerate(CATEGORIES)]}
        for name, by in (("opened", 7), ("closed", 3))
    ]
    axes = {"categories": CATEGORIES, "x_label": "Day", "y_label": "Requests"}
    return {
        "type": "data_visualization",
        "title": f"A {kind} chart",
        "chart": {"type": kind, "series": series, "axis_config": axes},
    }


def pie() -> Block:
    segments = [{"label": "Open", "value": 5}, {"label": "Done", "value": 15}]
    return {"type": "data_visualization", "title": "A pie chart", "chart": {"type": "pie", "segments": segments}}


def messages() -> list[list[Block]]:
    return [layout(), elements(), rich(), tables(), [chart("bar"), chart("line")], [chart("area"), pie()]]


def field(label: str, element: Block, **more: Any) -> Block:
    name = label.lower()
    return {"type": "input", "block_id": name, "label": plain(label), "element": {"action_id": name, **element}, **more}


def modal(**changes: Any) -> Block:
    """A modal with every kind of input."""
    blocks = [
        field(
            "Title",
            {"type": "plain_text_input", "max_length": 40, "placeholder": plain("In one line")},
            hint=plain("Keep it short"),
        ),
        field("Details", {"type": "plain_text_input", "multiline": True}, optional=True),
        field(
            "Count",
            {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"},
            optional=True,
        ),
        field("Mail", {"type": "email_text_input"}, optional=True),
        field("Page", {"type": "url_text_input"}, optional=True),
        field("Kind", {"type": "static_select", "options": OPTIONS}, optional=True),
        field("Tags", {"type": "multi_static_select", "options": OPTIONS}, optional=True),
        field("Who", {"type": "users_select"}, optional=True),
        field("When", {"type": "datepicker"}, optional=True),
        field("Moment", {"type": "datetimepicker"}, optional=True),
        field("Way", {"type": "radio_buttons", "options": DESCRIBED}, optional=True),
        field("Extras", {"type": "checkboxes", "options": DESCRIBED}, optional=True),
        field("Papers", {"type": "file_input", "filetypes": ["txt"], "max_files": 2}, optional=True),
    ]
    view = {"type": "modal", "callback_id": "all", "title": plain("Every field"), "submit": plain("Create")}
    return view | {"close": plain("Cancel"), "blocks": blocks} | changes
