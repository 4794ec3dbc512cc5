"""Accounts, administered: lists, roles, who is active. The database keeps the last active admin."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from bot.auth import Actor, require
from bot.context import Act, Deps
from bot.errors import Forbidden, Missing, WrongState
from bot.rules.accounts import ManageForm, UserView, Who, page_value
from bot.rules.workdays import WorkingHours
from bot.rules.zones import local
from bot.services import departures, remind
from bot.services.people import find_account
from db.errors import NotAllowed
from db.models import Page, Role, User
from db.models_accounts import Account, Left
from db.pool import Conn
from db.queries import accounts as queries
from db.queries import people
from db.queries.keyset import Cursor
from db.queries.people import LastAdmin

PAGE_SIZE: Final = 10


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of accounts and what the list is; its cursors are what the buttons carry."""

    page: Page[Account]
    view: UserView


@dataclass(frozen=True, slots=True)
class Self:
    """What somebody is to TechOps: the account, working hours, and the names of their tokens."""

    account: Account
    hours: WorkingHours
    tokens: list[str]


@dataclass(frozen=True, slots=True)
class Changed:
    """An account after a change, the role it had, and what a deactivated person has left (None: is active)."""

    user: User
    before: User
    left: Left | None


async def whoami(deps: Deps, person: Actor) -> Self:
    """What the person who asks is to TechOps."""
    hours = await remind.working_hours(deps, person)
    async with deps.pool.acquire() as conn:
        account = await _get(conn, person.user_id)
        return Self(account, hours, await queries.list_own_tokens(conn, person.user_id, deps.now()))


async def page(deps: Deps, view: UserView) -> Listing:
    """The page of accounts at the place of the view."""
    wanted = queries.Narrowing(view.words, view.role, view.inactive)
    cursor = Cursor(view.place, view.backwards) if view.place else None
    async with deps.pool.acquire() as conn:
        found = await queries.list_page(conn, wanted, cursor, PAGE_SIZE)
    before, after = _turn(view, found.before, backwards=True), _turn(view, found.after, backwards=False)
    return Listing(Page(found.rows, before, after), view)


async def get(deps: Deps, user_id: int) -> Account:
    """One account.

    Raises:
        Missing: it is gone.
    """
    async with deps.pool.acquire() as conn:
        return await _get(conn, user_id)


async def find(deps: Deps, person: Actor, who: Who) -> User:
    """The account of somebody who was mentioned, or has the address.

    Raises:
        Missing, Stranger, Forbidden: no account, or more than one.
    """
    if who.slack_user_id is not None:
        return await find_account(deps, person, who.slack_user_id, members_only=False)
    return await by_email(deps, who.email or "")


async def by_email(deps: Deps, email: str) -> User:
    """The account with this address, whatever its case.

    Raises:
        Missing: there is none, or more than one.
    """
    async with deps.pool.acquire() as conn:
        found = await people.list_users_by_email(conn, email.strip())
    if len(found) != 1:
        number = "no account" if not found else "more than one account"
        raise Missing(f"There is {number} with the address {email}. `/techops users` or `techops user list` shows all.")
    return found[0]


async def set_role(deps: Deps, act: Act, user_id: int, role: Role) -> Changed:
    """Give an account another role.

    Raises:
        Missing: it is gone.
        WrongState: it has that role already, or is the last active admin.
        Forbidden: the one who acts is no active admin.
    """
    return await _change(deps, act, user_id, role=role)


async def set_active(deps: Deps, act: Act, user_id: int, *, is_active: bool) -> Changed:
    """Deactivate an account, or activate it again; as `set_role`. Nobody deactivates their own."""
    return await _change(deps, act, user_id, is_active=is_active)


async def manage(deps: Deps, act: Act, form: ManageForm) -> Changed:
    """Make an account what its dialog says; as `set_role`.

    Raises:
        WrongState: also where somebody else has changed it since the dialog was opened.
    """
    return await _change(deps, act, form.user_id, role=form.role, is_active=form.is_active, seen=form.seen)


async def _change(
    deps: Deps,
    act: Act,
    user_id: int,
    *,
    role: Role | None = None,
    is_active: bool | None = None,
    seen: tuple[str, bool] | None = None,
) -> Changed:
    if act.person is not None:
        require(act.person, Role.ADMIN)
    async with deps.transaction(act) as conn:
        # The account is read after others who change roles have ended: these functions queue up.
        before = (await _get(conn, user_id)).user
        if seen is not None and seen != (before.role, before.is_active):
            raise WrongState(
                f"{before.name} was changed by somebody else while this form was open, so nothing was saved. "
                "Close the form and open it again."
            )
        new_role = role if role is not None and role != before.role else None
        new_active = is_active if is_active is not None and is_active != before.is_active else None
        if new_role is None and new_active is None:
            raise await _already(conn, act, before, is_active=is_active)
        if new_active is False and act.person is not None and act.person.user_id == user_id:
            await _check_own(conn, before)
        with _refused(before):
            if new_role is not None:
                await people.update_role(conn, user_id, new_role)
            if new_active is not None:
                await people.update_active(conn, user_id, is_active=new_active)
        left = await departures.left_by(conn, user_id, deps.now()) if new_active is False else None
        return Changed(await people.get_user(conn, user_id), before, left)


async def _check_own(conn: Conn, user: User) -> None:
    others = [admin for admin in await people.list_users(conn) if admin.role == Role.ADMIN and admin.is_active]
    if len(others) == 1:
        raise _last_admin(user)
    raise Forbidden("That is your own account, so you cannot deactivate it. Another admin can.")


async def _already(conn: Conn, act: Act, user: User, *, is_active: bool | None) -> WrongState:
    if is_active is None:
        return WrongState(f"{user.name} is already {_with_article(user.role)}, so nothing was changed.")
    if is_active:
        return WrongState(f"{user.name} is already active, so nothing was changed.")
    ended = await queries.find_ended(conn, user.id)
    by = ended.actor_name or _SOURCES.get(ended.source, ended.source) if ended else None
    tz = act.person.tz if act.person else "UTC"
    when = f" ({by}, {local(ended.at, tz):%Y-%m-%d %H:%M})" if ended and by else ""
    return WrongState(f"{user.name} is already deactivated{when}, so nothing was changed.")


@contextmanager
def _refused(user: User) -> Iterator[None]:
    try:
        yield
    except LastAdmin as error:
        raise _last_admin(user) from error
    except NotAllowed as error:
        raise Forbidden(
            "Only an active admin can do that. At the command line it takes the owner of the tables: set "
            "OWNER_DATABASE_URL."
        ) from error


def _last_admin(user: User) -> WrongState:
    return WrongState(
        f"{user.name} is the last active admin, so nothing was changed. Make somebody else an admin first: "
        "`/techops role @colleague admin`"
    )


async def _get(conn: Conn, user_id: int) -> Account:
    found = await queries.find_account(conn, user_id)
    if found is None:
        raise Missing("That account is gone from the dashboard. `/techops users` shows all.")
    return found


def _with_article(role: str) -> str:
    return f"{'an' if role[:1] in 'aeio' else 'a'} {role}"


def _turn(view: UserView, place: str | None, *, backwards: bool) -> str | None:
    return page_value(UserView(view.words, view.role, view.inactive, int(place), backwards)) if place else None


_SOURCES: Final = {"slack": "by Slack", "cli": "at the command line", "dashboard": "in the dashboard"}
