# ruff: noqa: PT012 - what is tested is how a block ends
import asyncio
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from db import embedded
from db.errors import DatabaseError, Timeout, Unavailable
from db.pool import Conn, DatabaseConfig, Pool, connect, open_pool

CUT_ALL_OTHERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


SLEEPERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)


@pytest.fixture
async def _notes(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute("CREATE TABLE notes (id integer PRIMARY KEY)")


needs_notes = pytest.mark.usefixtures("_notes")


async def count(pool: Pool) -> int:
    async with pool.acquire() as conn:
        return int(await conn.fetchval("SELECT count(*) FROM notes"))


async def test_sessions_carry_zone_and_name(database: DatabaseConfig) -> None:
    config = replace(database, timezone="Europe/Berlin", application_name="techops test", statement_timeout=7.5)
    pool = await open_pool(config)
    try:
        async with pool.acquire() as conn:
            assert await conn.fetchval("SHOW TimeZone") == "Europe/Berlin"
            assert await conn.fetchval("SHOW application_name") == "techops test"
            assert await conn.fetchval("SHOW statement_timeout") == "7500ms"
    finally:
        await pool.close()


async def test_json_is_python_objects(conn: Conn) -> None:
    value = {"text": "\u00e4\u2028'\"", "list": [1, None, True]}
    assert await conn.fetchval("SELECT $1::jsonb", value) == value
    assert await conn.fetchval("""SELECT '{"a": [1]}'::json""") == {"a": [1]}


@needs_notes
async def test_a_transaction_commits_and_its_settings_end_with_it(pool: Pool) -> None:
    settings = {"app.current_user_id": "7", "app.note": "it's \\ 100 % 'quoted'"}
    async with pool.transaction(settings) as conn:
        for name, value in settings.items():
            assert await conn.fetchval("SELECT current_setting($1)", name) == value
        await conn.execute("INSERT INTO notes VALUES (1)")
    assert await count(pool) == 1
    async with pool.acquire() as conn:
        assert not await conn.fetchval("SELECT current_setting('app.current_user_id', true)")


@needs_notes
async def test_an_error_rolls_back_and_leaves_a_clean_connection(pool: Pool) -> None:
    with pytest.raises(RuntimeError):
        async with pool.transaction() as conn:
            await conn.execute("INSERT INTO notes VALUES (1)")
            raise RuntimeError
    assert await count(pool) == 0
    assert pool.size == pool.idle == 1


@needs_notes
async def test_the_callback_comes_before_the_commit_and_not_without_one(pool: Pool) -> None:
    seen = []
    async with pool.transaction(on_commit_started=lambda: seen.append("commit")) as conn:
        await conn.execute("INSERT INTO notes VALUES (1)")
        assert seen == []
    assert seen == ["commit"]

    with pytest.raises(RuntimeError):
        async with pool.transaction(on_commit_started=lambda: seen.append("again")):
            raise RuntimeError
    assert seen == ["commit"]


@needs_notes
@pytest.mark.parametrize("waiting", [True, False])
async def test_a_cancelled_task_rolls_back_and_leaves_a_clean_connection(pool: Pool, *, waiting: bool) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with pool.transaction() as conn:
            await conn.execute("INSERT INTO notes VALUES (1)")
            inside.set()
            if waiting:
                await conn.execute("SELECT pg_sleep(30)")
            else:
                await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    if waiting:
        async with pool.acquire() as conn:
            while not await conn.fetchval(SLEEPERS):
                await asyncio.sleep(0.01)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 2
    assert await count(pool) == 0
    async with pool.transaction() as conn:
        assert await conn.fetchval("SELECT 1") == 1
    await until(lambda: pool.size == pool.idle)


@needs_notes
async def test_a_deadline_rolls_back(pool: Pool) -> None:
    seen: list[str] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), pool.transaction(on_commit_started=lambda: seen.append("commit")) as conn:
            await conn.execute("INSERT INTO notes VALUES (1)")
            await conn.execute("SELECT pg_sleep(30)")
    assert seen == []
    assert await count(pool) == 0


@needs_notes
async def test_an_ignored_failure_is_not_taken_for_a_commit(pool: Pool) -> None:
    with pytest.raises(DatabaseError, match="Nothing was saved"):
        async with pool.transaction() as conn:
            await conn.execute("INSERT INTO notes VALUES (1)")
            with suppress(Exception):  # the mistake that is looked for
                await conn.execute("SELECT 1 / 0")
    assert await count(pool) == 0


@needs_notes
async def test_a_savepoint_keeps_the_rest(pool: Pool) -> None:
    async with pool.transaction() as conn:
        await conn.execute("INSERT INTO notes VALUES (1)")
        with pytest.raises(Exception, match="duplicate key"):
            async with conn.transaction():
                await conn.execute("INSERT INTO notes VALUES (1)")
        await conn.execute("INSERT INTO notes VALUES (2)")
    assert await count(pool) == 2


async def test_an_exhausted_pool_says_so_in_time(database: DatabaseConfig) -> None:
    pool = await open_pool(replace(database, max_size=1, connect_timeout=0.2))
    try:
        async with pool.acquire():
            begun = time.monotonic()
            with pytest.raises(Unavailable):
                async with pool.acquire():
                    pass
            assert 0.1 < time.monotonic() - begun < 1
    finally:
        await pool.close()


async def test_connections_are_opened_as_needed_and_closed_when_idle(database: DatabaseConfig) -> None:
    pool = await open_pool(replace(database, idle_seconds=0.1))
    try:
        async with pool.acquire(), pool.acquire(), pool.acquire():
            assert pool.size == 3
        await until(lambda: pool.size == 0)
    finally:
        await pool.close()


async def test_connections_cut_while_idle_are_not_noticed(database: DatabaseConfig) -> None:
    pool = await open_pool(database)
    other = await connect(database)
    try:
        for _ in range(3):
            async with pool.acquire(), pool.acquire():
                pass
            assert await other.fetchval(CUT_ALL_OTHERS) >= 2
            async with pool.transaction({"app.note": "x"}) as conn:
                assert await conn.fetchval("SELECT current_setting('app.note')") == "x"
    finally:
        await other.close()
        await pool.close()


async def test_a_connection_cut_in_use_is_reported_and_replaced(database: DatabaseConfig) -> None:
    pool = await open_pool(replace(database, max_size=1))
    other = await connect(database)
    try:
        for _ in range(2):
            with pytest.raises(Unavailable):
                async with pool.transaction() as conn:
                    await other.fetchval(CUT_ALL_OTHERS)
                    await conn.fetchval("SELECT 1")
            with pytest.raises(Unavailable):
                async with pool.acquire() as conn:
                    await other.fetchval(CUT_ALL_OTHERS)
                    await conn.fetchval("SELECT 1")
        async with pool.acquire() as conn:
            assert await conn.fetchval("SELECT 1") == 1
    finally:
        await other.close()
        await pool.close()


async def test_statement_timeout(database: DatabaseConfig) -> None:
    pool = await open_pool(replace(database, statement_timeout=0.1))
    try:
        with pytest.raises(Timeout):
            async with pool.acquire() as conn:
                await conn.execute("SELECT pg_sleep(30)")
    finally:
        await pool.close()


async def test_nobody_there_is_said_at_once() -> None:
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        await open_pool(DatabaseConfig(host="127.0.0.1", port=1, name="x", user="x", password="x", ssl="false"))
    with pytest.raises(Unavailable):
        await connect(DatabaseConfig(dsn="postgresql:///x?host=/nonexistent"))
    for nonsense in ("http://x", "postgresql://x:y@z:port/d", "postgresql://127.0.0.1:1/x?sslmode=maybe"):
        with pytest.raises(Unavailable):
            await connect(DatabaseConfig(dsn=nonsense))
    assert time.monotonic() - begun < 2


async def test_one_who_does_not_answer_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        here = DatabaseConfig(host="127.0.0.1", port=silent.getsockname()[1], name="x", user="x", password="x")
        config = replace(here, ssl="false", connect_timeout=0.2)
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            await open_pool(config)
        with pytest.raises(Unavailable):
            await connect(config)
        assert time.monotonic() - begun < 2


async def test_a_closed_pool_is_unavailable(database: DatabaseConfig) -> None:
    pool = await open_pool(database)
    await pool.close()
    with pytest.raises(Unavailable):
        async with pool.acquire():
            pass
    with pytest.raises(Unavailable):
        async with pool.transaction():
            pass
    await pool.close()


async def test_close_does_not_wait_for_ever(database: DatabaseConfig) -> None:
    pool = await open_pool(database)
    with pytest.raises(Unavailable):
        async with pool.transaction() as conn:
            await pool.close(0.1)
            await conn.execute("SELECT 1")


@pytest.fixture
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="techops-"))
    yield made
    shutil.rmtree(made)


async def test_the_pool_outlives_a_restart_of_the_server(directory: Path) -> None:
    server = await embedded.start(directory, durable=False)
    pool = await open_pool(DatabaseConfig(dsn=server.dsn))
    try:
        async with pool.acquire(), pool.acquire():
            pass
        await server.stop()
        with pytest.raises(Unavailable):
            async with pool.transaction():
                pass
        server = await embedded.start(directory, durable=False)
        async with pool.transaction() as conn:
            assert await conn.fetchval("SELECT 1") == 1
    finally:
        await pool.close()
        await server.stop()
