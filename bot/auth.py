"""Who somebody is: a Slack identity, resolved to a dashboard user. The only place that knows bcrypt."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import bcrypt

from bot.errors import Forbidden
from bot.rules.access import allows
from db.models import Role

PASSWORD_BYTES: Final = 72
_BCRYPT_COST: Final = 12

_NEEDED: Final = {
    Role.ADMIN: "Only an admin can do that.",
    Role.ENGINEER: "Only an engineer or an admin can do that.",
    Role.USER: "Only people with an account can do that.",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who acts: the dashboard account, the Slack identity tied to it, and the person's IANA zone."""

    user_id: int
    name: str
    email: str
    role: str
    tz: str
    team_id: str
    slack_user_id: str


def require(actor: Actor, needed: Role, *, what: str = "") -> None:
    """Let pass who holds the role or a higher one.

    Raises:
        Forbidden: naming the role that is needed and the one the person has.
    """
    if not allows(actor.role, needed):
        doing = f" (`{what}`)" if what else ""
        raise Forbidden(
            f"{_NEEDED[needed]} You are signed in as {actor.name} with the role {actor.role}{doing}. "
            "An admin can give you another role."
        )


async def unusable_password_hash() -> str:
    """A bcrypt hash, cost 12, of a secret that nobody knows: the account exists, but no password opens it."""
    secret = secrets.token_urlsafe(48).encode()
    return await asyncio.to_thread(lambda: bcrypt.hashpw(secret, bcrypt.gensalt(_BCRYPT_COST)).decode())


def fits_bcrypt(password: str) -> bool:
    """Whether bcrypt reads all of a password; it stops after 72 bytes."""
    return len(password.encode()) <= PASSWORD_BYTES


async def password_hash(password: str) -> str:
    """The bcrypt hash of a password, cost 12, made in a thread (about a quarter of a second)."""
    return await asyncio.to_thread(lambda: bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_COST)).decode())


async def recompute(password: str, salt: str | None) -> str:
    """As `recompute_now`, in a thread."""
    return await asyncio.to_thread(recompute_now, password, salt)


def recompute_now(password: str, salt: str | None, hashpw: Callable[[bytes, bytes], bytes] = bcrypt.hashpw) -> str:
    """What a password becomes with the salt of a kept hash ("$2b$12$" and 22 characters); empty without a salt.

    However cheap the kept hash is, and where there is none, as much work is done as for one of cost 12, so that the
    time does not tell whether an account exists: each step of the cost doubles the work, so a hash of cost 10 is
    followed by two dummies, of cost 10 and 11. Only a hash dearer than that takes longer.
    """
    secret = password.encode()
    computed, cost = _with_salt(secret, salt, hashpw) if salt else ("", None)
    if cost is None:
        hashpw(secret, _dummy_salt(_BCRYPT_COST))
    for step in range(cost or _BCRYPT_COST, _BCRYPT_COST):
        hashpw(secret, _dummy_salt(step))
    return computed


def _with_salt(secret: bytes, salt: str, hashpw: Callable[[bytes, bytes], bytes]) -> tuple[str, int | None]:
    try:
        return hashpw(secret, salt.encode()).decode(), int(salt[4:6])
    except ValueError:
        # the dashboard's column holds something that is no bcrypt hash: no password opens that account
        return "", None


def _dummy_salt(cost: int) -> bytes:
    return f"$2b${cost:02}$".encode() + b"C6UzMDM.H6dfI/f/IKcEeO"
