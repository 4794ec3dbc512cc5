"""Connections to PostgreSQL: a pool for short use, and single ones for whoever listens or holds session locks."""
# ruff: noqa: ASYNC109 - `timeout` is asyncpg's own parameter, which the protocol below repeats

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, Final, Protocol, cast

import asyncpg

from db.config import DatabaseConfig, SslMode, connection_arguments
from db.connections import Connection, set_up
from db.errors import DatabaseError, NotFound, Unavailable, translate, translated, translated_connecting

__all__ = ["Conn", "DatabaseConfig", "Pool", "Row", "SslMode", "Watch", "connect", "open_pool"]

Row = Mapping[str, Any]

_ROLLBACK_SECONDS: Final = 0.5


class Conn(Protocol):
    """What a query may do with a connection; asyncpg's connections have this shape."""

    async def fetch(self, query: str, *args: object, timeout: float | None = None) -> Sequence[Row]:
        """All rows."""

    async def fetchrow(self, query: str, *args: object, timeout: float | None = None) -> Row | None:
        """The first row, None where there is none."""

    async def fetchval(self, query: str, *args: object, column: int = 0, timeout: float | None = None) -> Any:
        """One column of the first row, None where there is none."""

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:
        """Run it and return PostgreSQL's status line, such as `UPDATE 1`."""

    async def executemany(
        self,
        command: str,
        args: Iterable[Sequence[object]],
        *,
        timeout: float | None = None,
    ) -> None:
        """Run it for each row of arguments, in one transaction."""

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """A transaction; within another one, a savepoint."""

    def cursor(self, query: str, *args: object, prefetch: int | None = None) -> Any:
        """Rows one by one, for results that do not fit into memory; `async for`, inside a transaction."""


class Watch(Protocol):
    """Who is told how the pool does."""

    def pool_waited(self, seconds: float) -> None:
        """Somebody waited this long for a connection, in vain or not."""

    def database_failed(self, sqlstate_class: str) -> None:
        """The database refused or failed: the first two letters of the SQLSTATE, or a word where there is none."""


class Pool:
    """A pool of connections; errors leave it in the terms of `db.errors`. `watch` hears of waits and errors."""

    def __init__(self, raw: Any, config: DatabaseConfig, watch: Watch | None = None) -> None:
        self._raw = raw
        self.config = config
        self._watch = watch

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Conn]:
        """Lend a connection for statements that need no transaction of their own, reads above all.

        Nothing that outlives a transaction may be done on it: no SET without LOCAL, no LISTEN, no session lock, no
        temporary table. For these there is `connect`.

        Raises:
            Unavailable: no connection within `connect_timeout`, counting the wait for a free one.
        """
        with self._watched():
            raw = await self._take()
            try:
                yield cast("Conn", raw)
            finally:
                await self._give_back(raw)

    @asynccontextmanager
    async def transaction(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        on_commit_started: Callable[[], None] | None = None,
    ) -> AsyncIterator[Conn]:
        """Lend a connection with a transaction open: committed at the end, rolled back on any error or cancellation.

        Args:
            settings: configuration parameters that last until the end of the transaction (`app.current_user_id`, ...);
                all are set in one round trip.
            on_commit_started: called just before COMMIT is sent. After an error or a deadline it tells the two cases
                apart: before it, nothing was changed; after it, only the record can tell.

        Raises:
            Unavailable: as `acquire`, or the connection was lost.
        """
        with self._watched():
            raw, transaction = await self._begin(settings)
            try:
                try:
                    yield cast("Conn", raw)
                except BaseException:
                    await _roll_back(raw, transaction)
                    raise
                if on_commit_started is not None:
                    on_commit_started()
                await transaction.commit()
            finally:
                await self._give_back(raw)

    async def close(self, timeout: float = 5.0) -> None:
        """Wait up to `timeout` seconds for what is lent, then close every connection."""
        try:
            await asyncio.wait_for(self._raw.close(), timeout)
        except TimeoutError:
            self._raw.terminate()

    @property
    def size(self) -> int:
        """Connections open now."""
        return int(self._raw.get_size())

    @property
    def idle(self) -> int:
        """Connections open and not lent."""
        return int(self._raw.get_idle_size())

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Errors in our own terms, and counted."""
        try:
            with translated():
                yield
        except DatabaseError as error:
            if self._watch is not None and not isinstance(error, NotFound):
                self._watch.database_failed(error.sqlstate[:2] if error.sqlstate else type(error).__name__.lower())
            raise

    async def _take(self) -> Any:
        begun = time.monotonic()
        try:
            with translated_connecting():
                return await self._raw.acquire(timeout=self.config.connect_timeout)
        finally:
            if self._watch is not None:
                self._watch.pool_waited(time.monotonic() - begun)

    async def _give_back(self, raw: Any) -> None:
        try:
            await self._raw.release(raw, timeout=_ROLLBACK_SECONDS)
        except Exception as exc:
            # A connection that cannot be cleaned has been closed by the pool, which replaces it. The block's own error,
            # if any, is the one to report; after a COMMIT there is none, and nothing to report either.
            if translate(exc) is None:
                raise

    async def _begin(self, settings: Mapping[str, str] | None) -> tuple[Any, Any]:
        raw = await self._take()
        try:
            return raw, await _start(raw, settings)
        except Unavailable:
            # It had died in the pool, as after a restart of the server. Nothing was sent yet, so once more; the others
            # that lay in the pool are suspect too.
            await self._give_back(raw)
            await self._raw.expire_connections()
        except BaseException:
            await self._give_back(raw)
            raise
        raw = await self._take()
        try:
            return raw, await _start(raw, settings)
        except BaseException:
            await self._give_back(raw)
            raise


async def open_pool(config: DatabaseConfig, *, connect_now: bool = True, watch: Watch | None = None) -> Pool:
    """Open a pool; it connects at once, to fail early, and afterwards as needed.

    Without `connect_now` a server that is away is noticed at the first use, for processes that outlive it.

    Raises:
        Unavailable: the server cannot be reached or refuses the sign-in.
    """
    with translated_connecting():
        raw = await asyncpg.create_pool(
            **connection_arguments(config),
            connection_class=Connection,
            min_size=0,
            max_size=config.max_size,
            max_inactive_connection_lifetime=config.idle_seconds,
            init=partial(set_up, config.role),
            reset=_nothing_to_reset,
        )
    pool = Pool(raw, config, watch)
    if not connect_now:
        return pool
    try:
        async with pool.acquire():
            return pool
    except BaseException:
        raw.terminate()
        raise


async def connect(config: DatabaseConfig) -> Any:
    """Open one connection outside any pool, for listeners, session locks and long work; the caller closes it.

    It is asyncpg's own connection, typed loosely because other libraries take it.

    Raises:
        Unavailable: the server cannot be reached or refuses the sign-in.
    """
    with translated_connecting():
        connection = await asyncpg.connect(**connection_arguments(config), connection_class=Connection)
        try:
            await set_up(config.role, connection)
        except BaseException:
            connection.terminate()
            raise
        return connection


async def _start(raw: Any, settings: Mapping[str, str] | None) -> Any:
    with translated():
        transaction = raw.transaction()
        raw.open_with(settings or {})
        await transaction.start()
        return transaction


async def _roll_back(raw: Any, transaction: Any) -> None:
    try:
        async with asyncio.timeout(_ROLLBACK_SECONDS):
            await transaction.rollback()
    except asyncio.CancelledError:
        _discard(raw)
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        # The caller re-raises what made us roll back. The server rolls back what a closed connection had begun.
        _discard(raw)


def _discard(raw: Any) -> None:
    # the pool takes a lost connection back by itself, and its stand-in then refuses every call
    with suppress(asyncpg.InterfaceError):
        raw.terminate()


async def _nothing_to_reset(_connection: object) -> None:
    """Spare the round trip that would undo session state.

    Settings are only ever made with SET LOCAL, and `acquire` forbids what outlives a transaction; an open transaction
    and listeners are ended by asyncpg before this is called.
    """
