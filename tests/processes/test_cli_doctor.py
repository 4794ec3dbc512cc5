"""`techops doctor` as somebody at a terminal runs it."""

import json
import socket
from pathlib import Path

from db.pool import DatabaseConfig
from sandbox.workspace import Workspace
from tests.processes.commands import environment, techops


async def test_an_empty_database_is_broken_and_a_migrated_one_is_not(
    empty_database: DatabaseConfig, slack: Workspace, tmp_path: Path
) -> None:
    assert empty_database.dsn is not None
    env = environment(
        tmp_path,
        DATABASE_URL=empty_database.dsn,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_APP_TOKEN=slack.app_token,
        SLACK_API_URL=slack.api_url,
    )
    empty = await techops("doctor", "--no-slack", env=env, cwd=tmp_path)
    assert empty.code == 1, empty
    assert any(line.startswith("FAIL  migrations:") and "techops migrate" in line for line in empty.out.splitlines())
    await techops("migrate", env=env, cwd=tmp_path)
    whole = await techops("doctor", "--json", env=env, cwd=tmp_path)
    assert whole.code == 0, whole.out + whole.err
    lines = {line["name"]: line for line in json.loads(whole.out)}
    assert lines["migrations"]["level"] == "ok"
    assert lines["Slack requests"]["text"] == "Socket Mode can be opened"
    assert lines["channel ops"]["level"] == "ok"
    assert empty_database.dsn not in whole.out


async def test_wrong_settings_are_a_finding(tmp_path: Path) -> None:
    wrong = environment(tmp_path, DATABASE_URL="mysql://nothing", TECHOPS_TIMEZONE="Mars/Olympus")
    result = await techops("doctor", env=wrong, cwd=tmp_path)
    assert result.code == 1
    assert result.out.startswith("FAIL  settings:")
    assert "DATABASE_URL" in result.out
    assert "TECHOPS_TIMEZONE" in result.out


async def test_a_port_that_is_taken_is_told_in_one_sentence(
    slack: Workspace, database: DatabaseConfig, tmp_path: Path
) -> None:
    assert database.dsn is not None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        env = environment(
            tmp_path,
            DATABASE_URL=database.dsn,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_SIGNING_SECRET=slack.signing_secret,
            SLACK_API_URL=slack.api_url,
            PORT=str(taken.getsockname()[1]),
        )
        for process in ("web", "up"):
            result = await techops(process, env=env, cwd=tmp_path)
            assert result.code == 2
            assert "Set PORT to a free one." in result.err
            assert "Traceback" not in result.err
