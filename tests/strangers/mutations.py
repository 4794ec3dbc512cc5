"""Ways to spoil a payload that Slack would have sent, drawn by hypothesis and applied to any payload."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.strangers.house import SLACK_IDS
from tests.strangers.payloads import Json, Kind

DEEP = 25
ODD_TEXTS = [
    "", " ", "0", "-1", "1", "2147483648", "99999999999999999999", "1e9", "\u0661", "NaN", "null", "None", "[]", "{}",
    '{"m": 1}', '{"m":"1","u":"http://127.0.0.1:9/","c":"C0SECRET","h":1}', '["a", "b"]', "[1, 2, 3, 4]", "[[[[",
    "\x00", "a\x00b", "\u202e1", "\ud800", "\ufeff", "\u200b", "\x1b[31m", "x" * 300, "x" * 5_000,
    "\U0001f4a5" * 200, "<!channel>", "'; DROP TABLE users; --", "%s%n", "../../etc/passwd", "http://internal.example.com/",
    "edit:1", "edit:", ":", "date:1", "maintenance:1", "deployment:1", "account:1", "1:2", "C0SECRET:1700000000.000100",
    "MR-1", "D-1", "2026-02-30", "0000-00-00", "9999-12-31", "0001-01-01", "25:61", "WyJhbGwiXQ==",
    "W251bGwsbnVsbCxudWxsLG51bGxd", '[2, "staging", 3, "' + "r" * 3000 + '"]', '[1, "production", 1, "a\\u0000b"]',
    "1:9999-12-31T23:59:59.999999+00:00", "1:0001-01-01T00:00:00+14:00",
]  # fmt: skip
ODD_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    [],
    {},
    [None],
    {"id": None},
    [[]],
    {"a": {"b": []}},
    "x",
]
IDS = st.integers(1, 60) | st.sampled_from([0, -1, 2**31 - 1, 2**31, 2**63, 10**19])
CONTENT_TYPES = [
    "application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data; boundary=x", "", "*/*",
    "application/x-www-form-urlencoded; charset=utf-16", "application/json; charset=nothing",
]  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One change: at the place with this number (counted round), with this value where it takes one."""

    what: str
    place: int
    value: Any = None


def _on(what: str, values: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[Mutation]:
    return st.builds(Mutation, st.just(what), st.integers(0, 400), values if values is not None else st.none())


MUTATION = st.one_of(
    _on("drop"),
    _on("retype", st.sampled_from(ODD_VALUES)),
    _on("write", st.sampled_from(ODD_TEXTS) | st.text(max_size=40)),
    _on("write_value", st.sampled_from(ODD_TEXTS)),
    _on("number", IDS),
    _on("number", IDS),
    _on("user", st.sampled_from(sorted(SLACK_IDS))),
    _on("name", st.integers(0, 400)),
    _on("name", st.integers(0, 400)),
    _on("double"),
    _on("extend", st.sampled_from(ODD_VALUES)),
    _on("nest"),
)
MUTATIONS = st.lists(MUTATION, min_size=0, max_size=4)
# what is done to the bytes and the header: mostly nothing
CUTS = st.sampled_from([None] * 12 + [0, 1, 17, 100])
TYPES = st.sampled_from([None] * 12 + CONTENT_TYPES)
# what tells requests apart, where a mutation may put another entry's name
NAMES = {"action_id", "callback_id", "command", "type"}
# what tells records and choices
VALUES = {"value", "private_metadata", "text"}


def mutated(payload: Json, mutations: list[Mutation], names: list[str]) -> Json:
    """The payload with all mutations applied; `names` of everything registered, for `name`."""
    spoiled = copy.deepcopy(payload)
    for mutation in mutations:
        _apply(spoiled, mutation, names)
    return spoiled


def body_of(kind: Kind, payload: Json) -> tuple[bytes, str]:
    """The bytes as Slack sends them, and their type."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form, errors="replace").encode(), "application/x-www-form-urlencoded"


def _apply(payload: Json, mutation: Mutation, names: list[str]) -> None:  # noqa: C901 - one line a kind
    wanted = {"number": VALUES, "write_value": VALUES, "name": NAMES}.get(mutation.what)
    places = [(where, key) for where, key in _places(payload) if wanted is None or key in wanted]
    if mutation.what == "user":
        places = [(where, key) for where, key in places if where[key] in list(SLACK_IDS.values())]
    if not places:
        return
    where, key = places[mutation.place % len(places)]
    match mutation.what:
        case "drop":
            del where[key]
        case "retype" | "write" | "write_value":
            where[key] = mutation.value
        case "number":
            where[key] = _renumbered(str(where[key]), mutation.value)
        case "user":
            where[key] = SLACK_IDS[mutation.value]
        case "name":
            where[key] = names[mutation.value % len(names)]
        case "double":
            where[key] = [where[key], where[key]] if not isinstance(where[key], list) else where[key] * 2
        case "extend" if isinstance(where, dict):
            where[f"{key}_more"] = mutation.value
        case "nest":
            where[key] = _deep(where[key])


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in list(children):
        yield node, key
        yield from _places(child)


def _renumbered(text: str, number: int) -> str:
    """The text with its first number replaced; the number alone where there is none."""
    digits = [place for place, char in enumerate(text) if char.isdigit()]
    if not digits:
        return str(number)
    begin = end = digits[0]
    while end < len(text) and text[end].isdigit():
        end += 1
    return f"{text[:begin]}{number}{text[end:]}"


def _deep(inner: Any) -> Any:
    for _ in range(DEEP):
        inner = [inner]
    return inner
