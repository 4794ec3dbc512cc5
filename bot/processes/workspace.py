"""The sandbox workspace, a process of its own: it stands in for Slack where no token is configured."""

import asyncio
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot import app as bolt
from bot import manifest
from bot.errors import SettingsError
from bot.services.links import address_of
from bot.settings import Settings

_SANDBOX_SECONDS: Final = 15.0
_TOKENS: Final = (("bot_token", "xoxb-"), ("app_token", "xapp-"), ("signing_secret", ""), ("control_key", ""))


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox workspace: its address, and the tokens that open it."""

    address: str
    key: str
    settings: Settings


@asynccontextmanager
async def open_sandbox(settings: Settings) -> AsyncIterator[Sandbox]:
    """Start a workspace with this program's manifest and tokens of its own; stopped at the end.

    Raises:
        SettingsError: it does not start.
    """
    tokens = {name: f"{prefix}{secrets.token_hex(24)}" for name, prefix in _TOKENS}
    with tempfile.TemporaryDirectory(prefix="techops-") as directory:
        described = Path(directory) / "manifest.json"
        # The sandbox takes a port with the host: links to this machine are previewed, too.
        links = [urlsplit(address_of(settings)).netloc]
        described.write_text(dumps(manifest.build(bolt.registry(), url=None, links=links)))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sandbox", "--manifest", str(described), "--secrets-stdin",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            address = await _first_line(process, dumps(tokens))
            update = {
                "slack_bot_token": SecretStr(tokens["bot_token"]),
                "slack_app_token": SecretStr(tokens["app_token"]),
                "slack_signing_secret": SecretStr(tokens["signing_secret"]),
                "slack_api_url": f"{address}/api/",
            }
            yield Sandbox(address, tokens["control_key"], settings.model_copy(update=update))
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _first_line(process: asyncio.subprocess.Process, handed_in: str) -> str:
    assert process.stdin is not None  # noqa: S101 - both were asked for as pipes
    assert process.stdout is not None  # noqa: S101 - as above
    # by standard input, since other users of this machine can read the arguments of a process
    process.stdin.write(f"{handed_in}\n".encode())
    try:
        async with asyncio.timeout(_SANDBOX_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError as error:
        raise SettingsError("The sandbox workspace did not start in time.") from error
    if not line:
        raise SettingsError("The sandbox workspace could not start; its own message stands above.")
    return line.decode().strip()
