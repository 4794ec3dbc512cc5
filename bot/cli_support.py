"""What the subcommands of `techops` share: settings, a loop to run in, the parts of a process, tables or JSON."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from bot import logs
from bot.context import Act, Deps
from bot.processes.parts import database, open_deps
from bot.settings import Settings, load

Result = TypeVar("Result")
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def settings() -> Settings:
    """The settings, with logging set up accordingly."""
    loaded = load()
    logs.configure(loaded)
    return loaded


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end on a loop of its own."""
    return asyncio.run(work)


async def with_database(known: Settings, use: Callable[[Settings], Awaitable[Result]]) -> Result:
    """Do something while the database, embedded or configured, is there."""
    async with database(known) as complete:
        return await use(complete)


async def with_deps(known: Settings, use: Callable[[Deps], Awaitable[Result]], *, owner: bool = False) -> Result:
    """Do something with the parts of a process; as the owner of the tables with `owner`."""
    async with AsyncExitStack() as stack:
        complete = await stack.enter_async_context(database(known))
        return await use(await stack.enter_async_context(open_deps(complete, "command", owner=owner)))


def act() -> Act:
    """What is done at the command line is done by nobody with an account."""
    return Act(person=None, source="cli")


def show(rows: Sequence[dict[str, object]], columns: Iterable[str], *, as_json: bool) -> None:
    """Print these columns, as a table or as JSON."""
    names = tuple(columns)
    if as_json:
        typer.echo(json.dumps([{name: row[name] for name in names} for row in rows], default=str, indent=2))
        return
    table = Table(*names)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    Console().print(table)
