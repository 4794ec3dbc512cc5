"""Who somebody is: Slack people become dashboard users, once, and only those who belong here."""

import asyncio
from datetime import timedelta

import asyncpg
import bcrypt
import pytest

from bot.context import Deps
from bot.errors import Forbidden, Stranger
from bot.services import people
from db.pool import DatabaseConfig
from sandbox.workspace import Workspace
from tests.fixtures.bot import RunningBot, TestClock

TEAM = "T0SANDBOX"


async def arrange(database: DatabaseConfig, statement: str, *args: object) -> str:
    """What the dashboard, or somebody with psql, may do; the bot's own role may not."""
    connection = await asyncpg.connect(database.dsn)
    try:
        return str(await connection.fetchval(statement, *args))
    finally:
        await connection.close()


async def users(deps: Deps) -> list[tuple[str, str]]:
    return [(user.email, user.role) for user in await people.list_people(deps)]


async def test_a_known_address_is_tied_whatever_its_case(deps: Deps, database: DatabaseConfig, team: None) -> None:
    await arrange(database, "UPDATE users SET email = 'ERIK@Example.com' WHERE name = 'Erik Engineer'")
    actor = await people.resolve(deps, TEAM, "U0ENG")
    assert (actor.name, actor.role, actor.tz) == ("Erik Engineer", "engineer", "America/New_York")
    assert len(await users(deps)) == 3


async def test_an_unknown_person_becomes_a_user_whose_password_nobody_knows(
    deps: Deps, database: DatabaseConfig
) -> None:
    actor = await people.resolve(deps, TEAM, "U0USER")
    assert (actor.email, actor.role) == ("uma@example.com", "user")
    stored = await arrange(database, "SELECT password_hash FROM users WHERE id = $1", actor.user_id)
    assert stored.startswith("$2b$12$")
    assert not bcrypt.checkpw(b"", stored.encode())


async def test_ten_first_commands_at_once_make_one_account(deps: Deps) -> None:
    actors = await asyncio.gather(*(people.resolve(deps, TEAM, "U0USER") for _ in range(10)))
    assert len({actor.user_id for actor in actors}) == 1
    assert await users(deps) == [("uma@example.com", "user")]


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("U0GUEST", "guests"),
        ("U0OTHERBOT", "Bots"),
        ("U0GONE", "deactivated"),
        ("U0OUT", "another workspace"),
        ("U0NOBODY", "does not tell me"),
    ],
)
async def test_who_does_not_belong_here_is_refused_with_a_sentence(deps: Deps, who: str, sentence: str) -> None:
    with pytest.raises(Stranger, match=sentence):
        await people.resolve(deps, TEAM, who)
    assert await users(deps) == []


async def test_a_member_of_ours_acting_from_another_workspace_is_refused(deps: Deps) -> None:
    with pytest.raises(Stranger, match="another workspace"):
        await people.resolve(deps, "T0ELSEWHERE", "U0USER")


async def test_an_address_that_is_not_confirmed_ties_nobody(deps: Deps) -> None:
    with pytest.raises(Forbidden, match="confirmed"):
        await people.resolve(deps, TEAM, "U0UNCONFIRMED")


async def test_a_deactivated_account_is_refused_at_the_next_request(
    deps: Deps, database: DatabaseConfig, team: None
) -> None:
    actor = await people.resolve(deps, TEAM, "U0ENG")
    await arrange(database, "UPDATE users SET is_active = false WHERE id = $1", actor.user_id)
    with pytest.raises(Forbidden, match="deactivated"):
        await people.resolve(deps, TEAM, "U0ENG")


async def test_two_accounts_with_one_address_are_refused(deps: Deps, database: DatabaseConfig, team: None) -> None:
    await arrange(database, "INSERT INTO users (email, name, password_hash) VALUES ('ERIK@example.com', 'Twin', 'x')")
    with pytest.raises(Forbidden, match="More than one"):
        await people.resolve(deps, TEAM, "U0ENG")


async def test_an_account_tied_to_another_slack_person_is_not_tied_again(
    deps: Deps, team: None, slack: Workspace
) -> None:
    await people.resolve(deps, TEAM, "U0ENG")
    slack.users["U0USER"].email = "erik@example.com"
    with pytest.raises(Forbidden, match="tied to another"):
        await people.resolve(deps, TEAM, "U0USER")


class TestWithoutProvisioning:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"auto_provision": False}

    async def test_unknown_people_are_told_who_can_add_them(self, deps: Deps) -> None:
        with pytest.raises(Forbidden, match="techops user add"):
            await people.resolve(deps, TEAM, "U0USER")
        assert await users(deps) == []


async def test_zone_and_name_are_asked_again_after_a_day(deps: Deps, team: None, slack: Workspace) -> None:
    assert (await people.resolve(deps, TEAM, "U0ENG")).tz == "America/New_York"
    slack.users["U0ENG"].tz = "Asia/Kathmandu"
    assert (await people.resolve(deps, TEAM, "U0ENG")).tz == "America/New_York"
    assert isinstance(deps.clock, TestClock)
    deps.clock.offset += timedelta(hours=25)
    assert (await people.resolve(deps, TEAM, "U0ENG")).tz == "Asia/Kathmandu"


def test_a_zone_nobody_knows_counts_as_utc() -> None:
    assert people.known_zone("Mars/Olympus") == "UTC"
    assert people.known_zone("../etc/passwd") == "UTC"
    assert people.known_zone("Asia/Kathmandu") == "Asia/Kathmandu"


async def test_known_people_are_served_while_slack_is_away(deps: Deps, team: None, slack: Workspace) -> None:
    await people.resolve(deps, TEAM, "U0ENG")
    assert isinstance(deps.clock, TestClock)
    deps.clock.offset += timedelta(hours=25)
    slack.faults.add("server_error", "users.info")
    assert (await people.resolve(deps, TEAM, "U0ENG")).name == "Erik Engineer"


async def test_user_change_moves_the_zone_and_introduces_nobody(bot: RunningBot) -> None:
    await people.resolve(bot.deps, TEAM, "U0ENG")
    for who in ("U0ENG", "U0USER"):
        person = bot.slack.users[who]
        person.tz = "Asia/Tokyo"
        user_object = person.as_json(0, with_email=True)
        answer = await bot.slack.delivery.event({"type": "user_change", "user": user_object})
        assert answer is not None
        assert answer.status == 200
    assert (await people.resolve(bot.deps, TEAM, "U0ENG")).tz == "Asia/Tokyo"
    assert await bot.fetch("SELECT 1 FROM users WHERE email = 'uma@example.com'") == []
