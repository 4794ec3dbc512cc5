"""The live feed: every change of the workspace, for pages that watch and for tests that wait."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sandbox.records import Json

T = TypeVar("T")


class Feed:
    """Publishes changes to subscribers and wakes those who wait for a condition."""

    def __init__(self) -> None:
        self.seq = 0
        self._subscribers: set[asyncio.Queue[Json]] = set()
        self._waiters: set[asyncio.Event] = set()

    def publish(self, kind: str, **data: object) -> None:
        """Announce one change; `data` is JSON. A subscriber too slow to keep up is told to reload."""
        self.seq += 1
        change: Json = {"seq": self.seq, "type": kind, **data}
        for queue in self._subscribers:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                change = {"seq": self.seq, "type": "reload"}
            queue.put_nowait(change)
        for waiter in self._waiters:
            waiter.set()

    def subscribe(self) -> asyncio.Queue[Json]:
        """A queue that receives each change from now on; hand it back to `unsubscribe`."""
        queue: asyncio.Queue[Json] = asyncio.Queue(maxsize=1000)
        self._subscribers.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Json]) -> None:
        """Stop feeding `queue`."""
        self._subscribers.discard(queue)

    async def wait_for(self, condition: Callable[[], T], timeout: float) -> T:  # noqa: ASYNC109 - the limit is the point
        """Wait until `condition()` is true and return its value; looked at again after each change.

        Raises TimeoutError after `timeout` seconds.
        """
        woken = asyncio.Event()
        self._waiters.add(woken)
        try:
            async with asyncio.timeout(timeout):
                while not (value := condition()):
                    await woken.wait()
                    woken.clear()
                return value
        finally:
            self._waiters.discard(woken)
