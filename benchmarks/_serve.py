"""The servers that are measured, each a process of its own: python -m benchmarks._serve KIND DSN SLACK_PORT

`bot` is ours. The others are what it is held against: `raw` (aiohttp, signature, one INSERT), `bolt` (Bolt at its best:
one listener that acknowledges with a string), `peer` (Bolt as it is usually used), `slack` (an API that says ok).
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

import asyncpg
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks._load import SECRET
from benchmarks._parts import TOKEN
from bot.context import Deps, utc_now
from bot.logs import configure
from bot.processes.web import serve_web
from bot.settings import Settings
from bot.slack import Slack
from db.pool import open_pool

LISTENERS: Final = 30
# What our own statement writes, without asking anything before or reading anything after.
INSERT: Final = """
INSERT INTO public.deployments (project_id, version, environment, status, deployed_by, deployed_at)
VALUES ($1, $2, $3, $4, $5, now()) RETURNING id
"""
Listener = Callable[..., Awaitable[None]]


async def raw(dsn: str, _slack: str) -> web.Application:
    """The least that can do it."""
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=20)
    verifier = SignatureVerifier(SECRET)

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        if not verifier.is_valid_request(body, dict(request.headers)):
            return web.Response(status=401)
        return web.json_response({"text": await _record(pool, dict(parse_qsl(body.decode()))["text"])})

    return _serving(receive)


async def bolt(_dsn: str, slack: str) -> web.Application:
    """Bolt with nothing to do."""
    app = AsyncApp(client=_client(slack), signing_secret=SECRET, process_before_response=True)

    async def listen(ack: Callable[..., Awaitable[Any]]) -> None:
        await ack("MR-1 is open.")

    app.command("/maintenance")(listen)
    return _serving(_through(app))


async def peer(dsn: str, slack: str) -> web.Application:
    """Default settings, a listener for each feature, posted from the handler."""
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=20)
    app = AsyncApp(client=_client(slack), signing_secret=SECRET)

    async def other(ack: Callable[..., Awaitable[Any]]) -> None:
        await ack()

    async def deploy(ack: Callable[..., Awaitable[Any]], command: dict[str, str], client: AsyncWebClient) -> None:
        await ack("Recording ...")
        said = await _record(pool, command["text"])
        await client.chat_postMessage(channel="C0DEPLOY", text=said)

    for number in range(LISTENERS - 1):
        app.command(f"/feature{number}")(other)
    app.command("/deploy")(deploy)
    return _serving(_through(app))


async def slack(_dsn: str, _slack: str) -> web.Application:
    """An API that knows one bot and takes everything."""
    said = {"ok": True, "team_id": "T0SANDBOX", "user_id": "U0BOT", "bot_id": "B0BOT", "channel": "C0DEPLOY", "ts": "1"}

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response(said)

    application = web.Application()
    application.router.add_post("/api/{method}", take)
    return application


async def bot(dsn: str, slack: str) -> None:
    """Ours, as `techops web` serves it."""
    settings = Settings(
        _env_file=None,
        database_url=dsn,
        port=0,
        slack_bot_token=TOKEN,
        slack_signing_secret=SECRET,
        slack_api_url=f"http://127.0.0.1:{slack}/api/",
        log_level="warning",
    )
    configure(settings)
    pool = await open_pool(settings.database("web"))
    deps = Deps(settings, pool, Slack(settings), utc_now)
    await serve_web(deps, asyncio.Event(), lambda address: print(address.rpartition(":")[2], flush=True))


async def _record(pool: Any, text: str) -> str:
    _verb, _project, version, environment, status = text.split()
    row_id = await pool.fetchval(INSERT, 1, version, environment, status, 1)
    return f"Recorded D-{row_id}."


def _client(slack: str) -> AsyncWebClient:
    return AsyncWebClient(token=TOKEN, base_url=f"http://127.0.0.1:{slack}/api/")


def _through(app: AsyncApp) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def receive(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return receive


def _serving(receive: Callable[[web.Request], Awaitable[web.Response]]) -> web.Application:
    application = web.Application()
    application.router.add_post("/slack/events", receive)
    return application


async def main(kind: str, dsn: str, slack_port: str) -> None:
    if kind == "bot":
        await bot(dsn, slack_port)
        return
    build = {"raw": raw, "bolt": bolt, "peer": peer, "slack": slack}[kind]
    runner = web.AppRunner(await build(dsn, slack_port), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
