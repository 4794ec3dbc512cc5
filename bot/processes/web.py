"""`techops web`: takes requests, by HTTP and by Socket Mode."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from aiohttp import web

from bot import app as bolt
from bot import metrics, receiver
from bot.api.application import Api
from bot.context import Deps
from bot.errors import SettingsError
from bot.pages.application import Pages
from bot.processes.figures import published
from bot.processes.parts import database, open_deps, stopping
from bot.rules import days
from bot.services import health
from bot.services.health import Finding
from bot.settings import Settings
from db.scripts import load_scripts
from scheduler import registry as schedule

# Platforms such as Heroku kill 30 s after SIGTERM; we are gone after 25.
_FINISH_SECONDS: Final = 10.0
_log = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Take requests until told to stop."""
    async with stopping() as stop, database(settings) as complete, open_deps(complete, "web") as deps, published(deps):
        await serve_web(deps, stop, _announce)


async def serve_web(deps: Deps, stop: asyncio.Event, announce: Callable[[str], None]) -> None:
    """Listen by HTTP, and by Socket Mode where an app token is set, until `stop`; then finish what is in hand."""
    settings, jobs, api, routes = deps.settings, schedule.collect(), Api(deps), Pages(deps).routes()
    app = bolt.build(deps, bolt.registry())
    socket = bolt.SocketListener(app, settings.slack_app_token.get_secret_value()) if settings.slack_app_token else None

    migrations = frozenset(script.name for script in load_scripts())

    async def examine() -> Sequence[Finding]:
        findings = await health.examine(deps, migrations)
        if socket is not None:
            connected = await socket.connected()
            findings.append(Finding("socket", ok=connected, text="ok" if connected else "not connected to Slack"))
        return findings

    async def measure() -> bytes:
        return await metrics.render(deps, jobs, pipelines_waiting=api.waiting)

    http = receiver.Receiver(app, settings, examine, measure, receiver.wall_clock, api, deps.meters, routes)
    runner = web.AppRunner(http.application(), handle_signals=False, shutdown_timeout=_FINISH_SECONDS, access_log=None)
    await runner.setup()
    # The first date in words would otherwise load its library within somebody's request.
    await asyncio.to_thread(days.warm_up)
    try:
        await _listen(runner, settings)
        announce(_address(runner))
        connecting = asyncio.create_task(socket.start()) if socket else None
        await stop.wait()
        http.end()
        if socket is not None and connecting is not None:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await socket.stop(_FINISH_SECONDS)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise SettingsError(
            f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}. Set PORT to a free one."
        ) from error


def _address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(address: str) -> None:
    _log.info("listening", address=address)
