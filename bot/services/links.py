"""One-use links: what `/techops link` and an admin hand out, and what is done with them."""

import hashlib
import secrets
from typing import Final

from bot.auth import Actor, fits_bcrypt, password_hash
from bot.context import Act, Deps
from bot.errors import BadInput, BotError, Forbidden, Missing, WrongState
from bot.services import people
from bot.settings import Settings
from bot.views import links as views
from bot.views.kit import Message
from db.models import Role, User
from db.pool import Conn
from db.queries import links as queries
from db.queries import outbox
from db.queries import people as people_queries
from db.queries.links import Link

# The user id of a member of the workspace who has no account.
NOBODY: Final = 0
SHORTEST_PASSWORD: Final = 12
TOO_LONG: Final = (
    "That password is longer than 72 bytes, and bcrypt, which guards passwords here and in the dashboard, reads no "
    "further. Letters outside of English count as two bytes or more."
)
_SECRET_BYTES: Final = 32


class LinkGone(BotError):
    """A link that was used, is too old, or was never made."""

    def __init__(self) -> None:
        super().__init__("This link was used already, has expired, or was replaced by a newer one.")


def digest(secret: str) -> bytes:
    """What is kept of a secret of ours. It is random and long, so that a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def new_secret() -> str:
    """256 random bits, fit for an address and a cookie."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def address_of(settings: Settings) -> str:
    """Where browsers reach the bot, without a slash at the end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = "localhost" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


async def whoever(deps: Deps, team_id: str, slack_user_id: str, needs_account: bool, introduce: bool) -> Actor:
    """As `people.resolve`; without `needs_account` a member of the workspace who has none gets none: user id NOBODY.

    Raises:
        Stranger, Forbidden: as `people.resolve`.
    """
    if needs_account:
        return await people.resolve(deps, team_id, slack_user_id, introduce=introduce)
    async with deps.pool.acquire() as conn:
        identity = await people_queries.find_identity(conn, team_id, slack_user_id)
    if identity is not None:
        return await people.resolve(deps, team_id, slack_user_id)
    member = await people.find_member(deps, team_id, slack_user_id)
    return Actor(NOBODY, member.name, "", Role.USER, people.known_zone(member.tz), team_id, slack_user_id)


async def issue_link(deps: Deps, act: Act, actor: Actor) -> str:
    """The address at which a Slack person ties themselves to an account: one use, 10 minutes, the last one made."""
    secret = new_secret()
    async with deps.transaction(act) as conn:
        await queries.insert_link(
            conn, digest(secret), actor.team_id, actor.slack_user_id, actor.name, actor.tz, deps.now()
        )
    return f"{address_of(deps.settings)}/link?token={secret}"


async def issue_password_link(deps: Deps, act: Act, user_id: int) -> str:
    """The address at which an account gets its first or a new password: one use, 24 hours, the last one made.

    Only an active admin may, or the owner of the tables at the command line; the database sees to it.

    Raises:
        Missing: there is no such account, or it is deactivated.
        DatabaseError: the act is not an admin's.
    """
    secret = new_secret()
    async with deps.transaction(act) as conn:
        if not await queries.insert_password_link(conn, digest(secret), user_id, deps.now()):
            raise Missing("There is no such account, or it is deactivated, so no link was made.")
    return f"{address_of(deps.settings)}/password?token={secret}"


async def find(deps: Deps, token: str, kind: str) -> Link:
    """The link behind a token; nothing is used up.

    Raises:
        LinkGone: it cannot be used.
    """
    async with deps.pool.acquire() as conn:
        link = await queries.find_link(conn, digest(token), kind, deps.now())
    if link is None:
        raise LinkGone
    return link


async def set_password(deps: Deps, token: str, password: str, repeated: str) -> User:
    """Give the account of a password link this password; the link is used up, and the account's sessions end.

    Raises:
        LinkGone: the link cannot be used.
        Forbidden: the account is deactivated.
        BadInput: the password is too short, too long, or was typed differently the second time.
    """
    link = await find(deps, token, "password")
    if not link.is_active:
        raise Forbidden(f"The account {link.user_email} is deactivated, so it gets no password. Ask an admin.")
    _check_new(password, repeated)
    made = await password_hash(password)
    async with deps.pool.acquire() as conn:
        user = await people_queries.get_user(conn, link.user_id or NOBODY)
    async with deps.transaction(Act(_actor(user), "page")) as conn:
        if await queries.update_password(conn, digest(token), made, deps.now()) is None:
            raise LinkGone
        await tell(conn, deps, user.slack_user_id, views.password_dm(user), f"password:{link.id}")
    return user


async def unlink(deps: Deps, act: Act, person: Actor) -> User:
    """Untie a Slack person from their account. Only `/techops link` ties them again, or `take_back`.

    Raises:
        WrongState: they are tied to none.
    """
    async with deps.transaction(act) as conn:
        user_id = await queries.delete_tie(conn, person.team_id, person.slack_user_id, deps.now())
        if user_id is None:
            raise WrongState("You are tied to no account, so nothing was done. `/techops link` ties you to one.")
        return await people_queries.get_user(conn, user_id)


async def take_back(deps: Deps, act: Act, person: Actor) -> User:
    """Undo an `unlink` of the last ten minutes.

    Raises:
        WrongState: it is too late, or the account is tied to somebody else, or deactivated.
    """
    async with deps.transaction(act) as conn:
        user_id = await queries.restore_tie(conn, person.team_id, person.slack_user_id, deps.now())
        if user_id is None:
            raise WrongState(
                "That cannot be taken back any more, so nothing was done. `/techops link` ties you to an account."
            )
        return await people_queries.get_user(conn, user_id)


async def tell(conn: Conn, deps: Deps, slack_user_id: str | None, message: Message, key: str) -> None:
    """Send a person a direct message once the transaction is committed; people who are tied to nobody get none."""
    if slack_user_id is not None:
        await outbox.enqueue_dm(
            conn, user=slack_user_id, text=message.text, blocks=message.blocks, key=key, now=deps.now()
        )


def _actor(user: User) -> Actor:
    return Actor(user.id, user.name, user.email, user.role, user.tz or "UTC", "", user.slack_user_id or "")


def _check_new(password: str, repeated: str) -> None:
    if password != repeated:
        raise BadInput("The two passwords are not the same. Type the new password twice.", field="repeated")
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput(
            f"That password has {len(password)} characters. Use 12 or more; a few words in a row are easy to keep.",
            field="password",
        )
    if not fits_bcrypt(password):
        raise BadInput(f"{TOO_LONG} Use a shorter one.", field="password")
