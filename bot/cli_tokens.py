"""`techops token`: what pipelines show to the API."""

import json
from dataclasses import asdict
from typing import Annotated, Final

import typer

from bot import cli_support as support
from bot.services import tokens

app = typer.Typer(no_args_is_help=True, help="Tokens for pipelines that use the API.")

_COLUMNS: Final = ("id", "name", "owner_email", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")


@app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", help="What uses it, such as ci.")],
    owner: Annotated[
        str, typer.Option("--owner", metavar="EMAIL", help="In whose name it acts; else the first active admin's.")
    ] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="deployments:write, deployments:read, requests:write, requests:read; else all."),
    ] = None,
    expires: Annotated[str, typer.Option("--expires", help="12h, 90d, 8w, 1y or never; else a year.")] = "",
    as_json: support.Json = False,
) -> None:
    """Make a token. It is shown once, and kept nowhere."""
    secret, token = support.run(
        support.with_deps(
            support.settings(),
            lambda deps: tokens.create(deps, support.act(), name, owner=owner, scopes=scope or [], expires=expires),
        )
    )
    if as_json:
        typer.echo(json.dumps({"token": secret, **asdict(token)}, default=str, indent=2))
        return
    until = f"until {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else "until it is revoked"
    typer.echo(f"{secret}\n\nNumber {token.id}, {token.name}, in the name of {token.owner_email}, {until}:")
    typer.echo(f"{', '.join(token.scopes)}. It is not shown again.")


@app.command("list")
def list_all(as_json: support.Json = False) -> None:
    """List tokens, without their secrets, and when each was used last."""
    rows = [asdict(token) for token in support.run(support.with_deps(support.settings(), tokens.list_tokens))]
    shown = rows if as_json else [row | {"scopes": " ".join(row["scopes"])} for row in rows]
    support.show(shown, _COLUMNS, as_json=as_json)


@app.command("revoke")
def revoke(
    which: Annotated[str, typer.Argument(metavar="TOKEN", help="Its number, or its name.")],
    as_json: support.Json = False,
) -> None:
    """End a token's life at once."""
    token = support.run(support.with_deps(support.settings(), lambda deps: tokens.revoke(deps, support.act(), which)))
    row = asdict(token)
    support.show([row if as_json else row | {"scopes": " ".join(token.scopes)}], _COLUMNS, as_json=as_json)
