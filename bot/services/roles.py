"""The dashboard's own role, and row level security of the accounts: made on request, as the owner of the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.context import Act, Deps
from bot.errors import BadInput, BotError, WrongState
from db.errors import DatabaseError, Timeout, translated
from db.models_roles import LeftOut, RoleUse, RowSecurity
from db.pool import Conn
from db.queries import roles, row_security

_LOCK_SECONDS: Final = 5.0
DASHBOARD_ROLE: Final = "dashboard_app"
BOT_ROLE: Final = "techops_app"
_NOT_ALLOWED: Final = "42501"


@dataclass(frozen=True, slots=True)
class DashboardRole:
    """The dashboard's role after `make_dashboard_role`: what it may use, and what another owner has to grant."""

    created: bool
    can_log_in: bool
    granted: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


async def make_dashboard_role(deps: Deps, act: Act) -> DashboardRole:
    """Make the role dashboard_app where it is missing, and give it the documented rights; what it has already stays.

    Where row level security is on, it gets its policies too.

    Raises:
        WrongState: the connection's role may not do it; the text has the statement for somebody who may.
    """
    async with deps.transaction(act) as conn:
        await _require_owner(conn)
        before = await roles.find_login(conn, DASHBOARD_ROLE)
        try:
            with translated():
                await roles.create_dashboard_role(conn)
        except DatabaseError as error:
            raise _explained(error, f"Have a superuser run: CREATE ROLE {DASHBOARD_ROLE} LOGIN;") from error
        try:
            with translated():
                await roles.grant_to_dashboard(conn)
        except DatabaseError as error:
            raise _explained(error, "Set OWNER_DATABASE_URL to the owner of the database.") from error
        security = await status(conn)
        if security.made_here and any(role.name == DASHBOARD_ROLE for role in security.without_policy):
            await _begin(conn)
            await row_security.enable(conn, await _dashboards(conn, security, ()))
        return DashboardRole(
            created=before is None,
            can_log_in=bool(await roles.find_login(conn, DASHBOARD_ROLE)),
            granted=tuple(await roles.list_granted(conn)),
            left_out=tuple(await roles.list_left_out(conn)),
        )


async def status(conn: Conn) -> RowSecurity:
    """Row level security of the accounts as it is, and every role with rights on them; any role may ask."""
    return await row_security.get_row_security(conn)


async def enable(deps: Deps, act: Act, more: Sequence[str] = (), *, lock_seconds: float = _LOCK_SECONDS) -> RowSecurity:
    """Turn row level security of the accounts on, with policies for the bot, the dashboard's role and the roles `more`.

    `lock_seconds`: how long to wait for the table.

    Raises:
        BadInput: one of `more` is no role.
        WrongState: a role in use would see no account any more; or the connection's role does not own the table, or the
            table was busy. Nothing has changed.
    """
    async with deps.transaction(act) as conn:
        await _begin(conn, lock_seconds)
        if unknown := await row_security.list_unknown_roles(conn, more):
            raise BadInput(f"No policy can be given to {', '.join(unknown)}: the server has no such role.")
        before = await status(conn)
        if before.raising:
            raise WrongState(_raising(before))
        dashboards = await _dashboards(conn, before, more)
        if not dashboards and await roles.find_login(conn, BOT_ROLE) is None:
            raise WrongState(f"There is no role to give a policy to, not even {BOT_ROLE}. `techops migrate` makes it.")
        await row_security.enable(conn, dashboards)
        after = await status(conn)
        if after.without_policy:
            raise WrongState(_shut_out(after.without_policy))
        return after


async def disable(deps: Deps, act: Act) -> RowSecurity:
    """Take away what `enable` made, and nothing else.

    Raises:
        WrongState: the connection's role does not own the table, or the table was busy.
    """
    async with deps.transaction(act) as conn:
        await _begin(conn)
        if (await status(conn)).made_here:
            await row_security.disable(conn)
        return await status(conn)


def sees(security: RowSecurity, role: RoleUse) -> str:
    """Which accounts a role sees, in words."""
    if not role.may_read:
        return "none: no right to read"
    if not security.enabled:
        return "all: row security is off"
    if role.bypasses:
        return "all: policies do not bind it"
    if role.by_us:
        return "all"
    return "as its own policies say" if role.has_policy else "none: no policy"


def writes(security: RowSecurity, role: RoleUse) -> str:
    """Which accounts a role may write, in words."""
    if not role.may_write:
        return "none: no right to write"
    if not security.enabled or role.bypasses:
        return "all"
    if role.name == BOT_ROLE:
        return "the columns granted to it"
    if role.by_us:
        return "as its actor may"
    return "as its own policies say" if role.has_policy else "none: no policy"


async def _require_owner(conn: Conn) -> None:
    if not await row_security.may_alter(conn):
        owner = await row_security.find_owner(conn)
        raise WrongState(f"Only the owner of the table users, {owner}, can do this. Set OWNER_DATABASE_URL to it.")


async def _begin(conn: Conn, lock_seconds: float = _LOCK_SECONDS) -> None:
    await _require_owner(conn)
    try:
        with translated():
            await row_security.lock_users(conn, lock_seconds)
    except Timeout as error:
        raise WrongState(
            f"The table users was in use for {lock_seconds:g} s, so nothing was changed. Try again."
        ) from error


async def _dashboards(conn: Conn, security: RowSecurity, more: Sequence[str]) -> list[str]:
    known = {role.name for role in security.roles if not role.bypasses}
    named = {*await row_security.list_policy_roles(conn), *more, *(known & {DASHBOARD_ROLE})}
    return sorted(named - {BOT_ROLE})


def _explained(error: DatabaseError, fix: str) -> BotError:
    if error.sqlstate != _NOT_ALLOWED:
        return WrongState(str(error))
    return WrongState(f"The role of this connection may not do that: {error.__cause__}. {fix}")


def _shut_out(found: Sequence[RoleUse]) -> str:
    listed = ", ".join(f"{role.name} ({role.sessions} signed in now)" if role.sessions else role.name for role in found)
    options = " ".join(f"--role {role.name}" for role in found)
    return (
        f"Nothing was changed: these roles use the accounts and have no policy, so they would see none: {listed}. "
        f"Give them what the dashboard's role gets (`techops rls enable {options}`), make policies of their own, or "
        f"take their rights (REVOKE ALL ON public.users FROM {found[0].name};)."
    )


def _raising(security: RowSecurity) -> str:
    drops = " ".join(f"`DROP POLICY {name} ON public.users;`" for name in security.raising)
    return (
        f"Nothing was changed: {', '.join(security.raising)} reads a setting that need not be there, and fails where "
        f"it is absent, so nobody could sign in to the dashboard. Take it away first: {drops}"
    )
