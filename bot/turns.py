"""How many requests of people one process has in hand at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bot.errors import Overloaded

# Where more come than a process can do, the others are told so at once: a growing line would make all of them late.
MOST_AT_ONCE: Final = 250
_TOO_MUCH: Final = "More is asked of me than I can do in time, so nothing was changed. Please try again in a minute."


class Turns:
    """A number of turns, each taken for one request."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._taken = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Have a turn. Raises Overloaded where none is free."""
        if self._taken >= self._most:
            raise Overloaded(_TOO_MUCH)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
