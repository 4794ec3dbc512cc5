"""Who somebody is: a Slack identity, resolved to a dashboard user. The only place that knows bcrypt."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

import bcrypt

from bot.errors import Forbidden
from bot.rules.access import allows
from db.models import Role

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
