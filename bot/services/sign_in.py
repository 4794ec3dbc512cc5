"""Signing in on a page with a dashboard account's e-mail and password: to be tied, or to read records."""

import asyncio
from dataclasses import dataclass
from typing import Final

from bot.auth import Actor, fits_bcrypt, password_hash, recompute
from bot.context import Act, Deps
from bot.errors import BadInput, BotError, Forbidden, Unrecognised, WrongState
from bot.services.links import TOO_LONG, LinkGone, digest, new_secret, tell
from bot.views import links as views
from db.models import User
from db.pool import Conn
from db.queries import links as queries
from db.queries import people
from db.queries.links import Checked, Link, Tie

# Each takes a core for a quarter of a second; more at a time would only wait for each other.
_HASHING_AT_ONCE: Final = 2
_EMAIL_LIMIT: Final = 255
WRONG: Final = "No account has this e-mail and this password. Check both; the password is that of the dashboard."


class TooManyAttempts(BotError):
    """Enough wrong passwords for now; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        minutes = -(-retry_after // 60)
        super().__init__(
            "Too many wrong passwords, so this one was not looked at. "
            f"Try again in {minutes} minute{'' if minutes == 1 else 's'}."
        )
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Proof:
    """An attempt that has proved whose account it is; `renewed` is a hash at cost 12 where the kept one is cheaper."""

    attempt_id: int
    user: User
    renewed: str | None


class SignIns:
    """Sign-ins of one process."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._hashing = asyncio.Semaphore(_HASHING_AT_ONCE)

    async def tie(self, link: Link, token: str, email: str, password: str, address: str) -> User:
        """Tie the link's Slack person to the account of this e-mail and password.

        Raises:
            as `_prove`.
        """
        proof = await self._prove(digest(token), email, password, address)
        deps, user = self._deps, proof.user
        origin = {"user": link.slack_user_id or ""}
        async with deps.transaction(Act(_actor(user), "page", origin=origin)) as conn:
            tie = await queries.insert_tie(conn, proof.attempt_id, proof.renewed, deps.now())
            if tie is None:
                raise LinkGone
            if tie.former_user_id != tie.user_id:
                await self._tell(conn, tie, user, link.slack_name or "")
        return user

    async def open_session(self, email: str, password: str, address: str) -> str:
        """Begin a session of the read-only pages; returns its secret.

        Raises:
            as `_prove`.
        """
        proof = await self._prove(None, email, password, address)
        secret = new_secret()
        async with self._deps.transaction(Act(_actor(proof.user), "page")) as conn:
            now = self._deps.now()
            if not await queries.insert_session(conn, proof.attempt_id, digest(secret), proof.renewed, now):
                raise Unrecognised(WRONG)
        return secret

    async def find_reader(self, secret: str) -> User | None:
        """Whose session this is; None where it has ended, or the account is deactivated."""
        async with self._deps.pool.acquire() as conn:
            user = await queries.find_session(conn, digest(secret), self._deps.now())
        return user if user is not None and user.is_active else None

    async def close_session(self, secret: str) -> None:
        """End a session."""
        async with self._deps.pool.transaction() as conn:
            await queries.delete_session(conn, digest(secret))

    async def _prove(self, token_sha256: bytes | None, email: str, password: str, address: str) -> Proof:
        """Check e-mail and password.

        Raises:
            LinkGone: the link cannot be used.
            BadInput: the password is longer than bcrypt reads, or nothing was typed.
            TooManyAttempts: five wrong ones for this account or link, or twenty from this address, in 15 minutes.
            Unrecognised: wrong password or unknown e-mail, in the same words and the same time.
            WrongState: two accounts have this e-mail.
            Forbidden: the account is deactivated; told to those who know its password only.
        """
        deps = self._deps
        async with deps.pool.transaction() as conn:
            attempt = await queries.begin_sign_in(conn, token_sha256, _email(email, password), address, deps.now())
        if attempt.outcome == "gone":
            raise LinkGone
        if attempt.id is None:
            raise TooManyAttempts(attempt.retry_after or 1)
        async with self._hashing:
            computed = await recompute(password, attempt.salt)
        async with deps.pool.transaction() as conn:
            checked = await queries.check_password(conn, attempt.id, computed, deps.now())
            user = await people.get_user(conn, checked.user_id) if checked.user_id is not None else None
        _require_ok(checked, user)
        assert user is not None  # noqa: S101 - said by the line above
        return Proof(attempt.id, user, await self._renewed(password) if checked.renew else None)

    async def _renewed(self, password: str) -> str:
        async with self._hashing:
            return await password_hash(password)

    async def _tell(self, conn: Conn, tie: Tie, user: User, slack_name: str) -> None:
        deps, former = self._deps, tie.former_slack_id
        left = await people.get_user(conn, tie.former_user_id) if tie.former_user_id is not None else None
        await tell(conn, deps, tie.slack_user_id, views.linked_dm(user), f"linked:{tie.link_id}")
        await tell(conn, deps, former, views.former_holder_dm(user, slack_name), f"untied:{tie.link_id}")
        message = views.admin_dm(user, slack_name, was_tied=former is not None, left=left.email if left else None)
        for admin in await queries.list_admin_slack_ids(conn):
            if admin not in {tie.slack_user_id, former}:
                await tell(conn, deps, admin, message, f"link:{tie.link_id}:{admin}")


def _email(email: str, password: str) -> str:
    typed = email.strip()
    if not typed or "\0" in typed or len(typed) > _EMAIL_LIMIT:
        raise BadInput("Type the e-mail address of your dashboard account.", field="email")
    if not password:
        raise BadInput("Type the password of your dashboard account.", field="password")
    if not fits_bcrypt(password):
        raise BadInput(f"{TOO_LONG} Ask an admin for a link that sets a shorter one.", field="password")
    return typed


def _require_ok(checked: Checked, user: User | None) -> None:
    if user is None:
        raise Unrecognised(WRONG)
    if checked.outcome == "twice":
        raise WrongState(
            f"More than one account has the address {user.email}, written in small and capital letters, so it is not "
            "clear which one is yours and nothing was done. An admin has to change one of them."
        )
    if checked.outcome == "inactive":
        raise Forbidden(f"The account {user.email} is deactivated, so nothing was done. An admin can reactivate it.")


def _actor(user: User) -> Actor:
    return Actor(user.id, user.name, user.email, user.role, user.tz or "UTC", "", user.slack_user_id or "")
