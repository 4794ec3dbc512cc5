"""Exactly once: jobs that run twice, answers that get lost, Slack that asks to wait or refuses."""

import json

import pytest
from pgqueuer.errors import RetryRequested

from bot.delivery.post import Undecided
from bot.slack import SlackUnavailable
from db.queries import outbox, queue, retention
from sandbox.manifest import Manifest
from sandbox.workspace import Workspace
from tests.fixtures.delivery import ByHand, Dashboard, cards, shown, thread

START = "UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1"


def only(raised: list[Exception], kind: type[Exception]) -> None:
    assert raised
    assert {type(error) for error in raised} == {kind}, raised


async def test_jobs_that_run_again_post_nothing_again(dashboard: Dashboard, slack: Workspace, by_hand: ByHand) -> None:
    request_id = await dashboard.request(assignee=2)
    await dashboard.run(START, request_id)
    for _time in range(3):
        assert await by_hand.run(keep=True) == []
    [card] = cards(slack)
    assert len(thread(slack, card)) == 1
    assert len(slack.messages_in(slack.dm("U0ENG").id)) == 1


async def test_a_card_whose_answer_was_lost_is_found_and_kept(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    slack.faults.add("drop_after", "chat.postMessage")
    request_id = await dashboard.request()
    only(await by_hand.run(), SlackUnavailable)
    assert len(cards(slack)) == 1
    only(await by_hand.run(), RetryRequested)  # too early to tell
    by_hand.clock.let_pass(6)
    await dashboard.run("UPDATE maintenance_requests SET title = 'Another title' WHERE id = $1", request_id)
    assert await by_hand.run() == []
    [card] = cards(slack)
    assert "Another title" in shown(card)
    assert len(slack.calls_of("chat.postMessage")) == 2  # the card, and the line of the edit


async def test_a_card_that_did_not_arrive_is_posted(dashboard: Dashboard, slack: Workspace, by_hand: ByHand) -> None:
    slack.faults.add("drop_before", "chat.postMessage")
    await dashboard.request()
    only(await by_hand.run(), SlackUnavailable)
    assert cards(slack) == []
    by_hand.clock.let_pass(6)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 1


async def test_a_line_whose_answer_was_lost_is_found_in_its_thread(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    await by_hand.run()
    slack.faults.add("drop_after", "chat.postMessage")
    await dashboard.run(START, request_id)
    only(await by_hand.run(), SlackUnavailable)
    by_hand.clock.let_pass(6)
    assert await by_hand.run() == []
    [card] = cards(slack)
    assert len(thread(slack, card)) == 1
    assert slack.calls_of("conversations.replies")


async def test_a_direct_message_whose_answer_was_lost_is_found(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    slack.faults.add("drop_after", "chat.postMessage", channel="U0ENG")
    await dashboard.request(assignee=2)
    only(await by_hand.run(), SlackUnavailable)
    by_hand.clock.let_pass(6)
    assert await by_hand.run() == []
    assert len(slack.messages_in(slack.dm("U0ENG").id)) == 1


async def test_a_message_is_looked_for_beyond_the_first_page(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    slack.faults.add("drop_after", "chat.postMessage")
    await dashboard.request()
    await by_hand.run()
    for number in range(250):
        slack.messages.post(slack.channel("ops"), "U0ENG", {"text": f"chatter {number}"})
    by_hand.clock.let_pass(6)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 1


async def test_where_slack_cannot_be_searched_it_is_posted_once_more_and_counted(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    slack.manifest = Manifest({"oauth_config": {"scopes": {"bot": ["chat:write", "channels:read", "groups:read"]}}})
    slack.faults.add("drop_after", "chat.postMessage", times=2)
    await dashboard.request()
    only(await by_hand.run(), SlackUnavailable)
    by_hand.clock.let_pass(6)
    only(await by_hand.run(), SlackUnavailable)
    async with by_hand.deps.pool.acquire() as conn:
        assert (await queue.get_health(conn, by_hand.clock())).maybe_duplicates == 1
    by_hand.clock.let_pass(6)
    only(await by_hand.run(), Undecided)  # held for somebody to look
    assert len(cards(slack)) == 2
    await dashboard.run("UPDATE techops.pgqueuer SET status = 'failed'")
    async with by_hand.deps.pool.transaction() as conn:
        assert await queue.retry_held(conn) == 1
    assert await by_hand.run() == []
    assert len(cards(slack)) == 3


async def test_a_channel_rests_for_as_long_as_slack_asks(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    slack.faults.add("ratelimited", "chat.postMessage", retry_after=30)
    await dashboard.request("First")
    [rest] = await by_hand.run()
    assert isinstance(rest, RetryRequested)
    assert 30 <= rest.delay.total_seconds() <= 36
    calls = len(slack.calls)
    await dashboard.request("Second")
    assert all(isinstance(error, RetryRequested) for error in await by_hand.run())
    assert len(slack.calls) == calls  # nobody asks Slack again before that
    by_hand.clock.let_pass(31)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 2


async def test_a_channel_without_the_bot_is_tried_again_and_shows_why(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    ops = slack.channel("ops")
    ops.members.discard(slack.bot.id)
    await dashboard.request()
    [reason] = await by_hand.run()
    assert isinstance(reason, RetryRequested)
    assert "/invite" in str(reason)
    assert reason.delay.total_seconds() >= 60
    ops.members.add(slack.bot.id)
    by_hand.clock.let_pass(121)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 1


async def test_a_channel_that_does_not_exist_yet_is_waited_for(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    slack.channel("ops").name = "operations"
    await dashboard.request()
    [reason] = await by_hand.run()
    assert isinstance(reason, RetryRequested)
    assert "#ops" in str(reason)
    lists = len(slack.calls_of("conversations.list"))
    await by_hand.run()
    assert len(slack.calls_of("conversations.list")) == lists
    slack.channel("operations").name = "ops"
    by_hand.clock.let_pass(121)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 1


@pytest.mark.parametrize("code", ["cant_update_message", "edit_window_closed"])
async def test_a_card_that_may_not_be_edited_is_followed_by_another(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand, code: str
) -> None:
    request_id = await dashboard.request()
    await by_hand.run()
    slack.faults.add("refuse", "chat.update", error=code)
    await dashboard.run(START, request_id)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 2


async def test_an_unknown_refusal_is_not_swallowed(dashboard: Dashboard, slack: Workspace, by_hand: ByHand) -> None:
    slack.faults.add("refuse", "chat.postMessage", error="something_new")
    await dashboard.request()
    [error] = await by_hand.run()
    assert "something_new" in str(error)
    assert await by_hand.run() == []
    assert len(cards(slack)) == 1


async def test_a_message_of_a_use_case_is_sent_once_for_its_key(slack: Workspace, by_hand: ByHand) -> None:
    sent = []
    for text in ("Your report is ready.", "Again"):
        async with by_hand.deps.pool.transaction() as conn:
            now = by_hand.clock()
            sent.append(await outbox.enqueue_dm(conn, user="U0ENG", text=text, blocks=[], key="report:1", now=now))
    assert sent == [True, False]
    assert await by_hand.run() == []
    assert [m.text for m in slack.messages_in(slack.dm("U0ENG").id)] == ["Your report is ready."]


async def test_a_message_to_somebody_who_has_left_is_dropped(by_hand: ByHand) -> None:
    async with by_hand.deps.pool.transaction() as conn:
        await outbox.enqueue_dm(conn, user="U0GONE", text="Hello.", blocks=[], key="hello", now=by_hand.clock())
    assert await by_hand.run() == []
    assert await by_hand.left() == 0


@pytest.mark.parametrize("lost", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
async def test_a_file_arrives_once_whichever_answer_gets_lost(slack: Workspace, by_hand: ByHand, lost: str) -> None:
    slack.faults.add("drop_after", lost)
    async with by_hand.deps.pool.transaction() as conn:
        await outbox.enqueue_file(
            conn,
            user="U0ENG",
            filename="report.csv",
            title="Work logs",
            content=b"a,b\n",
            key="export:1",
            now=by_hand.clock(),
            text="Here it is.",
        )
    only(await by_hand.run(), SlackUnavailable)
    by_hand.clock.let_pass(6)
    assert await by_hand.run() == []
    [message] = slack.messages_in(slack.dm("U0ENG").id)
    [file] = message.files
    assert file["name"].startswith("report-")
    assert file["name"].endswith(".csv")
    assert slack.files[file["id"]].content == b"a,b\n"


async def test_payloads_name_kind_record_and_channel(dashboard: Dashboard, by_hand: ByHand, slack: Workspace) -> None:
    slack.faults.add("server_error", "chat.postMessage")
    request_id = await dashboard.request()
    await by_hand.run()
    payload = await dashboard.run("SELECT convert_from(payload, 'UTF8') FROM techops.pgqueuer")
    assert json.loads(payload) == {"kind": "maintenance", "id": request_id, "channel": "C0OPS"}


async def test_traces_of_what_is_done_are_forgotten_but_not_what_is_under_way(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    slack.faults.add("drop_after", "chat.postMessage", skip=1)
    await dashboard.request("Sent")
    await dashboard.request("In doubt")
    only(await by_hand.run(), SlackUnavailable)
    by_hand.clock.let_pass(6)
    assert await forgotten(by_hand) == 0
    assert await by_hand.run() == []
    assert len(cards(slack)) == 2
    assert await forgotten(by_hand) == 2
    await dashboard.run("UPDATE maintenance_requests SET status = 'in_progress'")
    assert await by_hand.run() == []
    assert len(cards(slack)) == 2


async def forgotten(by_hand: ByHand) -> int:
    """How many messages are forgotten that are older than now."""
    async with by_hand.deps.pool.transaction() as conn:
        return await retention.delete_old(conn, "messages", by_hand.clock(), 100)
