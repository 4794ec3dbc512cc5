"""`techops doctor`: is this installation in order, and if not, what to do."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from bot import cli_support as support
from bot.errors import SettingsError
from bot.processes.parts import database, open_deps
from bot.services import doctor
from bot.services.doctor import Level, Line
from bot.settings import Settings


def examine(
    as_json: support.Json = False,
    no_slack: Annotated[bool, typer.Option("--no-slack", help="Do not ask Slack.")] = False,
) -> None:
    """Check this installation: one line a check, each with its fix. Ends with 1 where something is broken."""
    try:
        settings = support.settings()
    except SettingsError as error:
        _show([Line("settings", Level.FAIL, str(error), "Correct them in .env or the environment.")], as_json=as_json)
        raise typer.Exit(1) from error
    lines = support.run(_examine(settings, slack=not no_slack))
    _show(lines, as_json=as_json)
    if any(line.level is Level.FAIL for line in lines):
        raise typer.Exit(1)


async def _examine(settings: Settings, *, slack: bool) -> Sequence[Line]:
    async with (
        database(settings) as complete,
        open_deps(complete, "doctor") as deps,
        open_deps(complete, "doctor", owner=True) as owner,
    ):
        return await doctor.examine(doctor.Looks(deps, owner.pool, settings.embedded), slack=slack)


def _show(lines: Sequence[Line], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(line) for line in lines], indent=2))
        return
    for line in lines:
        fix = f" -> {line.fix}" if line.fix else ""
        typer.echo(f"{line.level:<4}  {line.name}: {line.text}{fix}")
