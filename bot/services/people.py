"""People: a Slack identity becomes a dashboard user; roles."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from bot.auth import Actor, unusable_password_hash
from bot.context import Act, Deps
from bot.errors import BadInput, Forbidden, Missing, Stranger, WrongState
from bot.rules.accounts import role_named
from bot.slack import SlackError, SlackUnavailable, SlackUser
from db.models import User
from db.queries import links, people
from db.queries.people import Identity

_REFRESH_AFTER: Final = timedelta(hours=24)
# Kept as the time of the last answer for people of whom Slack has told that they are no full members any more.
OUTSIDE: Final = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger(__name__)


async def resolve(deps: Deps, team_id: str, slack_user_id: str, *, introduce: bool = True) -> Actor:
    """The account of whoever sent a request; a member of our own workspace without one gets one, as `user`.

    With `introduce` off nobody gets one.

    Raises:
        Stranger: another workspace, a guest, a bot, or nobody who can be given an account.
        Forbidden: the account is deactivated, or the address does not say whose it is.
    """
    async with deps.pool.acquire() as conn:
        identity = await people.find_identity(conn, team_id, slack_user_id)
    if identity is None:
        if not introduce:
            raise Stranger("You have no account yet. Any command gives you one, such as `/maintenance`.")
        user = await _introduce(deps, team_id, slack_user_id)
    else:
        user = identity.user
        # What introduces nobody is Slack's own word on the person, and newer than what could be asked for.
        if introduce and deps.now() - identity.refreshed_at > _REFRESH_AFTER:
            user = await _refreshed(deps, team_id, identity)
    if not user.is_active:
        raise Forbidden(f"The account {user.email} is deactivated, so nothing was done. An admin can reactivate it.")
    return Actor(user.id, user.name, user.email, user.role, user.tz or "UTC", team_id, slack_user_id)


async def refresh(deps: Deps, team_id: str, slack_user: SlackUser) -> None:
    """Keep a person's name and zone as Slack tells them; people without an account are left alone."""
    async with deps.pool.transaction() as conn:
        await people.update_identity(
            conn, team_id, slack_user.id, slack_user.name, known_zone(slack_user.tz), deps.now()
        )


async def find_account(deps: Deps, actor: Actor, slack_user_id: str, *, members_only: bool = True) -> User:
    """The account of a person who was mentioned or chosen; nobody is given a new one.

    With `members_only` off, also of somebody who is no full member of the workspace any more.

    Raises:
        Missing: the person has no account.
        Stranger, Forbidden: as `resolve`.
    """
    async with deps.pool.acquire() as conn:
        identity = await people.find_identity(conn, actor.team_id, slack_user_id)
    if identity and members_only and identity.refreshed_at <= OUTSIDE:
        raise Stranger(f"{identity.user.name} is no full member of this workspace any more.")
    return identity.user if identity else await _introduce(deps, actor.team_id, slack_user_id, create=False)


async def list_people(deps: Deps) -> list[User]:
    """Every account."""
    async with deps.pool.acquire() as conn:
        return await people.list_users(conn)


async def add(deps: Deps, act: Act, email: str, name: str, role: str) -> User:
    """Add an account whose password nobody knows.

    Raises:
        BadInput: no address, no name, or no such role.
        WrongState: the address is taken.
    """
    if "@" not in email.strip("@") or len(email) > 255:  # noqa: PLR2004 - the column's width
        raise BadInput(f"`{email}` is no e-mail address. Write one like `ada@example.com`.")
    if not name.strip():
        raise BadInput("A name is needed: `techops user add ada@example.com --name 'Ada Lovelace'`.")
    wanted = role_named(role)
    password_hash = await unusable_password_hash()
    async with deps.transaction(act) as conn:
        taken = await people.list_users_by_email(conn, email)
        user_id = None if taken else await people.add_user(conn, email, name.strip(), password_hash, wanted)
        if user_id is None:
            raise WrongState(f"There is already an account with the address {email}.")
        return await people.get_user(conn, user_id)


def known_zone(tz: str) -> str:
    """The zone, or UTC where this system does not know it."""
    try:
        ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return tz


async def _refreshed(deps: Deps, team_id: str, identity: Identity) -> User:
    slack_user_id = identity.user.slack_user_id or ""
    try:
        slack_user = await deps.slack.user(slack_user_id)
    except SlackError as error:
        if identity.refreshed_at <= OUTSIDE:
            raise Stranger(
                "Slack said that you are no full member of this workspace, and does not answer now whether you are "
                "again. Please try again in a minute."
            ) from error
        # Yesterday's name and zone serve as well until Slack answers again.
        _log.info("person_not_refreshed", slack_user=slack_user_id, reason=str(error))
        return identity.user
    _check_member(slack_user, team_id, team_id)
    await refresh(deps, team_id, slack_user)
    async with deps.pool.acquire() as conn:
        return await people.get_user(conn, identity.user.id)


async def _introduce(deps: Deps, team_id: str, slack_user_id: str, *, create: bool = True) -> User:
    slack_user = await find_member(deps, team_id, slack_user_id)
    async with deps.pool.acquire() as conn:
        untied = await links.find_untied(conn, team_id, slack_user_id)
    if untied is not None:
        raise Forbidden(
            f"{slack_user.name} is tied to no account, by their own `/techops unlink`, and their e-mail address does "
            "not tie them again. `/techops link` does."
        )
    return await _tie(deps, team_id, slack_user, create=create)


async def find_member(deps: Deps, team_id: str, slack_user_id: str) -> SlackUser:
    """What Slack tells of a member of our own workspace, whether they have an account or not.

    Raises:
        Stranger: another workspace, a guest, a bot, or nobody.
        Forbidden: Slack does not answer.
    """
    try:
        home = (await deps.slack.identity()).team_id
        slack_user = await deps.slack.user(slack_user_id)
    except SlackUnavailable as error:
        raise Forbidden("Slack did not say who you are, so nothing was done. Please try again in a minute.") from error
    except SlackError as error:
        _log.warning("person_unknown_to_slack", slack_user=slack_user_id, reason=str(error))
        raise Stranger(
            "Slack does not tell me who that is, so nothing was done. Is the person in this workspace?"
        ) from error
    _check_member(slack_user, team_id, home)
    return slack_user


def _check_member(person: SlackUser, team_id: str, home: str) -> None:
    if person.is_bot:
        raise Stranger("Bots and apps cannot use TechOps. A person of this workspace has to do it.")
    if person.is_deleted:
        raise Stranger("That Slack account is deactivated.")
    if person.is_stranger or (home and (team_id != home or person.team_id not in {"", home})):
        raise Stranger("TechOps is for members of this workspace; people of another workspace cannot use it.")
    if person.is_guest:
        raise Stranger(
            "TechOps is for full members of this workspace; guests cannot use it. Ask a colleague who is one."
        )


async def _tie(deps: Deps, team_id: str, slack_user: SlackUser, *, create: bool) -> User:
    if slack_user.email is None:
        raise Forbidden(
            "Slack shows no confirmed e-mail address for this person, so I cannot tell which account is theirs. "
            "Confirm the address in Slack's account settings and try again."
        )
    async with deps.pool.acquire() as conn:
        known = await people.list_users_by_email(conn, slack_user.email)
    if not known and not create:
        raise Missing(f"{slack_user.name} has no account yet. Any command of TechOps gives them one.")
    password_hash = "" if known else await _hash_if_allowed(deps, slack_user.email)
    act = Act(person=None, source="slack", origin={"team": team_id, "slack_user": slack_user.id})
    async with deps.transaction(act) as conn:
        if not known:
            await people.provision_user(conn, slack_user.email, slack_user.name, password_hash)
        found = await people.list_users_by_email(conn, slack_user.email)
        if len(found) != 1:
            raise Forbidden(
                f"More than one dashboard account has the address {slack_user.email}. An admin has to change one."
            )
        zone = known_zone(slack_user.tz)
        await people.insert_identity(conn, team_id, slack_user.id, found[0].id, slack_user.name, zone, deps.now())
        # Whoever was faster, for this person or this account, is what counts now.
        identity = await people.find_identity(conn, team_id, slack_user.id)
    if identity is None:
        raise Forbidden(
            f"The account {slack_user.email} is tied to another Slack person already. An admin can untie it."
        )
    return identity.user


async def _hash_if_allowed(deps: Deps, email: str) -> str:
    if not deps.settings.auto_provision:
        raise Forbidden(f"There is no dashboard account for {email}. An admin can add one: `techops user add {email}`.")
    return await unusable_password_hash()
