"""Goal 9: from the COMMIT of another program to the card in Slack; Slack answers without delay."""

import asyncio
import time
from typing import Final

from benchmarks._measure import percentile
from benchmarks._parts import parts
from benchmarks._place import Place
from benchmarks._results import Result
from bot.worker import run_worker
from db.pool import DatabaseConfig, connect
from sandbox.server import Server
from sandbox.workspace import Workspace

CHANGES: Final = 200
MOST_MS: Final = 300
ARRIVAL_SECONDS: Final = 10.0
_FILL: Final = """
INSERT INTO public.users (name, email, password_hash, role) VALUES ('Erik', 'erik@example.com', 'x', 'engineer');
INSERT INTO public.projects (name) VALUES ('Web App');
"""
_CHANGE: Final = """
INSERT INTO public.deployments (project_id, version, environment, status, deployed_by, deployed_at)
VALUES (1, $1, 'staging', 'success', 1, now()::timestamp)
"""


async def run(place: Place) -> list[Result]:
    """Goal 9."""
    workspace = Workspace()
    stand_in = Server(workspace)
    await stand_in.start()
    async with place.database() as config:
        times = await changes(config, workspace)
    await stand_in.stop()
    p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
    return [
        Result(
            "9",
            "a row changed -> its card, p95",
            p95,
            "at most",
            MOST_MS,
            " ms",
            f"p50 {p50:.0f}, p95 {p95:.0f} ms",
            "150 ms of waiting for more",
            "150 ms + NOTIFY + one POST",
        )
    ]


async def changes(config: DatabaseConfig, workspace: Workspace) -> list[float]:
    """Milliseconds of each change, one after the other."""
    async with parts(config, api_url=workspace.api_url, token=workspace.bot_token) as deps:
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(deps, stop))
        dashboard = await connect(config)
        try:
            await dashboard.execute(_FILL)
            times = [await change(dashboard, workspace, f"v0.{number}") for number in range(CHANGES + 1)]
        finally:
            stop.set()
            await worker
            await dashboard.close()
    return times[1:]


async def change(dashboard: object, workspace: Workspace, version: str) -> float:
    """Milliseconds from the return of COMMIT to the message."""
    await dashboard.execute(_CHANGE, version)  # type: ignore[attr-defined] # asyncpg's own connection
    started = time.perf_counter()

    def told() -> bool:
        messages = workspace.channel("deployments").messages.values()
        return any(version in message.text for message in list(messages)[-3:])

    await workspace.wait_for(told, timeout=ARRIVAL_SECONDS)
    return (time.perf_counter() - started) * 1000
