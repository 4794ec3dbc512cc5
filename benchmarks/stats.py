"""How long the numbers of /deploy stats take: python -m benchmarks.stats [ROWS] [YEARS]

A server of its own in a temporary directory, removed afterwards. The rows are spread over the years in no order, the
worst case for the indexes; half of them belong to five of 2,000 projects. Filling takes longer than measuring.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.rules import dora
from db import embedded
from db.migrate import migrate
from db.pool import DatabaseConfig, Pool, connect, open_pool
from db.queries import stats

REPEATS: Final = 9
FILL_PROJECTS: Final = "INSERT INTO public.projects (name) SELECT 'Project ' || n FROM generate_series(1, 2000) AS n"
FILL: Final = """
INSERT INTO public.deployments (project_id, version, environment, status, deployed_at, duration, created_at)
SELECT CASE WHEN r.n % 2 = 0 THEN 1 + (r.n / 2) % 5 ELSE 1 + (r.n / 2) % 2000 END, 'v' || r.n,
    (ARRAY['production', 'staging', 'development'])[1 + r.n * 7 / 3 % 3],
    CASE WHEN r.fate < 0.85 THEN 'success' WHEN r.fate < 0.92 THEN 'failed' WHEN r.fate < 0.97 THEN 'rolled_back'
        ELSE 'pending' END,
    CASE WHEN r.fate < 0.97 THEN now()::timestamp - r.age * $2 * interval '365 days' END,
    CASE WHEN r.fate < 0.95 THEN 20 + (r.pace * r.pace * 3000)::integer END,
    now()::timestamp - r.age * $2 * interval '365 days'
FROM (
    SELECT n, random() AS fate, random() AS age, random() AS pace FROM generate_series(1, $1) AS n OFFSET 0
) AS r
"""


async def main(rows: int, years: int) -> None:
    with tempfile.TemporaryDirectory(prefix="techops-bench-") as directory:
        server = await embedded.start(Path(directory), database="bench")
        try:
            config = DatabaseConfig(dsn=server.owner_dsn)
            await migrate(config)
            await fill(config, rows, years)
            pool = await open_pool(config)
            print(f"{rows:,} deployments over {years} years, PostgreSQL {server.major}; ms: median (slowest)")
            for project_id in (None, 1, 500):
                for days in dora.PERIODS:
                    print(await line(pool, days, project_id))
            await pool.close()
        finally:
            await server.stop()


async def fill(config: DatabaseConfig, rows: int, years: int) -> None:
    conn = await connect(config)
    try:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(FILL_PROJECTS)
        await conn.execute(FILL, rows, years)
        await conn.execute("VACUUM ANALYZE public.deployments")
    finally:
        await conn.close()


async def line(pool: Pool, days: int, project_id: int | None) -> str:
    over = dora.window(days, now=datetime.now(UTC), tz="Europe/Berlin")
    periods = stats.Periods(over.before, over.since, over.until)
    took = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        async with pool.transaction(stats.PLANNING) as conn:
            counts = await stats.count_deployments(conn, periods, over.edges, project_id)
        took.append((time.perf_counter() - start) * 1000)
    found = dora.measure(counts, over)
    read = found.recent.finished + found.before.finished
    whose = "all projects" if project_id is None else f"project {project_id}"
    return f"{whose}, {days}d ({read:,} counted): {statistics.median(took):.0f} ({max(took):.0f})"


if __name__ == "__main__":
    given = [int(word.replace("_", "")) for word in sys.argv[1:]]
    asyncio.run(main(*(given + [500_000, 2][len(given) :])))
