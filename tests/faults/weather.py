"""What goes wrong during a storm: one thing after the other, drawn by chance from a seed."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import asyncpg

from sandbox.workspace import Workspace
from tests.faults.machines import Fleet, Server
from tests.processes.commands import techops

CUT_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'techops%'"
# SQLSTATE 53100 raised by the server where a disk that is full would raise it: at a write.
DISK = """
CREATE SCHEMA faults;
CREATE TABLE faults.disk (is_full boolean NOT NULL);
INSERT INTO faults.disk VALUES (false);
CREATE FUNCTION faults.fill() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF (SELECT is_full FROM faults.disk) THEN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER faults_fill AFTER INSERT OR UPDATE ON public.deployments
    FOR EACH STATEMENT EXECUTE FUNCTION faults.fill();
CREATE TRIGGER faults_fill AFTER INSERT OR UPDATE ON public.maintenance_requests
    FOR EACH STATEMENT EXECUTE FUNCTION faults.fill();
CREATE TRIGGER faults_fill AFTER INSERT OR UPDATE ON techops.messages
    FOR EACH STATEMENT EXECUTE FUNCTION faults.fill();
"""
SLACK = ("ratelimited", "server_error", "drop_before", "drop_after", "delay", "late", "refused_twice")


@dataclass
class Weather:
    """`happened` is a line for each thing that went wrong, in order, with the second it began."""

    slack: Workspace
    server: Server
    fleet: Fleet
    chance: random.Random
    socket_mode: bool
    happened: list[str] = field(default_factory=list)
    under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self, seconds: float) -> None:
        """Bad weather for so long."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        kinds: list[tuple[int, Callable[[], Awaitable[str]]]] = [
            (5, self._slack_fails), (3, self._kill_worker), (2, self._kill_scheduler), (2, self._kill_web),
            (1, self._end_worker), (2, self._cut_connections), (1, self._stop_server), (1, self._fill_disk),
            (3 if self.socket_mode else 0, self._drop_socket), (1, self._remind),
        ]  # fmt: skip
        while loop.time() - began < seconds:
            [strike] = self.chance.choices([it for _, it in kinds], [weight for weight, _ in kinds])
            at = loop.time() - began
            self.happened.append(f"{at:6.1f} {await strike()}")
            await asyncio.sleep(self.chance.uniform(0.2, 1.5))
        await self.clear()

    async def clear(self) -> None:
        """Slack is well again, and every process runs."""
        self.slack.faults.clear()
        self.slack.sockets.freeze(frozen=False)
        await asyncio.gather(*self.under_way.values())

    async def _slack_fails(self) -> str:
        what = self.chance.choice(SLACK)
        method = self.chance.choice(("*", "chat.postMessage", "chat.update"))
        times = self.chance.randrange(1, 6)
        faults = self.slack.faults
        match what:
            case "delay":
                faults.add("delay", method, times=times, delay=self.chance.uniform(0.1, 2.5))
            case "late":
                faults.add("delay", method, times=times, delay=self.chance.uniform(0.1, 2.5), after=True)
            case "ratelimited":
                faults.add("ratelimited", method, times=times, retry_after=self.chance.randrange(1, 3))
            case "refused_twice":
                faults.add("server_error", method, times=2, status=503)
            case _:
                faults.add(what, method, times=times)  # type: ignore[arg-type] # the rest are kinds by their names
        return f"Slack: {what} {method} x{times}"

    async def _kill_worker(self) -> str:
        return await self._restart(f"worker {self.chance.choice((1, 2))}", signal.SIGKILL)

    async def _kill_scheduler(self) -> str:
        return await self._restart(f"scheduler {self.chance.choice((1, 2))}", signal.SIGKILL)

    async def _kill_web(self) -> str:
        return await self._restart("web", self.chance.choice((signal.SIGKILL, signal.SIGTERM)))

    async def _end_worker(self) -> str:
        return await self._restart(f"worker {self.chance.choice((1, 2))}", signal.SIGTERM)

    async def _restart(self, name: str, how: signal.Signals) -> str:
        """Others go on while it comes back; one that is coming back already is left alone."""
        before = self.under_way.get(name)
        if before is not None and not before.done():
            return f"({name} is not back yet)"
        restart = self.fleet.restart(name, how, self.chance.uniform(0, 0.7))
        self.under_way[name] = asyncio.create_task(restart)
        return f"{how.name} {name}"

    async def _cut_connections(self) -> str:
        connection = await asyncpg.connect(self.server.owner_dsn)
        try:
            await connection.execute(CUT_ALL)
        finally:
            await connection.close()
        return "connections cut"

    async def _stop_server(self) -> str:
        how = self.chance.choice((Server.FAST, Server.IMMEDIATE))
        await self.server.crash(how)
        await asyncio.sleep(self.chance.uniform(0.2, 2.0))
        await self.server.start()
        return f"PostgreSQL stopped by {how.name} and started"

    async def _fill_disk(self) -> str:
        connection = await asyncpg.connect(self.server.owner_dsn)
        try:
            await connection.execute("UPDATE faults.disk SET is_full = true")
            await asyncio.sleep(self.chance.uniform(0.3, 1.5))
            await connection.execute("UPDATE faults.disk SET is_full = false")
        finally:
            await connection.close()
        return "disk full (SQLSTATE 53100 raised)"

    async def _remind(self) -> str:
        """Not bad weather by itself: people are reminded while the rest goes on."""
        before = self.under_way.get("reminders")
        if before is None or before.done():
            self.under_way["reminders"] = asyncio.create_task(self._remind_now())
        return "reminders"

    async def _remind_now(self) -> None:
        # Where the database is away just now, somebody else does it later; the judge looks at what was noted as said.
        await techops("run-job", "reminders", env=self.fleet.env, cwd=self.fleet.cwd)

    async def _drop_socket(self) -> str:
        if self.chance.random() < 0.7:
            await self.slack.sockets.disconnect()
            return "sockets moved"
        self.slack.sockets.freeze()
        await asyncio.sleep(self.chance.uniform(0.5, 3))
        self.slack.sockets.freeze(frozen=False)
        return "sockets silent"
