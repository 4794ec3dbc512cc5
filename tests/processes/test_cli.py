"""Commands that end by themselves."""

import asyncio
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from bot import cli
from db.pool import DatabaseConfig
from tests.processes.commands import environment, techops


@pytest.fixture
def env(tmp_path: Path, empty_database: DatabaseConfig) -> dict[str, str]:
    assert empty_database.dsn is not None
    return environment(tmp_path, DATABASE_URL=empty_database.dsn)


async def test_without_slack_tokens_the_processes_say_what_they_need(tmp_path: Path) -> None:
    for process in ("web", "worker", "scheduler"):
        result = await techops(process, env=environment(tmp_path), cwd=tmp_path)
        assert result.code == 2
        assert "SLACK_BOT_TOKEN" in result.err
        assert "techops up" in result.err


async def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    wrong = environment(
        tmp_path,
        DATABASE_URL="mysql://nothing",
        DASHBOARD_TIMEZONE="Mars/Olympus",
        PORT="high",
        SLACK_API_URL="slack.com",
        LOG_LEVEL="loud",
        MAX_WAIT="-1",
    )
    result = await techops("web", env=wrong, cwd=tmp_path)
    assert result.code == 2
    for name in ("DATABASE_URL", "DASHBOARD_TIMEZONE", "PORT", "SLACK_API_URL", "LOG_LEVEL", "MAX_WAIT"):
        assert name in result.err
    assert "Traceback" not in result.err


async def test_settings_are_read_from_env_file_and_real_variables_win(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DASHBOARD_TIMEZONE=Mars/Olympus\nLOG_LEVEL=loud\n")
    result = await techops("web", env=environment(tmp_path, LOG_LEVEL="info"), cwd=tmp_path)
    assert "DASHBOARD_TIMEZONE" in result.err
    assert "LOG_LEVEL" not in result.err


async def test_the_sandbox_on_a_configured_database_has_to_be_asked_for_by_name(
    env: dict[str, str], tmp_path: Path
) -> None:
    result = await techops("up", env=env, cwd=tmp_path)
    assert result.code == 2
    assert "--sandbox test_" in result.err
    result = await techops("up", "--sandbox", "another", env=env, cwd=tmp_path)
    assert result.code == 2


async def test_migrate_check_migrate_and_again(env: dict[str, str], tmp_path: Path) -> None:
    pending = await techops("migrate", "--check", env=env, cwd=tmp_path)
    assert pending.code == 1
    assert "0001_create_dashboard" in pending.out
    both = await asyncio.gather(*(techops("migrate", env=env, cwd=tmp_path) for _ in range(2)))
    assert [result.code for result in both] == [0, 0], both
    assert sum("Nothing was pending" in result.out for result in both) == 1
    assert (await techops("migrate", "--check", env=env, cwd=tmp_path)).code == 0


async def test_accounts(env: dict[str, str], tmp_path: Path) -> None:
    await techops("migrate", env=env, cwd=tmp_path)
    added = await techops(
        "user", "add", "ada@example.com", "--name", "Ada", "--role", "admin", "--json", env=env, cwd=tmp_path
    )
    assert json.loads(added.out)[0]["role"] == "admin"
    again = await techops("user", "add", "ADA@example.com", "--name", "Ada", env=env, cwd=tmp_path)
    assert (again.code, "already" in again.err) == (1, True)
    typo = await techops("user", "add", "bo@example.com", "--name", "Bo", "--role", "enginer", env=env, cwd=tmp_path)
    assert (typo.code, "engineer" in typo.err) == (1, True)
    last = await techops("user", "role", "ada@example.com", "user", env=env, cwd=tmp_path)
    assert (last.code, "last active admin" in last.err) == (1, True)
    await techops("user", "add", "bo@example.com", "--name", "Bo", "--role", "admin", env=env, cwd=tmp_path)
    changed = await techops("user", "role", "Ada@Example.com", "engineer", "--json", env=env, cwd=tmp_path)
    assert json.loads(changed.out)[0]["role"] == "engineer"
    listed = await techops("user", "list", "--json", env=env, cwd=tmp_path)
    assert [row["email"] for row in json.loads(listed.out)] == ["ada@example.com", "bo@example.com"]
    assert "password" not in listed.out


async def test_a_database_that_is_away_is_said_in_a_sentence(tmp_path: Path) -> None:
    env = environment(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    for arguments in (("migrate",), ("user", "list"), ("queue", "list"), ("migrate", "--check")):
        result = await techops(*arguments, env=env, cwd=tmp_path)
        assert result.code == 1
        assert "cannot be reached" in result.err
        assert "Traceback" not in result.err


async def test_scheduled_jobs_run_by_name(env: dict[str, str], tmp_path: Path) -> None:
    await techops("migrate", env=env, cwd=tmp_path)
    assert (await techops("run-job", "housekeeping", env=env, cwd=tmp_path)).code == 0
    unknown = await techops("run-job", "housekeping", env=env, cwd=tmp_path)
    assert (unknown.code, "housekeeping" in unknown.err) == (1, True)
    assert (await techops("run-job", "housekeeping", "--now", "soon", env=env, cwd=tmp_path)).code == 2


async def test_manifest(tmp_path: Path) -> None:
    env = environment(tmp_path)
    by_http = await techops("manifest", "--url", "https://bot.example.com", env=env, cwd=tmp_path)
    commands = json.loads(by_http.out)["features"]["slash_commands"]
    assert {"/maintenance", "/worklog"} <= {command["command"] for command in commands}
    assert all(command["url"] == "https://bot.example.com/slack/events" for command in commands)
    by_socket = await techops("manifest", "--socket", env=env, cwd=tmp_path)
    assert json.loads(by_socket.out)["settings"]["socket_mode_enabled"] is True
    neither = await techops("manifest", env=env, cwd=tmp_path)
    assert (neither.code, "--socket" in neither.err) == (2, True)


async def test_sample_data_fills_an_empty_database_and_no_other(env: dict[str, str], tmp_path: Path) -> None:
    too_early = await techops("sample-data", env=env, cwd=tmp_path)
    assert (too_early.code, "techops migrate" in too_early.err) == (1, True)
    await techops("migrate", env=env, cwd=tmp_path)
    loaded = await techops("sample-data", env=env, cwd=tmp_path)
    assert (loaded.code, "61 maintenance requests" in loaded.out) == (0, True)
    again = await techops("sample-data", env=env, cwd=tmp_path)
    assert (again.code, "empty database" in again.err) == (1, True)


def test_an_address_is_a_link_on_a_terminal_and_plain_text_elsewhere() -> None:
    address = f"http://127.0.0.1:3999/?key={'0' * 32}"
    terminal, pipe = io.StringIO(), io.StringIO()
    cli.offer(Console(file=terminal, force_terminal=True, width=20, color_system="standard"), "Sandbox", address)
    cli.offer(Console(file=pipe, width=20), "Sandbox", address)
    assert pipe.getvalue() == f"Sandbox: {address}\n"
    assert re.fullmatch(
        rf"Sandbox: \x1b\]8;[^;]*;{re.escape(address)}\x1b\\{re.escape(address)}\x1b\]8;;\x1b\\\n", terminal.getvalue()
    )


def commands(group: Any, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command and group below a group."""
    for name, command in getattr(group, "commands", {}).items():
        yield (*before, name)
        yield from commands(command, *before, name)


def test_every_command_has_help() -> None:
    names = list(commands(typer.main.get_command(cli.app)))
    assert {("up",), ("user",), ("user", "add")} <= set(names)
    for name in names:
        told = CliRunner().invoke(cli.app, [*name, "--help"])
        assert told.exit_code == 0, name
        assert "Usage" in told.output, name
