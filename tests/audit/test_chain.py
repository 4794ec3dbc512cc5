"""The chain of the audit: what is sealed, and that whoever changes rows or seals afterwards is found."""

# ruff: noqa: S608 - statements of somebody who tampers, put together from numbers of rows

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from bot.context import Deps
from bot.errors import BadInput
from bot.rules.audit_chain import FaultKind, Verdict
from bot.services import audit
from db.pool import DatabaseConfig, open_pool

INSERT = """
INSERT INTO techops.activity (actor_id, source, origin, note, subject_kind, subject_id, verb, old, new)
SELECT 1, 'slack', '{"team": "T1", "user": "U1"}', 'note ü', 'maintenance', n, 'edited', '{"n": 1.50, "title": "a"}',
    jsonb_build_object('n', n, 'at', now(), 'x', n / 7.0)
FROM generate_series(1, $1::integer) AS n RETURNING id
"""
PUT_IN = """
INSERT INTO techops.activity (id, at, source, subject_kind, subject_id, verb) OVERRIDING SYSTEM VALUE
VALUES ($1, '2020-01-01', 'slack', 'maintenance', 1, 'completed')
"""
SEALS = (
    "SELECT number, row_count, late_count, ids::text, encode(hash, 'hex') AS hash FROM techops.audit_seals ORDER BY 1"
)


@asynccontextmanager
async def connected(database: DatabaseConfig) -> AsyncIterator[Any]:
    """Somebody with psql, as the owner of the tables."""
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def act(database: DatabaseConfig, *statements: str) -> None:
    async with connected(database) as connection:
        for statement in statements:
            assert (await connection.execute(statement)).split()[-1] != "0", statement


async def write(database: DatabaseConfig, rows: int) -> list[int]:
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
    async with connected(database) as connection:
        return [dict(row) for row in await connection.fetch(SEALS)]


def faults(verdict: Verdict) -> list[tuple[int | None, FaultKind, tuple[int, ...]]]:
    return [(it.segment, it.kind, it.ids) for it in verdict.faults]


async def test_what_is_committed_is_sealed_and_nothing_is_sealed_twice(deps: Deps, database: DatabaseConfig) -> None:
    assert await audit.seal(deps) == []
    assert (await audit.verify(deps)).line == "The audit has no sealed rows yet"
    await sealed(deps, database, 3, 5)
    assert await audit.seal(deps) == []
    verdict = await audit.verify(deps)
    assert verdict.is_sound
    assert (verdict.segments, verdict.rows, verdict.waiting) == (2, 8, 0)
    newest = (await seals(database))[-1]
    assert verdict.line == f"The audit is whole: 8 rows in 2 segments; head 2 {newest['hash']}"
    await write(database, 2)
    assert (await audit.verify(deps)).waiting == 2


async def test_an_altered_row_is_named(deps: Deps, database: DatabaseConfig) -> None:
    _, second, _ = await sealed(deps, database, 4, 4, 4)
    for change in ("verb = 'x'", "actor_id = NULL", "at = at + interval '1 microsecond'", "old = NULL", "note = ''"):
        await act(database, "CREATE TABLE kept AS TABLE techops.activity")
        await act(database, f"UPDATE techops.activity SET {change} WHERE id = {second[1]}")
        verdict = await audit.verify(deps)
        assert faults(verdict) == [(2, FaultKind.ALTERED, (second[1],))], change
        assert f"broken: Rows of segment 2 were altered. Rows: {second[1]}" in verdict.line
        restore = "UPDATE techops.activity AS a SET (verb, actor_id, at, old, note) = "
        await act(database, f"{restore} (k.verb, k.actor_id, k.at, k.old, k.note) FROM kept AS k WHERE k.id = a.id")
        assert (await audit.verify(deps)).is_sound, "put back as it was, it is what was sealed"
        await act(database, "DROP TABLE kept -- 1")


async def test_a_removed_row_is_named(deps: Deps, database: DatabaseConfig) -> None:
    first, second = await sealed(deps, database, 4, 4)
    await act(database, f"DELETE FROM techops.activity WHERE id IN ({first[0]}, {first[3]}, {second[2]})")
    verdict = await audit.verify(deps)
    assert faults(verdict) == [
        (1, FaultKind.REMOVED, (first[0], first[3])),
        (2, FaultKind.REMOVED, (second[2],)),
    ]
    assert "(and 1 more faults)" in verdict.line


async def test_rows_that_change_places_are_named(deps: Deps, database: DatabaseConfig) -> None:
    [ids] = await sealed(deps, database, 5)
    swap = f"UPDATE techops.activity SET id = CASE id WHEN -1 THEN {ids[3]} WHEN -2 THEN {ids[1]} END WHERE id < 0"
    away = (
        f"UPDATE techops.activity SET id = CASE id WHEN {ids[1]} THEN -1 ELSE -2 END WHERE id IN ({ids[1]}, {ids[3]})"
    )
    always = "ALTER TABLE techops.activity ALTER id SET GENERATED BY DEFAULT -- 1"
    drop = "ALTER TABLE techops.activity ALTER id DROP IDENTITY -- 1"
    await act(database, always, drop, away, swap)
    assert faults(await audit.verify(deps)) == [(1, FaultKind.ALTERED, (ids[1], ids[3]))]


async def test_a_row_put_in_afterwards_is_named_and_never_sealed(deps: Deps, database: DatabaseConfig) -> None:
    first, _ = await sealed(deps, database, 4, 4)
    async with connected(database) as connection:
        hole = connection.transaction()
        await hole.start()
        rolled_back = [row["id"] for row in await connection.fetch(INSERT, 2)]
        await hole.rollback()
    third = (await sealed(deps, database, 3))[0]
    assert (await audit.verify(deps)).is_sound, "what was rolled back leaves a gap, and that is no fault"
    async with connected(database) as connection:
        await connection.execute(PUT_IN, rolled_back[0])
        await connection.execute(PUT_IN, -7)
    assert await audit.seal(deps) == []
    assert faults(await audit.verify(deps)) == [(1, FaultKind.ADDED, (-7, rolled_back[0]))]
    await act(database, "DELETE FROM techops.activity WHERE id = -7")
    assert faults(await audit.verify(deps)) == [(3, FaultKind.ADDED, (rolled_back[0],))]
    assert first[0] < rolled_back[0] < third[0]


@pytest.mark.parametrize(
    "change",
    [
        "row_count = row_count, late_count = 1",
        "sealed_at = sealed_at - interval '1 day'",
        "upto = upto + 1",
        "settled = 0",
        "next_xid = '1'",
        "content = sha256('x')",
        "marks = decode(repeat('00', length(marks)), 'hex')",
        "previous = sha256('x')",
        "hash = sha256('x')",
        "form = 2",
        "ids = ids + int8multirange(int8range(1000, 1002))",
    ],
)
async def test_an_altered_seal_is_found(deps: Deps, database: DatabaseConfig, change: str) -> None:
    await sealed(deps, database, 3, 3, 3)
    await act(database, f"UPDATE techops.audit_seals SET {change} WHERE number = 2")
    verdict = await audit.verify(deps)
    assert verdict.faults[0].segment == 2
    assert FaultKind.SEAL in {it.kind for it in verdict.faults}


async def test_seals_that_are_missing_or_made_anew_are_found(deps: Deps, database: DatabaseConfig) -> None:
    await sealed(deps, database, 3, 3, 3)
    noted = (await seals(database))[-1]["hash"]
    assert (await audit.verify(deps, head=noted[:12])).noted == 3
    await act(database, "DELETE FROM techops.audit_seals WHERE number = 2")
    assert (3, FaultKind.SEAL, ()) in faults(await audit.verify(deps))
    # Whoever owns the tables can take the end of the chain off and have it made again; only a noted head tells.
    await act(database, "DELETE FROM techops.audit_seals WHERE number > 1", "UPDATE techops.activity SET verb = 'x'")
    await act(database, "DELETE FROM techops.audit_seals")
    await audit.seal(deps)
    assert (await audit.verify(deps)).is_sound
    verdict = await audit.verify(deps, head=noted.upper())
    assert faults(verdict) == [(None, FaultKind.HEAD, ())]
    assert "is not in the chain" in verdict.line
    with pytest.raises(BadInput, match="is no hash"):
        await audit.verify(deps, head="xyz")


async def test_a_transaction_that_commits_late_is_sealed_later_and_once(deps: Deps, database: DatabaseConfig) -> None:
    async with connected(database) as slow, connected(database) as second:
        late = slow.transaction()
        await late.start()
        early_ids = [row["id"] for row in await slow.fetch(INSERT, 3)]
        await write(database, 2)
        again = second.transaction()
        await again.start()
        other_ids = [row["id"] for row in await second.fetch(INSERT, 1)]
        await write(database, 2)
        assert [(it.rows, it.late) for it in await audit.seal(deps)] == [(4, 0)]
        assert (await audit.verify(deps)).is_sound, "what is open yet is neither added nor missing"
        await late.commit()
        assert [(it.rows, it.late) for it in await audit.seal(deps)] == [(3, 3)]
        await write(database, 1)
        await again.commit()
        assert [(it.rows, it.late) for it in await audit.seal(deps)] == [(2, 1)]
    assert await audit.seal(deps) == []
    found = await seals(database)
    assert sum(it["row_count"] for it in found) == len({*early_ids, *other_ids}) + 5
    assert (await audit.verify(deps)).is_sound
    await act(database, f"UPDATE techops.activity SET verb = 'x' WHERE id = {early_ids[1]}")
    assert faults(await audit.verify(deps)) == [(2, FaultKind.ALTERED, (early_ids[1],))]


async def test_writers_and_sealers_at_once(deps: Deps, database: DatabaseConfig) -> None:
    """Transactions that cross, some rolled back, while two schedulers seal: each row is in one segment."""
    chance = random.Random(7)  # noqa: S311 - nothing secret about it
    stop = asyncio.Event()

    async def write_on() -> None:
        async with connected(database) as connection:
            for _ in range(15):
                transaction = connection.transaction()
                await transaction.start()
                await connection.fetch(INSERT, chance.randint(1, 5))
                await connection.execute("SELECT pg_sleep($1::double precision)", chance.random() / 50)
                await (transaction.rollback() if chance.random() < 0.2 else transaction.commit())

    async def seal_on() -> None:
        while not stop.is_set():
            await audit.seal(deps)
            await asyncio.sleep(0)

    sealing = [asyncio.create_task(seal_on()) for _ in range(2)]
    await asyncio.gather(*(write_on() for _ in range(4)))
    stop.set()
    await asyncio.gather(*sealing)
    await audit.seal(deps)
    verdict = await audit.verify(deps)
    assert verdict.is_sound, verdict
    async with connected(database) as connection:
        assert verdict.rows == await connection.fetchval("SELECT count(*) FROM techops.activity")
    assert [it["number"] for it in await seals(database)] == list(range(1, verdict.segments + 1))


async def test_the_zone_and_the_style_of_dates_do_not_matter(deps: Deps, database: DatabaseConfig) -> None:
    await sealed(deps, database, 3)
    name = urlsplit(database.dsn or "").path.removeprefix("/")
    for setting in ("timezone = 'Pacific/Chatham'", "datestyle = 'German, DMY'", "intervalstyle = 'sql_standard'",
                    "bytea_output = 'escape'", "lc_time = 'C'", "extra_float_digits = -5"):  # fmt: skip
        await act(database, f'ALTER DATABASE "{name}" SET {setting} -- 1')
    pool = await open_pool(database)
    try:
        assert (await audit.verify(Deps(deps.settings, pool, deps.slack, deps.clock))).is_sound
    finally:
        await pool.close()


async def test_a_restored_database_goes_on(deps: Deps, database: DatabaseConfig) -> None:
    """Numbers of transactions of another server may be larger than this one's for a long time."""
    async with connected(database) as connection:
        hole = connection.transaction()
        await hole.start()
        [lost] = await connection.fetch(INSERT, 1)
        await hole.rollback()
    await write(database, 3)
    await act(database, "UPDATE techops.activity SET xid = '900000000000'")
    await audit.seal(deps)
    async with connected(database) as connection, connection.transaction():
        await connection.execute("SELECT pg_current_xact_id()")
        await act(database, "UPDATE techops.audit_seals SET settled = 0, next_xid = '900000000001'")
        await sealed(deps, database, 2)
        await act(database, "DELETE FROM techops.audit_seals WHERE number = 1")
    async with connected(database) as connection:
        assert await connection.fetchval("SELECT settled FROM techops.audit_seals") == lost["id"] + 3
        await connection.execute(PUT_IN, lost["id"])
    assert await audit.seal(deps) == []
    assert FaultKind.ADDED in {it.kind for it in (await audit.verify(deps)).faults}


async def test_rows_that_nobody_seals_are_told(deps: Deps, database: DatabaseConfig) -> None:
    await write(database, 2)
    assert (await audit.verify(deps)).notes == ()
    later = Deps(deps.settings, deps.pool, deps.slack, lambda: datetime.now(UTC) + timedelta(hours=1))
    [note] = (await audit.verify(later)).notes
    assert "2 rows are not sealed yet" in note
