"""What a storm breaks: a PostgreSQL that can be stopped in two ways, and processes that can be killed."""

import asyncio
import random
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from db import embedded
from db.embedded import EmbeddedServer
from tests.processes.commands import Running, running

STOPPED_SECONDS = 20.0


class Server:
    """A PostgreSQL of this test alone. `fast` ends it in order, `immediate` as a power failure would."""

    FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: EmbeddedServer | None = None

    async def start(self) -> None:
        self._running = await embedded.start(self._directory, database="dashboard")

    @property
    def owner_dsn(self) -> str:
        assert self._running is not None
        return self._running.owner_dsn

    @property
    def dsn(self) -> str:
        assert self._running is not None
        return self._running.dsn

    async def crash(self, how: signal.Signals) -> None:
        """Stop it, whoever is connected."""
        [file] = self._directory.rglob("postmaster.pid")
        process = psutil.Process(int(file.read_text().split()[0]))
        process.send_signal(how)
        async with asyncio.timeout(STOPPED_SECONDS):
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.02)
        await self.stop()

    async def stop(self) -> None:
        assert self._running is not None
        await self._running.stop()


@dataclass
class Fleet:
    """Processes by name. A restarted one is another process with the same arguments."""

    env: Mapping[str, str]
    cwd: Path
    ready: Mapping[str, str]
    stacks: dict[str, AsyncExitStack] = field(default_factory=dict)
    processes: dict[str, Running] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)

    async def start(self, name: str) -> None:
        """Start `techops` with the name's first word ("worker 2": a worker); wait for those that say they are ready."""
        command = name.split(maxsplit=1)[0]
        stack = AsyncExitStack()
        process = await stack.enter_async_context(running(command, env=self.env, cwd=self.cwd))
        self.stacks[name], self.processes[name] = stack, process
        if command in self.ready:
            await process.line(self.ready[command])

    async def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """End it with the signal and return its exit code."""
        code = await self.processes[name].end(how)
        self.said.setdefault(name, []).extend(self.processes[name].lines)
        await self.stacks.pop(name).aclose()
        return code

    async def restart(self, name: str, how: signal.Signals, pause: float) -> None:
        """Kill it and start it again."""
        await self.kill(name, how)
        await asyncio.sleep(pause)
        await self.start(name)

    async def stop(self) -> dict[str, int]:
        """End all in order; their exit codes."""
        return {name: await self.kill(name, signal.SIGTERM) for name in list(self.stacks)}

    def memory(self, name: str) -> int:
        """Bytes of its own (USS)."""
        return int(psutil.Process(self.processes[name].process.pid).memory_full_info().uss)

    def lines(self) -> list[str]:
        """What all of them have logged, the dead ones included."""
        return [line for said in self.said.values() for line in said] + [
            line for name in self.stacks for line in self.processes[name].lines
        ]


def free_port(chance: random.Random) -> int:
    """A port that nobody listens on now, below those that the system hands out."""
    taken = {it.laddr.port for it in psutil.net_connections("tcp") if it.laddr}
    return next(port for port in (chance.randrange(20_000, 32_000) for _ in range(100)) if port not in taken)
