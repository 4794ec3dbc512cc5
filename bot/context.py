"""What every use case is handed: settings, database, Slack, clock. Built once a process, frozen, passed in."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.auth import Actor
from bot.errors import Repeated
from bot.meters import Meters
from bot.settings import Settings
from bot.slack import Slack
from db.pool import Conn, Pool
from db.queries import acts


@dataclass(slots=True)
class Act:
    """One thing that a person, a token or a job does.

    `key` is the same for every delivery of the same act and None where Slack gives nothing to tell deliveries apart.
    `origin` says where it was done (team, channel, message); it is kept with the activity.
    `committing` turns true when COMMIT has been sent: from then on a deadline leaves the outcome open.
    `around` is entered at the beginning of the act's transaction and left before its COMMIT, for what has to be kept
    with it; it may refuse.
    """

    person: Actor | None
    source: str
    key: str | None = None
    origin: Mapping[str, str] = field(default_factory=dict)
    committing: bool = False
    around: Callable[[Conn], AbstractAsyncContextManager[None]] | None = None


@dataclass(frozen=True, slots=True)
class Deps:
    """The process's parts."""

    settings: Settings
    pool: Pool
    slack: Slack
    clock: Callable[[], datetime]
    meters: Meters = field(default_factory=Meters)

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return self.clock()

    @asynccontextmanager
    async def transaction(self, act: Act, *, note: str = "") -> AsyncIterator[Conn]:
        """One transaction in the name of the act: the triggers read actor, source, note and origin from it.

        Raises:
            Repeated: the act's key was committed before; nothing is done again.
        """
        attribution = {
            "app.current_user_id": str(act.person.user_id) if act.person else "",
            "app.source": act.source,
            "app.note": note,
            "app.origin": json.dumps(dict(act.origin)) if act.origin else "",
        }

        def commit_started() -> None:
            act.committing = True

        async with self.pool.transaction(attribution, on_commit_started=commit_started) as conn:
            if act.key is not None and not await acts.insert_act(conn, act.key, self.now()):
                raise Repeated(act.key)
            async with act.around(conn) if act.around else nullcontext():
                yield conn


def slack_origin(team_id: str, user_id: str, channel_id: str = "", message_ts: str = "") -> dict[str, str]:
    """Where in Slack something was done, as it is kept with the activity; what is empty is left out."""
    given = {"team": team_id, "user": user_id, "channel": channel_id, "message": message_ts}
    return {name: value for name, value in given.items() if value}


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)
