"""A storm: real processes, a real database and the local workspace, people who act and things that go wrong."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bot import app as bolt
from bot import manifest
from db.migrate import migrate
from db.pool import DatabaseConfig
from sandbox.manifest import Manifest
from sandbox.server import Server as Sandbox
from sandbox.workspace import Workspace
from tests.faults import judge
from tests.faults.machines import Fleet, Server, free_port
from tests.faults.people import Crowd
from tests.faults.weather import DISK, Weather
from tests.fixtures.bot import INSERT_PROJECTS, INSERT_USERS
from tests.processes.commands import environment, techops

READY = {"web": '"listening"', "scheduler": '"scheduler_started"'}
NAMES = ("web", "worker 1", "worker 2", "worker 3", "scheduler 1", "scheduler 2")
# Nobody kills this one: whether memory stays flat is seen in a process that lives.
STEADY = "worker 3"
MOST_GROWTH = 24 * 1024 * 1024
QUIET_SECONDS = 120.0
ALWAYS_AT_WORK = """
INSERT INTO techops.working_hours (user_id, starts_at, ends_at, days, updated_at)
SELECT id, '00:00', '23:59:59', ARRAY[1, 2, 3, 4, 5, 6, 7], now() FROM users
"""


@dataclass
class Outcome:
    """What came of a storm. `faults` is empty where all is as it has to be."""

    faults: list[str]
    happened: list[str]
    told: Counter[str]
    clicks: int
    messages: int
    reminders: int
    seconds_to_quiet: float
    growth: int


async def storm(directory: Path, *, seed: int, seconds: float, socket_mode: bool) -> Outcome:
    """Bad weather for `seconds`, then calm until everything is said. Raises TimeoutError where it never gets quiet."""
    chance = random.Random(seed)  # noqa: S311 - a storm that can be repeated
    server = Server(directory / "data")
    await server.start()
    try:
        async with _workspace() as slack:
            await _fill(server)
            port = free_port(chance)
            fleet = Fleet(_environment(directory, slack, server, port, socket_mode=socket_mode), directory, READY)
            slack.bot_url = None if socket_mode else f"http://127.0.0.1:{port}"
            try:
                for name in NAMES:
                    await fleet.start(name)
                return await _rage(slack, server, fleet, chance, seconds, socket_mode=socket_mode)
            finally:
                await fleet.stop()
    finally:
        await server.stop()


async def _rage(
    slack: Workspace, server: Server, fleet: Fleet, chance: random.Random, seconds: float, *, socket_mode: bool
) -> Outcome:
    of_people, of_weather = (random.Random(chance.random()) for _ in range(2))  # noqa: S311 - as above
    crowd = Crowd(slack, server.owner_dsn, of_people)
    weather = Weather(slack, server, fleet, of_weather, socket_mode)
    acting = asyncio.create_task(crowd.run())
    try:
        await asyncio.sleep(min(3.0, seconds / 4))
        before = fleet.memory(STEADY)
        await weather.run(seconds)
    finally:
        crowd.stop.set()
        await acting
    took = await _quiet(server.owner_dsn)
    # The tick of a minute that begins now: all that is due by now has been said afterwards.
    reminding = await techops("run-job", "reminders", env=fleet.env, cwd=fleet.cwd)
    await _quiet(server.owner_dsn)
    growth = fleet.memory(STEADY) - before
    found = await judge.faults(crowd, slack, server.owner_dsn)
    if reminding.code:
        found.append(f"nobody could be reminded in the calm: {reminding.err}")
    if growth > MOST_GROWTH:
        found.append(f"{STEADY} has grown by {growth / 1024**2:.0f} MiB")
    told = Counter(f"{act.kind} {act.told}" for act in crowd.acts)
    said = judge.keys(slack)
    reminders = sum(number for key, number in said.items() if key.startswith("reminder:"))
    messages = len(list(judge.bots(slack)))
    return Outcome(found, weather.happened, told, crowd.clicks, messages, reminders, took, growth)


async def _quiet(dsn: str) -> float:
    """Seconds until nothing waits any more."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            while not await connection.fetchval(judge.QUIET):
                await asyncio.sleep(0.2)
    except TimeoutError as error:
        waiting = [dict(row) for row in await connection.fetch(judge.WAITING)]
        raise TimeoutError(f"not quiet after {QUIET_SECONDS:.0f} s: {waiting}") from error
    finally:
        await connection.close()
    return loop.time() - began


@asynccontextmanager
async def _workspace() -> AsyncIterator[Workspace]:
    slack = Workspace()
    slack.manifest = Manifest(manifest.build(bolt.registry(), url="http://127.0.0.1"))
    stand_in = Sandbox(slack)
    await stand_in.start()
    try:
        yield slack
    finally:
        await stand_in.stop()


async def _fill(server: Server) -> None:
    await migrate(DatabaseConfig(dsn=server.owner_dsn))
    connection = await asyncpg.connect(server.owner_dsn)
    try:
        await connection.execute("SET app.announce = off")
        for statement in (INSERT_USERS, INSERT_PROJECTS, ALWAYS_AT_WORK, DISK):
            await connection.execute(statement)
    finally:
        await connection.close()


def _environment(directory: Path, slack: Workspace, server: Server, port: int, *, socket_mode: bool) -> dict[str, str]:
    env = environment(
        directory,
        DATABASE_URL=server.owner_dsn,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_SIGNING_SECRET=slack.signing_secret,
        SLACK_API_URL=slack.api_url,
        PORT=str(port),
    )
    return env | ({"SLACK_APP_TOKEN": slack.app_token} if socket_mode else {})
