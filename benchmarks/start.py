"""Goal 10: `techops up` on an empty directory until it is ready, and the memory of its processes.

PSS: a page that several processes share counts in parts. PostgreSQL and the sandbox workspace are not counted.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import aiohttp
import psutil  # type: ignore[import-untyped]

from benchmarks._place import Place
from benchmarks._results import Result

TECHOPS: Final = str(Path(sys.executable).with_name("techops"))
READY_SECONDS: Final = 60.0
SETTLE_SECONDS: Final = 10.0
MOST_SECONDS: Final = 6
MOST_MIB: Final = 160
_LISTENS: Final = re.compile(r"listens at (http://\S+)")


async def run(_place: Place) -> list[Result]:
    """Goal 10, a line each for time and memory."""
    with tempfile.TemporaryDirectory(prefix="techops-bench-") as directory:
        seconds, mib = await started(Path(directory))
    return [
        Result(
            "10",
            "techops up, empty directory, until ready",
            seconds,
            "at most",
            MOST_SECONDS,
            " s",
            f"{seconds:.1f} s",
            "-",
            "initdb alone takes 1 s",
        ),
        Result(
            "10", "its memory (PSS)", mib, "at most", MOST_MIB, " MiB", f"{mib:.0f} MiB", "-", "Bolt imports at 51 MiB"
        ),
    ]


async def started(home: Path) -> tuple[float, float]:
    """Seconds until /readyz says so, and MiB some seconds later."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env = kept | {"HOME": str(home), "DATA_DIR": str(home / "data"), "PORT": "0"}
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(TECHOPS, "up"), env=env, cwd=home, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            await ready(await address(process))
        seconds = time.perf_counter() - begun
        await asyncio.sleep(SETTLE_SECONDS)
        return seconds, memory(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def address(process: asyncio.subprocess.Process) -> str:
    """Where it listens, from what it prints."""
    while process.stdout and (line := await process.stdout.readline()):
        found = _LISTENS.search(line.decode())
        if found:
            return found.group(1)
    raise RuntimeError("techops up ended")


async def ready(url: str) -> None:
    """Until /readyz answers 200."""
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{url}/readyz") as response:
                if response.status == 200:  # noqa: PLR2004
                    return
            await asyncio.sleep(0.02)


def memory(pid: int) -> float:
    """MiB of a process and its children, but for the database and the workspace."""
    root = psutil.Process(pid)
    counted = [it for it in (root, *root.children(recursive=True)) if ours(it)]
    total: float = sum(it.memory_full_info().pss for it in counted) / 1024**2
    return total


def ours(process: psutil.Process) -> bool:
    """Whether it is the bot's."""
    line = " ".join(process.cmdline())
    return not line.startswith("postgres") and "/postgres" not in line and "sandbox" not in line
