"""Short-lived permissions that Slack hands to the bot: triggers and response addresses.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.records import SlackRefusal

TRIGGER_SECONDS = 3.0
RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60.0
REMEMBERED = 5_000  # of each kind; older ones are unknown again


@dataclass(slots=True)
class Trigger:
    """Allows opening one modal for `user`, once and for 3 s."""

    user: str
    expires: float
    view: str | None = None
    used: bool = False
    opened: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ResponseUrl:
    """Allows 5 answers within 30 minutes to `user` in `channel`; `message_ts` is the message that was clicked."""

    user: str
    channel: str
    expires: float
    message_ts: str | None = None
    uses: int = 0


def _forget_oldest(tickets: dict[str, Any]) -> None:
    if len(tickets) > REMEMBERED:
        del tickets[next(iter(tickets))]


class Tickets:
    """Issues and checks both kinds; `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}

    def trigger(self, user: str, view: str | None = None) -> str:
        """A new trigger_id; `view` is the modal it came from, which views.push needs."""
        trigger_id = f"{int(self._clock() * 1000)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, self._clock() + TRIGGER_SECONDS, view)
        _forget_oldest(self._triggers)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger up. Raises SlackRefusal: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackRefusal("invalid_trigger_id")
        if trigger.used:
            raise SlackRefusal("exchanged_trigger_id")
        if self._clock() > trigger.expires:
            raise SlackRefusal("expired_trigger_id")
        trigger.used = True
        return trigger

    def opened_by(self, trigger_id: str) -> list[str]:
        """The ids of the views that this trigger opened."""
        trigger = self._triggers.get(trigger_id)
        return trigger.opened if trigger else []

    def response_url(self, user: str, channel: str, message_ts: str | None = None) -> str:
        """A new secret for a response address."""
        secret = secrets.token_urlsafe(18)
        self._urls[secret] = ResponseUrl(user, channel, self._clock() + RESPONSE_URL_SECONDS, message_ts)
        _forget_oldest(self._urls)
        return secret

    def respond(self, secret: str) -> ResponseUrl:
        """Count one use. Raises SlackRefusal: invalid_url, expired_url, used_url."""
        url = self._urls.get(secret)
        if url is None:
            raise SlackRefusal("invalid_url")
        if self._clock() > url.expires:
            raise SlackRefusal("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackRefusal("used_url")
        url.uses += 1
        return url
