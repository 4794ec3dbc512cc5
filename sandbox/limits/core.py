"""The small language in which the rules are written: checks that report problems with a JSON pointer.

The wording follows Slack's own answers, e.g. `no more than 25 items allowed [json-pointer:/blocks/1/elements]`.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(slots=True)
class Problems:
    """What was found, in order, and the surface being looked at (message, modal or home)."""

    surface: str
    found: list[str] = field(default_factory=list)

    def add(self, pointer: str, message: str) -> None:
        """Note one problem at a JSON pointer."""
        self.found.append(f"{message} [json-pointer:{pointer}]")


Check: TypeAlias = Callable[[Problems, str, Any], None]


def string(maximum: int, minimum: int = 1) -> Check:
    """A string of `minimum` to `maximum` characters."""

    def check(problems: Problems, pointer: str, value: Any) -> None:
        if not isinstance(value, str):
            problems.add(pointer, "must provide a string")
        elif len(value) > maximum:
            problems.add(pointer, f"must be less than {maximum + 1} characters")
        elif len(value) < minimum:
            problems.add(pointer, f"must be more than {minimum - 1} characters")

    return check


def pattern(expression: str, wanted: str) -> Check:
    """A string that matches `expression` in full; `wanted` describes it."""
    compiled = re.compile(expression)

    def check(problems: Problems, pointer: str, value: Any) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            problems.add(pointer, f"must be {wanted}")

    return check


def integer(minimum: int, maximum: int) -> Check:
    """A whole number within bounds."""

    def check(problems: Problems, pointer: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            problems.add(pointer, "must provide a number")
        elif not minimum <= value <= maximum:
            problems.add(pointer, f"must be between {minimum} and {maximum}")

    return check


def boolean(problems: Problems, pointer: str, value: Any) -> None:
    """True or false."""
    if not isinstance(value, bool):
        problems.add(pointer, "must provide a boolean")


def number(problems: Problems, pointer: str, value: Any) -> None:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) == float("inf"):  # noqa: PLR0124 - NaN
        problems.add(pointer, "must provide a number")


def anything(problems: Problems, pointer: str, value: Any) -> None:
    """No rule of ours."""
    del problems, pointer, value


def one_of(*allowed: str) -> Check:
    """One of the words."""

    def check(problems: Problems, pointer: str, value: Any) -> None:
        if value not in allowed:
            problems.add(pointer, f"must be a valid enum value: {', '.join(allowed)}")

    return check


def array(item: Check, minimum: int, maximum: int) -> Check:
    """A list of `minimum` to `maximum` items, each of them checked."""

    def check(problems: Problems, pointer: str, value: Any) -> None:
        if not isinstance(value, list):
            problems.add(pointer, "must provide an array")
            return
        if len(value) > maximum:
            problems.add(pointer, f"no more than {maximum} items allowed")
        if len(value) < minimum:
            problems.add(pointer, f"no fewer than {minimum} items allowed")
        for index, entry in enumerate(value):
            item(problems, f"{pointer}/{index}", entry)

    return check


def _required(names: Collection[str], problems: Problems, pointer: str, value: dict[str, Any]) -> None:
    for name in names:
        if name not in value:
            problems.add(pointer, f"missing required field: {name}")


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *more: Check) -> Check:
    """An object with these fields and no others, then `more` checks on the whole of it."""
    known = {**required, **(optional or {})}

    def fields(problems: Problems, pointer: str, value: dict[str, Any]) -> None:
        for name, entry in value.items():
            if name not in known:
                problems.add(pointer, f"invalid additional property: {name}")
            elif entry is not None or name in required:
                known[name](problems, f"{pointer}/{name}", entry)

    def check(problems: Problems, pointer: str, value: Any) -> None:
        if not isinstance(value, dict):
            problems.add(pointer, "must provide an object")
            return
        _required(required, problems, pointer, value)
        fields(problems, pointer, value)
        for extra in more:
            extra(problems, pointer, value)

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` chooses the check."""

    def check(problems: Problems, pointer: str, value: Any) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            problems.add(pointer, "missing required field: type")
        elif kind not in kinds:
            problems.add(f"{pointer}/type", f"unsupported type: {kind}")
        else:
            kinds[kind](problems, pointer, value)

    return check


def text(maximum: int, *kinds: str) -> Check:
    """A text object; https://docs.slack.dev/reference/block-kit/composition-objects/text-object."""
    limit = string(maximum)
    shapes = {
        "plain_text": shape({"type": anything, "text": limit}, {"emoji": boolean}),
        "mrkdwn": shape({"type": anything, "text": limit}, {"verbatim": boolean}),
    }
    return by_type({kind: shapes[kind] for kind in kinds or ("plain_text", "mrkdwn")})


def plain(maximum: int) -> Check:
    """A plain_text object."""
    return text(maximum, "plain_text")


def listed(value: Any) -> list[Any]:
    """`value` when it is a list, else an empty one; that it is none is another rule's complaint."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; what is no list has none."""
    return [entry for entry in listed(value) if isinstance(entry, dict)]


def unique(problems: Problems, pointer: str, values: list[Any], name: str) -> None:
    """Note each value of `values` that comes twice; None is no value."""
    seen: set[Any] = set()
    for value in values:
        if isinstance(value, str) and value in seen:
            problems.add(pointer, f"{name} must be unique, `{value}` is used more than once")
        elif isinstance(value, str):
            seen.add(value)
