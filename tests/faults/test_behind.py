"""Slack away, the worker away, more queued than a worker can do: nothing lost, in order, and bounded."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.context import Deps
from bot.processes.web import serve_web
from db.queries import outbox
from sandbox.workspace import Workspace
from tests.faults import judge
from tests.fixtures.bot import RunningBot
from tests.fixtures.delivery import ByHand, Dashboard, Workers, cards, shown, thread

CHANGES = 100
QUEUED = 80
AT_ONCE = 40
COMMENT = "INSERT INTO techops.comments (maintenance_request_id, user_id, body) VALUES ($1, 2, $2)"
TITLE = "UPDATE maintenance_requests SET title = $2 WHERE id = $1"
IN_HAND = "SELECT count(*) FROM techops.pgqueuer WHERE status = 'picked'"


@pytest.mark.timeout(60)
async def test_what_a_record_went_through_while_nobody_worked_is_one_card_and_every_line(
    dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    async with workers():
        seen = await dashboard.request("Seen")
        await slack.wait_for(lambda: cards(slack))
        await dashboard.settled()
    slack.calls.clear()
    unseen = await dashboard.request("Unseen")
    for number in range(CHANGES):
        await dashboard.run(COMMENT, seen, f"Step {number:03d}")
        await dashboard.run(TITLE, unseen, f"Title {number:03d}")
    async with workers(2):
        await dashboard.settled(within=40)
    [first, second] = cards(slack)
    lines = [line[line.index("Step") :][:8] for line in thread(slack, first)]
    assert lines == [f"Step {number:03d}" for number in range(CHANGES)]
    assert len(thread(slack, second)) == CHANGES
    assert f"Title {CHANGES - 1:03d}" in shown(second)
    calls = Counter(call.method for call in slack.calls)
    # a line each and the card; of edits as many as there were looks, whatever happened in between
    assert calls["chat.postMessage"] == 2 * CHANGES + 1, calls
    assert calls["chat.update"] <= 20, calls
    assert sum(calls.values()) <= 2 * CHANGES + 30, calls


@pytest.mark.timeout(60)
async def test_slack_away_everybody_works_on_and_messages_follow_in_order(bot: RunningBot) -> None:
    await bot.erik.slash("/maintenance", "list", channel="ops")
    for number in (1, 2):
        title = f"Disk {number}"
        await bot.fetch("INSERT INTO maintenance_requests (requested_by, title, description) VALUES (1, $1, '')", title)
        await bot.card(number)
    bot.slack.faults.add("server_error", "*", times=None, status=503)
    for number in (1, 2):
        for text in ("start {}", "comment {} one", "comment {} two", "priority {} high", "complete {} fixed"):
            ack = await bot.erik.slash("/maintenance", text.format(number), channel="ops")
            assert ack.ok
            assert "not" not in ack.text.split("·", maxsplit=1)[0], ack.text
            assert ack.ms < 3000
    rows = await bot.fetch("SELECT status FROM maintenance_requests")
    assert {row["status"] for row in rows} == {"completed"}
    bot.slack.faults.clear()
    found = [await bot.card(number) for number in (1, 2)]
    await bot.until(lambda: all("Completed" in shown(card) and len(thread(bot.slack, card)) == 5 for card in found), 40)
    for card in found:
        told = " ".join(thread(bot.slack, card)).lower()
        places = [told.index(word) for word in ("started", "one", "two", "high", "completed")]
        assert places == sorted(places), told
    assert list(judge.said_twice(bot.slack)) == []


@pytest.fixture
async def address(deps: Deps) -> AsyncIterator[str]:
    """A web process without a worker beside it."""
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    web = asyncio.create_task(serve_web(deps, stop, ready.set_result))
    yield await ready
    stop.set()
    await web


async def test_readiness_says_that_the_queue_is_behind(
    dashboard: Dashboard, address: str, workers: Workers, slack: Workspace
) -> None:
    async def ready() -> tuple[int, str]:
        async with aiohttp.ClientSession() as http, http.get(f"{address}/readyz") as response:
            return response.status, (await response.json())["checks"]["queue"]

    await dashboard.request()
    assert (await ready())[0] == 200
    await dashboard.run("UPDATE techops.pgqueuer SET execute_after = execute_after - interval '6 minutes'")
    status, text = await ready()
    assert status == 503
    assert "is a worker running?" in text
    async with workers():
        await slack.wait_for(lambda: cards(slack))
        await dashboard.settled()
    assert (await ready())[0] == 200


@pytest.mark.timeout(60)
async def test_a_worker_takes_no_more_than_it_can_hold(
    dashboard: Dashboard, slack: Workspace, workers: Workers, by_hand: ByHand
) -> None:
    slack.faults.add("delay", "chat.postMessage", times=None, delay=0.4)
    async with by_hand.deps.pool.transaction() as conn:
        for number in range(QUEUED):
            key = f"note:{number}"
            await outbox.enqueue_dm(conn, user="U0ENG", text="Hello.", blocks=[], key=key, now=by_hand.clock())
    most = 0
    async with workers():
        async with asyncio.timeout(30):
            while len(slack.messages_in(slack.dm("U0ENG").id)) < QUEUED:
                most = max(most, await dashboard.run(IN_HAND))
        await dashboard.settled()
    assert 1 < most <= AT_ONCE
