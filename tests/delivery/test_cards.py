"""One card a record, edited; the changes in its thread: whoever made them."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from pgqueuer.errors import RetryRequested

from bot.worker import run_worker
from db.pool import DatabaseConfig
from db.queries import cards as card_rows
from sandbox.workspace import Workspace
from tests.fixtures.bot import settings_for
from tests.fixtures.delivery import ByHand, Dashboard, Workers, cards, open_deps, shown, thread


async def test_a_row_inserted_by_another_program_gets_a_card(
    dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    async with workers():
        request_id = await dashboard.request("Replace the fan")
        await slack.wait_for(lambda: cards(slack))
        await dashboard.settled()
    [card] = cards(slack)
    assert f"MR-{request_id}" in shown(card)
    assert "Replace the fan" in shown(card)
    assert card.metadata == {
        "event_type": "techops",
        "event_payload": {"key": f"card:maintenance:{request_id}:C0OPS:1"},
    }
    assert thread(slack, card) == []


async def test_a_change_edits_the_card_and_is_told_in_its_thread(
    dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    async with workers():
        request_id = await dashboard.request()
        await slack.wait_for(lambda: cards(slack))
        await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request_id)
        await slack.wait_for(lambda: thread(slack, cards(slack)[0]))
        await dashboard.settled()
    [card] = cards(slack)
    assert "In progress" in shown(card)
    assert card.edits == 1
    assert len(thread(slack, card)) == 1


async def test_a_burst_makes_one_card_few_edits_and_every_line_in_order(
    dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    async with workers(2):
        request_id = await dashboard.request()
        await slack.wait_for(lambda: cards(slack))
        for number in range(25):
            await dashboard.run(
                "INSERT INTO techops.comments (maintenance_request_id, user_id, body) VALUES ($1, 2, $2)",
                request_id,
                f"Step {number:02d} done",
            )
        await dashboard.settled()
    [card] = cards(slack)
    assert [line[line.index("Step") :] for line in thread(slack, card)] == [f"Step {n:02d} done" for n in range(25)]
    assert 1 <= card.edits <= 10


async def test_a_change_that_comes_while_the_card_is_written_is_not_lost(
    dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    slack.faults.add("delay", "chat.postMessage", delay=0.5)
    async with workers():
        request_id = await dashboard.request()
        await dashboard.until("SELECT EXISTS (SELECT FROM techops.messages WHERE intended_at IS NOT NULL)")
        await dashboard.run("UPDATE maintenance_requests SET priority = 'critical' WHERE id = $1", request_id)
        await slack.wait_for(lambda: cards(slack) and thread(slack, cards(slack)[0]))
        await dashboard.settled()
    [card] = cards(slack)
    assert "Critical" in shown(card)
    assert len(thread(slack, card)) == 1


async def test_no_connection_is_held_while_slack_answers_slowly(
    dashboard: Dashboard, slack: Workspace, database: DatabaseConfig
) -> None:
    slack.faults.add("delay", "chat.postMessage", times=None, delay=0.3)
    async with open_deps(settings_for(slack, database, db_pool_size=2)) as deps, asyncio.TaskGroup() as group:
        stop = asyncio.Event()
        group.create_task(run_worker(deps, stop))
        for number in range(8):
            await dashboard.request(f"Fan {number}")
        await dashboard.until("SELECT EXISTS (SELECT FROM techops.messages)")
        while len(cards(slack)) < 8:
            async with asyncio.timeout(5), deps.pool.acquire() as conn:
                assert await conn.fetchval("SELECT true")
            await dashboard.run("SELECT pg_sleep(0.05)")
        await dashboard.settled()
        stop.set()
    assert await dashboard.run("SELECT count(*) FROM techops.cards WHERE message_ts IS NOT NULL") == 8


async def test_a_record_that_was_there_before_gets_its_card_at_its_first_change(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    await dashboard.run("SET app.announce = off")
    request_id = await dashboard.request()
    assert await by_hand.left() == 0
    await dashboard.run("RESET app.announce")
    await dashboard.run("UPDATE maintenance_requests SET due_date = now() WHERE id = $1", request_id)
    assert await by_hand.run() == []
    [card] = cards(slack)
    assert f"MR-{request_id}" in shown(card)
    assert len(thread(slack, card)) == 1


async def test_a_deleted_request_says_so_on_its_card(dashboard: Dashboard, slack: Workspace, by_hand: ByHand) -> None:
    request_id = await dashboard.request("Replace the fan")
    await by_hand.run()
    await dashboard.run("DELETE FROM maintenance_requests WHERE id = $1", request_id)
    assert await by_hand.run() == []
    [card] = cards(slack)
    assert "deleted" in shown(card)
    assert "maintenance.start" not in shown(card)
    assert await by_hand.left() == 0


async def test_a_request_deleted_before_its_card_is_never_mentioned(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    await dashboard.run("DELETE FROM maintenance_requests WHERE id = $1", request_id)
    assert await by_hand.run() == []
    assert cards(slack) == []
    await dashboard.settled()


async def test_more_than_twenty_records_of_one_transaction_are_one_message(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    await dashboard.run(
        "INSERT INTO maintenance_requests (requested_by, assigned_to, title, description)"
        " SELECT 4, 2, 'Number ' || n, 'x' FROM generate_series(1, 30) AS n"
    )
    assert await by_hand.run() == []
    [told] = cards(slack)
    assert "30 maintenance requests" in told.text
    [personal] = slack.messages_in(slack.dm("U0ENG").id)
    assert "30 maintenance requests" in personal.text
    await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE title = 'Number 7'")
    assert await by_hand.run() == []
    assert len(cards(slack)) == 2
    assert "Number 7" in shown(cards(slack)[1])
    assert await by_hand.left() == 0


async def test_very_many_changes_of_one_record_are_one_message(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    await by_hand.run()
    await dashboard.run(
        "INSERT INTO maintenance_work_logs (maintenance_request_id, user_id, work_description, work_date)"
        " SELECT $1, 2, 'Imported', current_date FROM generate_series(1, 150)",
        request_id,
    )
    assert await by_hand.run() == []
    assert len(cards(slack)) == 2
    assert thread(slack, cards(slack)[0]) == []


async def test_twenty_records_of_one_transaction_get_their_cards(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    await dashboard.run(
        "INSERT INTO maintenance_requests (requested_by, title, description)"
        " SELECT 4, 'Number ' || n, 'x' FROM generate_series(1, 20) AS n"
    )
    assert await by_hand.run() == []
    assert len(cards(slack)) == 20


async def test_changes_of_records_without_a_card_are_not_announced(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    await dashboard.run("INSERT INTO projects (name) SELECT 'P' || n FROM generate_series(1, 30) AS n")
    assert await by_hand.run() == []
    assert cards(slack) == []


async def test_a_card_that_was_deleted_in_slack_is_posted_again(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    await by_hand.run()
    [first] = cards(slack)
    slack.messages.delete(first)
    await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request_id)
    assert await by_hand.run() == []
    [second] = cards(slack)
    assert second.ts != first.ts
    assert len(thread(slack, second)) == 1


async def test_a_card_whose_thread_is_lost_is_posted_again(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    await by_hand.run()
    slack.faults.add("refuse", "chat.postMessage", error="thread_not_found")
    await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request_id)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 2
    assert len(thread(slack, cards(slack)[1])) == 1


async def test_refused_blocks_are_sent_again_as_plain_text(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    slack.faults.add("refuse", "chat.postMessage", error="invalid_blocks")
    request_id = await dashboard.request("Replace the fan")
    assert await by_hand.run() == []
    [card] = cards(slack)
    assert "Replace the fan" in card.text
    assert card.blocks == []
    slack.faults.add("refuse", "chat.update", error="invalid_blocks")
    await dashboard.run("UPDATE maintenance_requests SET title = 'Replace the pump' WHERE id = $1", request_id)
    assert await by_hand.run() == []
    assert "Replace the pump" in card.text


async def test_a_line_waits_for_an_earlier_change_that_is_still_being_announced(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    await by_hand.run()
    await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request_id)
    await dashboard.run("UPDATE maintenance_requests SET priority = 'low' WHERE id = $1", request_id)
    await dashboard.run(
        "UPDATE techops.pgqueuer SET status = 'picked' WHERE id = (SELECT min(id) FROM techops.pgqueuer)"
    )
    [waits] = await by_hand.run()
    assert isinstance(waits, RetryRequested)
    [card] = cards(slack)
    assert thread(slack, card) == []
    await dashboard.run("UPDATE techops.pgqueuer SET status = 'queued'")
    await by_hand.run()
    await by_hand.run()
    assert ["low" in line for line in thread(slack, card)] == [False, True]
    await dashboard.settled()


async def test_another_job_that_holds_the_card_is_waited_for(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    now = by_hand.clock()
    async with by_hand.deps.pool.acquire() as conn:
        await card_rows.claim_card(
            conn,
            "maintenance",
            request_id,
            "C0OPS",
            token=uuid4(),
            job_id=999_999,
            now=now,
            until=now + timedelta(seconds=60),
        )
    [busy] = await by_hand.run()
    assert isinstance(busy, RetryRequested)
    assert cards(slack) == []
    by_hand.clock.let_pass(61)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 1


async def test_a_job_that_lost_its_lease_writes_nothing(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    await by_hand.run()
    await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request_id)
    slack.faults.add("delay", "chat.update", delay=0.5)
    running = asyncio.create_task(by_hand.run())
    await dashboard.until("SELECT EXISTS (SELECT FROM techops.cards WHERE lease_token IS NOT NULL)")
    await dashboard.run("UPDATE techops.cards SET lease_token = gen_random_uuid(), lease_job = 999999")
    [lost] = await running
    assert isinstance(lost, RetryRequested)
    assert thread(slack, cards(slack)[0]) == []
    assert await dashboard.run("SELECT count(*) FROM techops.ledger WHERE posted_at IS NULL") == 1
