"""`techops user`: accounts, from the command line of the server, where no admin is needed yet."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Final, TypeVar

import typer

from bot import cli_support as support
from bot.context import Deps
from bot.rules.accounts import role_named
from bot.services import accounts, links, people
from bot.services.accounts import Changed
from bot.views.departures import left_lines
from bot.views.wording import Bold, Code, Part
from db.models import Role, User

app = typer.Typer(no_args_is_help=True, help="Accounts.")
Result = TypeVar("Result")
_COLUMNS: Final = ("id", "name", "email", "role")
_STATE: Final = (*_COLUMNS, "is_active")


@app.command("add")
def add(
    email: str,
    name: Annotated[str, typer.Option("--name", help="As colleagues know the person.")],
    role: Annotated[str, typer.Option("--role", help="user, engineer or admin.")] = "user",
    as_json: support.Json = False,
) -> None:
    """Add an account, and print the one-time link with which the person sets a password."""

    async def added(deps: Deps) -> tuple[User, str]:
        user = await people.add(deps, support.act(), email, name, role)
        return user, await links.issue_password_link(deps, support.act(), user.id)

    user, link = _run(added)
    _show_link(user, link, as_json=as_json)


@app.command("list")
def list_all(as_json: support.Json = False) -> None:
    """List accounts, and who is tied to a Slack person."""
    rows = [asdict(user) for user in support.run(support.with_deps(support.settings(), people.list_people))]
    support.show(rows, (*_STATE, "slack_user_id", "tz"), as_json=as_json)


@app.command("role")
def set_role(email: str, role: str, as_json: support.Json = False) -> None:
    """Give an account another role; the last active admin stays one."""
    wanted = role_named(role)
    user = _run(lambda deps: _set_role(deps, email, wanted))
    support.show([asdict(user)], _COLUMNS, as_json=as_json)


@app.command("deactivate")
def deactivate(email: str, as_json: support.Json = False) -> None:
    """Refuse somebody from their next request on, and list what is left without an owner."""
    _show_changed(_run(lambda deps: _set_active(deps, email, is_active=False)), as_json=as_json)


@app.command("activate")
def activate(email: str, as_json: support.Json = False) -> None:
    """Let somebody in again who was deactivated."""
    _show_changed(_run(lambda deps: _set_active(deps, email, is_active=True)), as_json=as_json)


@app.command("password-link")
def password_link(email: str, as_json: support.Json = False) -> None:
    """Print a one-time link with which the person sets a first or new password; it works for 24 hours."""

    async def made(deps: Deps) -> tuple[User, str]:
        user = await accounts.by_email(deps, email)
        return user, await links.issue_password_link(deps, support.act(), user.id)

    user, link = _run(made)
    _show_link(user, link, as_json=as_json)


def _run(use: Callable[[Deps], Awaitable[Result]]) -> Result:
    return support.run(support.with_deps(support.settings(), use, owner=True))


async def _set_role(deps: Deps, email: str, role: Role) -> User:
    user = await accounts.by_email(deps, email)
    return user if user.role == role else (await accounts.set_role(deps, support.act(), user.id, role)).user


async def _set_active(deps: Deps, email: str, *, is_active: bool) -> Changed:
    user = await accounts.by_email(deps, email)
    return await accounts.set_active(deps, support.act(), user.id, is_active=is_active)


def _show_link(user: User, link: str, *, as_json: bool) -> None:
    if as_json:
        support.show([asdict(user) | {"link": link}], (*_COLUMNS, "link"), as_json=True)
        return
    support.show([asdict(user)], _COLUMNS, as_json=False)
    typer.echo(f"To set a password, once, within 24 hours:\n{link}")


def _show_changed(it: Changed, *, as_json: bool) -> None:
    if as_json:
        left = {"left": asdict(it.left)} if it.left else {}
        row = asdict(it.user)
        typer.echo(json.dumps([{name: row[name] for name in _STATE} | left], indent=2))
        return
    support.show([asdict(it.user)], _STATE, as_json=False)
    for parts in left_lines(it.left) if it.left else ():
        typer.echo("".join(_plain(part) for part in parts))


def _plain(part: Part) -> str:
    return part.text if isinstance(part, Bold | Code) else str(part)
