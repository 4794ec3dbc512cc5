"""Somebody leaves: what is left, who is told, and how it is handed over."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from bot.auth import Actor, require
from bot.context import Act, Deps
from bot.errors import BadInput, BotError, Missing, WrongState
from bot.rules.accounts import HandOver, Part
from bot.rules.requests import check_assignee
from bot.services import locks, people
from bot.slack import SlackUser
from bot.views import departures as views
from bot.views.kit import Message
from db.models import Role, User
from db.models_accounts import Account, Departure, Left
from db.pool import Conn
from db.queries import accounts as queries
from db.queries import leftovers, outbox

SHOWN: Final = 10
# More accounts than these, deactivated by one transaction, are told in one message.
_MOST_TOLD: Final = 10
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed over, by part how many, from whom and to whom."""

    user: User
    to: User | None
    counts: dict[Part, int]


async def left_by(conn: Conn, user_id: int, now: datetime) -> Left:
    """What somebody has open."""
    return await leftovers.get_left(conn, user_id, now, SHOWN)


async def find(deps: Deps, person: Actor, user_id: int) -> tuple[Account, Left]:
    """Somebody who has left, and what they have open.

    Raises:
        Missing: the account is gone.
        WrongState: they are active again.
    """
    require(person, Role.ADMIN)
    async with deps.pool.acquire() as conn:
        account = await _gone(conn, user_id)
        return account, await left_by(conn, user_id, deps.now())


async def hand_over(deps: Deps, act: Act, person: Actor, wanted: HandOver) -> Handed:
    """Give what somebody has open to somebody else, release their locks, revoke their tokens; all of it or nothing.

    Raises:
        BadInput: whoever is to get it cannot: no account, no engineer, deactivated; field "to".
        WrongState: the person has not left, or nothing of what was asked for is left.
        Missing: the account is gone.
    """
    require(person, Role.ADMIN)
    to = await _receiver(deps, person, wanted.to) if wanted.to is not None else None
    async with deps.transaction(act) as conn:
        account = await _gone(conn, wanted.user_id)
        if to is not None:
            # as they are now, and until the end: somebody may be deactivating them at this moment
            held = await queries.find_held(conn, to.id)
            _check_receiver(held.user if held else None, account.user)
        counts = await _carry_out(deps, conn, person, wanted, to)
        if not any(counts.values()):
            raise WrongState(f"{account.user.name} has nothing of that left any more, so nothing was changed.")
        return Handed(account.user, to, counts)


async def slack_changed(deps: Deps, act: Act, team_id: str, person: SlackUser) -> None:
    """Take in that a Slack person has changed: who has left loses their account, a guest is served no more.

    The last active admin stays one, and the operations channel is told. Of other workspaces nothing is taken in.
    """
    if person.is_stranger or person.team_id not in {"", team_id}:
        return
    if person.is_deleted:
        await _slack_deactivated(deps, act, team_id, person)
    elif person.is_guest or person.is_bot:
        await _slack_outside(deps, act, team_id, person)
    else:
        await people.refresh(deps, team_id, person)


async def tell_admins(deps: Deps, departed: list[Departure]) -> None:
    """Tell each admin once who was deactivated and what is left; whoever did it knows."""
    if not departed:
        return
    async with deps.pool.transaction() as conn:
        admins = await queries.list_admins(conn)
        told = await _messages(conn, departed, deps.now())
        for key, actor_id, message in told:
            for user_id, slack_user_id in admins:
                if user_id != actor_id:
                    await _send(conn, deps, slack_user_id, key, message)


async def _messages(conn: Conn, departed: list[Departure], now: datetime) -> list[tuple[str, int | None, Message]]:
    if len(departed) > _MOST_TOLD:
        actors = {it.actor_id for it in departed}
        actor_id = actors.pop() if len(actors) == 1 else None
        return [(f"departed:{departed[0].activity_id}", actor_id, views.many_dm(len(departed)))]
    messages = []
    for it in departed:
        account = await queries.find_account(conn, it.user_id)
        if account is not None:
            left = await left_by(conn, it.user_id, now)
            messages.append(
                (f"departed:{it.activity_id}", it.actor_id, views.departed_dm(account.user, left, it.source))
            )
    return messages


async def _send(conn: Conn, deps: Deps, slack_user_id: str, key: str, message: Message) -> None:
    await outbox.enqueue_dm(
        conn,
        user=slack_user_id,
        text=message.text,
        blocks=message.blocks,
        key=f"{key}:{slack_user_id}",
        now=deps.now(),
    )


async def _slack_deactivated(deps: Deps, act: Act, team_id: str, person: SlackUser) -> None:
    # Slack says so, not the person who has left.
    async with deps.transaction(replace(act, person=None)) as conn:
        outcome = await queries.update_departed(conn, team_id, person.id)
        _log.info("slack_person_deactivated", slack_user=person.id, outcome=outcome)
        if outcome == "last_admin":
            message = views.last_admin_notice(person.name)
            await outbox.enqueue_notice(
                conn,
                channel=deps.settings.ops_channel,
                text=message.text,
                blocks=message.blocks,
                key=f"last_admin:{team_id}:{person.id}:{deps.now():%Y-%m-%d}",
                now=deps.now(),
            )


async def _slack_outside(deps: Deps, act: Act, team_id: str, person: SlackUser) -> None:
    async with deps.transaction(replace(act, person=None)) as conn:
        user_id = await queries.mark_outside(conn, team_id, person.id)
        account = await queries.find_account(conn, user_id) if user_id is not None else None
        if account is None:
            return
        left = await left_by(conn, account.user.id, deps.now())
        message = views.outside_dm(account.user, left)
        for _user_id, slack_user_id in await queries.list_admins(conn):
            await _send(conn, deps, slack_user_id, f"outside:{act.key or deps.now().isoformat()}", message)


async def _gone(conn: Conn, user_id: int) -> Account:
    account = await queries.find_held(conn, user_id)
    if account is None:
        raise Missing("That account is gone from the dashboard, so nothing was changed.")
    if account.user.is_active and not account.is_outside:
        raise WrongState(
            f"{account.user.name} is active, so nothing was handed over. `/techops deactivate` comes first."
        )
    return account


async def _receiver(deps: Deps, person: Actor, slack_user_id: str) -> User:
    try:
        return await people.find_account(deps, person, slack_user_id)
    except BotError as error:
        raise BadInput(f"That person cannot get it, only an engineer or admin. {error}", field="to") from error


def _check_receiver(to: User | None, leaver: User) -> None:
    if to is None or to.id == leaver.id:
        raise BadInput("Choose somebody else: that is who leaves it.", field="to")
    try:
        check_assignee(to.name, to.role, to.is_active)
    except BadInput as error:
        raise BadInput(str(error), field="to") from error


async def _carry_out(deps: Deps, conn: Conn, person: Actor, wanted: HandOver, to: User | None) -> dict[Part, int]:
    before, counts = wanted.user_id, dict.fromkeys(sorted(wanted.parts), 0)
    if to is not None and Part.REQUESTS in counts:
        counts[Part.REQUESTS] = await leftovers.update_assignees(conn, before, to.id)
    if to is not None and Part.DEPLOYMENTS in counts:
        counts[Part.DEPLOYMENTS] = await leftovers.update_deployers(conn, before, to.id)
    if to is not None and Part.SUBSCRIPTIONS in counts:
        counts[Part.SUBSCRIPTIONS] = await leftovers.update_subscribers(conn, before, to.id)
    if Part.LOCKS in counts:
        counts[Part.LOCKS] = await locks.release_all(conn, deps, person, before)
    if Part.TOKENS in counts:
        counts[Part.TOKENS] = await leftovers.mark_tokens_revoked(conn, before, deps.now())
    return counts
