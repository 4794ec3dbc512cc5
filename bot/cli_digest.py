"""`techops digest`: what a digest would tell now."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from bot import cli_support as support

app = typer.Typer(no_args_is_help=True, help="Digests.")


@app.callback()
def _group() -> None:
    """Digests."""


@app.command("preview")
def preview(
    project: Annotated[str, typer.Option("--project", metavar="NAME", help="Of one project only.")] = "",
    weekly: Annotated[bool, typer.Option("--weekly", help="The weekly one.")] = False,
    tz: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Whose days count; else TECHOPS_TIMEZONE.")] = "",
    as_json: support.Json = False,
) -> None:
    """Print what a digest would tell now; nothing is posted."""
    from bot.rules.subscriptions import zone_named
    from bot.services import digest
    from bot.views.digest import digest_lines
    from db.models_subscriptions import Cadence

    settings = support.settings()
    zone = zone_named(tz) if tz else settings.techops_timezone
    cadence = Cadence.WEEKLY if weekly else Cadence.DAILY
    found = support.run(
        support.with_deps(settings, lambda deps: digest.preview_of(deps, project or None, cadence, zone))
    )
    if as_json:
        typer.echo(json.dumps(asdict(found.digest), default=str, indent=2))
        return
    typer.echo("\n".join(digest_lines(found.digest, found.stats, zone)))
