"""A client that signs requests as Slack does, over connections that stay open, and notes how long each took."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

SECRET: Final = "a secret of the benchmarks"  # noqa: S105 - signs what stays on this machine
_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Requests a second, and their durations in seconds."""

    rate: float
    durations: list[float]


def command(command: str, text: str, number: int) -> bytes:
    """The body of a slash command by Erik of the sample workspace."""
    fields = {
        "command": command,
        "text": text,
        "team_id": "T0SANDBOX",
        "channel_id": "C0OPS",
        "user_id": "U0ERIK",
        "user_name": "erik",
        "api_app_id": "A0SANDBOX",
        "response_url": f"http://127.0.0.1:9/response/{number}",
        "trigger_id": f"{number}.{number}.benchmark",
        "token": "",
    }
    return urlencode(fields).encode()


async def drive(port: int, body: Callable[[int], bytes], *, clients: int, requests: int) -> Timing:
    """Send `requests` requests to /slack/events over `clients` connections.

    Raises:
        RuntimeError: an answer was not 200, or said that the request was refused.
    """
    durations: list[float] = []
    numbers = iter(range(requests))
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_client(port, body, numbers, durations))
    return Timing(requests / (time.perf_counter() - started), durations)


async def _client(port: int, body: Callable[[int], bytes], numbers: Iterator[int], durations: list[float]) -> None:
    verifier = SignatureVerifier(SECRET)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for number in numbers:
            content = body(number)
            timestamp = str(int(time.time()))
            signature = verifier.generate_signature(timestamp=timestamp, body=content)
            head = (
                "POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(content)}\r\n"
                f"X-Slack-Request-Timestamp: {timestamp}\r\nX-Slack-Signature: {signature}\r\n\r\n"
            )
            started = time.perf_counter()
            writer.write(head.encode() + content)
            async with asyncio.timeout(_SECONDS):
                status, answer = await _answer(reader)
            durations.append(time.perf_counter() - started)
            if status != 200 or b":no_entry" in answer:  # noqa: PLR2004
                raise RuntimeError(f"answered {status}: {answer[:500]!r}")
    finally:
        writer.close()
        await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    return int(lines[0].split()[1]), await reader.readexactly(length)
