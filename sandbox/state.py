"""What is typed and chosen: the `state.values` of views and messages, element by element.

https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.records import Json

# The field of the state that holds an element's value; those in the plural hold a list.
FIELD = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "file_input": "files",
}
PLURAL = frozenset({"selected_options", "selected_users", "selected_conversations", "selected_channels", "files"})
# What an element starts with: `initial_` and the rest of the field's name.
INITIAL = {"value": "initial_value", "files": "initial_files"}


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each (block, element) that a person can act on, in order."""
    for block in blocks:
        for slot in ("accessory", "element"):
            if isinstance(block.get(slot), dict) and "action_id" in block[slot]:
                yield block, block[slot]
        if block.get("type") == "actions":
            for element in block["elements"]:
                yield block, element
        yield from elements(block.get("child_blocks") or [])


def find_element(blocks: list[Json], action_id: str, block_id: str | None = None) -> tuple[Json, Json] | None:
    """The element with this action_id (in this block), and its block."""
    for block, element in elements(blocks):
        if element["action_id"] == action_id and block_id in {None, block["block_id"]}:
            return block, element
    return None


def initial_state(blocks: list[Json]) -> Json:
    """`values` as they are before anybody types: block_id -> action_id -> value."""
    state: Json = {}
    for block, element in elements(blocks):
        name = FIELD.get(element["type"])
        if name is None:
            continue
        value = element.get(INITIAL.get(name, name.replace("selected", "initial")))
        if value is None and name in PLURAL:
            value = []
        state.setdefault(block["block_id"], {})[element["action_id"]] = {"type": element["type"], name: value}
    return state


def all_options(element: Json) -> list[Json]:
    """The options of a static element, also of its groups."""
    grouped = [o for g in element.get("option_groups") or [] for o in g["options"]]
    return list(element.get("options") or []) + grouped


def pick_option(element: Json, wanted: Any, loaded: list[Json]) -> Json:
    """The option whose value or text is `wanted`; `loaded` are those an external select has shown.

    Raises LookupError when there is no such option.
    """
    if isinstance(wanted, dict):
        return wanted
    options = all_options(element) or loaded
    for option in options:
        if str(wanted) in {option["value"], option["text"]["text"]}:
            return option
    shown = [f"{o['value']} ({o['text']['text']})" for o in options]
    raise LookupError(f"no option {wanted!r} in {element.get('action_id')}; there are {shown}")


def element_value(element: Json, value: Any, loaded: list[Json]) -> Json:
    """The state of one element after a person has given `value` (None clears it)."""
    name = FIELD[element["type"]]
    if name in PLURAL:
        chosen = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        if name == "selected_options":
            chosen = [pick_option(element, v, loaded) for v in chosen]
        return {"type": element["type"], name: list(chosen)}
    if value is not None and name == "selected_option":
        value = pick_option(element, value, loaded)
    elif value is not None and name == "value":
        value = str(value)
    return {"type": element["type"], name: value}


def is_empty(value: Json) -> bool:
    """Whether a state value stands for nothing given."""
    content = value.get(FIELD[value["type"]])
    return content is None or content in ("", [])


def label(block: Json) -> str:
    """The visible label of an input block."""
    return str((block.get("label") or {}).get("text", ""))


def find_input(blocks: list[Json], key: str) -> tuple[Json, Json] | None:
    """The stateful element that `key` means: a block_id, an action_id or a label."""
    pairs = [(b, e) for b, e in elements(blocks) if e["type"] in FIELD]
    for block, element in pairs:
        if key in {block["block_id"], element["action_id"], label(block)}:
            return block, element
    return None


def _too_short_or_long(element: Json, text: str) -> str:
    low, high = int(element.get("min_length") or 0), int(element.get("max_length") or 3000)
    if len(text) < low:
        return f"Please enter at least {low} characters."
    return f"Please enter at most {high} characters." if len(text) > high else ""


def _bad_number(element: Json, text: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+", text):
        return "Please enter a valid number."
    low, high = element.get("min_value"), element.get("max_value")
    if (low is not None and float(text) < float(low)) or (high is not None and float(text) > float(high)):
        return f"Please enter a number from {low} to {high}."
    return ""


def complaint(element: Json, value: Json) -> str:
    """What Slack's own client says of a filled-in value before it sends anything; empty when it is fine."""
    text = str(value.get("value") or "")
    kind = element["type"]
    if kind == "plain_text_input":
        return _too_short_or_long(element, text)
    if kind == "number_input":
        return _bad_number(element, text)
    if kind == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not re.match(r"https?://\S+", text):
        return "Please enter a valid URL."
    return ""


def client_errors(blocks: list[Json], state: Json) -> dict[str, str]:
    """block_id -> message for the inputs that Slack's client itself refuses: required ones left empty, bad formats."""
    errors: dict[str, str] = {}
    for block, element in elements(blocks):
        if block.get("type") != "input" or element["type"] not in FIELD:
            continue
        value = state[block["block_id"]][element["action_id"]]
        if is_empty(value):
            if not block.get("optional"):
                errors[block["block_id"]] = "Please complete this required field."
        elif message := complaint(element, value):
            errors[block["block_id"]] = message
    return errors
