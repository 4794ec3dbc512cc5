"""What a job of the queue is to us, and which lane a message takes."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from pgqueuer.errors import RetryRequested
from pydantic import BaseModel, ConfigDict

from bot.context import Deps
from db.queries.outbox import NewJob

# A fixed list: a lane that is renamed or dropped would strand the jobs that wait in it.
LANES: Final = tuple(f"lane_{number:02d}" for number in range(16))


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its entry point gets it. `created` is when the transaction began that enqueued it."""

    id: int
    payload: str
    attempts: int
    created: datetime


Entry = Callable[[Deps, Job], Awaitable[None]]


class Bulk(BaseModel):
    """A transaction told as one summary; with `assignee_id`, only what it gave to that person."""

    model_config = ConfigDict(frozen=True)

    xid: str
    since: datetime
    assignee_id: int | None = None


class LaneWork(BaseModel):
    """Payload of a lane's job: bring what is shown of one record at one target up to date, or tell a summary."""

    model_config = ConfigDict(frozen=True)

    kind: str
    id: int = 0
    channel: str
    bulk: Bulk | None = None

    def job(self, *, delay: float = 0.0) -> NewJob:
        """The job that does it, in the lane of its target; `delay` in seconds."""
        return NewJob(lane_of(self.channel), self.model_dump_json(exclude_none=True), delay)


def lane_of(target: str) -> str:
    """The lane of a channel or person: always the same one, so that Slack's pace for a channel is kept in one place."""
    return LANES[crc32(target.encode()) % len(LANES)]


def later(seconds: float, reason: str) -> RetryRequested:
    """What to raise for the queue to run this job again after `seconds`, spread a little."""
    spread = random.uniform(0, min(seconds / 4, 5.0))  # noqa: S311 - nothing secret about it
    return RetryRequested(timedelta(seconds=max(seconds, 0.0) + spread), reason)
