import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from db import errors
from db.pool import Conn, DatabaseConfig, Pool, connect

USER = "INSERT INTO users (email, name, password_hash) VALUES ('{0}', 'x', 'x')"


@pytest.mark.parametrize(
    ("statement", "kind", "constraint"),
    [
        ((USER + ";" + USER).format("a@b"), errors.Conflict, "users_email_key"),
        ("INSERT INTO deployments (project_id, version, environment) VALUES (0, '1', 'staging')",
         errors.ReferencedGone, "deployments_project_id_fkey"),
        ("INSERT INTO projects (name, status) VALUES ('x', 'lost')", errors.CheckFailed, "chk_projects_status"),
        ("INSERT INTO projects (name) VALUES (NULL)", errors.CheckFailed, ""),
    ],
)  # fmt: skip
async def test_constraints_are_named(
    pool: Pool, statement: str, kind: type[errors.ConstraintError], constraint: str
) -> None:
    with pytest.raises(kind) as caught:
        async with pool.transaction() as conn:
            await conn.execute(statement)
    assert type(caught.value) is kind
    assert caught.value.constraint == constraint
    assert caught.value.sqlstate is not None


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("SELECT $1::integer", 2**31),
        ("SELECT $1::integer", "one"),
        ("SELECT $1::text", "a\x00b"),
        ("SELECT $1::text", "\ud800"),
        ("SELECT $1::text::date", "2025-02-30"),
        ("INSERT INTO projects (name) VALUES ($1)", "x" * 256),
        ("SELECT $1::numeric(5, 2)", 1000),
        ("SELECT 1 / $1::integer", 0),
        ("SELECT $1::jsonb ->> 'a'", {"a": "\x00"}),
    ],
)
async def test_values_that_do_not_fit_are_rejected(pool: Pool, statement: str, value: object) -> None:
    with pytest.raises(errors.DataRejected):
        async with pool.transaction() as conn:
            await conn.fetchval(statement, value)
    async with pool.acquire() as conn:
        assert await conn.fetchval("SELECT 1") == 1


async def test_a_lock_that_does_not_come_is_a_timeout(pool: Pool) -> None:
    async with pool.transaction() as holder:
        await holder.execute("LOCK TABLE projects")
        with pytest.raises(errors.Timeout):
            async with pool.transaction({"lock_timeout": "20ms"}) as conn:
                await conn.fetch("SELECT FROM projects")


async def test_a_deadlock_is_a_timeout_for_one(pool: Pool) -> None:
    first_holds, second_holds = asyncio.Event(), asyncio.Event()

    async def lock(own: int, other: int, mine: asyncio.Event, theirs: asyncio.Event) -> None:
        async with pool.transaction({"deadlock_timeout": "20ms"}) as conn:
            await conn.execute("SELECT pg_advisory_xact_lock($1)", own)
            mine.set()
            await theirs.wait()
            await conn.execute("SELECT pg_advisory_xact_lock($1)", other)

    results = await asyncio.gather(
        lock(1, 2, first_holds, second_holds), lock(2, 1, second_holds, first_holds), return_exceptions=True
    )
    assert sorted(str(type(result).__name__) for result in results) == ["NoneType", "Timeout"]


async def test_other_refusals_keep_their_code(pool: Pool) -> None:
    with pytest.raises(errors.DatabaseError) as caught:
        async with pool.acquire() as conn:
            await conn.fetch("SELECT FROM nowhere")
    assert type(caught.value) is errors.DatabaseError
    assert caught.value.sqlstate == "42P01"


async def test_a_wrong_password_and_a_wrong_name_are_unavailable(database: DatabaseConfig) -> None:
    assert database.dsn is not None
    for address in (database.dsn.replace("/test_", "/gone_"), database.dsn.replace("://", "://nobody_", 1)):
        with pytest.raises(errors.Unavailable):
            await connect(DatabaseConfig(dsn=address))


async def test_what_is_not_of_the_database_passes(pool: Pool) -> None:
    with pytest.raises(KeyError):
        async with pool.acquire():
            raise KeyError
    assert errors.translate(ValueError("x")) is None
    missing = errors.NotFound("request", 42)
    assert errors.translate(missing) is missing
    assert str(missing) == "There is no request 42."


async def test_a_table_changed_under_a_prepared_statement_is_tried_again_later(pool: Pool) -> None:
    query = "SELECT * FROM project_groups"
    async with pool.transaction() as conn:
        await conn.fetch(query)
    async with pool.acquire() as idle, pool.acquire() as other:
        await other.execute("ALTER TABLE project_groups ADD extra integer")
        with pytest.raises(errors.Unavailable):
            async with _translated_transaction(idle):
                await idle.fetch(query)
        assert await idle.fetch(query) == []


@asynccontextmanager
async def _translated_transaction(conn: Conn) -> AsyncIterator[None]:
    with errors.translated():
        async with conn.transaction():
            yield
