"""`/password`: a first or new password by a link from an admin."""

import asyncio
from datetime import timedelta

import bcrypt
import pytest

from bot.auth import Actor
from bot.context import Act
from bot.errors import Missing
from bot.services import links
from db.errors import DatabaseError
from tests.fixtures.bot import RunningBot
from tests.pages.conftest import ADA, ERIK, EVA, Browser, give_password, link_of, password_link_of

NEW = "a quite new password"


async def hash_of(bot: RunningBot, user_id: int) -> str:
    [row] = await bot.fetch("SELECT password_hash FROM users WHERE id = $1", user_id)
    return str(row["password_hash"])


async def test_a_password_is_set(bot: RunningBot, browser: Browser) -> None:
    await bot.eva.slash("maintenance", "list mine")
    page = await browser.get(await password_link_of(bot, EVA))
    assert page.status == 200
    assert "eva@example.com" in page.text
    assert await hash_of(bot, EVA) == "x", "opening it changes nothing"
    done = await browser.fill(page, "/password", password=NEW, repeated=NEW)
    assert (done.status, done.heading) == (200, "Your password is set")
    kept = await hash_of(bot, EVA)
    assert kept.startswith("$2b$12$")
    assert bcrypt.checkpw(NEW.encode(), kept.encode())
    await bot.until(lambda: len(bot.eva.dms_from_bot()) == 1)
    assert "password of your dashboard account eva@example.com was set" in bot.eva.dms_from_bot()[0].text
    again = await browser.fill(page, "/password", password=NEW + "!", repeated=NEW + "!")
    assert again.status == 410
    assert "Ask an admin" in again.text
    assert await hash_of(bot, EVA) == kept
    log = await bot.fetch(
        "SELECT actor_id, verb, old, new FROM techops.activity WHERE verb LIKE 'password%' ORDER BY id"
    )
    assert [(row["actor_id"], row["verb"]) for row in log] == [(ADA, "password_link_made"), (EVA, "password_set")]
    assert [(row["old"], row["new"]) for row in log] == [(None, None)] * 2


async def test_it_can_be_used_to_sign_in_at_once(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    link = await link_of(bot, bot.uma)
    async with bot.deps.pool.transaction() as conn:
        for _ in range(5):
            await links.queries.begin_sign_in(conn, None, "eva@example.com", "192.0.2.9", bot.deps.now())
    page = await browser.get(await password_link_of(bot, EVA))
    assert (await browser.fill(page, "/password", password=NEW, repeated=NEW)).status == 200
    page = await browser.get(link)
    assert (await browser.fill(page, "/link", email="eva@example.com", password=NEW)).status == 200


@pytest.mark.parametrize(
    ("password", "repeated", "said"),
    [
        ("short", "short", "Use 12 or more"),
        ("a" * 11, "a" * 11, "has 11 characters"),
        (NEW, NEW + "x", "not the same"),
        ("ä" * 37, "ä" * 37, "72 bytes"),
        ("", "", "Use 12 or more"),
    ],
)
async def test_what_is_no_good_password(
    bot: RunningBot, browser: Browser, password: str, repeated: str, said: str
) -> None:
    page = await browser.get(await password_link_of(bot, EVA))
    refused = await browser.fill(page, "/password", password=password, repeated=repeated)
    assert refused.status == 400
    assert said in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert await hash_of(bot, EVA) == "x"


async def test_of_two_posts_with_one_link_one_wins(bot: RunningBot, program: Browser) -> None:
    token = (await password_link_of(bot, EVA)).partition("=")[2]
    forms = [{"token": token, "password": f"{NEW} {n}", "repeated": f"{NEW} {n}"} for n in range(2)]
    answers = await asyncio.gather(*(program.post("/password", form) for form in forms))
    assert sorted(answer.status for answer in answers) == [200, 410]
    winner = next(form for form, answer in zip(forms, answers, strict=True) if answer.status == 200)
    assert bcrypt.checkpw(winner["password"].encode(), (await hash_of(bot, EVA)).encode())


async def test_used_old_replaced_and_foreign_links_are_gone(bot: RunningBot, program: Browser) -> None:
    replaced, old = await password_link_of(bot, EVA), await password_link_of(bot, EVA)
    tie = await link_of(bot, bot.uma)
    assert (await program.get(replaced)).status == 410
    assert (await program.get(old)).status == 200
    assert (await program.get(tie.replace("/link", "/password"))).status == 410
    assert (await program.get(old.replace("/password", "/link"))).status == 410
    bot.clock.offset = timedelta(hours=24, seconds=1)
    assert (await program.get(old)).status == 410
    form = {"token": old.partition("=")[2], "password": NEW, "repeated": NEW}
    assert (await program.post("/password", form)).status == 410
    assert await hash_of(bot, EVA) == "x"


async def test_a_deactivated_account_gets_none(bot: RunningBot, program: Browser) -> None:
    token = (await password_link_of(bot, EVA)).partition("=")[2]
    await bot.fetch("UPDATE users SET is_active = false WHERE id = 3 RETURNING id")
    refused = await program.post("/password", {"token": token, "password": NEW, "repeated": NEW})
    assert refused.status == 403
    assert "is deactivated" in refused.text
    assert await hash_of(bot, EVA) == "x"
    with pytest.raises(Missing):
        await password_link_of(bot, EVA)
    with pytest.raises(Missing):
        await password_link_of(bot, 99)


@pytest.mark.parametrize("user_id", [ERIK, 99])
async def test_only_admins_make_password_links(bot: RunningBot, user_id: int) -> None:
    engineer = Actor(user_id, "Erik", "erik@example.com", "admin", "UTC", "", "")
    for act in (Act(engineer, "slack"), Act(None, "slack")):
        with pytest.raises(DatabaseError):
            await links.issue_password_link(bot.deps, act, EVA)
    assert await bot.fetch("SELECT id FROM techops.links") == []
