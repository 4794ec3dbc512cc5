"""Goal 8: 10,000 requests of 200 people in 50 projects, each with a channel of its own, all due in one minute.

The workspace takes one message a second and channel and answers more with 429, as Slack does.
"""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Final

from benchmarks._dataset import PEOPLE
from benchmarks._parts import parts
from benchmarks._place import Place
from benchmarks._results import Result
from bot.services import remind
from bot.worker import run_worker
from db.pool import DatabaseConfig, Pool, connect
from sandbox.records import User
from sandbox.server import Server
from sandbox.workspace import Workspace

PROJECTS: Final = 50
DUE: Final = 10_000
MOST_CALLS: Final = 300
LONGEST: Final = 300.0
# A Wednesday morning after nine, by which everything is late.
NOW: Final = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
_FILL: Final = (
    """
INSERT INTO public.users (name, email, password_hash, role)
SELECT 'Person ' || n, n || '@example.com', 'x', 'engineer' FROM generate_series(1, 200) AS n
""",
    """
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz)
SELECT 'T0SANDBOX', 'U1' || lpad(u.id::text, 4, '0'), u.id, u.name, 'UTC' FROM public.users AS u
""",
    "INSERT INTO public.projects (name) SELECT 'Project ' || n FROM generate_series(1, 50) AS n",
    """
INSERT INTO public.maintenance_requests
    (requested_by, assigned_to, project_id, title, description, priority, status, due_date)
SELECT 1, 1 + n % 200, 1 + n / 200 % 50, 'Request number ' || n || ' of many', 'It has to be done.',
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4], 'in_progress', '2026-11-23 09:00'
FROM generate_series(0, 9999) AS n
""",
)
_SUBSCRIBE: Final = """
INSERT INTO techops.subscriptions (channel_id, kind, project_id, created_at)
SELECT c.id, 'reminders', c.project_id, now() FROM unnest($1::text[]) WITH ORDINALITY AS c (id, project_id)
"""


async def run(place: Place) -> list[Result]:
    """Goal 8."""
    workspace = Workspace()
    workspace.faults.channel_interval = 1.0
    for number in range(1, PEOPLE + 1):
        workspace.add_user(User(f"U1{number:04}", f"p{number}", f"Person {number}", f"{number}@example.com"))
    channels = [workspace.add_channel(f"project-{number}").id for number in range(1, PROJECTS + 1)]
    stand_in = Server(workspace)
    await stand_in.start()
    async with place.database() as config:
        await fill(config, channels)
        took = await remind_all(config, workspace)
    await stand_in.stop()
    calls = Counter(call.method for call in workspace.calls)
    refused = sum(1 for call in workspace.calls if not call.ok)
    told = ", ".join(f"{number} {method}" for method, number in calls.most_common())
    return [
        Result(
            "8",
            f"calls of Slack for {DUE:,} due requests",
            sum(calls.values()) + 1_000 * refused,
            "at most",
            MOST_CALLS,
            "",
            f"{told}; {refused} refused; {took:.0f} s",
            f"{DUE:,} single messages",
            "blocks of 50",
        )
    ]


async def remind_all(config: DatabaseConfig, workspace: Workspace) -> float:
    """Seconds until everything is said."""
    started = datetime.now(UTC)

    def clock() -> datetime:
        return NOW + (datetime.now(UTC) - started)

    async with parts(config, api_url=workspace.api_url, token=workspace.bot_token, clock=clock) as deps:
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(deps, stop))
        began = time.perf_counter()
        await remind.remind_due(deps, NOW)
        await idle(deps.pool)
        took = time.perf_counter() - began
        stop.set()
        await worker
    return took


async def fill(config: DatabaseConfig, channels: list[str]) -> None:
    """People, projects, requests and a channel for each project."""
    conn = await connect(config)
    try:
        await conn.execute("SET session_replication_role = replica")
        for statement in _FILL:
            await conn.execute(statement)
        await conn.execute(_SUBSCRIBE, channels)
        await conn.execute("VACUUM ANALYZE")
    finally:
        await conn.close()


async def idle(pool: Pool) -> None:
    """Until the queue is empty.

    Raises:
        TimeoutError: it is not within five minutes.
    """
    async with asyncio.timeout(LONGEST):
        while True:
            async with pool.acquire() as conn:
                if not await conn.fetchval("SELECT EXISTS (SELECT FROM techops.pgqueuer)"):
                    return
            await asyncio.sleep(0.1)
