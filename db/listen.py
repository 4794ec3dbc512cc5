"""Hearing what the database tells: one connection that listens, and comes back when it is lost."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from db.config import DatabaseConfig
from db.errors import translate, translated
from db.pool import connect

_FIRST_RETRY: Final = 0.1
_LONGEST_RETRY: Final = 2.0
# A connection that a firewall dropped in silence is noticed by asking.
_ASK_AFTER: Final = 10.0
_ANSWER_WITHIN: Final = 3.0
PING: Final = "SELECT 1"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ears:
    """What is called: `on_notice` with each payload, `on_connected` whenever listening begins (anew).

    What was told in between is lost, so `on_connected` has to look for itself.
    """

    on_notice: Callable[[str], None]
    on_connected: Callable[[], None]


async def listen(config: DatabaseConfig, channel: str, ears: Ears) -> None:
    """Listen until cancelled, through restarts of the database."""
    failures = 0
    while True:
        connected = False
        try:
            connection = await connect(config)
            try:
                connected = True
                await _hear(connection, channel, ears)
            finally:
                await _close(connection)
        except Exception as error:
            known = translate(error)
            if known is None and not isinstance(error, OSError):
                raise
            _log.warning("listener_lost", channel=channel, reason=str(known or error))
        failures = 0 if connected else failures + 1
        longest = min(_FIRST_RETRY * 2.0 ** min(failures, 10), _LONGEST_RETRY)
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 - nothing secret about it


async def _hear(connection: Any, channel: str, ears: Ears) -> None:
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _connection: lost.set())
    with translated():
        await connection.add_listener(channel, lambda _connection, _pid, _channel, payload: ears.on_notice(payload))
    ears.on_connected()
    while not lost.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(_ASK_AFTER):
                await lost.wait()
        if not lost.is_set():
            with translated():
                await connection.execute(PING, timeout=_ANSWER_WITHIN)


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=1.0)
    except Exception as error:
        # It was cut or does not answer; asyncpg has dropped it by now.
        if translate(error) is None:
            raise
