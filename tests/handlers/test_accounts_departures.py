"""Somebody has left: the admins hear of it once, and what was theirs is handed over."""

import asyncio

import pytest

from sandbox.acts import Person
from sandbox.records import Message
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import Insert, told

ADA, ERIK, EVA = 1, 2, 3
ACTIVE = "SELECT role, is_active FROM users WHERE id = $1"


def dms(bot: RunningBot, person: Person, text: str = "deactivated") -> list[Message]:
    """What the bot has told a person about departures."""
    return [message for message in bot.slack.messages_in(bot.slack.dm(person.id).id) if text in message.text]


async def meet(bot: RunningBot) -> None:
    for person in (bot.ada, bot.erik, bot.eva):
        await told(person, "techops", "whoami")


async def quiet(bot: RunningBot) -> None:
    """Until the queue is empty."""
    async with asyncio.timeout(15):
        while (await bot.fetch("SELECT count(*) AS jobs FROM techops.pgqueuer"))[0]["jobs"]:
            await bot.fetch("SELECT pg_sleep(0.02)")


async def is_active(bot: RunningBot, user_id: int) -> bool:
    return bool((await bot.fetch(ACTIVE, user_id))[0]["is_active"])


async def test_whoever_slack_deactivates_is_deactivated_here_and_the_admins_hear_once(
    bot: RunningBot, insert: Insert
) -> None:
    await meet(bot)
    number = await insert(assigned_to=ERIK)
    for _ in range(2):
        await bot.slack.change_user("erik", deleted=True)
    await quiet(bot)
    assert not await is_active(bot, ERIK)
    [message] = dms(bot, bot.ada)
    assert f"MR-{number}" in str(message.blocks)
    assert "Slack" in message.text
    assert dms(bot, bot.eva) == []
    rows = await bot.fetch("SELECT * FROM techops.activity WHERE subject_kind = 'user' AND subject_id = 2 ORDER BY id")
    assert (rows[-1]["verb"], rows[-1]["source"], rows[-1]["actor_id"]) == ("deactivated", "slack", None)


async def test_an_old_tie_is_deactivated_too(bot: RunningBot) -> None:
    await meet(bot)
    await bot.fetch("UPDATE techops.slack_identities SET refreshed_at = now() - interval '3 days'")
    await bot.slack.change_user("erik", deleted=True)
    assert not await is_active(bot, ERIK)


async def test_the_last_admin_stays_and_the_channel_is_warned(bot: RunningBot) -> None:
    await meet(bot)
    await bot.slack.change_user("ada", deleted=True)
    await quiet(bot)
    assert await is_active(bot, ADA)
    assert [card for card in bot.cards("ops") if "last active admin" in card.text]


async def test_a_guest_is_served_no_more_until_full_member_again(bot: RunningBot, insert: Insert) -> None:
    await meet(bot)
    number = await insert(assigned_to=ERIK)
    for _ in range(2):
        await bot.slack.change_user("erik", is_restricted=True)
    assert "guests cannot use it" in await told(bot.erik, "maintenance", "")
    await quiet(bot)
    assert await is_active(bot, ERIK), "the dashboard's account is the dashboard's"
    [message] = dms(bot, bot.ada, "no full member")
    assert f"MR-{number}" in str(message.blocks)
    bot.slack.faults.add("server_error", "users.info")
    assert "Please try again" in await told(bot.erik, "maintenance", "")
    bot.slack.faults.clear()
    await bot.slack.change_user("erik", is_restricted=False)
    assert "You have" in await told(bot.erik, "maintenance", "")


@pytest.mark.parametrize("who", ["otto", "uma", "gus"])
async def test_strangers_and_people_without_an_account_change_nothing(bot: RunningBot, who: str) -> None:
    await meet(bot)
    before = await bot.fetch("TABLE users ORDER BY id")
    await bot.slack.change_user(who, deleted=True, email="erik@example.com")
    assert await bot.fetch("TABLE users ORDER BY id") == before


async def test_a_user_object_of_another_workspace_changes_nothing(bot: RunningBot) -> None:
    await meet(bot)
    forged = bot.slack.users["U0ENG"].as_json(0, with_email=True) | {"deleted": True, "team_id": "T0ELSEWHERE"}
    answer = await bot.slack.delivery.event({"type": "user_change", "user": forged})
    assert answer is not None
    assert answer.status == 200
    assert await is_active(bot, ERIK)


async def test_the_dashboards_own_deactivation_is_told_and_one_by_an_admin_is_not_told_to_them(
    bot: RunningBot, insert: Insert
) -> None:
    await meet(bot)
    await insert(assigned_to=ERIK)
    await bot.fetch("UPDATE users SET is_active = false WHERE id = 2")
    await bot.until(lambda: bool(dms(bot, bot.ada)))
    assert "in the dashboard" in dms(bot, bot.ada)[0].text
    await bot.fetch("UPDATE users SET is_active = true, role = 'admin' WHERE id = 2")
    await told(bot.erik, "techops", "deactivate @eva")
    await bot.until(lambda: len(dms(bot, bot.ada)) > 1)
    await quiet(bot)
    assert dms(bot, bot.erik) == [], "who did it has had the answer"


async def test_many_at_once_are_told_in_one_message(bot: RunningBot) -> None:
    await meet(bot)
    await bot.fetch(
        "INSERT INTO users (email, name, password_hash) SELECT n || '@example.com', 'P' || n, 'x'"
        " FROM generate_series(1, 30) AS n"
    )
    await bot.fetch("UPDATE users SET is_active = false WHERE name LIKE 'P%'")
    await bot.until(lambda: bool(dms(bot, bot.ada)))
    await quiet(bot)
    assert [message.text.split()[0] for message in dms(bot, bot.ada)] == ["30"]


async def leave(bot: RunningBot, insert: Insert) -> int:
    """Erik leaves a bit of everything."""
    await meet(bot)
    number = await insert(assigned_to=ERIK)
    await bot.fetch("INSERT INTO techops.deployment_locks VALUES (DEFAULT, 2, 'staging', 2, 'Mine', now())")
    await bot.fetch(
        "INSERT INTO techops.api_tokens (name, token_sha256, owner_id, scopes, created_at)"
        " VALUES ('ci', sha256('a'), 2, '{}', now())"
    )
    await bot.fetch(
        "INSERT INTO techops.subscriptions (channel_id, kind, created_by, created_at)"
        " VALUES ('C0OPS', 'maintenance', 2, now())"
    )
    await bot.fetch(
        "INSERT INTO deployments (project_id, version, environment, status, deployed_by)"
        " VALUES (2, 'v1', 'staging', 'pending', 2), (2, 'v2', 'staging', 'in_progress', 2)"
    )
    return number


LEFT = """
SELECT
    (SELECT count(*) FROM maintenance_requests WHERE assigned_to = $1) AS requests,
    (SELECT count(*) FROM deployments WHERE deployed_by = $1) AS deployments,
    (SELECT count(*) FROM techops.deployment_locks WHERE holder_id = $1) AS locks,
    (SELECT count(*) FROM techops.subscriptions WHERE created_by = $1) AS subscriptions,
    (SELECT count(*) FROM techops.api_tokens WHERE owner_id = $1 AND revoked_at IS NULL) AS tokens
"""


async def left(bot: RunningBot, user_id: int) -> tuple[int, ...]:
    return tuple((await bot.fetch(LEFT, user_id))[0].values())


async def open_hand_over(bot: RunningBot) -> object:
    message = (await bot.ada.slash("techops", "deactivate @erik", "ops")).messages[0]
    view = (await bot.ada.click(message, "accounts.hand_over")).view
    assert view is not None
    return view


async def test_everything_is_handed_over_in_one_act(bot: RunningBot, insert: Insert) -> None:
    number = await leave(bot, insert)
    view = await open_hand_over(bot)
    result = await bot.ada.submit(view, {"to": "eva"})  # type: ignore[arg-type]
    assert not result.errors
    assert await left(bot, ERIK) == (0, 1, 0, 0, 0), "what is in progress stays with who began it"
    assert await left(bot, EVA) == (1, 1, 0, 1, 0)
    said = str(bot.ada.ephemerals("ops")[-1].text)
    assert "Eva Engineer" in said
    assert "1 token revoked" in said
    rows = await bot.fetch(
        "SELECT DISTINCT xid, actor_id FROM techops.activity WHERE at > now() - interval '1 minute'"
        " AND subject_kind IN ('maintenance', 'lock', 'token') AND actor_id = 1"
    )
    assert len(rows) == 1
    await bot.until(lambda: any(f"MR-{number}" in it.text for it in dms(bot, bot.eva, f"MR-{number}")))


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({}, "to", "Choose who"),
        ({"parts": []}, "parts", ""),
        ({"to": "erik"}, "to", "somebody else"),
        ({"to": "uma"}, "to", "no account"),
        ({"to": "gus"}, "to", "guests"),
        ({"to": "gerda"}, "to", "deactivated"),
    ],
)
async def test_what_nobody_can_get_stays_where_it_is(
    bot: RunningBot, insert: Insert, values: dict[str, object], field: str, said: str
) -> None:
    await leave(bot, insert)
    before = await left(bot, ERIK)
    view = await open_hand_over(bot)
    result = await bot.ada.submit(view, values)  # type: ignore[arg-type]
    assert said in result.errors[field]
    assert await left(bot, ERIK) == before


@pytest.mark.parametrize(
    ("role", "active", "said"), [("user", True, "no engineer"), ("engineer", False, "deactivated")]
)
async def test_who_is_no_active_engineer_gets_nothing(
    bot: RunningBot, insert: Insert, role: str, active: bool, said: str
) -> None:
    await leave(bot, insert)
    before = await left(bot, ERIK)
    view = await open_hand_over(bot)
    await bot.fetch("UPDATE users SET role = $1, is_active = $2 WHERE id = 3", role, active)
    result = await bot.ada.submit(view, {"to": "eva"})  # type: ignore[arg-type]
    assert said in result.errors["to"]
    assert await left(bot, ERIK) == before


async def test_locks_and_tokens_need_nobody(bot: RunningBot, insert: Insert) -> None:
    await leave(bot, insert)
    view = await open_hand_over(bot)
    await bot.ada.submit(view, {"parts": ["locks", "tokens"]})  # type: ignore[arg-type]
    assert await left(bot, ERIK) == (1, 2, 0, 1, 0)


async def test_somebody_who_is_active_again_keeps_everything(bot: RunningBot, insert: Insert) -> None:
    await leave(bot, insert)
    view = await open_hand_over(bot)
    await told(bot.ada, "techops", "activate @erik")
    before = await left(bot, ERIK)
    result = await bot.ada.submit(view, {"to": "eva"})  # type: ignore[arg-type]
    assert "is active" in str(result.errors)
    assert await left(bot, ERIK) == before


async def test_from_the_dialog_of_an_account_too(bot: RunningBot, insert: Insert) -> None:
    await leave(bot, insert)
    await bot.fetch("UPDATE users SET is_active = false WHERE id = 2")
    message = (await bot.ada.slash("techops", "users inactive", "ops")).messages[0]
    manage = (await bot.ada.click(message, "accounts.manage")).view
    assert manage is not None
    view = (await bot.ada.click(manage, "accounts.hand_over")).view
    assert view is not None
    await bot.ada.submit(view, {"to": "eva"})
    assert await left(bot, EVA) == (1, 1, 0, 1, 0)


async def test_a_guest_gets_nothing(bot: RunningBot, insert: Insert) -> None:
    await leave(bot, insert)
    view = await open_hand_over(bot)
    await bot.slack.change_user("eva", is_restricted=True)
    result = await bot.ada.submit(view, {"to": "eva"})  # type: ignore[arg-type]
    assert "no full member" in result.errors["to"]
    assert "no full member" in await told(bot.ada, "maintenance", "assign MR-1 @eva")
    assert (await left(bot, ERIK))[0] == 1
    assert "is deactivated" in await told(bot.ada, "techops", "deactivate @eva")


async def test_only_an_admin_hands_over(bot: RunningBot, insert: Insert) -> None:
    await leave(bot, insert)
    view = await open_hand_over(bot)
    await bot.fetch("UPDATE users SET role = 'admin' WHERE id = 3")
    await bot.fetch("UPDATE users SET role = 'engineer' WHERE id = 1")
    before = await left(bot, ERIK)
    result = await bot.ada.submit(view, {"to": "eva"})  # type: ignore[arg-type]
    assert "Only an admin" in str(result.errors)
    assert await left(bot, ERIK) == before
