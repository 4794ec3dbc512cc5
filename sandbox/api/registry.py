"""How methods are declared and found, and how they read their arguments."""

import importlib
import json
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import sandbox.api
from sandbox.records import Channel, Json, SlackRefusal

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

T = TypeVar("T")


def invalid(message: str) -> SlackRefusal:
    """`invalid_arguments` with one message, as Slack words it."""
    return SlackRefusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})


class Args:
    """The arguments of one call, whatever way they came."""

    def __init__(self, raw: Json) -> None:
        self.raw = raw

    def find(self, name: str) -> str | None:
        """An optional string; an empty one counts as absent."""
        value = self.raw.get(name)
        return None if value in (None, "") else str(value)

    def need(self, name: str) -> str:
        """A required string. Raises SlackRefusal (invalid_arguments)."""
        value = self.find(name)
        if value is None:
            raise invalid(f"missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        """A boolean in any of the spellings that forms use."""
        return self.raw.get(name) in (True, "true", "1", 1)

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`. Raises SlackRefusal (invalid_arguments)."""
        value = self.find(name)
        if value is None:
            return default
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise invalid(f"{name} must be a number from 1 to {most}")
        return int(value)

    def structure(self, name: str) -> Any:
        """A JSON value, as text in forms and as itself in JSON bodies. Raises SlackRefusal (invalid_arguments)."""
        value = self.raw.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            error = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
            raise SlackRefusal(error, response_metadata={"messages": [f"[ERROR] {name} is not JSON"]}) from None


Handler: TypeAlias = Callable[["Workspace", Args], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Method:
    """One Web API method: any of `scopes` suffices, none means none is needed; `token` is bot, app or none."""

    name: str
    scopes: tuple[str, ...]
    token: str
    handler: Handler


def method(name: str, *scopes: str, token: str = "bot") -> Callable[[Handler], Method]:  # noqa: S107 - a kind, no secret
    """Declare the decorated coroutine as the Web API method `name`."""

    def declare(handler: Handler) -> Method:
        return Method(name, scopes, token, handler)

    return declare


def load() -> dict[str, Method]:
    """All methods of this folder by name. Raises ValueError when two have the same name."""
    methods: dict[str, Method] = {}
    for info in pkgutil.iter_modules(sandbox.api.__path__):
        module = importlib.import_module(f"sandbox.api.{info.name}")
        for declared in vars(module).values():
            if isinstance(declared, Method):
                if declared.name in methods:
                    raise ValueError(f"{declared.name} is declared twice")
                methods[declared.name] = declared
    return methods


def need_scope(ws: "Workspace", *accepted: str) -> None:
    """Raises SlackRefusal (missing_scope) unless one of the scopes is granted.

    https://docs.slack.dev/authentication/installing-with-oauth#scopes
    """
    if ws.manifest.missing(accepted):
        raise SlackRefusal("missing_scope", needed=",".join(accepted), provided=",".join(sorted(ws.manifest.scopes)))


FAMILY = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}


def visible_channel(ws: "Workspace", channel_id: str, act: str) -> Channel:
    """The conversation with this id that the bot may see, with the scope for `act` (read or history) on its kind.

    Raises SlackRefusal: channel_not_found, missing_scope.
    """
    channel = ws.channels.get(channel_id)
    if channel is None or (channel.kind != "public" and ws.bot.id not in channel.members):
        raise SlackRefusal("channel_not_found")
    need_scope(ws, f"{FAMILY[channel.kind]}:{act}")
    return channel


def page(items: Sequence[T], args: Args, *, default: int = 100, most: int = 1000) -> tuple[list[T], Json]:
    """One page of `items`, and the fields with Slack's next_cursor.

    https://docs.slack.dev/apis/web-api/pagination. Raises SlackRefusal (invalid_cursor, invalid_arguments).
    """
    limit = args.number("limit", default, most)
    cursor = args.find("cursor")
    if cursor is not None and not cursor.removeprefix("offset:").isdigit():
        raise SlackRefusal("invalid_cursor")
    start = int(cursor.removeprefix("offset:")) if cursor else 0
    next_cursor = f"offset:{start + limit}" if start + limit < len(items) else ""
    return list(items[start : start + limit]), {"response_metadata": {"next_cursor": next_cursor}}
