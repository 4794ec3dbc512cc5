"""`techops audit`: is the log what was sealed, and what is old enough to go."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from bot import cli_support as support
from bot.errors import BadInput
from bot.processes.parts import database, open_deps
from bot.rules.audit_chain import Verdict, head_text
from bot.services import audit
from bot.services.audit_files import Pruned
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The audit: who changed what, sealed into a chain.")


@app.callback()
def audit_commands() -> None:
    """The audit: who changed what, sealed into a chain."""


@app.command("verify")
def verify(
    head: Annotated[str, typer.Option("--head", metavar="HASH", help="One that was noted; it has to be there.")] = "",
    as_json: support.Json = False,
) -> None:
    """Compare the log with its seals. Ends with 1 where a row or a seal was removed, altered or added."""
    settings = support.settings()
    with Console(stderr=True).status("Reading the audit"):
        verdict = support.run(_verify(settings, head or None))
    if as_json:
        shown = asdict(verdict) | {"sound": verdict.is_sound, "line": verdict.line}
        typer.echo(json.dumps(shown, default=str, indent=2))
    else:
        _show(verdict)
    if not verdict.is_sound:
        raise typer.Exit(1)


@app.command("prune")
def prune(
    days: Annotated[int | None, typer.Option("--days", min=1, help="Keep so many; else AUDIT_KEEP_DAYS.")] = None,
    as_json: support.Json = False,
) -> None:
    """Export sealed changes that are older, and delete them once the file is proven; as the tables' owner."""
    settings = support.settings()
    keep = days or settings.audit_keep_days
    if keep is None:
        raise BadInput("Everything is kept: AUDIT_KEEP_DAYS is not set. Give --days to prune once.")
    done = support.run(_prune(settings, keep))
    rows = [asdict(it) for it in done]
    if as_json or done:
        support.show(rows, ("file", "first", "last", "rows"), as_json=as_json)
    else:
        typer.echo(f"Nothing was sealed more than {keep} days ago.")


async def _verify(settings: Settings, head: str | None) -> Verdict:
    async with database(settings) as complete, open_deps(complete, "audit", owner=True) as deps:
        return await audit.verify(deps, head=head)


async def _prune(settings: Settings, days: int) -> list[Pruned]:
    async with database(settings) as complete, open_deps(complete, "audit", owner=True) as deps:
        return await audit.prune(deps, support.act(), days)


def _show(verdict: Verdict) -> None:
    if verdict.is_sound:
        typer.echo(verdict.line)
        if verdict.noted is not None and verdict.head is not None:
            typer.echo(f"The noted head is that of segment {verdict.noted}; {head_text(verdict.head)} is the last.")
    else:
        typer.echo(f"The audit is broken: {verdict.fault_count:,} faults.", err=True)
        for fault in verdict.faults:
            typer.echo(f"{fault.kind}: {fault.line}", err=True)
    for note in verdict.notes:
        typer.echo(f"note: {note}")
