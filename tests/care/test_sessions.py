"""Queries and sessions ended: only those that were shown, the query first, and never the bot's own or a superuser's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import Forbidden, Missing, WrongState
from bot.services.care import sessions
from db.pool import DatabaseConfig
from db.queries import care_sessions
from sandbox.workspace import Workspace
from tests.care.conftest import Role, care_worker, opened, role_of
from tests.fixtures.delivery import Dashboard, Workers

ADA = Actor(1, "Ada Admin", "ada@example.com", "admin", "UTC", "T0SANDBOX", "U0ADMIN")
DONE = "SELECT outcome FROM techops.session_ends ORDER BY id DESC LIMIT 1"


def act() -> Act:
    return Act(person=ADA, source="slack")


@asynccontextmanager
async def session(config: DatabaseConfig, name: str = "nightly import") -> AsyncIterator[Any]:
    connection = await asyncpg.connect(config.dsn, server_settings={"application_name": name})
    try:
        yield connection
    finally:
        connection.terminate()


@pytest.fixture
async def importer(new_role: Role, database: DatabaseConfig) -> AsyncIterator[Any]:
    """A program's session, of a role of its own."""
    async with session(await new_role("importer")) as connection:
        yield connection


async def order(deps: Deps, pid: int, means: str = sessions.CANCEL) -> None:
    _session, began = await sessions.find(deps, pid)
    await sessions.order(deps, act(), ADA, pid, began, means)


async def outcome(deps: Deps, dashboard: Dashboard) -> str:
    async with care_worker(deps):
        await dashboard.until("SELECT bool_and(outcome IS NOT NULL) FROM techops.session_ends")
    return str(await dashboard.run(DONE))


async def test_a_query_is_cancelled_and_its_session_lives(
    deps: Deps, dashboard: Dashboard, importer: Any, slack: Workspace, workers: Workers
) -> None:
    pid = importer.get_server_pid()
    sleeping = asyncio.create_task(importer.execute("SELECT pg_sleep(60), 'a secret'"))
    await dashboard.until("SELECT state = 'active' FROM pg_stat_activity WHERE pid = $1", pid)
    shown, _began = await sessions.find(deps, pid)
    assert (shown.application_name, shown.state) == ("nightly import", "active")
    await order(deps, pid)
    assert await outcome(deps, dashboard) == "the query was cancelled; the session is idle"
    with pytest.raises(asyncpg.QueryCanceledError):
        await sleeping
    assert await importer.fetchval("SELECT 1") == 1
    async with workers():
        await slack.wait_for(lambda: slack.messages_in(slack.dm("U0ADMIN").id))
    [told] = slack.messages_in(slack.dm("U0ADMIN").id)
    assert "the query was cancelled; the session is idle" in told.text
    assert "End session" in str(told.blocks)
    assert "a secret" not in str(told.blocks)


async def test_a_session_is_ended_only_after_its_query_was_cancelled(
    deps: Deps, dashboard: Dashboard, importer: Any
) -> None:
    pid = importer.get_server_pid()
    await importer.execute("BEGIN")
    with pytest.raises(WrongState, match="First its query is cancelled"):
        await order(deps, pid, sessions.TERMINATE)
    await order(deps, pid)
    assert await outcome(deps, dashboard) == "the query was cancelled; the session is idle in transaction"
    await order(deps, pid, sessions.TERMINATE)
    assert await outcome(deps, dashboard) == "the session has ended"
    assert await dashboard.run("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid) == 0


async def test_an_order_is_carried_out_once(deps: Deps, dashboard: Dashboard, importer: Any) -> None:
    await order(deps, importer.get_server_pid())
    end_id = await dashboard.run("SELECT id FROM techops.session_ends")
    assert await sessions.carry_out(deps, end_id) is not None
    assert await sessions.carry_out(deps, end_id) is None
    assert await dashboard.run("SELECT count(*) FROM techops.messages WHERE key LIKE 'dm:session_end:%'") == 1


async def test_another_session_with_the_same_number_is_left_alone(
    deps: Deps, dashboard: Dashboard, importer: Any
) -> None:
    pid = importer.get_server_pid()
    _session, began = await sessions.find(deps, pid)
    with pytest.raises(Missing, match="another one by now"):
        await sessions.order(deps, act(), ADA, pid, began - timedelta(seconds=1), sessions.CANCEL)
    # and where it changed between the order and its execution
    await order(deps, pid)
    await dashboard.run("UPDATE techops.session_ends SET backend_start = backend_start - interval '1 second'")
    assert (await outcome(deps, dashboard)).startswith("nothing was done: the session that was shown is gone")
    assert await importer.fetchval("SELECT 1") == 1


async def test_the_bots_own_sessions_are_never_ended(deps: Deps, dashboard: Dashboard, new_role: Role) -> None:
    async with session(await new_role("bot"), "techops worker") as own:
        pid = own.get_server_pid()
        with pytest.raises(Forbidden, match="the bot's own"):
            await sessions.find(deps, pid)
        assert await _refused(deps, dashboard, pid)
        assert await own.fetchval("SELECT 1") == 1


async def test_a_superusers_session_is_never_ended(deps: Deps, dashboard: Dashboard, database: DatabaseConfig) -> None:
    async with session(database) as theirs:
        pid = theirs.get_server_pid()
        with pytest.raises(Forbidden, match="belongs to the superuser"):
            await sessions.find(deps, pid)
        assert await _refused(deps, dashboard, pid)
        assert await theirs.fetchval("SELECT 1") == 1


async def _refused(deps: Deps, dashboard: Dashboard, pid: int) -> bool:
    """Whether the statements themselves refuse, whatever was checked before them."""
    began: datetime = await dashboard.run("SELECT backend_start FROM pg_stat_activity WHERE pid = $1", pid)
    async with deps.pool.transaction() as conn:
        end_id = await care_sessions.insert_end(
            conn, pid=pid, backend_start=began, means="cancel", role_name="", application_name="", query="",
            asked_by=1, slack_user_id="U0ADMIN", now=deps.now(),
        )  # fmt: skip
        await care_sessions.mark_ended(conn, end_id, "done", deps.now())
        sent = [
            await care_sessions.cancel_query(conn, pid, began),
            await care_sessions.terminate_session(conn, pid, began),
        ]
    return sent == [None, None]


async def test_a_role_without_the_right_says_what_is_missing(
    deps: Deps, dashboard: Dashboard, importer: Any, new_role: Role, admin: Any
) -> None:
    config = await new_role("limited")
    role = role_of(config)
    for kind in ("TABLES", "SEQUENCES"):
        await admin.execute(
            f"GRANT ALL ON ALL {kind} IN SCHEMA techops TO {role}; GRANT USAGE ON SCHEMA techops TO {role}"
        )
    pid = importer.get_server_pid()
    async with opened(deps, config) as limited:
        with pytest.raises(Forbidden, match=f"GRANT pg_read_all_stats TO {role}"):
            await sessions.find(limited, pid)
        await admin.execute(f"GRANT pg_read_all_stats TO {role}")
        await order(deps, pid)
        end_id = await dashboard.run("SELECT id FROM techops.session_ends")
        assert (await sessions.carry_out(limited, end_id) or "").startswith("refused: ")
    assert await importer.fetchval("SELECT 1") == 1


async def test_who_ended_what_is_on_record(deps: Deps, dashboard: Dashboard, importer: Any) -> None:
    await order(deps, importer.get_server_pid())
    await outcome(deps, dashboard)
    rows = await dashboard.rows("SELECT * FROM techops.activity WHERE subject_kind = 'session' ORDER BY id")
    assert [(row["actor_id"], row["verb"], row["source"]) for row in rows] == [
        (1, "created", "slack"), (None, "edited", "care"),
    ]  # fmt: skip
