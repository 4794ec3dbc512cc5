"""`/techops db ...` through signed requests: reports, a run, a session; for admins."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from bot.rules.care_commands import REPORTS
from tests.care.conftest import care_worker
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import told, whispered

VERBS = ("db", "db maintenance", "db kill")
IMPORTER = "techops_test_importer"


@pytest.mark.parametrize("name", REPORTS)
async def test_every_report_answers_an_admin(bot: RunningBot, name: str) -> None:
    answer = await told(bot.ada, "/techops", f"db {name}")
    assert "As of" in answer
    expected = {
        "status": "PostgreSQL",
        "sizes": "public.users",
        "indexes": "users_email_key",
        "integrity": "constraint",
    }
    assert expected.get(name, "") in answer


@pytest.mark.parametrize("text", ["db", "db sizes", "db maintenance run", "db kill 1"])
async def test_others_are_refused(bot: RunningBot, text: str) -> None:
    for person in (bot.erik, bot.uma):
        assert "Only an admin can do that." in await told(person, "/techops", text)
    assert await bot.fetch("SELECT 1 FROM techops.maintenance_runs") == []


async def test_db_alone_is_the_status_and_a_slip_is_told(bot: RunningBot) -> None:
    assert "The database at a glance" in await told(bot.ada, "/techops", "db")
    assert "Did you mean sizes?" in await told(bot.ada, "/techops", "db sizse")
    assert "Did you mean kill?" in await told(bot.ada, "/techops", "db kil 12")
    assert "can only be run" in await told(bot.ada, "/techops", "db maintenance stop")


async def test_a_report_that_takes_too_long_says_so(bot: RunningBot) -> None:
    connection = await asyncpg.connect(bot.database.dsn)
    try:
        await connection.execute("ALTER TABLE projects ADD CONSTRAINT slow CHECK (pg_sleep(3) IS NOT NULL) NOT VALID")
    finally:
        await connection.close()
    answer = await told(bot.ada, "/techops", "db integrity")
    assert "takes longer than 1.5 s" in answer or "could not be checked" in answer


async def test_a_run_is_ordered_and_cancelled_from_its_card(bot: RunningBot) -> None:
    assert "is ordered" in await told(bot.ada, "/techops", "db maintenance run")
    assert "queued already" in await told(bot.ada, "/techops", "db maintenance run")
    await bot.until(lambda: any("Database care" in it.text for it in bot.cards()))
    [card] = [it for it in bot.cards() if "Database care" in it.text]
    await bot.erik.click(card, "care.cancel")
    assert "Only an admin can do that." in whispered(bot.erik)
    await bot.ada.click(card, "care.cancel")
    await bot.until(lambda: "was cancelled" in bot.cards()[0].text)
    [row] = await bot.fetch("SELECT status, cancel_asked_by FROM techops.maintenance_runs")
    assert row == {"status": "cancelled", "cancel_asked_by": 1}


@pytest.fixture
async def importer(bot: RunningBot) -> AsyncIterator[Any]:
    """A session of a role that is no superuser's."""
    connection = await asyncpg.connect(bot.database.dsn)
    name = f"{IMPORTER}_{connection.get_server_pid()}"
    await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    theirs = await asyncpg.connect(bot.database.dsn, user=name, password="secret")
    try:
        yield theirs
    finally:
        theirs.terminate()
        await connection.execute(f"DROP ROLE {name}")
        await connection.close()


async def test_a_query_is_shown_with_its_owner_and_ended_in_two_steps(bot: RunningBot, importer: Any) -> None:
    pid = importer.get_server_pid()
    sleeping = asyncio.create_task(importer.execute("SELECT pg_sleep(60)"))
    [shown] = (await bot.ada.slash("/techops", f"db kill {pid}")).messages
    assert IMPORTER in str(shown.blocks)
    button = next(block for block in shown.blocks if block["type"] == "actions")["elements"][0]
    assert "pg_sleep" in button["confirm"]["text"]["text"]
    assert IMPORTER in button["confirm"]["text"]["text"]
    await bot.ada.click(shown, "care.cancel_query")
    assert "is being cancelled" in whispered(bot.ada, "general")
    async with care_worker(bot.deps):
        with pytest.raises(asyncpg.QueryCanceledError):
            await sleeping
        dm = bot.slack.dm(bot.ada.id).id
        await bot.until(lambda: bot.slack.messages_in(dm))
        [message] = bot.slack.messages_in(dm)
        await bot.ada.click(message, "care.end_session")
        await bot.until(lambda: len(bot.slack.messages_in(dm)) == 2)
    assert "the session has ended" in bot.slack.messages_in(dm)[-1].text


async def test_what_cannot_be_killed_is_refused_with_the_reason(bot: RunningBot) -> None:
    for text, why in (
        ("x", "no process id"),
        ("99999999999999999999", "no process id"),
        ("4", "There is no session 4"),
    ):
        assert why in await told(bot.ada, "/techops", f"db kill {text}")
    [row] = await bot.fetch("SELECT pg_backend_pid() AS pid")
    answer = await told(bot.ada, "/techops", f"db kill {row['pid']}")
    assert "superuser" in answer or "There is no session" in answer
