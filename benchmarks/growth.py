"""Goal 7: the look of every minute, a digest and the numbers of /deploy stats, with ten times the rows.

The first two read what is open or recent: the same daily rate over ten times as many years. The last reads what its
period holds, which grows tenfold with the rows.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks._dataset import PEOPLE, fill_people
from benchmarks._measure import interleaved
from benchmarks._parts import parts
from benchmarks._place import Place
from benchmarks._results import Result
from bot.context import Deps
from bot.rules import dora
from bot.services import digest, remind
from db.models_subscriptions import Cadence
from db.pool import DatabaseConfig, open_pool
from db.queries import stats

REQUESTS: Final = 300_000
DEPLOYMENTS: Final = 500_000
# What somebody waits for, in milliseconds; the acknowledgement's two seconds are the other half of the goal.
ACK_MS: Final = 2_000
A_DAY: Final = 400
# 400 requests a day; a third of the last month's is still open, and due within four weeks of its making.
_REQUESTS: Final = """
INSERT INTO public.maintenance_requests
    (requested_by, assigned_to, project_id, title, description, priority, status, due_date, created_at, updated_at)
SELECT 1 + n % {people}, 1 + n % 80, 1 + n % 2000, 'Request', 'It has to be done.',
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4],
    CASE WHEN n < 12000 AND n % 3 = 0 THEN 'open' ELSE 'completed' END,
    now()::timestamp + (n % 28 - n / {a_day}.0) * interval '1 day',
    now()::timestamp - n / {a_day}.0 * interval '1 day', now()::timestamp - n / {a_day}.0 * interval '1 day'
FROM generate_series(0, {rows} - 1) AS n
"""
_HISTORY: Final = """
INSERT INTO public.maintenance_status_history (maintenance_request_id, old_status, new_status, changed_by, created_at)
SELECT r.id, 'open', r.status, 1, r.created_at + interval '1 hour' FROM public.maintenance_requests AS r
"""
_LOGS: Final = """
INSERT INTO public.maintenance_work_logs
    (maintenance_request_id, user_id, work_description, hours_spent, work_date, created_at)
SELECT r.id, 1, 'w', 1.5, r.created_at::date, r.created_at FROM public.maintenance_requests AS r
"""
# In no order, the worst case for the indexes; half of them belong to five projects; over two years at any number.
_DEPLOYMENTS: Final = """
INSERT INTO public.deployments (project_id, version, environment, status, deployed_at, duration, created_at, updated_at)
SELECT CASE WHEN r.n % 2 = 0 THEN 1 + (r.n / 2) % 5 ELSE 1 + (r.n / 2) % 2000 END, 'v' || r.n,
    (ARRAY['production', 'staging', 'development'])[1 + r.n * 7 / 3 % 3],
    CASE WHEN r.fate < 0.85 THEN 'success' WHEN r.fate < 0.92 THEN 'failed' WHEN r.fate < 0.97 THEN 'rolled_back'
        ELSE 'pending' END,
    CASE WHEN r.fate < 0.97 THEN now()::timestamp - r.age * interval '730 days' END,
    CASE WHEN r.fate < 0.95 THEN 20 + (r.pace * r.pace * 3000)::integer END,
    now()::timestamp - r.age * interval '730 days', now()::timestamp - r.age * interval '730 days'
FROM (
    SELECT n::bigint, random() AS fate, random() AS age, random() AS pace FROM generate_series(1, {rows}) AS n OFFSET 0
) AS r
"""
Work = Callable[[], Awaitable[object]]


async def run(place: Place) -> list[Result]:
    """Goal 7, a line each for the look, the digest and the numbers."""
    async with place.database() as once, place.database() as tenfold:
        await fill_requests(once, REQUESTS)
        await fill_requests(tenfold, 10 * REQUESTS)
        looks, digests = await reading(once, tenfold)
    async with place.database() as once, place.database() as tenfold:
        await fill_deployments(once, DEPLOYMENTS)
        await fill_deployments(tenfold, 10 * DEPLOYMENTS)
        numbers = await counting(once, tenfold)
    return [
        ratio("each minute's look, 10x requests", looks, 2, "index descent"),
        ratio("daily digest, 10x requests", digests, 2, "index descent"),
        ratio("/deploy stats 90d, 10x deployments", numbers, 12, "10x the rows are read"),
        Result(
            "7",
            "/deploy stats 90d of 5 M answered",
            numbers[1],
            "at most",
            ACK_MS,
            " ms",
            f"{numbers[1]:.0f} ms",
            "the ack's deadline",
            "-",
        ),
    ]


def ratio(what: str, times: tuple[float, float], wanted: float, limit: str) -> Result:
    """Milliseconds with ten times the rows over those with the rows."""
    small, large = times
    return Result(
        "7", what, large / small, "at most", wanted, "x", f"{large:.1f} ms", f"{small:.1f} ms with a tenth", limit
    )


async def fill_requests(config: DatabaseConfig, rows: int) -> None:
    """Requests with their history and work logs."""
    statement = _REQUESTS.format(people=PEOPLE, a_day=A_DAY, rows=rows)
    await fill_people(config, statement, _HISTORY, _LOGS)


async def fill_deployments(config: DatabaseConfig, rows: int) -> None:
    """Deployments alone."""
    await fill_people(config, _DEPLOYMENTS.format(rows=rows))


async def reading(once: DatabaseConfig, tenfold: DatabaseConfig) -> tuple[tuple[float, float], tuple[float, float]]:
    """Milliseconds of the look, then of the digest; what is due is said before, by a look that is not measured."""
    async with parts(once) as fewer, parts(tenfold) as more:
        for deps in (fewer, more):
            await remind.remind_due(deps, deps.now())
        small, large = await interleaved(_look(fewer), _look(more))
        first, tenth = await interleaved(_digest(fewer), _digest(more))
    return (small, large), (first, tenth)


def _look(deps: Deps) -> Work:
    return lambda: remind.remind_due(deps, deps.now())


def _digest(deps: Deps) -> Work:
    scope = digest.Scope(Cadence.DAILY, "UTC")
    return lambda: digest.gather(deps, scope, deps.now() - timedelta(days=1), deps.now())


async def counting(once: DatabaseConfig, tenfold: DatabaseConfig) -> tuple[float, float]:
    """Milliseconds of the statement behind /deploy stats over all projects and the longest period."""
    pools = [await open_pool(config) for config in (once, tenfold)]
    over = dora.window(max(dora.PERIODS), now=datetime.now(UTC), tz="Europe/Berlin")
    periods = stats.Periods(over.before, over.since, over.until)

    async def count(number: int) -> None:
        async with pools[number].transaction(stats.PLANNING) as conn:
            await stats.count_deployments(conn, periods, over.edges, None)

    small, large = await interleaved(lambda: count(0), lambda: count(1))
    for pool in pools:
        await pool.close()
    return small, large
