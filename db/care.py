"""The connection on which database care works: patient with nobody, and it hears what the server says beside errors.

VACUUM and ANALYZE leave out a table that is not the role's own with no more than a warning. Whoever does not listen
takes that for success.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from db.config import DatabaseConfig
from db.errors import translate, translated
from db.pool import Conn, connect

# "techops care", as far as hexadecimal goes; the migrations have a key of their own
LOCK_KEY: Final = 0x7EC40B5CA4E
_CLOSE_SECONDS: Final = 2.0
_READ_LOCK: Final = 5.0

# Manual VACUUM knows no restraint by default; ours is that of autovacuum.
SET_MANNERS: Final = """
SELECT set_config('lock_timeout', '5s', false), set_config('statement_timeout', '60s', false),
    set_config('client_min_messages', 'notice', false), set_config('search_path', 'public', false),
    set_config('vacuum_cost_delay', '2ms', false), set_config('idle_session_timeout', '0', false)
"""
TRY_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
SET_TIMEOUTS: Final = """
SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false)
"""


class CareConnection:
    """One connection for one run: `conn` reads, `act` changes and hears the server's warnings."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._said: list[str] = []
        raw.add_log_listener(self._hear)

    @property
    def conn(self) -> Conn:
        """For statements that only read."""
        connection: Conn = self._raw
        return connection

    async def try_lock(self) -> bool:
        """Become the one run of this database until the connection ends; False where another is."""
        with translated():
            return await self._raw.fetchval(TRY_LOCK, LOCK_KEY) is True

    async def act(self, statement: str, *, lock_seconds: float, seconds: float) -> list[str]:
        """Run a statement outside any transaction; what the server said to it, warnings and notices.

        Raises:
            Timeout: no lock within `lock_seconds`, or not done within `seconds`.
            DatabaseError: refused.
        """
        with translated():
            await self._raw.fetchrow(SET_TIMEOUTS, _milliseconds(lock_seconds), _milliseconds(seconds))
            self._said.clear()
            await self._raw.execute(statement)
            # what was said is handed over by the loop, after the answer itself
            await asyncio.sleep(0)
            return list(self._said)

    async def limit(self, seconds: float) -> None:
        """Give each statement that reads this long from now on, and five seconds of it to wait for a lock."""
        with translated():
            await self._raw.fetchrow(SET_TIMEOUTS, _milliseconds(min(seconds, _READ_LOCK)), _milliseconds(seconds))

    def _hear(self, _connection: object, message: Any) -> None:
        if getattr(message, "severity_en", None) in {"WARNING", "NOTICE"}:
            self._said.append(str(message.message))


@asynccontextmanager
async def open_care(config: DatabaseConfig) -> AsyncIterator[CareConnection]:
    """Open the connection of a run; with it ends the lock.

    Raises:
        Unavailable: the server cannot be reached.
    """
    raw = await connect(config)
    try:
        with translated():
            await raw.fetchrow(SET_MANNERS)
        yield CareConnection(raw)
    finally:
        await _close(raw)


async def _close(raw: Any) -> None:
    try:
        await raw.close(timeout=_CLOSE_SECONDS)
    except Exception as error:
        # It was cut or does not answer; asyncpg has dropped it by now.
        if translate(error) is None:
            raise


def _milliseconds(seconds: float) -> str:
    # 0 would mean no limit at all
    return str(max(int(seconds * 1000), 1))
