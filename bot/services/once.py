"""Calls of programs that have one effect however often they are sent, and in whose name they are made."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from bot.context import Act, Deps
from bot.errors import BadInput, Missing, Repeated, WrongState
from bot.services.tokens import Caller
from db.models import SubjectKind
from db.pool import Conn
from db.queries import idempotency, people


@dataclass(frozen=True, slots=True)
class Once:
    """A key with which a token's call is sent: of which kind its record is, and a hash of what it asks for."""

    token_id: int
    key: str
    kind: SubjectKind
    asked: bytes


def once(caller: Caller, key: str, kind: SubjectKind, asked: Mapping[str, object]) -> Once:
    """The key, for this call and no other; `asked` is all that decides what the call does."""
    told = json.dumps(dict(asked), sort_keys=True, default=str)
    return Once(caller.token.id, key, kind, hashlib.sha256(told.encode()).digest())


def act_of(deps: Deps, caller: Caller, wanted: Once | None = None, *, on_behalf_of: int | None = None) -> Act:
    """What the call does, in the name of the token's owner; its key is claimed in the transaction of the change."""
    origin = {"token": caller.token.name, "token_id": str(caller.token.id)}
    return Act(caller.person, "api", origin=origin, around=_around(deps, wanted, on_behalf_of))


async def first_effect(deps: Deps, wanted: Once) -> int | None:
    """The record that came of the first call with this key; None where there was none.

    Raises:
        WrongState: the key was sent with another body.
        Missing: nothing is left of what came of it.
    """
    async with deps.pool.acquire() as conn:
        kept = await idempotency.find_key(conn, wanted.token_id, wanted.key)
    if kept is None:
        return None
    if kept.body_sha256 != wanted.asked:
        raise WrongState(
            f'The idempotency key "{wanted.key}" was sent before with another body, so nothing was done. '
            "Use a new key for each new call."
        )
    if kept.subject_id is None:
        raise Missing("This call was carried out before, and its record cannot be found any more.")
    return kept.subject_id


async def find_on_behalf(deps: Deps, address: str | None) -> int | None:
    """The account for which a program acts.

    Raises:
        BadInput: no such account, or it is deactivated; field "on_behalf_of".
    """
    if address is None:
        return None
    async with deps.pool.acquire() as conn:
        found = await people.list_users_by_email(conn, address.strip())
    if len(found) != 1 or not found[0].is_active:
        reason = "is deactivated" if len(found) == 1 else "does not exist" if not found else "is not the only one"
        raise BadInput(f"An account with this address {reason}: {address[:100]}", field="on_behalf_of")
    return found[0].id


def _around(
    deps: Deps, wanted: Once | None, on_behalf_of: int | None
) -> Callable[[Conn], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def around(conn: Conn) -> AsyncIterator[None]:
        if wanted and not await idempotency.insert_key(conn, wanted.token_id, wanted.key, wanted.asked, deps.now()):
            raise Repeated(wanted.key)
        if on_behalf_of is not None:
            await idempotency.set_on_behalf(conn, on_behalf_of)
        yield
        if wanted:
            await idempotency.mark_key(conn, wanted.token_id, wanted.key, wanted.kind)

    return around
