"""The `techops` command."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import structlog
import typer
from rich.console import Console
from rich.style import Style
from rich.text import Text

from bot import cli_audit, cli_backups, cli_digest, cli_doctor, cli_maintenance, cli_roles, cli_tokens, cli_users, logs
from bot import cli_support as support
from bot.errors import BotError, SettingsError
from bot.processes import upkeep
from bot.services import jobs
from bot.settings import Settings, require_slack
from db.embedded_binaries import EmbeddedError
from db.errors import DatabaseError
from db.migrate import MigrationError, Report, check, retry_checks

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="TechOps bot: maintenance requests and deployments in Slack."
)
queue_app = typer.Typer(no_args_is_help=True, help="Messages that wait to be posted.")
app.add_typer(cli_users.app, name="user")
app.add_typer(queue_app, name="queue")
app.add_typer(cli_audit.app, name="audit")
app.command("doctor")(cli_doctor.examine)
app.add_typer(cli_tokens.app, name="token")
app.add_typer(cli_maintenance.app, name="maintenance")
app.add_typer(cli_backups.app, name="backup")
app.command("restore")(cli_backups.restore)
app.add_typer(cli_digest.app, name="digest")
app.add_typer(cli_roles.roles_app, name="roles")
app.add_typer(cli_roles.rls_app, name="rls")


def main() -> None:
    """Entry point of the console script. Exit codes: 1 refused or failed, 2 wrong settings or usage."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in one sentence, or logged
        _end(error)


def _end(error: Exception) -> NoReturn:
    match error:
        case ExceptionGroup(exceptions=[first, *_]):  # of the parts of `techops up` the first one that failed
            _end(first)
        case SettingsError():
            _fail(str(error), 2)
        case BotError() | EmbeddedError() | MigrationError():
            _fail(str(error), 1)
        case DatabaseError():
            _fail(f"{error}\nCheck DATABASE_URL (or the DB_ variables), and that the server runs.", 1)
    error_id = logs.request_id()
    structlog.get_logger(__name__).error("program_failed", error_id=error_id, exc_info=error)
    _fail(f"A fault of the program. What is known of it was logged under {error_id}.", 1)


@app.command()
def up(
    sandbox: Annotated[
        str, typer.Option("--sandbox", metavar="DBNAME", help="Try the sandbox on this configured database.")
    ] = "",
) -> None:
    """Run everything on this machine; without Slack tokens, with a sandbox workspace to try it in."""
    from bot.processes import up as together

    settings = support.settings()
    if settings.slack_bot_token is None and not settings.embedded:
        _check_sandbox(settings, sandbox)
    support.run(together.run(settings, typer.echo, lambda name, address: offer(Console(), name, address)))


@app.command()
def web() -> None:
    """Take requests from Slack (HTTP, or Socket Mode with SLACK_APP_TOKEN) and from pipelines."""
    from bot.processes import web as process

    settings = support.settings()
    require_slack(settings, "web")
    support.run(process.run(settings))


@app.command()
def worker(
    care: Annotated[bool, typer.Option("--care", help="Also database care, as the tables' owner.")] = False,
) -> None:
    """Post what is queued: cards, threads, direct messages, files."""
    from bot.processes import worker as process

    settings = support.settings()
    require_slack(settings, "worker")
    support.run(process.run(settings, care=care))


@app.command()
def scheduler() -> None:
    """Tick: enqueue what is due. Any number may run."""
    from bot.processes import clock as process

    settings = support.settings()
    require_slack(settings, "scheduler")
    support.run(process.run(settings))


@app.command("run-job")
def run_job(
    name: str,
    now: Annotated[str, typer.Option("--now", help="As if it were this moment, ISO 8601 with zone (else UTC).")] = "",
) -> None:
    """Do one scheduled job's work at once."""
    from bot.processes import clock

    moment = _moment(now) if now else None
    support.run(clock.run_job(support.settings(), name, moment))


@app.command()
def migrate(
    only_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 where something is pending.")
    ] = False,
    again: Annotated[bool, typer.Option("--retry-checks", help="Add constraints that were left out before.")] = False,
) -> None:
    """Bring the database up to date; a dashboard's own database is adopted and keeps every row."""
    settings = support.settings()
    if only_check:
        support.run(_check(settings))
    elif again:
        _report(
            support.run(support.with_database(settings, lambda it: retry_checks(it.database("migrate", owner=True))))
        )
    else:
        _report(support.run(upkeep.run_migrations(settings, lambda name: typer.echo(f"applying {name}"))))


@app.command("sample-data")
def sample_data() -> None:
    """Fill an empty database with two believable months, to try things with. Refused where anything is there."""
    typer.echo(f"Loaded {support.run(upkeep.load_sample(support.settings()))}.")


@app.command("manifest")
def print_manifest(
    url: Annotated[str, typer.Option("--url", help="Where Slack reaches this bot by HTTP.")] = "",
    socket: Annotated[bool, typer.Option("--socket", help="Socket Mode: no address needed.")] = False,
) -> None:
    """Print the app manifest to paste at api.slack.com/apps."""
    from bot import app as bolt
    from bot import manifest

    public = support.settings().public_url
    address = url or (public or "" if not socket else "")
    if not address and not socket:
        raise SettingsError(
            "Say where Slack reaches the bot: --url https://bot.example.com, or --socket for Socket Mode."
        )
    links = manifest.unfurl_domains(public or address)
    typer.echo(json.dumps(manifest.build(bolt.registry(), url=address or None, links=links), indent=2))


@queue_app.command("list")
def queue_list(as_json: support.Json = False) -> None:
    """List jobs that are held, or that wait to be tried again, with the reason."""
    rows = [asdict(job) for job in support.run(support.with_deps(support.settings(), jobs.list_held))]
    columns = ("id", "entrypoint", "status", "attempts", "created", "next_try", "reason")
    support.show(rows, columns, as_json=as_json)


@queue_app.command("retry")
def queue_retry(job_ids: Annotated[list[int] | None, typer.Argument(help="Without ids: all.")] = None) -> None:
    """Let held jobs try again."""
    count = support.run(support.with_deps(support.settings(), lambda deps: jobs.retry_held(deps, job_ids or None)))
    typer.echo(f"{count} jobs will be tried again.")


def offer(console: Console, name: str, address: str) -> None:
    """Print an address: a link that a terminal opens at a click, plain text elsewhere. No browser is started."""
    console.print(Text.assemble(f"{name}: ", (address, Style(link=address))), soft_wrap=True)


async def _check(settings: Settings) -> None:
    status = await support.with_database(settings, lambda it: check(it.database("migrate", owner=True)))
    if status.current:
        typer.echo(f"Up to date: {len(status.applied)} migrations applied.")
        return
    for text, names in (
        ("pending", status.pending),
        ("unknown to this program", status.newer),
        ("edited", status.changed),
    ):
        for name in names:
            typer.echo(f"{text}: {name}")
    raise typer.Exit(1)


def _report(report: Report) -> None:
    for added in report.added_checks:
        typer.echo(f"added constraint {added}")
    for warning in report.warnings:
        typer.echo(f"warning: {warning}")
    for left_out in report.offenders:
        ids = ", ".join(f"{row_id} ({value})" for row_id, value in left_out.sample[:5])
        typer.echo(
            f"left out: {left_out.constraint} on {left_out.table}: {left_out.count} rows break it, such as {ids}. "
            "They are untouched; correct them and run `techops migrate --retry-checks`."
        )
    typer.echo(f"Done: {len(report.applied)} migrations applied now." if report.applied else "Nothing was pending.")


def _check_sandbox(settings: Settings, typed: str) -> None:
    name = settings.database("up").name or (
        settings.database_url.get_secret_value().rsplit("/", 1)[-1] if settings.database_url else ""
    )
    name = name.split("?", 1)[0]
    if typed != name:
        raise SettingsError(
            f"A database is configured ({name}), but no Slack token. The sandbox lets anybody on this machine act "
            f"as an admin on it; if that is what you want, run `techops up --sandbox {name}`. Else set SLACK_BOT_TOKEN."
        )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"--now: `{text}` is no time; write one like 2026-11-29T17:00+01:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(code)
