"""What goes to one person, notices and summaries: each is posted once under its key and never edited."""

import base64
import hashlib
from pathlib import PurePath

import structlog
from pydantic import BaseModel

from bot.context import Deps
from bot.delivery.announce import channel_named, channels_for, summary_key
from bot.delivery.jobs import Job, LaneWork
from bot.delivery.outgoing import OutFile, OutMessage
from bot.delivery.places import may_read
from bot.delivery.post import NobodyThere, Outgoing, post_once, respect_pause
from bot.slack import SlackRefused
from bot.views import cards
from bot.views.kit import Message
from db.models import Activity, JsonObject, Request
from db.queries import cards as card_rows
from db.queries import delivery, person_settings, requests
from db.queries.outbox import USER_TARGET

_log = structlog.get_logger(__name__)


class DirectMessage(BaseModel):
    """Payload of entry point `dm`."""

    user: str
    text: str
    blocks: list[JsonObject] = []
    key: str


class Notice(BaseModel):
    """Payload of entry point `notice`; `channel` is a name or an id."""

    channel: str
    text: str
    blocks: list[JsonObject] = []
    key: str


class ThreadReply(BaseModel):
    """Payload of entry point `reply`; `channel` is an id."""

    channel: str
    thread_ts: str
    text: str
    blocks: list[JsonObject] = []
    key: str
    reader: str | None = None


class DirectFile(BaseModel):
    """Payload of entry point `file`; `content` is base64."""

    user: str
    filename: str
    title: str
    content: str
    key: str
    text: str = ""


async def send_dm(deps: Deps, job: Job) -> None:
    """Entry point: a direct message that a use case has enqueued."""
    asked = DirectMessage.model_validate_json(job.payload)
    target = USER_TARGET + asked.user
    await respect_pause(deps, target)
    await _send(deps, OutMessage(f"dm:{asked.key}", target, Message(asked.text, asked.blocks)))


async def send_notice(deps: Deps, job: Job) -> None:
    """Entry point: a message for a channel that a use case has enqueued."""
    asked = Notice.model_validate_json(job.payload)
    channel_id = await channel_named(deps, asked.channel)
    await respect_pause(deps, channel_id)
    await post_once(deps, OutMessage(f"notice:{asked.key}", channel_id, Message(asked.text, asked.blocks)))


async def send_reply(deps: Deps, job: Job) -> None:
    """Entry point: an answer in a thread, a courtesy that is dropped where the bot cannot write.

    Where somebody caused it (`reader`), also where that person cannot read: a form remembered the place, nobody else.
    """
    asked = ThreadReply.model_validate_json(job.payload)
    await respect_pause(deps, asked.channel)
    if asked.reader is not None and not await may_read(deps, asked.channel, asked.reader):
        _log.warning("A reply was dropped: who caused it cannot read there", key=asked.key, channel=asked.channel)
        return
    message = Message(asked.text, asked.blocks)
    await _send(deps, OutMessage(f"reply:{asked.key}", asked.channel, message, asked.thread_ts, is_courtesy=True))


async def send_file(deps: Deps, job: Job) -> None:
    """Entry point: a file that a use case has enqueued. A part of its key is put into its name, to find it by."""
    asked = DirectFile.model_validate_json(job.payload)
    target = USER_TARGET + asked.user
    await respect_pause(deps, target)
    name = PurePath(asked.filename)
    mark = hashlib.sha256(asked.key.encode()).hexdigest()[:8]
    filename = f"{name.stem}-{mark}{name.suffix}"
    content = base64.b64decode(asked.content)
    await _send(deps, OutFile(f"file:{asked.key}", target, filename, asked.title, content, asked.text))


async def tell_summary(deps: Deps, work: LaneWork) -> None:
    """Tell in one message what one transaction did to many records."""
    assert work.bulk is not None  # noqa: S101 - the lane gives nothing else
    bulk = work.bulk
    async with deps.pool.acquire() as conn:
        if bulk.assignee_id is not None and await person_settings.is_quiet(conn, bulk.assignee_id):
            return
        found = await delivery.get_bulk(conn, bulk.xid, bulk.since, work.kind, bulk.assignee_id)
    message = cards.summary(
        found.counts, found.first_ids, total=found.total, actor_name=found.actor_name, kind=work.kind
    )
    await _send(deps, OutMessage(summary_key(work), work.channel, message))


async def tell_assignee(deps: Deps, work: LaneWork) -> None:
    """Tell a person that a request is theirs, unless it is somebody else's by now."""
    async with deps.pool.transaction() as conn:
        await delivery.begin_snapshot(conn)
        lines = await delivery.list_unposted(conn, work.kind, work.id, work.channel)
        row = await requests.find_request(conn, work.id)
        quiet = await person_settings.is_quiet(conn, row.assigned_to if row is not None else None)
    if not lines:
        return
    if row is not None and not quiet and work.channel == USER_TARGET + str(row.assignee_slack_id):
        # The first line names the message, so that a further one in the meantime does not make it another message.
        out = OutMessage(
            f"assigned:{lines[0].id}:{work.channel}", work.channel, await _assigned(deps, work, row, lines[-1])
        )
        await _send(deps, out)
    async with deps.pool.acquire() as conn:
        await delivery.mark_told(conn, work.channel, [line.id for line in lines], deps.now())


async def _assigned(deps: Deps, work: LaneWork, row: Request, last: Activity) -> Message:
    channel_id = (await channels_for(deps, work.kind, work.id))[0]
    async with deps.pool.acquire() as conn:
        ts = await card_rows.find_card_message(conn, work.kind, work.id, channel_id)
    permalink: str | None = None
    if ts is not None:
        try:
            answer = await deps.slack.call("chat.getPermalink", channel=channel_id, message_ts=ts)
            permalink = str(answer["permalink"])
        except SlackRefused as error:
            _log.info("No link to the card", request=row.id, reason=str(error))
    return cards.assigned_dm(row, last.actor_name, permalink)


async def _send(deps: Deps, out: Outgoing) -> None:
    try:
        await post_once(deps, out)
    except NobodyThere as reason:
        _log.warning("A message was dropped: nobody can read it", key=out.key, reason=str(reason))
