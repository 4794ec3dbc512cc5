"""`/link`: the page that ties a Slack person to a dashboard account."""

import asyncio
from datetime import UTC, datetime, timedelta

import bcrypt
import pytest

from bot.services.sign_in import WRONG
from tests.fixtures.bot import RunningBot
from tests.pages.conftest import (
    EVA,
    ERIK,
    PASSWORD,
    Browser,
    cheap,
    give_password,
    link_of,
    ties,
)

UMA = 4


async def test_a_person_ties_themselves_to_an_account(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    page = await browser.get(await link_of(bot, bot.uma))
    assert page.status == 200
    assert bot.uma.user.real_name in page.text
    assert await ties(bot) == {}, "asking for a link makes no account"
    done = await browser.fill(page, "/link", email="Eva@Example.COM ", password=PASSWORD)
    assert (done.status, done.heading) == (200, "You are linked")
    assert "eva@example.com" in done.text
    assert await ties(bot) == {EVA: bot.uma.id}
    [row] = await bot.fetch("SELECT last_login, password_hash FROM users WHERE id = 3")
    assert datetime.now(UTC).replace(tzinfo=None) - row["last_login"] < timedelta(minutes=1)
    assert row["password_hash"].startswith("$2b$12$"), "a hash below cost 12 is renewed"
    assert bcrypt.checkpw(PASSWORD.encode(), row["password_hash"].encode())
    assert [user["email"] for user in await bot.fetch("SELECT email FROM users ORDER BY id")][3:] == []
