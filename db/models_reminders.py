"""Rows of reminders: who can be reminded, of what, and what was said already."""

from dataclasses import dataclass
from datetime import datetime, time


@dataclass(frozen=True, slots=True)
class Reachable:
    """A person as reminders see them; `starts_at`, `ends_at` and `days` are None where they keep the usual hours.

    `slack_user_id` is None where nothing can be sent: no Slack identity, or a deactivated account. A `quiet` person
    wants no direct messages.
    """

    user_id: int
    slack_user_id: str | None
    tz: str | None
    starts_at: time | None
    ends_at: time | None
    days: list[int] | None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request of which its person may have to be reminded; `sent` are the steps said for this due date already."""

    request_id: int
    due_at: datetime
    priority: str
    user_id: int
    snoozed_until: datetime | None
    sent: list[str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A step that is said for a due date: to a person, or (user_id None) in the channel."""

    request_id: int
    due_at: datetime
    step: str
    user_id: int | None
