"""Waiting, seen from inside: what the reader reads, and what no notice told."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from bot.api.hub import CHANNEL, Full, Hub
from db.pool import Pool

STATUSES = "SELECT id, status FROM deployments WHERE id = ANY($1::integer[])"
INSERT = """
WITH project AS (INSERT INTO projects (name) VALUES ('Shop') RETURNING id)
INSERT INTO deployments (project_id, version, environment) SELECT id, 'v' || n, 'staging'
FROM project, generate_series(1, 300) AS n
"""


@dataclass
class Reader:
    """Reads as the API does, and keeps what it was asked for."""

    pool: Pool
    asked: list[list[int]] = field(default_factory=list)

    async def read(self, ids: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(list(ids))
        async with self.pool.acquire() as conn:
            return {row["id"]: row["status"] for row in await conn.fetch(STATUSES, list(ids))}


@pytest.fixture
async def reader(pool: Pool) -> Reader:
    async with pool.transaction() as conn:
        await conn.execute(INSERT)
    return Reader(pool)


async def running(hub: Hub[str], pool: Pool) -> AsyncIterator[None]:
    task = asyncio.create_task(hub.run(pool.config))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def hub(reader: Reader, pool: Pool) -> AsyncIterator[Hub[str]]:
    made: Hub[str] = Hub("deployment", reader.read, capacity=150, look_after=3600)
    async for _ in running(made, pool):
        yield made


@pytest.fixture
async def restless(reader: Reader, pool: Pool) -> AsyncIterator[Hub[str]]:
    made: Hub[str] = Hub("deployment", reader.read, capacity=150, look_after=0.1)
    async for _ in running(made, pool):
        yield made


async def test_many_who_wait_for_one_record_are_one_reading(hub: Hub[str], reader: Reader) -> None:
    with hub.watch(1) as one, hub.watch(1) as two, hub.watch(2) as other:
        for watch in (one, two, other):
            assert await watch.news(5)
        assert (one.reading, two.reading, other.reading) == ("pending", "pending", "pending")
    assert all(len(ids) == len(set(ids)) for ids in reader.asked)
    assert hub.waiting == 0


async def test_what_changes_while_it_is_read_is_read_again(hub: Hub[str], reader: Reader, pool: Pool) -> None:
    with hub.watch(1) as watch:
        for status in ("in_progress", "success", "failed", "rolled_back") * 3:
            async with pool.transaction() as conn:
                await conn.execute("UPDATE deployments SET status = $1 WHERE id = 1", status)
        async with asyncio.timeout(5):
            while watch.reading != "rolled_back":
                await watch.news(5)


async def test_a_record_that_is_gone_reads_as_none(hub: Hub[str], pool: Pool) -> None:
    with hub.watch(4711) as never:
        assert await never.news(5)
        assert (never.read, never.reading) == (True, None)


async def test_no_more_than_may_wait(hub: Hub[str]) -> None:
    watches = [hub.watch(1) for _ in range(150)]
    for watch in watches:
        watch.__enter__()
    with pytest.raises(Full), hub.watch(1):
        pass
    for watch in watches:
        watch.__exit__(None, None, None)
    assert hub.waiting == 0


async def test_what_no_notice_told_is_seen_all_the_same(restless: Hub[str], pool: Pool) -> None:
    with restless.watch(300) as watch:
        assert await watch.news(5)
        async with pool.transaction() as conn:
            await conn.execute("UPDATE deployments SET status = 'failed'")  # tells of 200 records
        async with asyncio.timeout(5):
            while watch.reading != "failed":
                await watch.news(5)


async def test_notices_that_make_no_sense_are_passed_over(hub: Hub[str], pool: Pool) -> None:
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
    with hub.watch(1) as watch:
        assert await watch.news(5)
        async with pool.transaction() as conn:
            for payload in (
                "",
                "{",
                "[]",
                "7",
                '{"kind": "deployment"}',
                '{"kind": "deployment", "id": []}',
                '{"id": 1}',
            ):
                await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        async with pool.transaction() as conn:
            await conn.execute("UPDATE deployments SET status = 'failed' WHERE id = 1")
        async with asyncio.timeout(5):
            while watch.reading != "failed":
                await watch.news(5)
    assert failures == []
