"""PostgreSQL's own programs, run beside the event loop: never without an end, never outliving who started them."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ENDING_SECONDS: Final = 5.0
_MOST_SAID: Final = 64 * 1024
_READ_AT_ONCE: Final = 16 * 1024


class ProgramFailed(Exception):
    """A program cannot be started, or did not end in time."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended: its exit code, its output, and the beginning of what it wrote to standard error."""

    code: int
    output: bytes
    said: str


async def run(
    arguments: Sequence[str | Path], environment: Mapping[str, str], *, seconds: float, most_output: int = 0
) -> Finished:
    """Run a program to its end, with this environment alone.

    Args:
        arguments: the program and its arguments; nothing secret, since all users of the machine can read them.
        environment: all of it.
        seconds: it is ended after.
        most_output: bytes of standard output to keep; 0 throws it away.

    Raises:
        ProgramFailed: it cannot be started, or took too long.
    """
    name = Path(arguments[0]).name
    try:
        process = await asyncio.create_subprocess_exec(
            *map(str, arguments),
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if most_output else asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # a terminal's Ctrl-C is ours to answer: we end it in order
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramFailed(f"{name} cannot be started: {error}") from error
    try:
        async with asyncio.timeout(seconds):
            output, said, code = await asyncio.gather(
                _read(process.stdout, most_output), _read(process.stderr, _MOST_SAID), process.wait()
            )
    except TimeoutError as error:
        raise ProgramFailed(f"{name} was ended: it had not finished after {seconds / 3600:g} h") from error
    finally:
        await _end(process)
    return Finished(code, output, said.decode(errors="replace"))


async def _read(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """The beginning of a stream, which is read to its end so that the program does not wait for us."""
    kept = bytearray()
    while stream is not None and (chunk := await stream.read(_READ_AT_ONCE)):
        kept += chunk[: max(0, most - len(kept))]
    return bytes(kept)


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDING_SECONDS):
                await process.wait()
