"""`techops backup` and `techops restore`."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot import cli_support as support
from bot.rules.care import size

if TYPE_CHECKING:
    from bot.services.backups import Restored
    from db.models_backups import Backup

app = typer.Typer(no_args_is_help=True, help="Backups of the database.")
_COLUMNS = (
    *(
        "id",
        "status",
        "fault",
        "notes",
        "started_at",
        "finished_at",
        "seconds",
        "source",
        "file",
        "size_bytes",
        "sha256",
    ),
    *("rows", "tool_version", "server_version", "verified_at", "copied_at"),
)


@app.command("run")
def run(as_json: support.Json = False) -> None:
    """Make a backup, and prove it by a restore into a scratch database. Ends with 1 where none was made."""
    from bot.services import backups
    from db.models_backups import BackupStatus

    order = backups.Order("cli", say=_say)
    row = support.run(support.with_deps(support.settings(), lambda deps: backups.back_up(deps, order), owner=True))
    _show([row], as_json=as_json)
    if row.status == BackupStatus.FAILED:
        raise typer.Exit(1)


@app.command("list")
def list_all(as_json: support.Json = False) -> None:
    """List backups, the newest first: verified, or with the fault."""
    from bot.services import backups

    _show(support.run(support.with_deps(support.settings(), backups.list_backups)), as_json=as_json)


@app.command("verify")
def verify(
    archive: Annotated[str | None, typer.Argument(help="Its name in BACKUP_DIR; else the newest.")] = None,
) -> None:
    """Check an archive: size, SHA-256, a real restore, rows and constraints. Ends with 1 where it is not proven."""
    from bot.services import backups

    checked = support.run(support.with_deps(support.settings(), lambda deps: backups.verify(deps, archive), owner=True))
    for note in checked.notes:
        typer.echo(f"note: {note}")
    if checked.fault is not None:
        typer.echo(f"{checked.file}: {checked.fault}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{checked.file}: verified")


def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An archive: its path, or its name in BACKUP_DIR.")],
    into: Annotated[str, typer.Option("--into", metavar="DATABASE", help="The database to make.")],
    replace: Annotated[
        str, typer.Option("--replace", metavar="DATABASE", help="Its name again, where one with tables is to give way.")
    ] = "",
    as_json: support.Json = False,
) -> None:
    """Restore a backup into a new database. Its queue is emptied first, so that nothing old is sent."""
    from bot.services import backups

    wanted = backups.Wanted(file, into, replace, say=_say)
    restored = support.run(
        support.with_deps(support.settings(), lambda deps: backups.restore(deps, wanted), owner=True)
    )
    if as_json:
        typer.echo(json.dumps(_as_json(restored), indent=2))
        return
    rows = [{"table": name, "rows": count} for name, count in sorted(restored.contents.tables.items())]
    support.show(rows, ("table", "rows"), as_json=False)
    for note in restored.notes:
        typer.echo(f"note: {note}")
    emptied = ", ".join(f"{count} from {table}" for table, count in restored.emptied.items() if count)
    typer.echo(f"Emptied, so that nothing old is sent: {emptied or 'nothing was waiting'}.")
    if restored.replaced:
        typer.echo(f"The database that was {into} is now {restored.replaced}. Drop it when you are sure.")
    typer.echo(f"Restored {restored.contents.rows:,} rows into {into}.")


def _show(rows: "list[Backup]", *, as_json: bool) -> None:
    if as_json:
        shown = [asdict(row) | {"rows": row.contents.rows if row.contents else None} for row in rows]
        support.show(shown, _COLUMNS, as_json=True)
        return
    for row in rows:
        made = f"{row.file}  {size(row.size_bytes or 0)}  {row.seconds} s" if row.file else "no archive"
        typer.echo(f"{row.status:<10}  {row.started_at:%Y-%m-%d %H:%M} UTC  {made}")
        for said in (row.fault, *(row.notes or "").splitlines()):
            if said:
                typer.echo(f"            {said}")


def _as_json(restored: "Restored") -> dict[str, object]:
    return {
        "tables": dict(restored.contents.tables),
        "emptied": restored.emptied,
        "notes": list(restored.notes),
        "replaced": restored.replaced,
    }


def _say(stage: str) -> None:
    typer.echo(f"{stage} ...", err=True)
