"""`techops token`, run as a process."""

import json
from pathlib import Path

import aiohttp
import pytest

from db.pool import DatabaseConfig
from tests.fixtures.bot import RunningBot
from tests.processes.commands import environment, techops


@pytest.fixture
def env(tmp_path: Path, database: DatabaseConfig) -> dict[str, str]:
    assert database.dsn is not None
    return environment(tmp_path, DATABASE_URL=database.dsn)


async def test_a_token_is_made_used_listed_and_revoked(
    bot: RunningBot, http: aiohttp.ClientSession, env: dict[str, str], tmp_path: Path
) -> None:
    made = await techops("token", "create", "--name", "ci", "--json", env=env, cwd=tmp_path)
    assert made.code == 0, made
    token = json.loads(made.out)
    assert token["token"].startswith("tops_")
    assert set(token["scopes"]) == {"deployments:write", "deployments:read", "requests:write", "requests:read"}
    assert token["owner_email"] == "ada@example.com"

    async def status() -> int:
        headers = {"Authorization": f"Bearer {token['token']}"}
        async with http.get(f"{bot.address}/api/v1/deployments", headers=headers) as response:
            return response.status

    assert await status() == 200
    listed = await techops("token", "list", "--json", env=env, cwd=tmp_path)
    [row] = json.loads(listed.out)
    assert (row["name"], row["revoked_at"]) == ("ci", None)
    assert row["last_used_at"] is not None
    assert token["token"] not in listed.out
    revoked = await techops("token", "revoke", "ci", env=env, cwd=tmp_path)
    assert revoked.code == 0, revoked
    assert await status() == 401


async def test_without_an_admin_the_owner_is_asked_for(env: dict[str, str], tmp_path: Path) -> None:
    refused = await techops("token", "create", "--name", "ci", "--json", env=env, cwd=tmp_path)
    assert refused.code == 1
    assert "--owner" in refused.err
    assert refused.out == ""


async def test_scopes_and_times_are_checked(team: None, env: dict[str, str], tmp_path: Path) -> None:
    wrong = await techops("token", "create", "--name", "ci", "--scope", "deploy", env=env, cwd=tmp_path)
    assert (wrong.code, "deployments:write" in wrong.err) == (1, True)
    short = ("--expires", "12h", "--scope", "requests:write", "--owner", "eva@example.com")
    made = await techops("token", "create", "--name", "alerts", *short, env=env, cwd=tmp_path)
    assert made.code == 0
    assert "eva@example.com" in made.out
    assert "not shown again" in made.out
