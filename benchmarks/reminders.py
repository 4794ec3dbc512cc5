"""Reminders and digests, measured: python -m benchmarks.reminders [REQUESTS]

First 10,000 requests of 200 people in 50 projects, each project with a channel of its own, all due in one minute: how
many calls of Slack, how many of them refused for coming too fast (one message a second and channel), how long. Then the
look of every minute, and a digest, with REQUESTS (30,000) and with ten times as many of the same daily rate.

Server and stand-in for Slack are of its own, on 127.0.0.1, and removed afterwards.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.context import Deps
from bot.services import digest, remind
from bot.settings import Settings
from bot.slack import Slack
from bot.worker import run_worker
from db import embedded
from db.migrate import migrate
from db.models_subscriptions import Cadence
from db.pool import DatabaseConfig, Pool, connect, open_pool
from sandbox.records import User
from sandbox.server import Server
from sandbox.workspace import Workspace

PEOPLE: Final = 200
PROJECTS: Final = 50
DUE_REQUESTS: Final = 10_000
REPEATS: Final = 9
# A Wednesday morning after nine, by which everything is late.
NOW: Final = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
EMPTY: Final = (
    "TRUNCATE users, projects, techops.subscriptions, techops.pgqueuer, techops.messages RESTART IDENTITY CASCADE"
)
FILL_PEOPLE: Final = """
INSERT INTO public.users (name, email, password_hash, role)
SELECT 'Person ' || n, n || '@example.com', 'x', 'engineer' FROM generate_series(1, 200) AS n
"""
FILL_IDENTITIES: Final = """
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz)
SELECT 'T0SANDBOX', 'U1' || lpad(u.id::text, 4, '0'), u.id, u.name, 'UTC' FROM public.users AS u
"""
FILL_PROJECTS: Final = "INSERT INTO public.projects (name) SELECT 'Project ' || n FROM generate_series(1, 50) AS n"
FILL_SUBSCRIPTIONS: Final = """
INSERT INTO techops.subscriptions (channel_id, kind, project_id, created_at)
SELECT c.id, 'reminders', c.project_id, now() FROM unnest($1::text[]) WITH ORDINALITY AS c (id, project_id)
"""
FILL_DUE: Final = """
INSERT INTO public.maintenance_requests
    (requested_by, assigned_to, project_id, title, description, priority, status, due_date)
SELECT 1, 1 + n % 200, 1 + n / 200 % 50, 'Request number ' || n || ' of many', 'It has to be done.',
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4], 'in_progress', '2026-11-23 09:00'
FROM generate_series(0, $1::integer - 1) AS n
"""
# A hundred requests a day; the last month's are not all done, and due within four weeks of their making.
FILL_PAST: Final = """
INSERT INTO public.maintenance_requests
    (requested_by, assigned_to, project_id, title, description, priority, status, due_date, created_at)
SELECT 1 + n % 200, 1 + n % 199, 1 + n % 50, 'Request', 'It has to be done.',
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4],
    CASE WHEN n < 3000 AND n % 3 = 0 THEN 'open' ELSE 'completed' END,
    timestamp '2026-11-25 09:30' + (n % 28 - n / 100.0) * interval '1 day',
    timestamp '2026-11-25 09:30' - n / 100.0 * interval '1 day'
FROM generate_series(0, $1::integer - 1) AS n
"""
FILL_HISTORY: Final = """
INSERT INTO public.maintenance_status_history (maintenance_request_id, old_status, new_status, changed_by, created_at)
SELECT r.id, 'open', r.status, 1, r.created_at + interval '1 hour' FROM public.maintenance_requests AS r
"""
FILL_LOGS: Final = """
INSERT INTO public.maintenance_work_logs
    (maintenance_request_id, user_id, work_description, hours_spent, work_date, created_at)
SELECT r.id, 1, 'w', 1.5, r.created_at::date, r.created_at FROM public.maintenance_requests AS r
"""


async def main(requests: int) -> None:
    with tempfile.TemporaryDirectory(prefix="techops-bench-") as directory:
        server = await embedded.start(Path(directory), database="bench")
        try:
            config = DatabaseConfig(dsn=server.owner_dsn)
            await migrate(config)
            await storm(config)
            print("each minute's look and a daily digest; ms: median (slowest)")
            for rows in (requests, 10 * requests):
                await past(config, rows)
        finally:
            await server.stop()


async def storm(config: DatabaseConfig) -> None:
    """Everything due at once, through queue and worker."""
    workspace = Workspace()
    workspace.faults.channel_interval = 1.0
    for number in range(1, PEOPLE + 1):
        workspace.add_user(User(f"U1{number:04}", f"p{number}", f"Person {number}", f"{number}@example.com"))
    channels = [workspace.add_channel(f"project-{number}").id for number in range(1, PROJECTS + 1)]
    await fill(config, [(FILL_SUBSCRIPTIONS, (channels,)), (FILL_DUE, (DUE_REQUESTS,))])
    stand_in = Server(workspace)
    await stand_in.start()
    deps = await parts(config, workspace)
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(deps, stop))
    started = time.perf_counter()
    done = await remind.remind_due(deps, NOW)
    found = time.perf_counter() - started
    await idle(deps.pool)
    took = time.perf_counter() - started
    stop.set()
    await worker
    calls = Counter(call.method for call in workspace.calls)
    refused = sum(1 for call in workspace.calls if not call.ok)
    print(f"{DUE_REQUESTS:,} due requests of {PEOPLE} people in {PROJECTS} channels:")
    print(f"  found and enqueued in {found:.1f} s: {done}")
    print(f"  all said after {took:.1f} s in {sum(calls.values())} calls of Slack, {refused} refused: {dict(calls)}")
    await deps.slack.close()
    await deps.pool.close()
    await stand_in.stop()


async def past(config: DatabaseConfig, rows: int) -> None:
    """The look of a minute when everything was said before, in the morning and later, and a digest."""
    await fill(config, [(FILL_PAST, (rows,)), (FILL_HISTORY, ()), (FILL_LOGS, ())])
    deps = await parts(config, Workspace())
    first = time.perf_counter()
    done = await remind.remind_due(deps, NOW)
    first = time.perf_counter() - first
    until = NOW + timedelta(hours=2)
    scope = digest.Scope(Cadence.DAILY, "UTC")
    morning = await measured(lambda: remind.remind_due(deps, NOW + timedelta(minutes=1)))
    later = await measured(lambda: remind.remind_due(deps, until))
    told = await measured(lambda: digest.gather(deps, scope, until - timedelta(days=1), until))
    print(f"{rows:>9,} requests: first look {first * 1000:.0f} ({done.requests} requests said), ", end="")
    print(f"again in the morning {morning}, at noon {later}, digest {told}")
    await deps.slack.close()
    await deps.pool.close()


async def parts(config: DatabaseConfig, workspace: Workspace) -> Deps:
    settings = Settings(
        _env_file=None,
        database_url=config.dsn,
        slack_bot_token=workspace.bot_token,
        slack_signing_secret=workspace.signing_secret,
        slack_api_url=workspace.api_url if workspace.base_url else "http://127.0.0.1:9/",
    )
    started = datetime.now(UTC)
    return Deps(settings, await open_pool(config), Slack(settings), lambda: NOW + (datetime.now(UTC) - started))


async def fill(config: DatabaseConfig, statements: list[tuple[str, tuple[object, ...]]]) -> None:
    conn = await connect(config)
    try:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(EMPTY)
        for statement, arguments in [(FILL_PEOPLE, ()), (FILL_IDENTITIES, ()), (FILL_PROJECTS, ()), *statements]:
            await conn.execute(statement, *arguments, timeout=600)
        await conn.execute("VACUUM ANALYZE", timeout=600)
    finally:
        await conn.close()


async def idle(pool: Pool) -> None:
    """Until the queue is empty."""
    while True:
        async with pool.acquire() as conn:
            if not await conn.fetchval("SELECT EXISTS (SELECT FROM techops.pgqueuer)"):
                return
        await asyncio.sleep(0.1)


async def measured(work: Callable[[], Awaitable[object]]) -> str:
    """Milliseconds: median (slowest)."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        await work()
        times.append((time.perf_counter() - started) * 1000)
    return f"{statistics.median(times):.0f} ({max(times):.0f})"


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000))
