"""Waiting for a change of a record without a connection a waiter: one listener and one reader for all.

Whoever waits registers first, is told what the record looks like, and again whenever the database says that it has
changed. Nothing is lost between the two, nor while the database restarts: each new connection reads everything that is
waited for once more.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import structlog

from db.config import DatabaseConfig
from db.errors import DatabaseError
from db.listen import Ears, listen

CHANNEL: Final = "techops_subject"
# One reader for all; what becomes known while it reads waits for its next turn, so turns are short.
_AT_ONCE: Final = 50
_READ_WITHIN: Final = 3.0
_READ_AGAIN_AFTER: Final = 0.5
# A statement that changes very many records tells of some only, and an approval may expire before the job that says so.
LOOK_ANYWAY_AFTER: Final = 5.0
_log = structlog.get_logger(__name__)

T = TypeVar("T")


class Full(Exception):
    """As many wait as may."""


@dataclass(slots=True, eq=False)
class Watch(Generic[T]):
    """What one waiter is told: `reading` is the record, None where there is none, once `read` is true."""

    bell: asyncio.Event = field(default_factory=asyncio.Event)
    read: bool = False
    reading: T | None = None

    async def news(self, seconds: float) -> bool:
        """Wait up to `seconds` for a reading (anew); False where none came."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.bell.wait()
                self.bell.clear()
                return True
        return False


class Hub(Generic[T]):
    """Watches over records of one kind; `read` gives those of these numbers that exist.

    `look_after`: seconds after which everything that is waited for is read without a notice.
    """

    def __init__(
        self,
        kind: str,
        read: Callable[[Sequence[int]], Awaitable[Mapping[int, T]]],
        *,
        capacity: int,
        look_after: float = LOOK_ANYWAY_AFTER,
    ) -> None:
        self._kind = kind
        self._read = read
        self._capacity = capacity
        self._look_after = look_after
        self._watches: dict[int, set[Watch[T]]] = {}
        self._waiting = 0
        self._stale: dict[int, None] = {}
        self._kick = asyncio.Event()
        self.ending = False

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._waiting

    async def run(self, config: DatabaseConfig) -> None:
        """Listen and read until cancelled."""
        ears = Ears(self.hear, self._look_at_all)
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(config, CHANNEL, ears), name="listener")
            group.create_task(self._read_on(), name="reader")
            group.create_task(self._look_anyway(), name="second look")

    @contextmanager
    def watch(self, number: int) -> Iterator[Watch[T]]:
        """Watch over a record; the first reading comes by itself.

        Raises:
            Full: no more may wait.
        """
        if self._waiting >= self._capacity:
            raise Full
        watch: Watch[T] = Watch()
        self._waiting += 1
        self._watches.setdefault(number, set()).add(watch)
        self._look_at(number)
        try:
            yield watch
        finally:
            self._waiting -= 1
            self._watches[number].discard(watch)
            if not self._watches[number]:
                del self._watches[number]

    def hear(self, payload: str) -> None:
        """Take a notice of the database: `{"kind": ..., "id": ...}`; others' are none of ours."""
        try:
            notice = json.loads(payload)
        except ValueError:
            _log.warning("notice_not_understood", payload=payload[:100])
            return
        number = notice.get("id") if isinstance(notice, dict) and notice.get("kind") == self._kind else None
        if isinstance(number, int) and number in self._watches:
            self._look_at(number)

    def end(self) -> None:
        """Have everybody who waits answered with what is known."""
        self.ending = True
        for watches in self._watches.values():
            for watch in watches:
                watch.bell.set()

    def _look_at(self, number: int) -> None:
        self._stale[number] = None
        self._kick.set()

    def _look_at_all(self) -> None:
        for number in self._watches:
            self._look_at(number)

    async def _look_anyway(self) -> None:
        while True:
            await asyncio.sleep(self._look_after)
            self._look_at_all()

    async def _read_on(self) -> None:
        while True:
            await self._kick.wait()
            self._kick.clear()
            while self._stale:
                await self._tell(self._next())

    def _next(self) -> list[int]:
        wanted = list(self._stale)[:_AT_ONCE]
        for number in wanted:
            del self._stale[number]
        return [number for number in wanted if number in self._watches]

    async def _tell(self, wanted: Sequence[int]) -> None:
        try:
            async with asyncio.timeout(_READ_WITHIN):
                found = await self._read(wanted)
        except (DatabaseError, TimeoutError) as error:
            # Whoever waits goes on waiting; the records are read once the database is back.
            _log.warning("waiting_not_read", reason=str(error) or "no answer in time")
            await asyncio.sleep(_READ_AGAIN_AFTER)
            for number in wanted:
                self._look_at(number)
            return
        for number in wanted:
            for watch in self._watches.get(number, ()):
                watch.read, watch.reading = True, found.get(number)
                watch.bell.set()
