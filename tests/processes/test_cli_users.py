"""`techops user`: links for passwords, deactivation with what is left, in words and as JSON."""

import json
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from db.pool import DatabaseConfig
from tests.processes.commands import environment, techops

LINK = re.compile(re.escape("https://bot.example.com/password?token=") + r"[\w-]{40,}")


@pytest.fixture
def env(tmp_path: Path, database: DatabaseConfig) -> dict[str, str]:
    assert database.dsn is not None
    return environment(tmp_path, DATABASE_URL=database.dsn, PUBLIC_URL="https://bot.example.com")


async def test_an_account_comes_with_a_link_and_gets_another(env: dict[str, str], tmp_path: Path) -> None:
    added = await techops("user", "add", "bo@example.com", "--name", "Bo", "--json", env=env, cwd=tmp_path)
    [row] = json.loads(added.out)
    assert (row["email"], row["role"]) == ("bo@example.com", "user")
    assert LINK.fullmatch(row["link"])
    again = await techops("user", "password-link", "BO@example.com", env=env, cwd=tmp_path)
    assert LINK.search(again.out)
    assert row["link"] not in again.out
    unknown = await techops("user", "password-link", "no@example.com", env=env, cwd=tmp_path)
    assert (unknown.code, "no account" in unknown.err) == (1, True)


async def test_deactivation_prints_what_is_left(
    env: dict[str, str], tmp_path: Path, database: DatabaseConfig, team: None
) -> None:
    connection = await asyncpg.connect(database.dsn)
    number = await connection.fetchval(
        "INSERT INTO maintenance_requests (requested_by, assigned_to, title, description)"
        " VALUES (1, 2, 'Fan', 'Loud') RETURNING id"
    )
    await connection.close()
    done = await techops("user", "deactivate", "erik@example.com", "--json", env=env, cwd=tmp_path)
    [row] = json.loads(done.out)
    assert row["is_active"] is False
    assert row["left"]["assigned"] == {"names": [str(number)], "total": 1}
    again = await techops("user", "deactivate", "erik@example.com", env=env, cwd=tmp_path)
    assert (again.code, "already deactivated" in again.err) == (1, True)
    back = await techops("user", "activate", "erik@example.com", "--json", env=env, cwd=tmp_path)
    assert json.loads(back.out)[0]["is_active"] is True


async def test_the_last_admin_stays(env: dict[str, str], tmp_path: Path, team: None) -> None:
    done = await techops("user", "deactivate", "ada@example.com", env=env, cwd=tmp_path)
    assert (done.code, "last active admin" in done.err) == (1, True)


@pytest.fixture
async def limited(database: DatabaseConfig) -> AsyncIterator[str]:
    """The address of the database for somebody who has the rights of the bot's role and no others."""
    assert database.dsn is not None
    name = f"bot_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(database.dsn)
    try:
        await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret' IN ROLE techops_app")
        yield re.sub(r"://[^@/]*@", f"://{name}:secret@", database.dsn)
        await connection.execute(f"DROP ROLE {name}")
    finally:
        await connection.close()


async def test_it_takes_the_owner_of_the_tables(env: dict[str, str], tmp_path: Path, limited: str, team: None) -> None:
    as_bot = env | {"DATABASE_URL": limited}
    done = await techops("user", "role", "erik@example.com", "admin", env=as_bot, cwd=tmp_path)
    assert (done.code, "OWNER_DATABASE_URL" in done.err) == (1, True), done
