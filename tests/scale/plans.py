"""Every statement at 300,000 requests and 5,000,000 deployments: what it touches is bounded, no big table read whole.

Not collected with the suite: `make scale` names this file. Filling the database takes minutes and 6 GB of disk.
"""

import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks._dataset import fill
from db import embedded
from db.migrate import migrate
from db.pool import DatabaseConfig, connect
from db.queries import audit, stats
from tests.fixtures.database import on_database, run_apart
from tests.scale.explain import Cost, cost_of, literals
from tests.scale.pages import PageCase, pages
from tests.scale.rows import MORE
from tests.scale.statements import SMALL, STATEMENTS
from tests.test_sql import constants

SCALE: Final = 1
DEPLOYMENTS: Final = 5_000_000
# As many changes as are sealed at once; every minute with a change makes a segment.
SEGMENT: Final = 180
SEGMENTS: Final = 12_000
SILENT: Final = {"app.announce": "off"}

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def full() -> Iterator[DatabaseConfig]:
    """A server of its own on disk, filled; nothing is announced."""
    with tempfile.TemporaryDirectory(prefix="techops-scale-", ignore_cleanup_errors=True) as directory:
        server = run_apart(embedded.start(Path(directory), database="postgres", durable=False))
        try:
            config = on_database(DatabaseConfig(dsn=server.owner_dsn), "scale")
            run_apart(_fill(DatabaseConfig(dsn=server.owner_dsn), config))
            yield config
        finally:
            run_apart(server.stop())


@pytest.fixture(scope="module")
def report() -> Iterator[list[tuple[str, Cost]]]:
    """What was measured; written as JSON to the file that SCALE_REPORT names."""
    costs: list[tuple[str, Cost]] = []
    yield costs
    lines = [{"name": name, "pages": it.pages, "rows": it.rows, "ms": round(it.ms, 2)} for name, it in costs]
    if os.environ.get("SCALE_REPORT"):
        Path(os.environ["SCALE_REPORT"]).write_text(json.dumps(lines, indent=1), encoding="utf-8")
    for line in sorted(lines, key=lambda it: -it["ms"]):
        print("{name:55} {pages:8} pages {rows:9} rows {ms:9.2f} ms".format(**line))  # noqa: T201 - the report


@pytest.fixture
async def conn(full: DatabaseConfig) -> AsyncIterator[Any]:
    connection = await connect(full)
    try:
        yield connection
    finally:
        await connection.close()


async def _fill(server: DatabaseConfig, config: DatabaseConfig) -> None:
    connection = await connect(server)
    await connection.execute("CREATE DATABASE scale TEMPLATE template0")
    await connection.close()
    await migrate(config)
    await fill(config, SCALE, *MORE, deployments=DEPLOYMENTS)
    connection = await connect(config)
    try:
        await connection.execute("SET session_replication_role = replica")
        for _ in range(SEGMENTS):
            sealed = await connection.fetchrow(audit.INSERT_SEAL, datetime.now(UTC), SEGMENT)
            if sealed is None or sealed["rows"] < SEGMENT:
                break
        await connection.execute("VACUUM ANALYZE techops.audit_seals")
    finally:
        await connection.close()


def too_much(cost: Cost, most: int, reads_whole: tuple[str, ...] = ()) -> str:
    """Why a cost is too high, nothing where it is not."""
    whole = cost.whole - SMALL.keys() - set(reads_whole)
    faults = [f"reads all of {', '.join(sorted(whole))}"] if whole else []
    faults += [f"touches {cost.pages:,} pages, {most:,} at most"] if cost.pages > most else []
    return "; ".join(faults)


@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_statement_touches_what_it_needs(conn: Any, report: list[tuple[str, Cost]], name: str) -> None:
    case = STATEMENTS[name]
    settings = SILENT | (dict(stats.PLANNING) if name.startswith("stats.") else {})
    cost = await cost_of(conn, dict(constants())[name], case.arguments, settings)
    report.append((name, cost))
    assert too_much(cost, case.pages, case.reads_whole) == ""


@pytest.mark.parametrize("case", list(pages()), ids=lambda it: it.name)
async def test_a_page_costs_what_its_rows_cost(conn: Any, report: list[tuple[str, Cost]], case: PageCase) -> None:
    cost = await cost_of(conn, case.statement, literals(case.values), SILENT)
    report.append((case.name, cost))
    assert too_much(cost, case.pages) == ""
