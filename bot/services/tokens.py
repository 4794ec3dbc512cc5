"""Tokens of programs: made, listed, revoked, and recognised when they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.auth import Actor, require
from bot.context import Act, Deps
from bot.errors import BadInput, Forbidden, Missing, Unrecognised, WrongState
from bot.rules.tokens import Scope, clean_name, hashed, looks_like_token, new_secret, parse_lifetime, parse_scopes
from db.models import Role
from db.pool import Conn
from db.queries import people
from db.queries import tokens as queries
from db.queries.tokens import Presented, Token

_HOW = "Make one with `techops token create --name NAME`."


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that has shown its token: it acts in its owner's name, within its scopes."""

    token: Token
    person: Actor

    def require(self, scope: Scope) -> None:
        """Let pass a token that has the scope and whose owner has the role.

        Raises:
            Forbidden: naming what is missing.
        """
        if scope not in self.token.scopes:
            raise Forbidden(f'The token "{self.token.name}" lacks the scope {scope}.')
        if scope is Scope.DEPLOYMENTS_WRITE:
            require(self.person, Role.ENGINEER)


async def create(
    deps: Deps, act: Act, name: str, *, owner: str, scopes: Sequence[str], expires: str
) -> tuple[str, Token]:
    """Make a token for the account with this address; returns the secret, which is nowhere else, and what is kept.

    Without an address it is the first active admin's.

    Raises:
        BadInput: no such scope or time, or no admin while no owner is named.
        Missing, WrongState: the account does not exist, or is deactivated.
    """
    clean, wanted, lifetime = clean_name(name), parse_scopes(scopes), parse_lifetime(expires)
    secret = new_secret()
    now = deps.now()
    async with deps.transaction(act) as conn:
        owner_id = await _owner(conn, owner)
        token_id = await queries.insert_token(
            conn, clean, hashed(secret), owner_id, wanted, now, now + lifetime if lifetime else None
        )
        return secret, await queries.get_token(conn, token_id)


async def list_tokens(deps: Deps) -> list[Token]:
    """Every token, revoked ones too."""
    async with deps.pool.acquire() as conn:
        return await queries.list_tokens(conn)


async def revoke(deps: Deps, act: Act, which: str) -> Token:
    """End a token's life, by its number or name.

    Raises:
        Missing: there is none.
        BadInput: several live ones have the name.
        WrongState: it was revoked before.
    """
    async with deps.transaction(act) as conn:
        token = _chosen(await queries.list_tokens(conn), which)
        if not await queries.mark_token_revoked(conn, token.id, deps.now()):
            raise WrongState(f'The token {token.id} "{token.name}" was already revoked.')
        return await queries.get_token(conn, token.id)


async def authenticate(deps: Deps, secret: str) -> Caller:
    """Who shows this token.

    Raises:
        Unrecognised: it was never made, has expired or was revoked; the text tells which.
        Forbidden: its owner's account is deactivated.
    """
    if not looks_like_token(secret):
        raise Unrecognised(f"That is no token of TechOps. {_HOW}")
    now = deps.now()
    async with deps.pool.acquire() as conn:
        presented = await queries.find_presented(conn, hashed(secret))
        caller = _recognised(deps, presented)
        used = caller.token.last_used_at
        if used is None or (now - used).total_seconds() >= 60:  # noqa: PLR2004 - a minute
            await queries.mark_token_used(conn, caller.token.id, now)
    return caller


def _recognised(deps: Deps, presented: Presented | None) -> Caller:
    if presented is None:
        raise Unrecognised(f"No such token. {_HOW}")
    token, owner = presented.token, presented.owner
    if token.revoked_at is not None:
        raise Unrecognised(f'The token "{token.name}" was revoked at {token.revoked_at.isoformat()}. {_HOW}')
    if token.expires_at is not None and token.expires_at <= deps.now():
        raise Unrecognised(f'The token "{token.name}" expired at {token.expires_at.isoformat()}. {_HOW}')
    if not owner.is_active:
        raise Forbidden(f'The account {owner.email}, which owns the token "{token.name}", is deactivated.')
    return Caller(token, Actor(owner.id, owner.name, owner.email, owner.role, owner.tz or "UTC", "", ""))


async def _owner(conn: Conn, address: str) -> int:
    if not address.strip():
        admin = await queries.find_first_admin(conn)
        if admin is None:
            raise BadInput("There is no active admin to own the token. Say whose it is: --owner ada@example.com.")
        return admin
    found = await people.list_users_by_email(conn, address.strip())
    if len(found) != 1:
        number = "no account" if not found else "more than one account"
        raise Missing(f"There is {number} with the address {address}. `techops user list` shows all.")
    if not found[0].is_active:
        raise WrongState(f"The account {found[0].email} is deactivated, so it cannot own a token.")
    return found[0].id


def _chosen(known: Sequence[Token], which: str) -> Token:
    wanted = which.strip()
    by_id = [token for token in known if str(token.id) == wanted.removeprefix("#")]
    named = [token for token in known if token.name.casefold() == wanted.casefold()]
    live = [token for token in named if token.revoked_at is None]
    found = by_id or live or named[-1:]
    if not found:
        raise Missing(f"There is no token {which}. `techops token list` shows all.")
    if len(found) > 1:
        numbers = ", ".join(str(token.id) for token in found)
        raise BadInput(f"{len(found)} tokens are called {which}: {numbers}. Name one by its number.")
    return found[0]
