"""A stranger follows docs/operations.md: the commands of a section, exactly as written, lead to a running bot."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp

from db.pool import DatabaseConfig
from tests.processes.commands import environment

ROOT: Final = Path(__file__).parents[2]
SECTION: Final = "## Try the production layout without Slack\n"
BLOCK: Final = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Between two blocks the reader looks at what there is; the test does so when it reads this line.
STOPS: Final = "echo reader-waits; read -r _\n"


def blocks() -> list[str]:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = text.split(SECTION)[1].split("\n## ")[0]
    return BLOCK.findall(section)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def shell(script: str, env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A shell with this script, in a group of its own that is gone at the end."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-eu", "-c", script, cwd=ROOT, env=env, start_new_session=True,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # all of them have ended, as they should
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def read_until(process: asyncio.subprocess.Process, wanted: str, seen: list[str]) -> None:
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        seen.append(line)
        if wanted in line:
            return
    raise AssertionError("the shell has ended:\n" + "".join(seen))


async def messages(http: aiohttp.ClientSession, channel: str) -> list[dict[str, Any]]:
    async with http.get(f"/_sandbox/channels/{channel}/messages?as=U0ENG") as response:
        found: list[dict[str, Any]] = await response.json()
        return found


async def create_from_open_form(http: aiohttp.ClientSession) -> None:
    """Fill in and send the form that the document's command has opened."""
    async with http.get("/_sandbox/people/erik") as response:
        view = (await response.json())["views"][-1]
    body = {"view": view["id"], "values": {"Description": "On db1"}}
    async with http.post("/_sandbox/people/erik/submit", json=body) as response:
        assert response.status == 200, await response.text()


async def test_its_commands_lead_to_a_running_bot(empty_database: DatabaseConfig, tmp_path: Path) -> None:
    written = blocks()
    assert len(written) >= 5
    script = "".join([*written[:-1], STOPS, written[-1]])
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    assert empty_database.dsn is not None
    variables = {**ports, "DATABASE_URL": empty_database.dsn, "TMPDIR": str(tmp_path)}
    env = environment(tmp_path, **variables)
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    seen: list[str] = []
    async with asyncio.timeout(170), shell(script, env) as process:
        await read_until(process, "reader-waits", seen)
        said = "".join(seen)
        assert "FAIL" not in said
        assert '"status": "ok"' in said
        assert "ok    Slack token: bot U0TECHOPS" in said
        async with aiohttp.ClientSession(f"http://127.0.0.1:{ports['SANDBOX_PORT']}") as http:
            await create_from_open_form(http)
            while not any("MR-1" in str(message) for message in await messages(http, "ops")):
                await asyncio.sleep(0.05)
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
        await read_until(process, '"event": "request"', seen)
        line = json.loads(seen[-1])
        assert (line["entry"], line["outcome"]) == ("/maintenance new", "ok")
        assert process.stdout is not None
        await process.stdout.read()
        assert await process.wait() in {0, 143}
