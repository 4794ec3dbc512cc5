"""A request to the bot, and what the bot answered."""

import contextlib
import json
from dataclasses import dataclass
from typing import Literal

from sandbox.records import Json

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered: `error` is empty, operation_timeout or dispatch_failed; `ms` the time it took."""

    status: int | None
    body: str
    ms: float
    error: str = ""

    @property
    def json(self) -> Json | None:
        """The body as a JSON object, None when it is none."""
        with contextlib.suppress(ValueError):
            value = json.loads(self.body)
            return value if isinstance(value, dict) else None
        return None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to be sent, also more than once."""

    kind: Kind
    payload: Json
    summary: str
    body: bytes
    headers: dict[str, str]
    retry_num: int = 0
    retry_reason: str = ""
