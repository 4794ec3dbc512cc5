"""`/techops link` and `unlink`: who gets a link, and what untying means."""

import re
from datetime import timedelta

import pytest

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import told

TIES = "SELECT user_id, slack_user_id FROM techops.slack_identities ORDER BY user_id"
LINKS = (
    "SELECT team_id, slack_user_id, slack_name, used_at, expires_at - made_at AS life FROM techops.links ORDER BY id"
)


async def tied(bot: RunningBot) -> dict[int, str]:
    return {row["user_id"]: row["slack_user_id"] for row in await bot.fetch(TIES)}


async def test_a_link_is_private_and_lasts_ten_minutes(bot: RunningBot) -> None:
    ack = await bot.uma.slash("techops", "link")
    [message] = ack.messages
    assert '"response_type": "ephemeral"' in ack.body
    assert re.search(r"//127\.0\.0\.1:0/link\?token=[\w-]{43}(?![\w-])", ack.text)
    assert "works once, for 10 minutes" in ack.text
    assert "now; that ends then" not in ack.text
    [row] = await bot.fetch(LINKS)
    assert (row["slack_user_id"], row["slack_name"], row["used_at"]) == (bot.uma.id, "Uma User", None)
    assert row["life"] == timedelta(minutes=10)
    assert await tied(bot) == {}
    pressed = await bot.uma.click(message, "links.open")
    assert pressed.ok


async def test_whoever_is_tied_reads_to_what(bot: RunningBot) -> None:
    await told(bot.erik, "maintenance", "list mine")
    assert "You are tied to the account erik@example.com now" in await told(bot.erik, "techops", "link")
    assert await tied(bot) == {2: bot.erik.id}


async def test_a_newer_link_replaces_the_older(bot: RunningBot) -> None:
    for _ in range(3):
        await told(bot.uma, "techops", "link")
    assert [row["used_at"] is None for row in await bot.fetch(LINKS)] == [False, False, True]


class TestWithoutProvisioning:
    @pytest.fixture
    def bot_settings(self) -> dict[str, object]:
        return {"auto_provision": False}

    async def test_a_member_without_an_account_gets_a_link(self, bot: RunningBot) -> None:
        assert "no dashboard account" in await told(bot.uma, "maintenance", "list mine")
        assert "/link?token=" in await told(bot.uma, "techops", "link")

    async def test_an_unconfirmed_address_does_not_matter(self, bot: RunningBot) -> None:
        assert "/link?token=" in await told(bot.slack.person("ulf"), "techops", "link")


@pytest.mark.parametrize("name", ["otto", "gus"])
@pytest.mark.parametrize("text", ["link", "unlink"])
async def test_strangers_get_none(bot: RunningBot, name: str, text: str) -> None:
    answer = await told(bot.slack.person(name), "techops", text)
    assert "TechOps is for" in answer
    assert await bot.fetch(LINKS) == []


async def test_a_deactivated_account_gets_none(bot: RunningBot) -> None:
    await told(bot.erik, "maintenance", "list mine")
    await bot.fetch("UPDATE users SET is_active = false WHERE id = 2 RETURNING id")
    for text in ("link", "unlink"):
        assert "is deactivated" in await told(bot.erik, "techops", text)
    assert await bot.fetch(LINKS) == []
    assert await tied(bot) == {2: bot.erik.id}


async def test_untying_lasts_until_a_link_is_used(bot: RunningBot) -> None:
    await told(bot.erik, "maintenance", "list mine")
    answer = await told(bot.erik, "techops", "unlink")
    assert "tied to the account erik@example.com no longer" in answer
    assert await tied(bot) == {}
    assert "by their own" in await told(bot.erik, "maintenance", "list mine"), "the address does not tie them again"
    assert await tied(bot) == {}
    assert "tied to no account" in await told(bot.erik, "techops", "unlink")
    assert "/link?token=" in await told(bot.erik, "techops", "link")
    [row] = await bot.fetch("SELECT actor_id, source, old FROM techops.activity WHERE verb = 'unlinked'")
    assert (row["actor_id"], row["source"]) == (2, "slack")


async def test_untying_can_be_taken_back_for_ten_minutes(bot: RunningBot) -> None:
    await told(bot.erik, "maintenance", "list mine")
    ack = await bot.erik.slash("techops", "unlink")
    bot.clock.offset = timedelta(minutes=9)
    await bot.erik.click(ack.messages[0], "links.undo")
    assert await tied(bot) == {2: bot.erik.id}
    assert "You are tied to the account erik@example.com again" in bot.erik.ephemerals("general")[-1].text
    ack = await bot.erik.slash("techops", "unlink")
    bot.clock.offset = timedelta(minutes=20)
    await bot.erik.click(ack.messages[0], "links.undo")
    assert await tied(bot) == {}
    assert "cannot be taken back any more" in bot.erik.ephemerals("general")[-1].text


async def test_taking_back_takes_nobody_elses_account(bot: RunningBot) -> None:
    await told(bot.erik, "maintenance", "list mine")
    ack = await bot.erik.slash("techops", "unlink")
    await bot.fetch(
        "INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name) "
        "VALUES ('T0SANDBOX', 'U0USER', 2, 'Uma') RETURNING user_id"
    )
    await bot.erik.click(ack.messages[0], "links.undo")
    assert await tied(bot) == {2: bot.uma.id}


async def test_a_forged_undo_ties_nobody(bot: RunningBot) -> None:
    await told(bot.erik, "maintenance", "list mine")
    ack = await bot.erik.slash("techops", "unlink")
    await bot.eva.click(ack.messages[0], "links.undo")
    assert await tied(bot) == {}
