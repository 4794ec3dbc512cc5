"""`?wait=`: answers as soon as something changes, holds many with few connections, and loses nothing."""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.context import Act
from bot.services import tokens
from tests.api.conftest import PRODUCTION, STAGING, Answer, Client, new_token
from tests.fixtures.bot import RunningBot

DECIDE = "UPDATE techops.approvals SET status = $2, decided_at = now() WHERE subject_id = $1 AND status = 'pending'"
CUT_LISTENER = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ILIKE 'LISTEN %techops_subject%'
"""
CONNECTIONS = """
SELECT count(*) AS n FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'techops%'
"""


async def figure(http: aiohttp.ClientSession, address: str, name: str) -> float:
    async with http.get(f"{address}/metrics") as response:
        found = re.search(rf"^techops_{name} ([0-9.e+]+)$", await response.text(), re.MULTILINE)
    assert found is not None
    return float(found[1])


async def until_waiting(api: Client, wanted: Callable[[float], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not wanted(await figure(api.http, api.address, "pipelines_waiting")):
            await asyncio.sleep(0.05)


async def timed(work: Any) -> tuple[Answer, float]:
    return await work, time.monotonic()


async def test_an_approval_ends_the_waiting_at_once(bot: RunningBot, api: Client) -> None:
    number = await api.made(PRODUCTION)
    for status in ("approved",):
        waiting = asyncio.create_task(timed(api.get(f"/deployments/{number}?wait=20")))
        await until_waiting(api, lambda n: n == 1)
        await bot.fetch(DECIDE, number, status)
        decided = time.monotonic()
        answer, at = await waiting
        assert (answer.status, answer.body["approval"]) == (200, status)
        assert at - decided < 1
    begun = time.monotonic()
    assert (await api.get(f"/deployments/{number}?wait=20")).body["approval"] == "approved"
    assert time.monotonic() - begun < 1


async def test_a_rejection_and_an_expiry_do_too(bot: RunningBot, api: Client) -> None:
    for status in ("rejected", "expired"):
        number = await api.made(PRODUCTION)
        waiting = asyncio.create_task(api.get(f"/deployments/{number}?wait=20"))
        await until_waiting(api, lambda n: n == 1)
        await bot.fetch(DECIDE, number, status)
        assert (await waiting).body["approval"] == status


async def test_a_change_of_status_by_anybody_ends_it(bot: RunningBot, api: Client) -> None:
    number = await api.made(STAGING)
    for status in ("in_progress", "failed"):
        waiting = asyncio.create_task(api.get(f"/deployments/{number}?wait=20"))
        await until_waiting(api, lambda n: n == 1)
        await bot.fetch("UPDATE deployments SET notes = 'no news' WHERE id = $1", number)
        await bot.fetch("UPDATE deployments SET status = $2 WHERE id = $1", number, status)
        assert (await waiting).body["status"] == status
    assert await figure(api.http, api.address, "pipelines_waiting") == 0


async def test_a_deployment_that_is_deleted_meanwhile_is_not_found(bot: RunningBot, api: Client) -> None:
    number = await api.made(STAGING)
    waiting = asyncio.create_task(api.get(f"/deployments/{number}?wait=20"))
    await until_waiting(api, lambda n: n == 1)
    await bot.fetch("DELETE FROM deployments WHERE id = $1", number)
    assert (await waiting).status == 404


async def test_without_a_change_the_time_is_kept_and_no_longer(bot: RunningBot, api: Client) -> None:
    number = await api.made(STAGING)
    begun = time.monotonic()
    assert (await api.get(f"/deployments/{number}?wait=0.4")).body["status"] == "pending"
    assert 0.4 <= time.monotonic() - begun < 3
    for wrong in ("soon", "-1", "nan", "inf", "1e999"):
        assert (await api.get(f"/deployments/{number}?wait={wrong}")).field == "wait"


class TestLongest:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"max_wait": 0.5, "rate_limit": 100}

    async def test_the_wait_is_cut_and_waiting_calls_are_not_counted(self, api: Client) -> None:
        number = await api.made(STAGING)
        begun = time.monotonic()
        answers = await asyncio.gather(*(api.get(f"/deployments/{number}?wait=3600") for _ in range(150)))
        assert {answer.status for answer in answers} == {200}
        assert time.monotonic() - begun < 10
        assert (await api.get(f"/deployments/{number}")).status == 200


async def test_a_token_that_expires_or_is_revoked_meanwhile_gets_401(bot: RunningBot, api: Client) -> None:
    number = await api.made(PRODUCTION)
    short = Client(api.http, api.address, await new_token(bot, expires="1h"))
    waiting = [asyncio.create_task(client.get(f"/deployments/{number}?wait=20")) for client in (short, api)]
    await until_waiting(api, lambda n: n == 2)
    bot.clock.offset += timedelta(hours=2)
    await tokens.revoke(bot.deps, Act(None, "cli"), "1")
    await bot.fetch(DECIDE, number, "approved")
    answers = [await task for task in waiting]
    assert [answer.status for answer in answers] == [401, 401]
    assert "expired" in answers[0].detail
    assert "revoked" in answers[1].detail


async def test_whoever_hangs_up_is_forgotten(bot: RunningBot, api: Client) -> None:
    number = await api.made(STAGING)
    waiting = [asyncio.create_task(api.get(f"/deployments/{number}?wait=20")) for _ in range(5)]
    await until_waiting(api, lambda n: n == 5)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await until_waiting(api, lambda n: n == 0, seconds=4)


async def test_a_listener_that_was_cut_comes_back_and_nothing_is_lost(bot: RunningBot, api: Client) -> None:
    number = await api.made(PRODUCTION)
    waiting = asyncio.create_task(timed(api.get(f"/deployments/{number}?wait=20")))
    await until_waiting(api, lambda n: n == 1)
    assert len(await bot.fetch(CUT_LISTENER)) == 1
    await bot.fetch(DECIDE, number, "approved")
    begun = time.monotonic()
    answer, at = await waiting
    assert answer.body["approval"] == "approved"
    assert at - begun < 5


class TestMany:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"db_pool_size": 6, "rate_limit": 120}

    async def test_five_hundred_wait_with_few_connections(self, bot: RunningBot, api: Client) -> None:
        one = await api.made(PRODUCTION)
        others = [await api.made(PRODUCTION) for _ in range(9)]
        numbers = [one] * 410 + others * 10
        waiting = [asyncio.create_task(timed(api.get(f"/deployments/{number}?wait=20"))) for number in numbers]
        await until_waiting(api, lambda n: n == 500)
        assert await figure(api.http, api.address, "pool_connections") <= 6
        # the pool, the listener, and the connection of the worker that runs beside
        assert (await bot.fetch(CONNECTIONS))[0]["n"] <= 6 + 2
        assert not any(task.done() for task in waiting)
        await bot.fetch(DECIDE, one, "approved")
        decided = time.monotonic()
        answers = await asyncio.gather(*waiting[:410])
        assert {answer.body["approval"] for answer, _ in answers} == {"approved"}
        assert min(at for _, at in answers) - decided < 1
        assert max(at for _, at in answers) - decided < 8
        await bot.fetch("UPDATE techops.approvals SET status = 'rejected' WHERE status = 'pending'")
        assert {answer.body["approval"] for answer, _ in await asyncio.gather(*waiting[410:])} == {"rejected"}
        await until_waiting(api, lambda n: n == 0)
