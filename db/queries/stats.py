"""Deployments added up over two periods that follow each other, from the rows themselves.

What has no deployed_at counts at created_at, in an arm of its own: one expression over both columns would keep the
indexes from answering alone. The arms are counted before they are put together, so that fewer rows pass through. Each
statement exists twice, for all projects and for one: each is planned for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.models_stats import DeploymentCounts, Finished, Restored, SpanCount
from db.pool import Conn

# For the transaction of `count_deployments`: compiling a statement takes longer than running it, a plan for any period
# knows nothing of this one, and what is sorted and hashed here takes a few MiB more than the usual limit.
PLANNING: Final = {"jit": "off", "plan_cache_mode": "force_custom_plan", "work_mem": "32MB"}


@dataclass(frozen=True, slots=True)
class Periods:
    """The period from `since` until just before `until`, and the one before it from `before` on."""

    before: datetime
    since: datetime
    until: datetime


_OF_ALL: Final = ""
_OF_PROJECT: Final = "AND d.project_id = $4"


# Percentiles are read off the counts by duration, interpolated as percentile_cont does: one pass, no sort of all rows.
# Counts are added up as float8, which is exact up to 2^53 and quicker than the numeric that sum(bigint) makes.
def _finished(of: str) -> str:
    return f"""
WITH counted AS MATERIALIZED (
    SELECT d.deployed_at >= $2::timestamptz::timestamp AS recent, d.environment,
        CASE WHEN d.duration >= 0 THEN d.duration END AS duration,
        count(*)::float8 AS n, count(*) FILTER (WHERE d.status <> 'success')::float8 AS broken
    FROM public.deployments AS d
    WHERE d.status IN ('success', 'failed', 'rolled_back') {of}
        AND d.deployed_at >= $1::timestamptz::timestamp AND d.deployed_at < $3::timestamptz::timestamp
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT d.created_at >= $2::timestamptz::timestamp, d.environment, CASE WHEN d.duration >= 0 THEN d.duration END,
        count(*)::float8, count(*) FILTER (WHERE d.status <> 'success')::float8
    FROM public.deployments AS d
    WHERE d.status IN ('success', 'failed', 'rolled_back') {of} AND d.deployed_at IS NULL
        AND d.created_at >= $1::timestamptz::timestamp AND d.created_at < $3::timestamptz::timestamp
    GROUP BY 1, 2, 3
), piled AS (
    SELECT c.recent, c.environment COLLATE "C" AS environment, c.duration, sum(c.n) AS n, sum(c.broken) AS broken,
        sum(sum(c.n) FILTER (WHERE c.duration IS NOT NULL)) OVER in_order AS upto,
        sum(sum(c.n) FILTER (WHERE c.duration IS NOT NULL)) OVER whole AS measured
    FROM counted AS c
    GROUP BY GROUPING SETS ((c.recent, c.environment, c.duration), (c.recent, c.duration))
    WINDOW whole AS (PARTITION BY c.recent, c.environment COLLATE "C"), in_order AS (whole ORDER BY c.duration)
), placed AS (
    SELECT p.*, 0.5 * (p.measured - 1) AS p50_at, 0.95 * (p.measured - 1) AS p95_at FROM piled AS p
), ends AS (
    SELECT p.recent, p.environment, p.measured, p.p50_at, p.p95_at, sum(p.n) AS finished, sum(p.broken) AS broken,
        min(p.duration) FILTER (WHERE p.upto > floor(p.p50_at)) AS p50_low,
        min(p.duration) FILTER (WHERE p.upto > ceil(p.p50_at)) AS p50_high,
        min(p.duration) FILTER (WHERE p.upto > floor(p.p95_at)) AS p95_low,
        min(p.duration) FILTER (WHERE p.upto > ceil(p.p95_at)) AS p95_high
    FROM placed AS p
    GROUP BY p.recent, p.environment, p.measured, p.p50_at, p.p95_at
)
SELECT e.recent, e.environment, e.finished::bigint AS finished, e.broken::bigint AS broken,
    coalesce(e.measured, 0)::bigint AS measured,
    e.p50_low + (e.p50_high - e.p50_low) * (e.p50_at - floor(e.p50_at)) AS p50,
    e.p95_low + (e.p95_high - e.p95_low) * (e.p95_at - floor(e.p95_at)) AS p95
FROM ends AS e
"""  # noqa: S608 - fragments of this file


COUNT_FINISHED: Final = _finished(_OF_ALL)
COUNT_FINISHED_OF_PROJECT: Final = _finished(_OF_PROJECT)


# The successes of a place are put in a row once, and each broken deployment finds the next one by bisection: a descent
# of an index for each of them takes three times as long.
def _restored(of: str) -> str:
    return f"""
WITH broken AS MATERIALIZED (
    SELECT d.deployed_at AS at, d.project_id, d.environment COLLATE "C" AS environment
    FROM public.deployments AS d
    WHERE d.status IN ('failed', 'rolled_back') {of}
        AND d.deployed_at >= $1::timestamptz::timestamp AND d.deployed_at < $3::timestamptz::timestamp
    UNION ALL
    SELECT d.created_at, d.project_id, d.environment COLLATE "C"
    FROM public.deployments AS d
    WHERE d.status IN ('failed', 'rolled_back') {of} AND d.deployed_at IS NULL
        AND d.created_at >= $1::timestamptz::timestamp AND d.created_at < $3::timestamptz::timestamp
), places AS MATERIALIZED (
    SELECT b.project_id, b.environment, array_agg(b.at) AS moments, min(b.at) AS first
    FROM broken AS b
    GROUP BY b.project_id, b.environment
), waits AS MATERIALIZED (
    SELECT b.at >= $2::timestamptz::timestamp AS recent, p.environment,
        extract(epoch FROM least(
            timed.moments[width_bucket(b.at, timed.moments) + 1],
            untimed.moments[width_bucket(b.at, untimed.moments) + 1]
        ) - b.at)::float8 AS seconds
    FROM places AS p
    CROSS JOIN LATERAL (
        SELECT array_agg(o.at) AS moments
        FROM (
            SELECT s.deployed_at AS at
            FROM public.deployments AS s
            WHERE s.status = 'success' AND s.project_id = p.project_id
                AND s.environment = p.environment COLLATE "default"
                AND s.deployed_at > p.first AND s.deployed_at < $3::timestamptz::timestamp
            ORDER BY s.deployed_at NULLS FIRST
        ) AS o
    ) AS timed
    CROSS JOIN LATERAL (
        SELECT array_agg(o.at) AS moments
        FROM (
            SELECT s.created_at AS at
            FROM public.deployments AS s
            WHERE s.status = 'success' AND s.deployed_at IS NULL AND s.project_id = p.project_id
                AND s.environment = p.environment COLLATE "default"
                AND s.created_at > p.first AND s.created_at < $3::timestamptz::timestamp
            ORDER BY s.created_at
        ) AS o
    ) AS untimed
    CROSS JOIN LATERAL unnest(p.moments) AS b (at)
)
SELECT w.recent, w.environment, count(w.seconds) AS restored,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY w.seconds) AS median
FROM waits AS w
GROUP BY GROUPING SETS ((w.recent, w.environment), (w.recent))
"""  # noqa: S608 - fragments of this file


MEASURE_RESTORED: Final = _restored(_OF_ALL)
MEASURE_RESTORED_OF_PROJECT: Final = _restored(_OF_PROJECT)


def _spans(of: str) -> str:
    return f"""
WITH counted AS (
    SELECT width_bucket(d.deployed_at, (SELECT $3::timestamptz[]::timestamp[])) AS number,
        count(*) AS n, count(*) FILTER (WHERE d.status <> 'success') AS broken
    FROM public.deployments AS d
    WHERE d.status IN ('success', 'failed', 'rolled_back') {of}
        AND d.deployed_at >= $1::timestamptz::timestamp AND d.deployed_at < $2::timestamptz::timestamp
    GROUP BY 1
    UNION ALL
    SELECT width_bucket(d.created_at, (SELECT $3::timestamptz[]::timestamp[])),
        count(*), count(*) FILTER (WHERE d.status <> 'success')
    FROM public.deployments AS d
    WHERE d.status IN ('success', 'failed', 'rolled_back') {of} AND d.deployed_at IS NULL
        AND d.created_at >= $1::timestamptz::timestamp AND d.created_at < $2::timestamptz::timestamp
    GROUP BY 1
)
SELECT c.number, sum(c.n - c.broken)::bigint AS succeeded, sum(c.broken)::bigint AS broken
FROM counted AS c
GROUP BY c.number
ORDER BY c.number
"""  # noqa: S608 - fragments of this file


COUNT_SPANS: Final = _spans(_OF_ALL)
COUNT_SPANS_OF_PROJECT: Final = _spans(_OF_PROJECT)


def _unapproved(of: str) -> str:
    return f"""
WITH finished AS NOT MATERIALIZED (
    SELECT d.deployed_at AS at, d.id
    FROM public.deployments AS d
    WHERE d.status IN ('success', 'failed', 'rolled_back') {of}
        AND d.deployed_at >= $1::timestamptz::timestamp AND d.deployed_at < $3::timestamptz::timestamp
    UNION ALL
    SELECT d.created_at, d.id
    FROM public.deployments AS d
    WHERE d.status IN ('success', 'failed', 'rolled_back') {of} AND d.deployed_at IS NULL
        AND d.created_at >= $1::timestamptz::timestamp AND d.created_at < $3::timestamptz::timestamp
)
SELECT f.at >= $2::timestamptz::timestamp AS recent, count(*) AS n
FROM finished AS f
WHERE EXISTS (
    SELECT FROM techops.approvals AS a
    WHERE a.subject_kind = 'deployment' AND a.status = 'skipped' AND a.subject_id = f.id
)
GROUP BY 1
"""  # noqa: S608 - fragments of this file


COUNT_UNAPPROVED: Final = _unapproved(_OF_ALL)
COUNT_UNAPPROVED_OF_PROJECT: Final = _unapproved(_OF_PROJECT)


async def count_deployments(
    conn: Conn, periods: Periods, spans: Sequence[datetime], project_id: int | None
) -> DeploymentCounts:
    """What finished in both periods, in one project or in all.

    `spans` are the beginnings of the spans that the recent period is divided into, in order. The transaction is to be
    opened with `PLANNING`.
    """
    of = () if project_id is None else (project_id,)
    both = (periods.before, periods.since, periods.until, *of)
    finished = await conn.fetch(COUNT_FINISHED_OF_PROJECT if of else COUNT_FINISHED, *both)
    restored = await conn.fetch(MEASURE_RESTORED_OF_PROJECT if of else MEASURE_RESTORED, *both)
    recent = (periods.since, periods.until, list(spans), *of)
    counts = await conn.fetch(COUNT_SPANS_OF_PROJECT if of else COUNT_SPANS, *recent)
    unapproved = await conn.fetch(COUNT_UNAPPROVED_OF_PROJECT if of else COUNT_UNAPPROVED, *both)
    return DeploymentCounts(
        [Finished(**dict(row)) for row in finished],
        [Restored(**dict(row)) for row in restored],
        [SpanCount(**dict(row)) for row in counts],
        {row["recent"]: row["n"] for row in unapproved},
    )
