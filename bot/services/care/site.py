"""Where a run works: its connection, how much time is left, and whether somebody wants it to end."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from bot.context import Deps
from db.care import CareConnection
from db.errors import DatabaseError
from db.pool import Conn

Result = TypeVar("Result")
# One statement's longest time; a table that takes longer has to wait for a night of its own.
_LONGEST_SECONDS: Final = 1800.0


class Cancelled(Exception):
    """Somebody has cancelled the run, in the middle of a statement."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a step works with. `sees_all`: other roles' statements too; `counts`: the server counts what is done."""

    deps: Deps
    care: CareConnection
    run_id: int
    ends_at: datetime
    role: str
    sees_all: bool
    counts: bool
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def conn(self) -> Conn:
        """For statements that only read."""
        return self.care.conn

    @property
    def seconds(self) -> float:
        """How long the next statement may take."""
        return max(0.0, min(_LONGEST_SECONDS, (self.ends_at - self.deps.now()).total_seconds()))

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be begun: cancelled, or out of time."""
        return self.cancelled.is_set() or self.seconds <= 0

    async def interruptible(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do it, unless the run is cancelled first; the server then gives the statement up.

        Raises:
            Cancelled: it was.
        """
        doing = asyncio.create_task(work)
        waiting = asyncio.create_task(self.cancelled.wait())
        try:
            await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            raise Cancelled
        finally:
            waiting.cancel()
            if not doing.done():
                doing.cancel()
            await asyncio.gather(doing, waiting, return_exceptions=True)


def reason_of(error: DatabaseError) -> str:
    """What the server said, for a line of a report."""
    return " ".join(str(error).removeprefix("The database refused: ").split())
