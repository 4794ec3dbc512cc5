"""What the bot's role may do with hashes, links and sessions: nothing but call the functions."""

from datetime import timedelta

import asyncpg
import pytest

from bot.auth import recompute
from bot.services.links import digest
from db.errors import DatabaseError
from db.queries import links
from scheduler.jobs import housekeeping
from tests.fixtures.bot import RunningBot
from tests.pages.conftest import EVA, PASSWORD, cheap, give_password, link_of

INSERT_SESSION = """
INSERT INTO techops.page_sessions VALUES (sha256('x'), 3, now(), now() + interval '12 hours') RETURNING user_id
"""
LET_PASS = [
    "UPDATE techops.links SET expires_at = expires_at - $1::interval",
    "UPDATE techops.sign_in_attempts SET at = at - $1::interval",
    "UPDATE techops.page_sessions SET expires_at = expires_at - $1::interval",
]
FORBIDDEN = [
    "SELECT password_hash FROM users",
    "SELECT id FROM users WHERE password_hash LIKE '$2b$%'",
    "UPDATE users SET password_hash = 'x'",
    "INSERT INTO techops.links (token_sha256, kind) VALUES (sha256('x'), 'password')",
    "UPDATE techops.links SET used_at = NULL",
    "DELETE FROM techops.sign_in_attempts",
    "SELECT count(*) FROM techops.sign_in_attempts",
    "INSERT INTO techops.page_sessions VALUES (sha256('x'), 1, now(), 'infinity')",
    "UPDATE techops.page_sessions SET expires_at = 'infinity'",
    "DELETE FROM techops.untied",
    "SELECT techops.spend_attempt(1, NULL, now())",
    "SELECT techops.record_about_user(1, 'linked', NULL, NULL)",
    "SELECT techops.issue_password_link(sha256('x'), 1, now())",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_role_goes_through_the_functions(bot: RunningBot, statement: str) -> None:
    async with bot.deps.pool.acquire() as conn:
        assert await conn.fetchval("SELECT current_user::text") == "techops_app"
    with pytest.raises(DatabaseError) as refused:
        async with bot.deps.pool.transaction() as conn:
            await conn.execute(statement)
    assert isinstance(refused.value.__cause__, asyncpg.InsufficientPrivilegeError)


async def test_a_sign_in_gives_out_a_salt_and_no_hash(bot: RunningBot) -> None:
    await give_password(bot, EVA)
    async with bot.deps.pool.transaction() as conn:
        attempt = await links.begin_sign_in(conn, None, "eva@example.com", "192.0.2.1", bot.deps.now())
    [row] = await bot.fetch("SELECT password_hash FROM users WHERE id = 3")
    assert attempt.salt is not None
    assert row["password_hash"].startswith(attempt.salt)
    assert len(attempt.salt) == 29


async def test_an_attempt_is_one_guess(bot: RunningBot) -> None:
    await give_password(bot, EVA)
    now = bot.deps.now()
    async with bot.deps.pool.transaction() as conn:
        attempt = await links.begin_sign_in(conn, None, "eva@example.com", "192.0.2.1", now)
        assert attempt.id is not None
        assert (await links.check_password(conn, attempt.id, cheap("wrong"), now)).outcome == "wrong"
        right = await recompute(PASSWORD, attempt.salt)
        assert (await links.check_password(conn, attempt.id, right, now)).outcome == "wrong"
        assert not await links.insert_session(conn, attempt.id, digest("s"), None, now)


async def test_a_proof_is_worth_one_session_and_no_tie(bot: RunningBot) -> None:
    await give_password(bot, EVA)
    now = bot.deps.now()
    async with bot.deps.pool.transaction() as conn:
        attempt = await links.begin_sign_in(conn, None, "eva@example.com", "192.0.2.1", now)
        assert attempt.id is not None
        right = await recompute(PASSWORD, attempt.salt)
        assert (await links.check_password(conn, attempt.id, right, now)).outcome == "ok"
        assert await links.insert_tie(conn, attempt.id, None, now) is None
        assert await links.insert_session(conn, attempt.id, digest("s"), None, now)
        assert not await links.insert_session(conn, attempt.id, digest("t"), None, now)


async def test_an_attempt_without_proof_ties_nobody(bot: RunningBot) -> None:
    token = (await link_of(bot, bot.uma)).partition("=")[2]
    now = bot.deps.now()
    async with bot.deps.pool.transaction() as conn:
        attempt = await links.begin_sign_in(conn, digest(token), "eva@example.com", "192.0.2.1", now)
    assert attempt.id is not None
    with pytest.raises(DatabaseError):
        async with bot.deps.pool.transaction() as conn:
            await links.insert_tie(conn, attempt.id, None, now)
    assert await bot.fetch("SELECT used_at FROM techops.links") == [{"used_at": None}]


async def test_a_renewed_hash_is_never_a_cheap_one(bot: RunningBot) -> None:
    await give_password(bot, EVA)
    now = bot.deps.now()
    async with bot.deps.pool.transaction() as conn:
        attempt = await links.begin_sign_in(conn, None, "eva@example.com", "192.0.2.1", now)
        assert attempt.id is not None
        await links.check_password(conn, attempt.id, await recompute(PASSWORD, attempt.salt), now)
    for hash_ in (cheap("new", 11), "plain"):
        with pytest.raises(DatabaseError):
            async with bot.deps.pool.transaction() as conn:
                await links.insert_session(conn, attempt.id, digest("s"), hash_, now)


async def test_neither_token_nor_password_nor_address_is_kept(bot: RunningBot) -> None:
    token = (await link_of(bot, bot.uma)).partition("=")[2]
    async with bot.deps.pool.transaction() as conn:
        await links.begin_sign_in(conn, digest(token), "My Password By Mistake", "192.0.2.1", bot.deps.now())
    rows = await bot.fetch("SELECT l::text AS row FROM techops.links AS l")
    rows += await bot.fetch("SELECT a::text AS row FROM techops.sign_in_attempts AS a")
    assert len(rows) == 2
    for row in rows:
        assert token not in row["row"]
        assert "mistake" not in row["row"].lower()


async def test_housekeeping_forgets_what_is_over(bot: RunningBot) -> None:
    for person in (bot.uma, bot.eva):
        await link_of(bot, person)
    async with bot.deps.pool.transaction() as conn:
        await links.begin_sign_in(conn, None, "eva@example.com", "192.0.2.1", bot.deps.now())
    tables = ("links", "sign_in_attempts", "page_sessions")
    await bot.fetch(INSERT_SESSION)
    kept = {}
    for name, hours in {"now": 0, "after 13 hours": 13, "after 25 hours": 12, "after 8 days": 7 * 24}.items():
        for statement in LET_PASS:  # the database deletes nothing that is young by its own clock
            await bot.fetch(statement, timedelta(hours=hours))
        await housekeeping.run(bot.deps, bot.deps.now())
        kept[name] = [len(await bot.fetch(f"TABLE techops.{table}")) for table in tables]
    assert kept == {
        "now": [2, 1, 1],
        "after 13 hours": [2, 1, 0],
        "after 25 hours": [2, 0, 0],
        "after 8 days": [0, 0, 0],
    }
