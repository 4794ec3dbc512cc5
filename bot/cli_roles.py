"""`techops roles` and `techops rls`: rights in the database that are given on request."""

import json
from dataclasses import asdict
from typing import Annotated, Final

import typer

from bot import cli_support as support
from bot.context import Deps
from bot.processes.parts import database, open_deps
from bot.services import roles
from bot.settings import Settings
from db.models_roles import RowSecurity

roles_app = typer.Typer(no_args_is_help=True, help="Roles of the database.")
rls_app = typer.Typer(no_args_is_help=True, help="Row level security of the accounts.")

_COLUMNS: Final = ("role", "can_log_in", "sessions", "has_policy", "sees", "writes")


@roles_app.callback()
def _roles() -> None:
    """Roles of the database."""


@roles_app.command("dashboard-app")
def dashboard_app(as_json: support.Json = False) -> None:
    """Make the dashboard's documented role, dashboard_app, with the documented rights; what it has already stays."""
    made = support.run(_make(support.settings()))
    if as_json:
        typer.echo(json.dumps({"role": roles.DASHBOARD_ROLE, **asdict(made)}, indent=2))
        return
    typer.echo(f"{roles.DASHBOARD_ROLE} {'was made' if made.created else 'was there already'}.")
    typer.echo(f"It may read and write {', '.join(made.granted)}, and what is made in schema public later.")
    for left in made.left_out:
        typer.echo(f"Left out: {left.name}, which belongs to {left.owner}; that role has to grant it.")
    if not made.can_log_in:
        typer.echo(f"It may not sign in, and was left so: ALTER ROLE {roles.DASHBOARD_ROLE} LOGIN;")
    if made.created:
        typer.echo(f"It has no password yet. Give it one in psql: \\password {roles.DASHBOARD_ROLE}")


@rls_app.command("enable")
def enable(
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="NAME", help="Also for this role, as for dashboard_app; may be repeated."),
    ] = None,
    as_json: support.Json = False,
) -> None:
    """Turn row level security of the accounts on. Refused while a role that uses them has no policy."""
    _show(support.run(_change(support.settings(), role or [], on=True)), as_json=as_json)


@rls_app.command("disable")
def disable(as_json: support.Json = False) -> None:
    """Take away what `enable` made, and nothing else."""
    _show(support.run(_change(support.settings(), [], on=False)), as_json=as_json)


@rls_app.command("status")
def status(as_json: support.Json = False) -> None:
    """Say whether it is on, and which accounts each role sees and may write."""
    _show(support.run(_status(support.settings())), as_json=as_json)


async def _make(settings: Settings) -> roles.DashboardRole:
    async with database(settings) as complete, open_deps(complete, "roles", owner=True) as deps:
        return await roles.make_dashboard_role(deps, support.act())


async def _change(settings: Settings, more: list[str], *, on: bool) -> RowSecurity:
    async with database(settings) as complete, open_deps(complete, "rls", owner=True) as deps:
        return await (roles.enable(deps, support.act(), more) if on else roles.disable(deps, support.act()))


async def _status(settings: Settings) -> RowSecurity:
    async with database(settings) as complete, open_deps(complete, "rls", owner=True) as deps:
        return await _asked(deps)


async def _asked(deps: Deps) -> RowSecurity:
    async with deps.pool.acquire() as conn:
        return await roles.status(conn)


def _show(security: RowSecurity, *, as_json: bool) -> None:
    rows: list[dict[str, object]] = [
        {
            "role": role.name,
            "can_log_in": role.can_log_in,
            "sessions": role.sessions,
            "has_policy": role.has_policy,
            "sees": roles.sees(security, role),
            "writes": roles.writes(security, role),
        }
        for role in security.roles
    ]
    if as_json:
        found = {"enabled": security.enabled, "made_here": security.made_here, "other_policies": security.others}
        typer.echo(json.dumps({**found, "roles": rows}, indent=2))
        return
    by = ", by `techops rls enable`" if security.made_here else ""
    typer.echo(f"Row security of users is {'on' if security.enabled else 'off'}{by}.")
    if security.others:
        typer.echo(f"Other policies: {', '.join(security.others)}.")
    support.show(rows, _COLUMNS, as_json=False)
