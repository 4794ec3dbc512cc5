"""Rules of interactive elements and composition objects.

https://docs.slack.dev/reference/block-kit/block-elements and
https://docs.slack.dev/reference/block-kit/composition-objects
"""

from collections.abc import Mapping
from typing import Any

from sandbox.limits.core import (
    Check,
    Problems,
    anything,
    array,
    boolean,
    integer,
    listed,
    objects,
    one_of,
    pattern,
    plain,
    shape,
    string,
    text,
    unique,
)

ID = string(255)
DATE = pattern(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date of the form YYYY-MM-DD")
TIME = pattern(r"([01]\d|2[0-3]):[0-5]\d", "a time of the form HH:mm")
URL = string(3000)

# composition-objects/confirmation-dialog-object
CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
# composition-objects/option-object: value up to 150, text and description up to 75; url only in overflow menus
_OPTION_REST: Mapping[str, Check] = {"description": plain(75)}
OPTION = shape({"text": plain(75), "value": string(150)}, _OPTION_REST)
OVERFLOW_OPTION = shape({"text": plain(75), "value": string(150)}, {**_OPTION_REST, "url": URL})
CHOICE = shape({"text": text(75), "value": string(150)}, {"description": text(75)})
# composition-objects/option-group-object
OPTION_GROUP = shape({"label": plain(75), "options": array(OPTION, 1, 100)})
DISPATCH = shape({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 1, 2)})
FILTER = shape(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)


def _values(element: Any) -> list[Any]:
    options = [o for group in objects(element.get("option_groups")) for o in objects(group.get("options"))]
    return [o.get("value") for o in objects(element.get("options")) + options]


def _options_given(problems: Problems, pointer: str, element: Any) -> None:
    if ("options" in element) == ("option_groups" in element):
        problems.add(pointer, "must define either `options` or `option_groups`, and not both")


def _initial_known(problems: Problems, pointer: str, element: Any) -> None:
    """An initial option has to be one of the options (block-elements/select-menu-element)."""
    known = _values(element)
    for option in objects([element.get("initial_option"), *listed(element.get("initial_options"))]):
        if option.get("value") not in known:
            problems.add(pointer, f"initial option `{option.get('value')}` is not one of the options")


def _distinct_values(problems: Problems, pointer: str, element: Any) -> None:
    unique(problems, f"{pointer}/options", _values(element), "option value")


def _lengths_in_order(problems: Problems, pointer: str, element: Any) -> None:
    low, high, initial = element.get("min_length"), element.get("max_length"), element.get("initial_value")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        problems.add(pointer, "min_length must not be greater than max_length")
    if isinstance(initial, str) and isinstance(high, int) and len(initial) > high:
        problems.add(f"{pointer}/initial_value", f"must be less than {high + 1} characters")


def element(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *more: Check) -> Check:
    """An interactive element: the given fields, and those that all of them share."""
    shared: dict[str, Check] = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean}
    return shape({"type": anything, **required}, {**shared, **(optional or {})}, *more)


def _menu(required: Mapping[str, Check], optional: Mapping[str, Check], *more: Check) -> Check:
    return element(required, {"placeholder": plain(150), **optional}, *more)


OPTIONS = {"options": array(OPTION, 1, 100), "option_groups": array(OPTION_GROUP, 1, 100)}
AT_MOST = {"max_selected_items": integer(1, 1000)}
IDS = array(string(40), 1, 1000)

BUTTON = element(  # block-elements/button-element
    {"text": plain(75)},
    {
        "url": URL,
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(75),
        "visible_to_user_ids": array(string(40), 1, 100),
    },
)
IMAGE = shape(  # block-elements/image-element
    {"type": anything, "alt_text": string(2000)}, {"image_url": URL, "slack_file": anything}
)

SELECTS: dict[str, Check] = {  # block-elements/select-menu-element and multi-select-menu-element
    "static_select": _menu({}, {**OPTIONS, "initial_option": OPTION}, _options_given, _initial_known),
    "external_select": _menu({}, {"initial_option": OPTION, "min_query_length": integer(0, 100)}),
    "users_select": _menu({}, {"initial_user": string(40)}),
    "conversations_select": _menu(
        {},
        {
            "initial_conversation": string(40),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": FILTER,
        },
    ),
    "channels_select": _menu({}, {"initial_channel": string(40), "response_url_enabled": boolean}),
    "multi_static_select": _menu(
        {}, {**OPTIONS, **AT_MOST, "initial_options": array(OPTION, 1, 100)}, _options_given, _initial_known
    ),
    "multi_external_select": _menu(
        {}, {**AT_MOST, "min_query_length": integer(0, 100), "initial_options": array(OPTION, 1, 100)}
    ),
    "multi_users_select": _menu({}, {**AT_MOST, "initial_users": IDS}),
    "multi_conversations_select": _menu(
        {},
        {**AT_MOST, "initial_conversations": IDS, "default_to_current_conversation": boolean, "filter": FILTER},
    ),
    "multi_channels_select": _menu({}, {**AT_MOST, "initial_channels": IDS}),
}
CHOICES: dict[str, Check] = {
    "radio_buttons": element(  # block-elements/radio-button-group-element
        {"options": array(CHOICE, 1, 10)}, {"initial_option": CHOICE}, _initial_known, _distinct_values
    ),
    "checkboxes": element(  # block-elements/checkboxes-element
        {"options": array(CHOICE, 1, 10)}, {"initial_options": array(CHOICE, 1, 10)}, _initial_known, _distinct_values
    ),
}
PICKERS: dict[str, Check] = {
    "datepicker": _menu({}, {"initial_date": DATE}),  # block-elements/date-picker-element
    "timepicker": _menu({}, {"initial_time": TIME, "timezone": string(100)}),  # block-elements/time-picker-element
}
DATETIME = element(  # block-elements/datetime-picker-element: exactly ten digits
    {}, {"initial_date_time": integer(1_000_000_000, 9_999_999_999)}
)
OVERFLOW = element({"options": array(OVERFLOW_OPTION, 1, 5)})  # block-elements/overflow-menu-element

_TYPED: Mapping[str, Check] = {"placeholder": plain(150), "dispatch_action_config": DISPATCH}
TEXT_INPUT = element(  # block-elements/plain-text-input-element
    {},
    {
        **_TYPED,
        "initial_value": string(3000, 0),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
    },
    _lengths_in_order,
)
DECIMAL = pattern(r"-?\d+(\.\d+)?", "a number written as a string")
MODAL_INPUTS: dict[str, Check] = {
    "email_text_input": element({}, {**_TYPED, "initial_value": string(3000, 0)}),
    "url_text_input": element({}, {**_TYPED, "initial_value": string(3000, 0)}),
    "number_input": element(  # block-elements/number-input-element
        {"is_decimal_allowed": boolean},
        {**_TYPED, "initial_value": DECIMAL, "min_value": DECIMAL, "max_value": DECIMAL},
    ),
    "file_input": element({}, {"filetypes": array(string(20), 1, 50), "max_files": integer(1, 10)}),
}

# Which element may stand where: the pages of section-block, actions-block, input-block and context-block.
ACCESSORIES: dict[str, Check] = {
    "button": BUTTON, "image": IMAGE, "overflow": OVERFLOW, **SELECTS, **CHOICES, **PICKERS,
}  # fmt: skip
ACTIONS: dict[str, Check] = {
    "button": BUTTON, "overflow": OVERFLOW, "datetimepicker": DATETIME, **SELECTS, **CHOICES, **PICKERS,
}  # fmt: skip
INPUTS: dict[str, Check] = {
    "plain_text_input": TEXT_INPUT, "datetimepicker": DATETIME, **SELECTS, **CHOICES, **PICKERS, **MODAL_INPUTS,
}  # fmt: skip
CONTEXT: dict[str, Check] = {
    "image": IMAGE,
    "plain_text": text(3000, "plain_text"),
    "mrkdwn": text(3000, "mrkdwn"),
}
