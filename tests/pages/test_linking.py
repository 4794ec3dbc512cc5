"""`/link`: the page that ties a Slack person to a dashboard account."""

import asyncio
from datetime import UTC, datetime, timedelta

import bcrypt
import pytest

from bot.services import links
from db.queries import links as queries
from tests.fixtures.bot import RunningBot
from tests.pages.conftest import (
    ADA,
    ERIK,
    EVA,
    PASSWORD,
    Browser,
    cheap,
    give_password,
    link_of,
    ties,
)

UMA = 4
WRONG = "No account has this e-mail and this password."
DEACTIVATE = "UPDATE users SET is_active = false WHERE id = $1 RETURNING id"
ATTEMPTS = "SELECT count(*) AS n FROM techops.sign_in_attempts"


async def attempt(browser: Browser, path: str, email: str, password: str = "") -> int:
    page = await browser.get(path)
    return (await browser.fill(page, "/link", email=email, password=password or "wrong")).status


async def test_a_person_ties_themselves_to_an_account(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    page = await browser.get(await link_of(bot, bot.uma))
    assert page.status == 200
    assert "Uma User" in page.text
    assert await ties(bot) == {}, "asking for a link makes no account"
    done = await browser.fill(page, "/link", email="Eva@Example.COM ", password=PASSWORD)
    assert (done.status, done.heading) == (200, "You are linked")
    assert "eva@example.com" in done.text
    assert await ties(bot) == {EVA: bot.uma.id}
    [row] = await bot.fetch("SELECT last_login, password_hash FROM users WHERE id = 3")
    assert datetime.now(UTC).replace(tzinfo=None) - row["last_login"] < timedelta(minutes=1)
    assert row["password_hash"].startswith("$2b$12$"), "a hash below cost 12 is renewed"
    assert bcrypt.checkpw(PASSWORD.encode(), row["password_hash"].encode())
    assert len(await bot.fetch("SELECT id FROM users")) == 3
    answer = await bot.uma.slash("maintenance", "list mine")
    assert answer.ok
    assert len(await bot.fetch("SELECT id FROM users")) == 3, "the person is that account from now on"
    [told] = await bot.fetch("SELECT actor_id, source, old, new FROM techops.activity WHERE verb = 'linked'")
    assert (told["actor_id"], told["source"], told["old"]) == (EVA, "page", None)
    assert bot.uma.id in told["new"]


async def test_it_moves_a_person_who_was_provisioned(bot: RunningBot, browser: Browser) -> None:
    await bot.uma.slash("maintenance", "list mine")
    await bot.erik.slash("maintenance", "list mine")
    await bot.ada.slash("maintenance", "list mine")
    assert await ties(bot) == {ADA: bot.ada.id, ERIK: bot.erik.id, UMA: bot.uma.id}
    await give_password(bot, ERIK)
    path = await link_of(bot, bot.uma)
    assert await attempt(browser, path, "erik@example.com", PASSWORD) == 200
    assert await ties(bot) == {ADA: bot.ada.id, ERIK: bot.uma.id}
    assert [row["is_active"] for row in await bot.fetch("SELECT is_active FROM users WHERE id = 4")] == [True]
    for person in (bot.erik, bot.uma, bot.ada):
        await bot.until(lambda person=person: len(person.dms_from_bot()) == 1)
    assert "You are no longer tied to the dashboard account erik@example.com" in bot.erik.dms_from_bot()[0].text
    assert "Uma User signed in with its password" in bot.erik.dms_from_bot()[0].text
    assert "You are tied to the dashboard account erik@example.com" in bot.uma.dms_from_bot()[0].text
    admin = bot.ada.dms_from_bot()[0].text
    assert "Uma User is tied to the dashboard account erik@example.com (engineer) now" in admin
    assert "Somebody else was tied to it before" in admin
    assert "Nobody is tied to uma@example.com" in admin
    refused = await bot.erik.slash("maintenance", "list mine")
    assert "tied to another Slack person already" in refused.text, "the address alone does not tie them back"


async def test_a_later_change_of_address_ties_nobody_again(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    assert await attempt(browser, await link_of(bot, bot.uma), "eva@example.com", PASSWORD) == 200
    await bot.fetch("UPDATE users SET email = 'uma@example.com' WHERE id = 2 RETURNING id")
    bot.clock.offset = timedelta(days=2)
    await bot.uma.slash("maintenance", "list mine")
    assert await ties(bot) == {EVA: bot.uma.id}


async def test_linking_to_the_same_account_again_disturbs_nobody(bot: RunningBot, browser: Browser) -> None:
    await bot.eva.slash("maintenance", "list mine")
    await bot.ada.slash("maintenance", "list mine")
    await give_password(bot, EVA)
    assert await attempt(browser, await link_of(bot, bot.eva), "eva@example.com", PASSWORD) == 200
    assert await ties(bot) == {ADA: bot.ada.id, EVA: bot.eva.id}
    assert await bot.fetch("SELECT id FROM techops.activity WHERE verb = 'linked'") == []
    assert await bot.fetch("SELECT key FROM techops.messages WHERE key LIKE 'dm:link%'") == []


async def test_opening_the_link_uses_nothing_up(bot: RunningBot, browser: Browser, program: Browser) -> None:
    await give_password(bot, EVA)
    path = await link_of(bot, bot.uma)
    for _ in range(10):
        assert (await program.get(path)).status == 200
    assert (await program._send("HEAD", path)).status == 200
    assert await bot.fetch(ATTEMPTS) == [{"n": 0}]
    assert await attempt(browser, path, "eva@example.com", PASSWORD) == 200


async def test_used_old_replaced_and_unknown_links_are_gone(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    replaced, used = await link_of(bot, bot.uma), await link_of(bot, bot.uma)
    assert await attempt(browser, used, "eva@example.com", PASSWORD) == 200
    old = await link_of(bot, bot.erik)
    page = await browser.get(old)
    bot.clock.offset = timedelta(minutes=10, seconds=1)
    for path in (replaced, used, old, "/link?token=never", "/link", "/link?token=%00"):
        gone = await browser.get(path)
        assert (gone.status, gone.heading) == (410, "This link has ended"), path
        assert "/techops link" in gone.text
    assert (await browser.fill(page, "/link", email="eva@example.com", password=PASSWORD)).status == 410
    form = page.hidden()
    for token in ("never", "", used.partition("=")[2]):
        posted = await browser.post("/link", form | {"token": token, "email": "eva@example.com", "password": PASSWORD})
        assert posted.status == 410
    assert await ties(bot) == {EVA: bot.uma.id}


async def test_the_page_names_the_person_as_slack_does(bot: RunningBot, browser: Browser) -> None:
    await bot.erik.slash("maintenance", "list mine")
    await bot.fetch("UPDATE users SET name = 'Another Name' WHERE id = 2 RETURNING id")
    page = await browser.get(await link_of(bot, bot.erik))
    assert "Erik Engineer" in page.text
    assert "Another Name" not in page.text


async def test_a_link_is_good_until_its_last_second(bot: RunningBot, browser: Browser) -> None:
    path = await link_of(bot, bot.erik)
    bot.clock.offset = timedelta(minutes=9, seconds=50)
    assert (await browser.get(path)).status == 200


async def test_wrong_and_unknown_are_told_alike(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    page = await browser.get(await link_of(bot, bot.uma))
    answers = [
        await browser.fill(page, "/link", email=email, password=password)
        for email, password in (("eva@example.com", "wrong"), ("nobody@example.com", PASSWORD))
    ]
    assert {answer.status for answer in answers} == {401}
    one, other = (answer.text.replace("eva@", "nobody@") for answer in answers)
    assert one == other
    assert WRONG in one
    assert await ties(bot) == {}


async def test_what_is_no_bcrypt_hash_opens_nothing(bot: RunningBot) -> None:
    for kept in ("x", "", "$2b$12$short", "$2b$12$" + "?" * 53):
        await bot.fetch("UPDATE users SET password_hash = $1 WHERE id = 3 RETURNING id", kept)
        async with bot.deps.pool.transaction() as conn:
            made = await queries.begin_sign_in(conn, None, "eva@example.com", "192.0.2.1", bot.deps.now())
            assert (made.outcome, made.salt) == ("try", None)
            assert made.id is not None
            checked = await queries.check_password(conn, made.id, kept, bot.deps.now())
            assert checked.outcome == "wrong"


async def test_a_hash_of_an_impossible_cost_opens_nothing(bot: RunningBot, browser: Browser) -> None:
    await bot.fetch("UPDATE users SET password_hash = $1 WHERE id = 3 RETURNING id", "$2b$99$" + "a" * 53)
    assert await attempt(browser, await link_of(bot, bot.uma), "eva@example.com") == 401


@pytest.mark.parametrize("prefix", ["$2a$", "$2y$"])
async def test_hashes_of_other_programs_are_understood(bot: RunningBot, browser: Browser, prefix: str) -> None:
    await bot.fetch("UPDATE users SET password_hash = $1 WHERE id = 3 RETURNING id", prefix + cheap(PASSWORD)[4:])
    assert await attempt(browser, await link_of(bot, bot.uma), "eva@example.com", PASSWORD) == 200


async def test_five_wrong_passwords_end_a_link(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    path = await link_of(bot, bot.uma)
    assert [await attempt(browser, path, f"{n}@example.com") for n in range(5)] == [401] * 5
    page = await browser.get(path)
    assert page.status == 200
    limited = await browser.fill(page, "/link", email="eva@example.com", password=PASSWORD)
    assert limited.status == 429
    assert 840 <= int(str(limited.headers["Retry-After"])) <= 900  # type: ignore[index,call-overload]
    assert "Try again in 15 minutes" in limited.text
    assert await ties(bot) == {}
    assert await attempt(browser, await link_of(bot, bot.erik), "eva@example.com", PASSWORD) == 200, "another link"


async def test_five_wrong_passwords_close_an_account_for_a_while(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    for _ in range(5):
        assert await attempt(browser, await link_of(bot, bot.uma), "EVA@example.com") == 401
    assert await attempt(browser, await link_of(bot, bot.uma), "eva@example.com", PASSWORD) == 429
    bot.clock.offset = timedelta(minutes=15)
    assert await attempt(browser, await link_of(bot, bot.uma), "eva@example.com", PASSWORD) == 200


async def count_attempt(bot: RunningBot, link: bytes | None, email: str, address: str = "192.0.2.1") -> str:
    async with bot.deps.pool.transaction() as conn:
        return (await queries.begin_sign_in(conn, link, email, address, bot.deps.now())).outcome


async def test_unknown_accounts_are_limited_as_known_ones(bot: RunningBot) -> None:
    for email in ("eva@example.com", "nobody@example.com"):
        outcomes = [await count_attempt(bot, None, email, f"192.0.2.{n}") for n in range(6)]
        assert outcomes == ["try"] * 5 + ["limited"]


async def test_fifty_wrong_passwords_close_an_address(bot: RunningBot) -> None:
    outcomes = [await count_attempt(bot, None, f"{n}@example.com") for n in range(51)]
    assert outcomes == ["try"] * 50 + ["limited"]
    assert await count_attempt(bot, None, "other@example.com", "192.0.2.2") == "try"
    bot.clock.offset = timedelta(minutes=15)
    assert await count_attempt(bot, None, "other@example.com") == "try"


async def test_attempts_made_at_once_are_counted_too(bot: RunningBot) -> None:
    link = links.digest((await link_of(bot, bot.uma)).partition("=")[2])
    outcomes = await asyncio.gather(*(count_attempt(bot, link, f"{n}@example.com") for n in range(9)))
    assert sorted(outcomes) == ["limited"] * 4 + ["try"] * 5


async def test_of_two_posts_with_one_link_one_wins(bot: RunningBot, program: Browser) -> None:
    await give_password(bot, EVA)
    await give_password(bot, ERIK)
    token = (await link_of(bot, bot.uma)).partition("=")[2]
    forms = [{"token": token, "email": f"{name}@example.com", "password": PASSWORD} for name in ("eva", "erik")]
    statuses = await asyncio.gather(*(program.post("/link", form) for form in forms))
    assert sorted(answer.status for answer in statuses) == [200, 410]
    assert list((await ties(bot)).values()) == [bot.uma.id]


async def test_of_two_people_for_one_account_the_last_is_tied(bot: RunningBot, program: Browser) -> None:
    await give_password(bot, EVA)
    tokens = [(await link_of(bot, person)).partition("=")[2] for person in (bot.uma, bot.erik)]
    forms = [{"token": token, "email": "eva@example.com", "password": PASSWORD} for token in tokens]
    statuses = await asyncio.gather(*(program.post("/link", form) for form in forms))
    assert [answer.status for answer in statuses] == [200, 200]
    assert list(await ties(bot)) == [EVA]


async def test_a_deactivated_account_is_refused_to_who_knows_its_password(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    await bot.fetch(DEACTIVATE, EVA)
    path = await link_of(bot, bot.uma)
    page = await browser.get(path)
    wrong = await browser.fill(page, "/link", email="eva@example.com", password="wrong")
    assert wrong.status == 401
    assert "deactivated" not in wrong.text
    right = await browser.fill(page, "/link", email="eva@example.com", password=PASSWORD)
    assert right.status == 403
    assert "eva@example.com is deactivated" in right.text
    assert await ties(bot) == {}
    assert await bot.fetch("SELECT last_login FROM users WHERE id = 3") == [{"last_login": None}]


async def test_two_accounts_with_one_address_are_refused(bot: RunningBot, browser: Browser) -> None:
    await give_password(bot, EVA)
    await bot.fetch(
        "INSERT INTO users (email, name, password_hash, role) VALUES ('Eva@Example.com', 'E', $1, 'user') RETURNING id",
        cheap(PASSWORD),
    )
    page = await browser.get(await link_of(bot, bot.uma))
    refused = await browser.fill(page, "/link", email="eva@example.com", password=PASSWORD)
    assert refused.status == 409
    assert "More than one account has the address" in refused.text
    assert await ties(bot) == {}


async def test_what_bcrypt_cannot_read_is_said_plainly(bot: RunningBot, browser: Browser) -> None:
    page = await browser.get(await link_of(bot, bot.uma))
    for password in ("a" * 73, "ä" * 37):
        refused = await browser.fill(page, "/link", email="eva@example.com", password=password)
        assert refused.status == 400
        assert "72 bytes" in refused.text
    assert await bot.fetch(ATTEMPTS) == [{"n": 0}]
    exact = "ä" * 36
    await give_password(bot, EVA, exact)
    assert (await browser.fill(page, "/link", email="eva@example.com", password=exact)).status == 200


@pytest.mark.parametrize(
    ("email", "password"), [("", PASSWORD), ("  ", PASSWORD), ("a@b\0", "x"), ("a@example.com", "")]
)
async def test_empty_fields_are_asked_for(bot: RunningBot, browser: Browser, email: str, password: str) -> None:
    page = await browser.get(await link_of(bot, bot.uma))
    asked = await browser.fill(page, "/link", email=email, password=password)
    assert asked.status == 400
    assert "of your dashboard account" in asked.text
    assert 'aria-invalid="true"' in asked.text


async def test_what_was_typed_is_shown_as_text(bot: RunningBot, browser: Browser) -> None:
    bot.slack.person("uma").user.real_name = "<script>alert(1)</script>"
    page = await browser.get(await link_of(bot, bot.uma))
    again = await browser.fill(page, "/link", email='"><script>x</script>', password="wrong")
    for text in (page.text, again.text):
        assert "<script" not in text
    assert "&lt;script&gt;" in again.text
    assert PASSWORD not in again.text
