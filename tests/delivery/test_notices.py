"""A notice for a channel is posted once under its key."""

from bot.context import Deps
from db.queries import outbox
from sandbox.workspace import Workspace
from tests.fixtures.delivery import ByHand, Dashboard, Workers, cards


async def enqueue(deps: Deps, channel: str, key: str) -> bool:
    async with deps.pool.transaction() as conn:
        return await outbox.enqueue_notice(
            conn, channel=channel, text="The disk is full.", blocks=[], key=key, now=deps.now()
        )


async def test_a_notice_is_posted_once_for_its_key(
    deps: Deps, dashboard: Dashboard, slack: Workspace, workers: Workers
) -> None:
    assert await enqueue(deps, "ops", "disk:2026-11-29")
    assert not await enqueue(deps, "ops", "disk:2026-11-29")
    assert await enqueue(deps, "ops", "disk:2026-11-30")
    async with workers(2):
        await dashboard.settled()
    assert [message.text for message in cards(slack)] == ["The disk is full."] * 2


async def test_a_channel_that_is_not_there_is_waited_for(by_hand: ByHand, slack: Workspace) -> None:
    assert await enqueue(by_hand.deps, "nowhere", "disk")
    (reason,) = await by_hand.run()
    assert "nowhere" in str(reason)
    assert await by_hand.left() == 1
