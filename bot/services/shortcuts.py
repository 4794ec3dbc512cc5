"""A message that becomes a maintenance request."""

from datetime import datetime

from bot.auth import Actor
from bot.context import Deps
from bot.rules.shortcuts import Source, mentioned, message_text, permalink
from bot.views import shortcuts as views
from bot.views.maintenance_modals import message_description
from db.models import Request
from db.pool import Conn
from db.queries import home, outbox


async def description(deps: Deps, person: Actor, channel_id: str, ts: str, thread_ts: str | None, text: str) -> str:
    """What a request raised from this message says at first: the message as people read it, and its address.

    Raises:
        SlackError: the workspace is not known yet, and Slack does not tell.
    """
    identity = deps.slack.known_identity() or await deps.slack.identity()
    people = mentioned(text)
    names: dict[str, str] = {}
    if people:
        async with deps.pool.acquire() as conn:
            names = await home.list_slack_names(conn, person.team_id, people)
    link = permalink(identity.url, channel_id, ts, thread_ts)
    return message_description(message_text(text, names), link).strip()


async def tell_thread(conn: Conn, row: Request, source: Source, person: Actor, now: datetime) -> None:
    """Name the request in the thread it was raised from, once this is committed.

    Where the bot may write, and the person who raised it may read: the form remembered the place, and could be forged.
    """
    message = views.raised_here(row)
    await outbox.enqueue_reply(
        conn,
        channel=source.channel_id,
        thread_ts=source.thread_ts,
        text=message.text,
        blocks=message.blocks,
        key=f"raised:{row.id}",
        now=now,
        reader=person.slack_user_id,
    )
