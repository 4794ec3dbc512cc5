"""The console script, run as a user runs it: another process, its own environment."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

TECHOPS = str(Path(sys.executable).with_name("techops"))


@dataclass
class Finished:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Nothing of ours but what is given."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE") if name in os.environ}
    return kept | {"HOME": str(home), "DATA_DIR": str(home / "data"), "PORT": "0", "LOG_FORMAT": "json"} | variables


async def techops(*arguments: str, env: Mapping[str, str], cwd: Path) -> Finished:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        TECHOPS, *arguments, env=dict(env), cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(45):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


@dataclass
class Running:
    """A process that runs until it is told to stop; its lines are kept as they come."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def line(self, wanted: str, seconds: float = 30) -> str:
        """The first line that contains `wanted`, once it has been printed."""
        async with asyncio.timeout(seconds):
            while True:
                found = next((line for line in self.lines if wanted in line), None)
                if found is not None:
                    return found
                assert self.process.returncode is None, f"ended with {self.process.returncode}: {self.lines}"
                self.changed.clear()
                await self.changed.wait()

    async def read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self.lines.append(line.decode().rstrip())
            self.changed.set()
        self.changed.set()

    async def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 25) -> int:
        """Send the signal and wait for the end; the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@asynccontextmanager
async def running(*arguments: str, env: Mapping[str, str], cwd: Path) -> AsyncIterator[Running]:
    """Start a command that stays; killed at the end if it is still there."""
    process = await asyncio.create_subprocess_exec(
        TECHOPS, *arguments, env=dict(env), cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    it = Running(process)
    reading = asyncio.create_task(it.read(process.stdout))
    try:
        yield it
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading
