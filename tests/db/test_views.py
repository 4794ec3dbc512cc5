"""The rewritten views against the documented ones: the same columns, types and rows, and far fewer steps to them."""

import re
from pathlib import Path

import pytest

from db.pool import Pool

DOCUMENT = (Path(__file__).parents[1] / "data/dashboard_1_0.sql").read_text(encoding="utf-8")
VIEWS = dict(re.findall(r"CREATE VIEW (\w+) AS\n(.*?);", DOCUMENT, flags=re.DOTALL))
RANDOM_DATA = """
SELECT setseed({seed});
INSERT INTO users (email, name, password_hash, role, is_active)
SELECT n || '@x', 'U' || n, 'x', (ARRAY['admin', 'engineer', 'user'])[ceil(random() * 3)], random() < 0.8
FROM generate_series(1, 30) AS n;
INSERT INTO project_groups (name) SELECT 'G' || n FROM generate_series(1, 3) AS n;
INSERT INTO projects (name, group_id)
SELECT 'P' || n, CASE WHEN random() < 0.7 THEN ceil(random() * 3) END FROM generate_series(1, 20) AS n;
INSERT INTO deployments (project_id, version, environment, status, deployed_by, deployed_at)
SELECT ceil(random() * random() * 20), 'v', 'staging',
    (ARRAY['pending', 'in_progress', 'success', 'failed', 'rolled_back', NULL])[ceil(random() * 6)],
    CASE WHEN random() < 0.8 THEN ceil(random() * 30) END,
    CASE WHEN random() < 0.8 THEN now() - random() * interval '1 year' END
FROM generate_series(1, {deployments}) AS n;
INSERT INTO maintenance_requests (project_id, requested_by, assigned_to, title, description, status)
SELECT CASE WHEN random() < 0.8 THEN ceil(random() * random() * 20) END, ceil(random() * 30),
    CASE WHEN random() < 0.7 THEN ceil(random() * random() * 30) END, 'T', 'D',
    (ARRAY['open', 'in_progress', 'completed', 'cancelled', NULL])[ceil(random() * 5)]
FROM generate_series(1, {requests}) AS n;
"""
COLUMNS = """
SELECT attname::text, atttypid::regtype::text, atttypmod FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 ORDER BY attnum
"""


def test_both_documented_views_were_found() -> None:
    assert set(VIEWS) == {"engineers_view", "project_summary_view"}


@pytest.mark.parametrize("name", sorted(VIEWS))
@pytest.mark.parametrize(
    ("seed", "deployments", "requests"), [(0.1, 300, 200), (0.5, 0, 150), (-0.7, 250, 0), (0, 0, 0)]
)
async def test_rows_and_types_are_the_documented_ones(
    pool: Pool, name: str, seed: float, deployments: int, requests: int
) -> None:
    async with pool.transaction() as conn:
        await conn.execute(RANDOM_DATA.format(seed=seed, deployments=deployments, requests=requests))
        await conn.execute(f"CREATE TEMPORARY VIEW documented AS {VIEWS[name]}")
        difference = await conn.fetch(
            f"(TABLE documented EXCEPT ALL TABLE {name}) UNION ALL (TABLE {name} EXCEPT ALL TABLE documented)"
        )
        assert difference == []
        assert await conn.fetchval("SELECT count(*) FROM documented") > 0
        assert await conn.fetch(COLUMNS, "documented") == await conn.fetch(COLUMNS, f"public.{name}")


@pytest.mark.parametrize("name", sorted(VIEWS))
async def test_no_join_multiplies_rows(pool: Pool, name: str) -> None:
    async with pool.transaction() as conn:
        await conn.execute(RANDOM_DATA.format(seed=0.3, deployments=4000, requests=3000))
        await conn.execute("ANALYZE")
        plan = (await conn.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) TABLE {name}"))[0]["Plan"]
    assert max(rows_of(plan)) <= 4000, "no step has more rows than the largest table"


def rows_of(node: dict[str, object]) -> list[float]:
    children = node.get("Plans", [])
    assert isinstance(children, list)
    own = float(str(node["Actual Rows"])) * float(str(node["Actual Loops"]))
    return [own, *(rows for child in children for rows in rows_of(child))]
