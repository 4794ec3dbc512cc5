"""The processes: what each opens, runs until it is told to stop, and closes in order."""

import asyncio
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web
from pydantic import SecretStr

from bot import app as bolt
from bot import manifest, receiver
from bot.context import Deps, utc_now
from bot.errors import SettingsError, WrongState
from bot.registry import Registry
from bot.rules import days
from bot.services import health, sample
from bot.services.health import Finding
from bot.settings import Settings
from bot.slack import Slack
from bot.worker import run_worker
from db import embedded
from db.migrate import Report, check, migrate
from db.pool import Pool, open_pool
from scheduler import registry as schedule

# Platforms such as Heroku kill 30 s after SIGTERM; we are gone after 25.
_FINISH_SECONDS: Final = 10.0
_SANDBOX_SECONDS: Final = 15.0
_log = structlog.get_logger(__name__)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with a database in them: the embedded one is started, or adopted, where none is configured.

    Raises:
        EmbeddedError: it cannot start; the text says why.
    """
    if not settings.embedded:
        yield settings
        return
    server = await embedded.start(settings.data_dir)
    try:
        dsn = {"database_url": SecretStr(server.dsn), "owner_database_url": SecretStr(server.owner_dsn)}
        yield settings.model_copy(update=dsn)
    finally:
        await server.stop()


@asynccontextmanager
async def open_deps(settings: Settings, process: str) -> AsyncIterator[Deps]:
    """Pool and Slack client of one process; the database may be away and come later."""
    pool = await open_pool(settings.database(process), connect_now=False)
    slack = Slack(settings)
    try:
        yield Deps(settings, pool, slack, utc_now)
    finally:
        await slack.close()
        await pool.close()


@asynccontextmanager
async def stopping() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM or Ctrl-C sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def web_server(settings: Settings) -> None:
    """Take requests until told to stop."""
    async with stopping() as stop, database(settings) as complete, open_deps(complete, "web") as deps:
        await serve_web(deps, stop, _announce)


async def worker(settings: Settings, *, care: bool) -> None:
    """Do what is queued until told to stop."""
    async with stopping() as stop, database(settings) as complete, open_deps(complete, "worker") as deps:
        await run_worker(deps, stop, care=care)


async def clock(settings: Settings) -> None:
    """Tick until told to stop."""
    async with stopping() as stop, database(settings) as complete, open_deps(complete, "scheduler") as deps:
        await serve_clock(deps, stop)


async def run_job(settings: Settings, job_id: str, moment: datetime | None = None) -> None:
    """Do one scheduled job's work here and now, as of `moment`, else of now."""
    jobs = schedule.collect()
    job = schedule.find(jobs, job_id)
    async with database(settings) as complete, open_deps(complete, "run-job") as deps:
        await job.run(deps, moment or deps.now())


async def run_migrations(settings: Settings, on_progress: Callable[[str], None]) -> Report:
    """Bring the database up to date, as the owner of its tables."""
    async with database(settings) as complete:
        return await migrate(complete.database("migrate", owner=True), on_progress=on_progress)


async def load_sample(settings: Settings) -> sample.Summary:
    """Fill an empty database with sample data.

    Raises:
        WrongState: it is not empty, or its schema is not that of this program; nothing was changed.
    """
    async with database(settings) as complete:
        status = await check(complete.database("sample-data", owner=True))
        if not status.current:
            raise WrongState(
                "This database is not as this program needs it, so nothing was loaded. Run `techops migrate` first."
            )
        async with _owner(complete) as pool:
            return await sample.load(pool, utc_now())


@asynccontextmanager
async def _owner(settings: Settings) -> AsyncIterator[Pool]:
    pool = await open_pool(settings.database("sample-data", owner=True))
    try:
        yield pool
    finally:
        await pool.close()


async def serve_web(deps: Deps, stop: asyncio.Event, announce: Callable[[str], None]) -> None:
    """Listen by HTTP, and by Socket Mode where an app token is set, until `stop`; then finish what is in hand."""
    settings = deps.settings
    app = bolt.build(deps, bolt.registry())
    socket = bolt.SocketListener(app, settings.slack_app_token.get_secret_value()) if settings.slack_app_token else None

    async def examine() -> Sequence[Finding]:
        findings = await health.examine(deps)
        if socket is not None:
            connected = await socket.connected()
            findings.append(Finding("socket", ok=connected, text="ok" if connected else "not connected to Slack"))
        return findings

    http = receiver.Receiver(app, settings, examine, receiver.wall_clock)
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


async def serve_clock(deps: Deps, stop: asyncio.Event) -> None:
    """Tick until `stop`."""
    clock = schedule.build(deps, schedule.collect())
    clock.start()
    _log.info("scheduler_started", jobs=[job.id for job in clock.get_jobs()])
    await stop.wait()
    clock.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox workspace: its address, and the tokens that open it."""

    address: str
    key: str
    settings: Settings


async def run_up(settings: Settings, say: Callable[[str], None], offer: Callable[[str, str], None]) -> None:
    """Everything on one machine, until told to stop; the last line is the address to open: `offer(name, address)`.

    With the sandbox on the embedded database an empty one gets sample data. A real workspace gets none, whatever its
    database: nobody could tell it from the truth.
    """
    async with AsyncExitStack() as stack:
        stop = await stack.enter_async_context(stopping())
        complete = await stack.enter_async_context(database(settings))
        await migrate(complete.database("migrate", owner=True), on_progress=lambda name: say(f"migrating: {name}"))
        sandbox = None
        if complete.slack_bot_token is None:
            if settings.embedded:
                await _fill(complete, say)
            sandbox = await stack.enter_async_context(_sandbox(complete))
            complete = sandbox.settings
        deps = await stack.enter_async_context(open_deps(complete, "up"))
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            group.create_task(serve_web(deps, stop, ready.set_result))
            group.create_task(run_worker(deps, stop, care=True))
            group.create_task(serve_clock(deps, stop))
            address = await ready
            say(f"TechOps bot listens at {address}")
            if sandbox is not None:
                offer("Sandbox workspace", f"{sandbox.address}/?key={sandbox.key}")


async def _fill(settings: Settings, say: Callable[[str], None]) -> None:
    async with _owner(settings) as pool:
        summary = await sample.load_if_empty(pool, utc_now())
    if summary is not None:
        say(f"Sample data: {summary}.")


@asynccontextmanager
async def _sandbox(settings: Settings) -> AsyncIterator[Sandbox]:
    tokens = {name: f"{prefix}{secrets.token_hex(24)}" for name, prefix in _TOKENS}
    key = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="techops-") as directory:
        described = Path(directory) / "manifest.json"
        described.write_text(dumps(manifest.build(bolt.registry(), url=None)))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sandbox", "--manifest", str(described), "--control-key", key,
            "--bot-token", tokens["bot"], "--app-token", tokens["app"], "--signing-secret", tokens["secret"],
            stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            address = await _first_line(process)
            update = {
                "slack_bot_token": SecretStr(tokens["bot"]),
                "slack_app_token": SecretStr(tokens["app"]),
                "slack_signing_secret": SecretStr(tokens["secret"]),
                "slack_api_url": f"{address}/api/",
            }
            yield Sandbox(address, key, settings.model_copy(update=update))
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


_TOKENS: Final = (("bot", "xoxb-"), ("app", "xapp-"), ("secret", ""))


async def _first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    try:
        async with asyncio.timeout(_SANDBOX_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError as error:
        raise SettingsError("The sandbox workspace did not start in time.") from error
    if not line:
        raise SettingsError("The sandbox workspace could not start; its own message stands above.")
    return line.decode().strip()


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


def registered() -> Registry:
    """What the code answers to, for the manifest."""
    return bolt.registry()
