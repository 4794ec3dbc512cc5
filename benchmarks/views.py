"""Goal 5: the two views against those of the dashboard's document, on the same rows."""

from typing import Final

from benchmarks._dataset import fill
from benchmarks._measure import interleaved
from benchmarks._place import Place, execute
from benchmarks._results import Result
from db.pool import DatabaseConfig, connect

SMALL: Final = 0.03
# As documented: two joins, whose rows multiply.
DOCUMENTED: Final = {
    "engineers_view": """
SELECT u.id, u.name, u.email, u.role, u.is_active, u.last_login,
    COUNT(DISTINCT mr.id) AS assigned_requests, COUNT(DISTINCT d.id) AS total_deployments
FROM users u
LEFT JOIN maintenance_requests mr ON u.id = mr.assigned_to
LEFT JOIN deployments d ON u.id = d.deployed_by
WHERE u.role IN ('engineer', 'admin')
GROUP BY u.id, u.name, u.email, u.role, u.is_active, u.last_login
""",
    "project_summary_view": """
SELECT p.id, p.name, p.description, p.status, pg.name AS group_name,
    COUNT(DISTINCT d.id) AS total_deployments, COUNT(DISTINCT mr.id) AS maintenance_requests,
    MAX(d.deployed_at) AS last_deployment,
    COUNT(DISTINCT CASE WHEN d.status = 'success' THEN d.id END) AS successful_deployments,
    COUNT(DISTINCT CASE WHEN mr.status = 'open' THEN mr.id END) AS open_requests
FROM projects p
LEFT JOIN project_groups pg ON p.group_id = pg.id
LEFT JOIN deployments d ON p.id = d.project_id
LEFT JOIN maintenance_requests mr ON p.id = mr.project_id
GROUP BY p.id, p.name, p.description, p.status, pg.name
""",
}


async def run(place: Place) -> list[Result]:
    """Goal 5, for the slower of the two."""
    async with place.database() as small, place.database() as whole:
        await fill(small, SMALL)
        await fill(whole, 1)
        for name, documented in DOCUMENTED.items():
            await execute(small, f"CREATE VIEW documented_{name} AS {documented}")
            await equal(small, name)
        found = [await one(small, whole, name) for name in DOCUMENTED]
    ours = ", ".join(f"{it[0]:.0f} ms ({it[2]:.0f} ms at 1x)" for it in found)
    floor = ", ".join(f"{it[1]:.0f} ms" for it in found)
    worst = min(it[1] / it[0] for it in found)
    return [Result("5", f"views, {SMALL}x", worst, "at least", 50, "x", ours, f"as documented {floor}", "linear")]


async def equal(config: DatabaseConfig, name: str) -> None:
    """Raises RuntimeError where the rows of the two differ."""
    conn = await connect(config)
    try:
        documented = f"documented_{name}"
        one_way, other = (f"(TABLE {a} EXCEPT ALL TABLE {b})" for a, b in ((documented, name), (name, documented)))
        if await conn.fetch(f"{one_way} UNION ALL {other}"):
            raise RuntimeError(f"{name} has other rows than documented")
    finally:
        await conn.close()


async def one(small: DatabaseConfig, whole: DatabaseConfig, name: str) -> tuple[float, float, float]:
    """Milliseconds: ours, as documented, ours on the whole data set."""
    near, far = await connect(small), await connect(whole)
    try:
        ours, whole_ours = await interleaved(lambda: near.fetch(f"TABLE {name}"), lambda: far.fetch(f"TABLE {name}"))
        (documented,) = await interleaved(lambda: near.fetch(f"TABLE documented_{name}"), repeats=1)
        return ours, documented, whole_ours
    finally:
        await near.close()
        await far.close()
