"""The `techops` command."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot import logs, manifest, processes
from bot.context import Act, Deps
from bot.errors import BotError, SettingsError
from bot.services import jobs, people
from bot.settings import Settings, load, require_slack
from db.embedded_binaries import EmbeddedError
from db.errors import DatabaseError
from db.migrate import MigrationError, Report, check, retry_checks

Result = TypeVar("Result")

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="TechOps bot: maintenance requests and deployments in Slack."
)
user_app = typer.Typer(no_args_is_help=True, help="Accounts.")
queue_app = typer.Typer(no_args_is_help=True, help="Messages that wait to be posted.")
app.add_typer(user_app, name="user")
app.add_typer(queue_app, name="queue")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def main() -> None:
    """Entry point of the console script. Exit codes: 1 refused or failed, 2 wrong settings or usage."""
    try:
        app()
    except SettingsError as error:
        _fail(str(error), 2)
    except (BotError, EmbeddedError, MigrationError) as error:
        _fail(str(error), 1)
    except DatabaseError as error:
        _fail(
            f"{error}\nCheck DATABASE_URL (or the DB_ variables), and that the server runs.",
            1,
        )


@app.command()
def up(
    sandbox: Annotated[
        str, typer.Option("--sandbox", metavar="DBNAME", help="Try the sandbox on this configured database.")
    ] = "",
) -> None:
    """Run everything on this machine; without Slack tokens, with a sandbox workspace to try it in."""
    settings = _settings()
    if settings.slack_bot_token is None and not settings.embedded:
        _check_sandbox(settings, sandbox)
    _run(processes.run_up(settings, typer.echo, lambda name, address: offer(Console(), name, address)))


@app.command()
def web() -> None:
    """Take requests from Slack (HTTP, or Socket Mode with SLACK_APP_TOKEN) and from pipelines."""
    settings = _settings()
    require_slack(settings, "web")
    _run(processes.web_server(settings))


@app.command()
def worker(
    care: Annotated[bool, typer.Option("--care", help="Also database care, as the tables' owner.")] = False,
) -> None:
    """Post what is queued: cards, threads, direct messages, files."""
    settings = _settings()
    require_slack(settings, "worker")
    _run(processes.worker(settings, care=care))


@app.command()
def scheduler() -> None:
    """Tick: enqueue what is due. Any number may run."""
    settings = _settings()
    require_slack(settings, "scheduler")
    _run(processes.clock(settings))


@app.command("run-job")
def run_job(
    name: str,
    now: Annotated[str, typer.Option("--now", help="As if it were this moment, ISO 8601 with zone (else UTC).")] = "",
) -> None:
    """Do one scheduled job's work at once."""
    moment = _moment(now) if now else None
    _run(processes.run_job(_settings(), name, moment))


@app.command()
def migrate(
    only_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 where something is pending.")
    ] = False,
    again: Annotated[bool, typer.Option("--retry-checks", help="Add constraints that were left out before.")] = False,
) -> None:
    """Bring the database up to date; a dashboard's own database is adopted and keeps every row."""
    settings = _settings()
    if only_check:
        _run(_check(settings))
    elif again:
        _report(_run(_with_database(settings, lambda it: retry_checks(it.database("migrate", owner=True)))))
    else:
        _report(_run(processes.run_migrations(settings, lambda name: typer.echo(f"applying {name}"))))


@app.command("sample-data")
def sample_data() -> None:
    """Fill an empty database with two believable months, to try things with. Refused where anything is there."""
    typer.echo(f"Loaded {_run(processes.load_sample(_settings()))}.")


@app.command("manifest")
def print_manifest(
    url: Annotated[str, typer.Option("--url", help="Where Slack reaches this bot by HTTP.")] = "",
    socket: Annotated[bool, typer.Option("--socket", help="Socket Mode: no address needed.")] = False,
) -> None:
    """Print the app manifest to paste at api.slack.com/apps."""
    address = url or (_settings().public_url or "" if not socket else "")
    if not address and not socket:
        raise SettingsError(
            "Say where Slack reaches the bot: --url https://bot.example.com, or --socket for Socket Mode."
        )
    typer.echo(json.dumps(manifest.build(processes.registered(), url=address or None), indent=2))


@user_app.command("add")
def user_add(
    email: str,
    name: Annotated[str, typer.Option("--name", help="As colleagues know the person.")],
    role: Annotated[str, typer.Option("--role", help="user, engineer or admin.")] = "user",
    as_json: Json = False,
) -> None:
    """Add an account; nobody knows its password until it is set by a link."""
    user = _run(_with_deps(_settings(), lambda deps: people.add(deps, _cli_act(), email, name, role)))
    _show([asdict(user)], ("id", "name", "email", "role"), as_json=as_json)


@user_app.command("list")
def user_list(as_json: Json = False) -> None:
    """List accounts, and who is tied to a Slack person."""
    rows = [asdict(user) for user in _run(_with_deps(_settings(), people.list_people))]
    _show(rows, ("id", "name", "email", "role", "is_active", "slack_user_id", "tz"), as_json=as_json)


@user_app.command("role")
def user_role(email: str, role: str, as_json: Json = False) -> None:
    """Give an account another role."""
    user = _run(_with_deps(_settings(), lambda deps: people.set_role(deps, _cli_act(), email, role)))
    _show([asdict(user)], ("id", "name", "email", "role"), as_json=as_json)


@queue_app.command("list")
def queue_list(as_json: Json = False) -> None:
    """List jobs that are held, or that wait to be tried again, with the reason."""
    rows = [asdict(job) for job in _run(_with_deps(_settings(), jobs.list_held))]
    columns = ("id", "entrypoint", "status", "attempts", "created", "next_try", "reason")
    _show(rows, columns, as_json=as_json)


@queue_app.command("retry")
def queue_retry(job_ids: Annotated[list[int] | None, typer.Argument(help="Without ids: all.")] = None) -> None:
    """Let held jobs try again."""
    count = _run(_with_deps(_settings(), lambda deps: jobs.retry_held(deps, job_ids or None)))
    typer.echo(f"{count} jobs will be tried again.")


def offer(console: Console, name: str, address: str) -> None:
    """Print an address: a link that a terminal opens at a click, plain text elsewhere. No browser is started."""
    console.print(Text.assemble(f"{name}: ", (address, Style(link=address))), soft_wrap=True)


def _settings() -> Settings:
    settings = load()
    logs.configure(settings)
    return settings


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


async def _with_database(settings: Settings, use: Callable[[Settings], Awaitable[Result]]) -> Result:
    async with processes.database(settings) as complete:
        return await use(complete)


async def _with_deps(settings: Settings, use: Callable[[Deps], Awaitable[Result]]) -> Result:
    async with AsyncExitStack() as stack:
        complete = await stack.enter_async_context(processes.database(settings))
        return await use(await stack.enter_async_context(processes.open_deps(complete, "command")))


async def _check(settings: Settings) -> None:
    status = await _with_database(settings, lambda it: check(it.database("migrate", owner=True)))
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


def _cli_act() -> Act:
    return Act(person=None, source="cli")


def _show(rows: Sequence[dict[str, object]], columns: Iterable[str], *, as_json: bool) -> None:
    names = tuple(columns)
    if as_json:
        typer.echo(json.dumps([{name: row[name] for name in names} for row in rows], default=str, indent=2))
        return
    table = Table(*names)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    Console().print(table)


def _fail(message: str, code: int) -> None:
    typer.echo(message, err=True)
    sys.exit(code)
