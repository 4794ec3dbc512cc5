"""Subscriptions of channels: made, listed, ended; paused where the bot cannot write any more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import Forbidden, Missing, WrongState
from bot.rules.access import allows
from bot.rules.subscriptions import Wish
from bot.services import projects
from bot.slack import SlackRefused
from bot.views import subscriptions as views
from db.models import Role
from db.models_subscriptions import Subscription, Topic
from db.pool import Conn
from db.queries import outbox
from db.queries import subscriptions as queries

_log = structlog.get_logger(__name__)

# Slack's answers that mean the bot cannot write in a channel until somebody lets it.
LOST: Final = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
_ASK_IN: Final = (
    "I am not in this channel, so nothing could be posted here. Type `/invite @techops` in it, then subscribe again."
)


async def subscribe(deps: Deps, act: Act, person: Actor, channel_id: str, wish: Wish) -> Subscription:
    """Have a channel hear of something, or change when it does; what was paused goes on.

    Raises:
        BadInput: no such project.
        WrongState: the bot is not in the channel, or it is archived.
    """
    await _check_channel(deps, channel_id)
    project = await projects.named(deps, wish.project) if wish.project else None
    async with deps.transaction(act) as conn:
        number = await queries.upsert_subscription(
            conn,
            channel_id=channel_id,
            kind=wish.topic,
            project_id=project.id if project else None,
            cadence=wish.cadence,
            at=wish.at,
            tz=wish.tz,
            days=wish.days,
            created_by=person.user_id,
            now=deps.now(),
        )
        return await _get(conn, number)


async def unsubscribe(deps: Deps, act: Act, person: Actor, number: int, channel_id: str | None) -> Subscription:
    """End a subscription; with what it was.

    Raises:
        Missing: there is none of this number.
        Forbidden: neither made by the person nor of the channel they are in, and they are no engineer.
    """
    async with deps.transaction(act) as conn:
        it = await _get(conn, number)
        mine = it.created_by == person.user_id or it.channel_id == channel_id
        if not mine and not allows(person.role, Role.ENGINEER):
            raise Forbidden(
                f"Subscription {number} belongs to another channel. Its maker, people in that channel, engineers and "
                "admins can end it."
            )
        await queries.delete_subscription(conn, number)
        return it


async def list_all(deps: Deps) -> Sequence[Subscription]:
    """Every subscription."""
    async with deps.pool.acquire() as conn:
        return await queries.list_subscriptions(conn)


async def card_channel(deps: Deps, topic: Topic, project_id: int | None, usual: str) -> str:
    """Where the card of a new record stands: the first channel that subscribed to it, else the usual one."""
    async with deps.pool.acquire() as conn:
        subscribed = await queries.list_channels(conn, topic, project_id)
    return subscribed[0] if subscribed else usual


async def pause_channel(conn: Conn, channel_id: str, code: str, now: datetime) -> bool:
    """Pause what a channel subscribed to, and tell each subscriber, once; False where nothing was running.

    `code` is Slack's answer to a message there.
    """
    numbers = await queries.mark_paused(conn, channel_id, now, code)
    paused = await queries.list_subscriptions(conn, numbers)
    for slack_user_id in sorted({it.creator_slack_id for it in paused if it.creator_slack_id}):
        own = [it for it in paused if it.creator_slack_id == slack_user_id]
        message = views.paused_dm(own)
        key = f"subscriptions:{'+'.join(str(it.id) for it in own)}:paused:{now.timestamp():.0f}"
        await outbox.enqueue_dm(conn, user=slack_user_id, text=message.text, blocks=message.blocks, key=key, now=now)
    if paused:
        _log.warning("subscriptions_paused", channel=channel_id, reason=code, subscriptions=numbers)
    return bool(paused)


async def _get(conn: Conn, number: int) -> Subscription:
    found = await queries.find_subscription(conn, number)
    if found is None:
        raise Missing(f"There is no subscription {number}. `/techops subscriptions` shows those there are.")
    return found


async def _check_channel(deps: Deps, channel_id: str) -> None:
    if channel_id.startswith("D"):
        return  # a direct message, of which the bot may not ask; if it is not with the bot, the first message tells
    try:
        answer = await deps.slack.call("conversations.info", channel=channel_id, deadline=1.0)
    except SlackRefused as error:
        if error.code in LOST:
            raise WrongState(_ASK_IN) from error
        _log.info("channel_not_checked", channel=channel_id, reason=str(error))
        return
    channel = answer.get("channel")
    if not isinstance(channel, dict):
        return
    if channel.get("is_archived") is True:
        raise WrongState("This channel is archived, so nothing can be posted here. Subscribe in another one.")
    if channel.get("is_member") is False:
        raise WrongState(_ASK_IN)
