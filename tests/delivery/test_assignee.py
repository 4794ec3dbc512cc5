"""A direct message says "your turn": to a new assignee, and never to the person who acted."""

from sandbox.workspace import Workspace
from tests.fixtures.delivery import ByHand, Dashboard, cards

ASSIGN = "UPDATE maintenance_requests SET assigned_to = $2 WHERE id = $1"


def told(slack: Workspace, user: str) -> list[str]:
    return [message.text for message in slack.messages_in(slack.dm(user).id)]


async def test_a_new_assignee_is_told(dashboard: Dashboard, slack: Workspace, by_hand: ByHand) -> None:
    request_id = await dashboard.request("Replace the fan")
    await by_hand.run()
    await dashboard.run(ASSIGN, request_id, 2)
    assert await by_hand.run() == []
    [text] = told(slack, "U0ENG")
    assert f"MR-{request_id}" in text
    await dashboard.settled()


async def test_an_assignee_named_at_creation_is_told(dashboard: Dashboard, slack: Workspace, by_hand: ByHand) -> None:
    await dashboard.request(assignee=3)
    await by_hand.run()
    assert len(told(slack, "U0ENG2")) == 1


async def test_an_assignment_beside_another_change_is_told(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request()
    await by_hand.run()
    await dashboard.run(
        "UPDATE maintenance_requests SET status = 'in_progress', assigned_to = 2 WHERE id = $1", request_id
    )
    assert await by_hand.run() == []
    assert len(told(slack, "U0ENG")) == 1


async def test_who_takes_a_request_is_not_told(dashboard: Dashboard, slack: Workspace, by_hand: ByHand) -> None:
    request_id = await dashboard.request()
    await dashboard.run("SELECT set_config('app.current_user_id', '2', false)")
    await dashboard.run(ASSIGN, request_id, 2)
    assert await by_hand.run() == []
    assert told(slack, "U0ENG") == []
    assert len(cards(slack)) == 1


async def test_who_is_not_the_assignee_any_more_is_not_told(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request(assignee=2)
    await dashboard.run(ASSIGN, request_id, 3)
    assert await by_hand.run() == []
    assert told(slack, "U0ENG") == []
    assert len(told(slack, "U0ENG2")) == 1


async def test_nobody_is_told_of_a_request_that_is_gone(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    request_id = await dashboard.request(assignee=2)
    await dashboard.run("DELETE FROM maintenance_requests WHERE id = $1", request_id)
    assert await by_hand.run() == []
    assert told(slack, "U0ENG") == []
    await dashboard.settled()


async def test_an_assignee_without_slack_or_without_account_is_no_failure(
    dashboard: Dashboard, slack: Workspace, by_hand: ByHand
) -> None:
    await dashboard.request(assignee=4)
    await dashboard.run("UPDATE users SET is_active = false WHERE id = 2")
    await dashboard.request(assignee=2)
    assert await by_hand.run() == []
    assert told(slack, "U0ENG") == []
    assert len(cards(slack)) == 2
