"""`techops maintenance`: care of the database, done here and now."""

import json
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console

from bot import cli_support as support
from bot.processes.parts import database, open_deps
from bot.services.care import runs
from bot.settings import Settings
from db.models_care import Run, RunStatus, StepStatus

app = typer.Typer(no_args_is_help=True, help="Care of the database.")

_GOOD: Final = {RunStatus.SUCCEEDED, RunStatus.WAITING, RunStatus.QUEUED}
_ORDER: Final = (StepStatus.FAILED, StepStatus.OK, StepStatus.SKIPPED)


@app.callback()
def maintenance() -> None:
    """Care of the database."""


@app.command("run")
def run(
    anyway: Annotated[bool, typer.Option("--anyway", help="Do not wait for a deployment that is in progress.")] = False,
    as_json: support.Json = False,
) -> None:
    """Care for the database as it is done every night, as the owner of the tables. Ends with 1 where a step failed."""
    settings = support.settings()
    with Console(stderr=True).status("Caring for the database"):
        done = support.run(_run(settings, patient=not anyway))
    if as_json:
        typer.echo(json.dumps(asdict(done), default=str, indent=2))
    else:
        _show(done)
    if done.status not in _GOOD:
        raise typer.Exit(1)


async def _run(settings: Settings, *, patient: bool) -> Run:
    async with database(settings) as complete, open_deps(complete, "maintenance", owner=True) as deps:
        return await runs.run_now(deps, support.act(), patient=patient)


def _show(done: Run) -> None:
    if done.waiting_for:
        typer.echo(f"Run {done.id} waits: {done.waiting_for}. The care worker takes it up; --anyway does not wait.")
        return
    for step in sorted(done.steps, key=lambda it: (_ORDER.index(StepStatus(it.status)), it.position)):
        typer.echo(f"{step.status}: {step.name}{f': {step.summary}' if step.summary else ''}")
        for text in (*(f"failed: {it}" for it in step.failures), *step.lines, *step.notes):
            typer.echo(f"    {text}")
    for note in done.notes:
        typer.echo(note)
    raised = f" What has to be put right stands in MR-{done.request_id}." if done.request_id else ""
    typer.echo(f"Run {done.id}: {done.status}.{raised}")
