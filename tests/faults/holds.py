"""Statements of a process that wait in the database until the test lets them go: a chosen point of its work."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.fixtures.delivery import Dashboard

SCHEMA = "CREATE SCHEMA faults"
FUNCTION = """
CREATE FUNCTION faults.wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(20260);
    RETURN NULL;
END
$$
"""
TRIGGER = "CREATE TRIGGER faults_wait_{} BEFORE {} FOR EACH STATEMENT EXECUTE FUNCTION faults.wait()"
CLOSE = "SELECT pg_advisory_lock(20260)"
OPEN = "SELECT pg_advisory_unlock(20260)"
WAITING = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 20260
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
OF_PROCESS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'techops ' || $1"
GONE = f"SELECT NOT EXISTS (SELECT {OF_PROCESS})"
CUT = f"SELECT pg_terminate_backend(pid) {OF_PROCESS}"
# Minutes pass for what a dead process has left: it is taken for dead, and what it began is in doubt for long enough.
AGE = (
    "UPDATE techops.pgqueuer SET heartbeat = heartbeat - interval '1 minute' WHERE status = 'picked'",
    "UPDATE techops.messages SET intended_at = intended_at - interval '10 seconds' WHERE message_ts IS NULL",
)


@dataclass
class Gate:
    """Where a statement of others waits, such as `UPDATE OF posted_at ON techops.ledger`; those of the test pass."""

    dashboard: Dashboard

    async def build(self, *places: str) -> None:
        """Put it there, open."""
        await self.dashboard.run(SCHEMA)
        await self.dashboard.run(FUNCTION)
        for number, place in enumerate(places):
            await self.dashboard.run(TRIGGER.format(number, place))

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        await self.dashboard.run(CLOSE)
        try:
            yield
        finally:
            await self.dashboard.run(OPEN)

    async def waiting(self, number: int) -> None:
        """Wait until so many stand before it."""
        await self.dashboard.until(f"SELECT ({WAITING}) >= $1", number, within=20)


async def cut_off(dashboard: Dashboard, process: str) -> None:
    """What a dead process was about to have done is not done."""
    await dashboard.rows(CUT, process)
    await buried(dashboard, process)


async def buried(dashboard: Dashboard, process: str) -> None:
    """Wait until the server has noticed that a process is dead."""
    await dashboard.until(GONE, process)


async def age(dashboard: Dashboard) -> None:
    """Let time pass for what the dead one has left."""
    for statement in AGE:
        await dashboard.run(statement)


async def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Look again and again until it is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
