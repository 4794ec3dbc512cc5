"""Rows of accounts as their administration shows them, and of what somebody leaves behind."""

from dataclasses import dataclass, field
from datetime import datetime

from db.models import User


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `last_login` is of the dashboard; `is_outside`: Slack has told that its person is no member now."""

    user: User
    last_login: datetime | None
    is_outside: bool


@dataclass(frozen=True, slots=True)
class Some:
    """The first few of something, and how many there are."""

    names: tuple[str, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody has open.

    `assigned` and `raised` are numbers of requests that are not over (raised ones that are somebody else's to do),
    `deployments` numbers of those pending or in progress that they asked for or started; `asked` and `deciding` name
    subjects of approvals that are pending, as "maintenance:42": asked for by them, and waiting for somebody like them.
    `locks` are places, `subscriptions` what and where, `tokens` names.
    """

    assigned: Some = field(default_factory=Some)
    raised: Some = field(default_factory=Some)
    deployments: Some = field(default_factory=Some)
    asked: Some = field(default_factory=Some)
    deciding: Some = field(default_factory=Some)
    locks: Some = field(default_factory=Some)
    subscriptions: Some = field(default_factory=Some)
    tokens: Some = field(default_factory=Some)


@dataclass(frozen=True, slots=True)
class Ended:
    """When an account was deactivated last, by whom (None: nobody known), and where that was done."""

    at: datetime
    actor_name: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Departure:
    """A deactivation in the activity log; `actor_id` is None where Slack, the dashboard or the command line did it."""

    activity_id: int
    user_id: int
    actor_id: int | None
    source: str
