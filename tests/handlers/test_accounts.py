"""`/techops whoami`, `users`, `role`, `deactivate`, `activate` and the dialog of an account."""

import asyncio
import re

import pytest

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import Insert, told, whispered

ADA, ERIK, EVA = 1, 2, 3


async def state(bot: RunningBot, user_id: int) -> tuple[str, bool]:
    [row] = await bot.fetch("SELECT role, is_active FROM users WHERE id = $1", user_id)
    return row["role"], row["is_active"]


async def everybody(bot: RunningBot) -> list[tuple[str, bool]]:
    return [await state(bot, user_id) for user_id in (ADA, ERIK, EVA)]


async def meet(bot: RunningBot) -> None:
    """Everybody has used TechOps before."""
    for person in (bot.ada, bot.erik, bot.eva):
        await told(person, "techops", "whoami")


async def test_whoami_tells_account_role_zone_hours_tokens_and_rights(bot: RunningBot) -> None:
    await bot.fetch(
        "INSERT INTO techops.api_tokens (name, token_sha256, owner_id, scopes, created_at, revoked_at) VALUES"
        " ('ci', sha256('a'), 2, '{}', now(), NULL), ('revoked-one', sha256('b'), 2, '{}', now(), now())"
    )
    answer = await told(bot.erik, "techops", "whoami")
    for word in (
        "Erik Engineer",
        "erik@example.com",
        "engineer",
        "America/New_York",
        "09:00 to 17:00",
        "ci",
        "log work",
    ):
        assert word in answer, word
    assert "revoked-one" not in answer
    assert "raise" in await told(bot.uma, "techops", "whoami")
    assert "audit" in await told(bot.ada, "techops", "whoami")


async def test_users_are_listed_narrowed_and_paged(bot: RunningBot) -> None:
    await bot.fetch(
        "INSERT INTO users (email, name, password_hash, is_active)"
        " SELECT 'p' || n || '@example.com', 'Person ' || n, 'x', n % 2 = 0 FROM generate_series(10, 34) AS n"
    )
    answer = await told(bot.ada, "techops", "users ada")
    assert "ada@example.com" in answer
    assert "admin · active" in answer
    assert "in Slack" in answer
    assert "never logged in" in answer
    assert "2 accounts" in await told(bot.ada, "techops", "users role:engineer")
    assert "role engineer" in await told(bot.ada, "techops", "users role:engineer")
    assert "deactivated" in await told(bot.ada, "techops", "users inactive person")
    assert "there are none" in await told(bot.ada, "techops", "users %")
    assert "is no role" in await told(bot.ada, "techops", "users role:boss")
    ack = await bot.ada.slash("techops", "users person")
    pages = [names(ack.messages[0].blocks)]
    while "accounts.list_next" in str(bot.ada.ephemerals("general")[-1].blocks):
        await bot.ada.click(bot.ada.ephemerals("general")[-1], "accounts.list_next")
        pages.append(names(bot.ada.ephemerals("general")[-1].blocks))
    assert [name for page in pages for name in page] == [f"Person {n}" for n in range(10, 35)]
    await bot.ada.click(bot.ada.ephemerals("general")[-1], "accounts.list_previous")
    assert names(bot.ada.ephemerals("general")[-1].blocks) == pages[1]


def names(blocks: object) -> list[str]:
    return re.findall(r"'(Person \d+), p", str(blocks))


async def test_a_role_is_changed_by_mention_and_by_address(bot: RunningBot) -> None:
    await meet(bot)
    answer = await told(bot.ada, "techops", "role @erik admin")
    assert "has the role admin now, not engineer" in answer
    assert await state(bot, ERIK) == ("admin", True)
    assert "has the role user" in await told(bot.ada, "techops", "role user erik@EXAMPLE.com")
    assert "already a user" in await told(bot.ada, "techops", "role erik@example.com user")
    [*_, last] = await bot.fetch("SELECT * FROM techops.activity WHERE subject_kind = 'user' ORDER BY id")
    assert (last["verb"], last["actor_id"], last["source"], last["new"]) == (
        "role_changed",
        1,
        "slack",
        '{"role": "user"}',
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("role", "Say whom"),
        ("role @erik", "Say whom"),
        ("role @erik boss", "is no role"),
        ("role @erik enginer", "Did you mean `engineer`"),
        ("role nobody admin", "nobody I can find"),
        ("role no@example.com admin", "no account"),
        ("role @ada engineer", "last active admin"),
        ("role @uma admin", "no account"),
        ("deactivate", "Say whom"),
        ("deactivate @ada", "last active admin"),
        ("deactivate no@example.com", "no account"),
        ("activate @erik", "already active"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(bot: RunningBot, text: str, said: str) -> None:
    before = await everybody(bot)
    assert said in await told(bot.ada, "techops", text)
    assert await everybody(bot) == before


@pytest.mark.parametrize("text", ["users", "role @erik admin", "deactivate @ada", "activate @ada"])
async def test_only_admins_may(bot: RunningBot, text: str) -> None:
    before = await everybody(bot)
    for person in (bot.erik, bot.uma):
        assert "Only an admin" in await told(person, "techops", text)
    assert await everybody(bot) == before


async def test_deactivation_bites_at_the_next_request_and_lists_what_is_left(bot: RunningBot, insert: Insert) -> None:
    await meet(bot)
    mine = await insert(assigned_to=ERIK)
    raised = await insert(requested_by=ERIK)
    await insert(assigned_to=ERIK, status="completed")
    await bot.fetch("INSERT INTO techops.deployment_locks VALUES (DEFAULT, 2, 'staging', 2, 'Mine', now())")
    await bot.fetch(
        "INSERT INTO techops.api_tokens (name, token_sha256, owner_id, scopes, created_at)"
        " VALUES ('ci', sha256('a'), 2, '{}', now())"
    )
    await told(bot.erik, "deploy", "request Web App v9 production")
    critical = await insert(priority="critical")
    answer = await told(bot.ada, "techops", "deactivate @erik")
    assert await state(bot, ERIK) == ("engineer", False)
    assert "is deactivated" in answer
    for word in (
        f"MR-{mine}", f"MR-{raised}", f"MR-{critical}", "D-1", "Web App on staging", "ci", "accounts.hand_over",
        "1 pending approval",
    ):  # fmt: skip
        assert word in answer, word
    assert "deactivated" in await told(bot.erik, "maintenance", "")
    assert "already deactivated (Ada Admin" in await told(bot.ada, "techops", "deactivate @erik")
    assert "is active again" in await told(bot.ada, "techops", "activate @erik")
    assert "Erik Engineer" in await told(bot.erik, "techops", "whoami")


async def test_nothing_left_is_said(bot: RunningBot) -> None:
    await meet(bot)
    answer = await told(bot.ada, "techops", "deactivate @eva")
    assert "Nothing is left" in answer
    assert "accounts.hand_over" not in answer


async def test_nobody_deactivates_their_own_account(bot: RunningBot) -> None:
    await meet(bot)
    await told(bot.ada, "techops", "role @erik admin")
    assert "your own account" in await told(bot.ada, "techops", "deactivate @ada")
    assert await state(bot, ADA) == ("admin", True)
    assert "has the role user" in await told(bot.ada, "techops", "role @ada user"), "with another admin there"


@pytest.mark.parametrize("text", ["role @{} user", "deactivate @{}"])
async def test_two_admins_who_end_each_other_at_once_leave_one(bot: RunningBot, text: str) -> None:
    await meet(bot)
    await told(bot.ada, "techops", "role @erik admin")
    answers = await asyncio.gather(
        told(bot.ada, "techops", text.format("erik")), told(bot.erik, "techops", text.format("ada"))
    )
    left = await bot.fetch("SELECT id FROM users WHERE role = 'admin' AND is_active")
    assert len(left) == 1, answers
    assert sum("admin" in answer or "deactivated" in answer for answer in answers) == 2


async def open_manage(bot: RunningBot, words: str) -> object:
    message = (await bot.ada.slash("techops", f"users {words}")).messages[0]
    return (await bot.ada.click(message, "accounts.manage")).view


async def test_manage_changes_role_and_state_in_one_act(bot: RunningBot) -> None:
    await meet(bot)
    view = await open_manage(bot, "erik")
    result = await bot.ada.submit(view, {"role": "user", "state": "inactive"})  # type: ignore[arg-type]
    assert not result.errors
    assert await state(bot, ERIK) == ("user", False)
    assert "is deactivated" in whispered(bot.ada, "general")
    view = await open_manage(bot, "erik")
    await bot.ada.submit(view, {"state": "active"})  # type: ignore[arg-type]
    assert await state(bot, ERIK) == ("user", True)


async def test_manage_of_the_last_admin_and_of_a_changed_account_changes_nothing(bot: RunningBot) -> None:
    await meet(bot)
    view = await open_manage(bot, "ada")
    result = await bot.ada.submit(view, {"role": "engineer"})  # type: ignore[arg-type]
    assert "last active admin" in str(result.errors)
    view = await open_manage(bot, "erik")
    await bot.fetch("UPDATE users SET role = 'user' WHERE id = 2")
    result = await bot.ada.submit(view, {"role": "admin"})  # type: ignore[arg-type]
    assert "changed by somebody else" in str(result.errors)
    assert await everybody(bot) == [("admin", True), ("user", True), ("engineer", True)]


async def test_a_form_of_somebody_who_is_no_admin_any_more_does_nothing(bot: RunningBot) -> None:
    await meet(bot)
    view = await open_manage(bot, "eva")
    await bot.fetch("UPDATE users SET role = 'admin' WHERE id = 2")
    await bot.fetch("UPDATE users SET role = 'user' WHERE id = 1")
    result = await bot.ada.submit(view, {"role": "admin"})  # type: ignore[arg-type]
    assert "Only an admin" in str(result.errors)
    assert await state(bot, EVA) == ("engineer", True)


async def test_a_password_link_is_shown_once_in_a_dialog(bot: RunningBot) -> None:
    await meet(bot)
    view = await open_manage(bot, "erik")
    ack = await bot.ada.click(view, "accounts.password_link")  # type: ignore[arg-type]
    assert ack.view is not None
    [token] = re.findall(r"/password\?token=([\w-]+)", str(ack.view.blocks))
    assert len(token) > 40
    [link] = await bot.fetch("SELECT * FROM techops.links WHERE kind = 'password'")
    assert link["user_id"] == ERIK
    kept = await bot.fetch("SELECT answer::text FROM techops.acts")
    assert not any(token in str(row["answer"]) for row in kept), "the link is kept nowhere"


@pytest.mark.parametrize("value", ["", "x", "0", "-1", "99999999999", "2; DROP"])
async def test_a_forged_button_shows_nothing(bot: RunningBot, value: str) -> None:
    message = (await bot.ada.slash("techops", "users erik")).messages[0]
    ack = await bot.ada.click(message, "accounts.manage", value=value)
    assert ack.view is None
    assert "another version" in whispered(bot.ada, "general")
