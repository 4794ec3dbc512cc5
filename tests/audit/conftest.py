"""Somebody with psql, rows of the activity log, and segments of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from bot.context import Deps
from bot.rules.audit_chain import FaultKind, Verdict
from bot.services import audit
from db.pool import DatabaseConfig, open_pool

INSERT = """
INSERT INTO techops.activity (actor_id, source, origin, note, subject_kind, subject_id, verb, old, new)
SELECT 1, 'slack', '{"team": "T1", "user": "U1"}', 'note ü', 'maintenance', n, 'edited', '{"n": 1.50, "title": "a"}',
    jsonb_build_object('n', n, 'at', now(), 'x', n / 7.0, 'text', E'two\\nlines')
FROM generate_series(1, $1::integer) AS n RETURNING id
"""
PUT_IN = """
INSERT INTO techops.activity (id, at, source, subject_kind, subject_id, verb) OVERRIDING SYSTEM VALUE
VALUES ($1, '2020-01-01', 'slack', 'maintenance', 1, 'completed')
"""
SEALS = (
    "SELECT number, row_count, late_count, ids::text, encode(hash, 'hex') AS hash FROM techops.audit_seals ORDER BY 1"
)


@pytest.fixture
async def owner(deps: Deps) -> AsyncIterator[Deps]:
    """A process that works as the tables' owner."""
    pool = await open_pool(deps.settings.database("care", owner=True))
    try:
        yield replace(deps, pool=pool)
    finally:
        await pool.close()


@asynccontextmanager
async def connected(database: DatabaseConfig) -> AsyncIterator[Any]:
    """Somebody with psql, as the owner of the tables."""
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def act(database: DatabaseConfig, *statements: str) -> None:
    """Carry out statements, each of which has to change something."""
    async with connected(database) as connection:
        for statement in statements:
            assert (await connection.execute(statement)).split()[-1] != "0", statement


async def write(database: DatabaseConfig, rows: int) -> list[int]:
    """Add rows; their ids."""
    async with connected(database) as connection:
        return [row["id"] for row in await connection.fetch(INSERT, rows)]


async def sealed(deps: Deps, database: DatabaseConfig, *sizes: int) -> list[list[int]]:
    """Segments of these sizes; the ids in each."""
    made = []
    for size in sizes:
        made.append(await write(database, size))
        assert [it.rows for it in await audit.seal(deps)] == [size]
    return made


async def seals(database: DatabaseConfig) -> list[dict[str, Any]]:
    """The segments as they stand in the table."""
    async with connected(database) as connection:
        return [dict(row) for row in await connection.fetch(SEALS)]


def faults(verdict: Verdict) -> list[tuple[int | None, FaultKind, tuple[int, ...]]]:
    """Segment, kind and rows of each fault."""
    return [(it.segment, it.kind, it.ids) for it in verdict.faults]
