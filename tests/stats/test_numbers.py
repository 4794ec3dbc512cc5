"""The numbers are those that Python computes from the same rows, whatever the rows and the zones."""

import math
import random
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.rules import dora
from bot.rules.dora import DeploymentStats, Measures
from db.pool import Conn, DatabaseConfig, open_pool
from db.queries import stats

PROJECTS = "INSERT INTO projects (name) VALUES ('A'), ('B'), ('C')"
INSERT = """
INSERT INTO deployments (project_id, version, environment, status, deployed_at, created_at, duration)
VALUES ($1, 'v1', $2, $3, $4::text::timestamp, $5::text::timestamp, $6)
"""
SKIP = """
INSERT INTO techops.approvals
    (subject_kind, subject_id, required, role, own_counts, status, asked, remind_at, expires_at)
SELECT $1, d.id, 1, 'engineer', false, $2, '{}', now(), now() FROM deployments AS d WHERE d.id % $3 = 0
"""
ROWS = """
SELECT d.id, d.project_id, d.environment, d.status, d.duration,
    CASE WHEN isfinite(coalesce(d.deployed_at, d.created_at)) THEN coalesce(d.deployed_at, d.created_at) END AS at,
    EXISTS (
        SELECT FROM techops.approvals AS a
        WHERE (a.subject_kind, a.subject_id, a.status) = ('deployment', d.id, 'skipped')
    ) AS skipped
FROM deployments AS d
"""
STATUSES = ("success", "success", "success", "failed", "rolled_back", "pending", "in_progress")
ENVIRONMENTS = ("production", "staging", "development")
BROKEN = {"failed", "rolled_back"}

Rows = Sequence[dict[str, Any]]


def midnight(now: datetime, days: int, tz: str, there: str) -> datetime:
    """The beginning of the local day that many days from now, on the dashboard's clock."""
    day = now.astimezone(ZoneInfo(tz)).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(tz)).astimezone(ZoneInfo(there)).replace(tzinfo=None)


def percentile(values: list[int], share: float) -> float | None:
    """By linear interpolation between the two nearest."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def expected(rows: Rows, start: datetime, end: datetime, horizon: datetime, days: int) -> Measures:
    """The measures of one period; successes until `horizon` restore what broke in it."""
    timed = [row for row in rows if row["at"] is not None]
    finished = [row for row in timed if row["status"] in {*BROKEN, "success"} and start <= row["at"] < end]
    waits = []
    for row in finished:
        later = [
            other["at"]
            for other in timed
            if other["status"] == "success"
            and row["at"] < other["at"] < horizon
            and (other["project_id"], other["environment"]) == (row["project_id"], row["environment"])
        ]
        if row["status"] in BROKEN and later:
            waits.append((min(later) - row["at"]).total_seconds())
    durations = [row["duration"] for row in finished if row["duration"] is not None and row["duration"] >= 0]
    return Measures(
        days,
        len(finished),
        sum(row["status"] in BROKEN for row in finished),
        len(waits),
        statistics.median(waits) if waits else None,
        percentile(durations, 0.5),
        percentile(durations, 0.95),
        sum(row["skipped"] for row in finished),
    )


async def fill(conn: Conn, chance: random.Random, now: datetime, count: int, edges: Sequence[datetime]) -> None:
    """Deployments of all kinds: at the same moment, at the edges, without a time, with one beyond all calendars."""
    wall = now.replace(tzinfo=None, second=0, microsecond=0)
    await conn.execute("SET LOCAL session_replication_role = replica")
    await conn.execute(PROJECTS)
    for _ in range(count):
        moment = str(wall - timedelta(minutes=15 * chance.randint(-200, 96 * 190)))
        odd = chance.choice(("infinity", "-infinity", "0001-01-01", None, None, None, None, None))
        deployed = moment if chance.random() < 0.8 else odd
        duration = chance.choice((None, -5, 0, chance.randint(1, 40), chance.randint(1, 4000)))
        place = (chance.randint(1, 3), chance.choice(ENVIRONMENTS))
        await conn.execute(INSERT, *place, chance.choice(STATUSES), deployed, moment, duration)
    for edge in edges if count else ():
        for at in (str(edge), str(edge - timedelta(microseconds=1))):
            await conn.execute(INSERT, 1, "production", chance.choice(STATUSES), at, at, 7)
            await conn.execute(INSERT, 3, "staging", "failed", None, at, 7)
    await conn.execute(SKIP, "deployment", "skipped", 7)
    await conn.execute(SKIP, "deployment", "skipped", 14)
    await conn.execute(SKIP, "deployment", "void", 5)
    await conn.execute(SKIP, "maintenance", "skipped", 3)


@asynccontextmanager
async def transaction_in(config: DatabaseConfig) -> AsyncIterator[Conn]:
    pool = await open_pool(config)
    try:
        async with pool.transaction(stats.PLANNING) as conn:
            yield conn
    finally:
        await pool.close()


async def computed(conn: Conn, now: datetime, days: int, tz: str, project_id: int | None) -> DeploymentStats:
    over = dora.window(days, now=now, tz=tz)
    periods = stats.Periods(over.before, over.since, over.until)
    return dora.measure(await stats.count_deployments(conn, periods, over.edges, project_id), over)


def same(found: Measures, wanted: Measures) -> bool:
    times = [(getattr(found, name), getattr(wanted, name)) for name in ("restore", "p50", "p95")]
    close = all(a == b or (None not in {a, b} and math.isclose(a, b, abs_tol=1e-3)) for a, b in times)
    without = [replace(it, restore=None, p50=None, p95=None) for it in (found, wanted)]
    return close and without[0] == without[1]


@pytest.mark.parametrize(
    ("seed", "count", "tz", "there"),
    [
        (1, 400, "UTC", "UTC"),
        (2, 400, "America/New_York", "Europe/Berlin"),
        (3, 400, "Pacific/Auckland", "UTC"),
        (4, 25, "Asia/Kolkata", "America/Sao_Paulo"),
        (5, 3, "Europe/Berlin", "Asia/Tokyo"),
        (6, 0, "UTC", "UTC"),
    ],
)
async def test_against_the_same_rows_in_python(
    database: DatabaseConfig, seed: int, count: int, tz: str, there: str
) -> None:
    # the clocks change in both halves of 90 days
    now = datetime(2026, 11, 22, 23, 40, tzinfo=ZoneInfo("UTC"))
    async with transaction_in(replace(database, timezone=there)) as conn:
        edges = [midnight(now, 1 - day, tz, there) for day in (0, 3, 9, 30, 60, 90, 180)]
        await fill(conn, random.Random(seed), now, count, edges)  # noqa: S311 - rows, no secrets
        everything = [dict(row) for row in await conn.fetch(ROWS)]
        for days, project_id in product((30, 90), (None, 1, 3)):
            found = await computed(conn, now, days, tz, project_id)
            rows = [row for row in everything if project_id in {None, row["project_id"]}]
            start, end = midnight(now, 1 - days, tz, there), midnight(now, 1, tz, there)
            assert same(found.recent, expected(rows, start, end, end, days))
            assert same(found.before, expected(rows, midnight(now, 1 - 2 * days, tz, there), start, end, days))
            for name, it in found.environments:
                own = expected([row for row in rows if row["environment"] == name], start, end, end, days)
                assert same(it, replace(own, unapproved=0))
            assert sum(it.finished for _, it in found.environments) == found.recent.finished
            for number, span in enumerate(found.spans):
                edges = [midnight(now, 1 - days + days // 10 * place, tz, there) for place in (number, number + 1)]
                own = expected(rows, edges[0], edges[1], end, days)
                assert (span.succeeded, span.broken) == (own.finished - own.broken, own.broken)


async def test_what_is_waiting_or_rejected_counts_nowhere(conn: Conn) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("UTC"))
    async with conn.transaction():
        await conn.execute("SET LOCAL session_replication_role = replica")
        await conn.execute(PROJECTS)
        for status in ("pending", "in_progress"):
            await conn.execute(INSERT, 1, "production", status, "2026-11-20 10:00", "2026-11-20 10:00", 60)
        await conn.execute(SKIP, "deployment", "rejected", 1)
        assert (await computed(conn, now, 30, "UTC", None)).recent == Measures(30)


async def test_the_next_success_of_the_same_place_restores(conn: Conn) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("UTC"))
    told = [
        (1, "production", "failed", "10:00"),
        (1, "staging", "success", "10:05"),
        (2, "production", "success", "10:10"),
        (1, "production", "rolled_back", "10:20"),
        (1, "production", "success", "10:50"),
        (1, "production", "success", "11:00"),
        (2, "production", "failed", "11:00"),
    ]
    async with conn.transaction():
        await conn.execute("SET LOCAL session_replication_role = replica")
        await conn.execute(PROJECTS)
        for project, environment, status, at in told:
            moment = f"2026-11-20 {at}"
            await conn.execute(INSERT, project, environment, status, moment, moment, None)
        found = (await computed(conn, now, 30, "UTC", None)).recent
    assert (found.finished, found.broken, found.restored, found.unrestored) == (7, 3, 2, 1)
    assert found.restore == timedelta(minutes=40).total_seconds()
    assert (found.p50, found.p95) == (None, None)
