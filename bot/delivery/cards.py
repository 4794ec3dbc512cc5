"""The card of a record in a channel: posted once, edited to show the present state, with the changes in its thread."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import structlog

from bot.context import Deps
from bot.delivery.jobs import Job, LaneWork, later
from bot.delivery.kinds import KINDS
from bot.delivery.outgoing import OutMessage
from bot.delivery.post import BAD_BLOCKS, CardGone, give_up, post_once
from bot.slack import SlackError, SlackRefused, SlackUnavailable
from bot.views.cards import activity_line, deleted_card
from bot.views.kit import Message
from db.errors import DatabaseError
from db.models import Activity, JsonObject
from db.queries import cards as card_rows
from db.queries import delivery
from db.queries.cards import Card

_log = structlog.get_logger(__name__)

_LEASE: Final = timedelta(seconds=60)
_BUSY_SECONDS: Final = 0.5
_EARLIER_SECONDS: Final = 0.05
_RECENT: Final = timedelta(hours=1)
# Message gone, or one that we may not edit (any more): the record gets another card.
_CANNOT_EDIT: Final = {"message_not_found", "cant_update_message", "edit_window_closed"}


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What is to be shown, read at one moment.

    `held_back`: there are further lines, which wait for an earlier change that is still being announced.
    """

    lines: Sequence[Activity]
    held_back: bool
    names: dict[int, str]
    message: Message
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class _Lease:
    """The right to write one card. Every write checks it; a job that has lost it stops."""

    deps: Deps
    kind: str
    subject_id: int
    channel_id: str
    token: UUID

    async def renew(self) -> None:
        until = self.deps.now() + _LEASE
        async with self.deps.pool.acquire() as conn:
            held = await card_rows.update_lease(conn, self.kind, self.subject_id, self.channel_id, self.token, until)
        self._check(held=held)

    async def keep(self, card: Card) -> Card:
        async with self.deps.pool.acquire() as conn:
            held = await card_rows.update_card(conn, self.kind, self.subject_id, self.channel_id, self.token, card)
        self._check(held=held)
        return card

    async def done(self, lines: Sequence[Activity]) -> None:
        ids = [activity.id for activity in lines]
        async with self.deps.pool.acquire() as conn:
            await card_rows.mark_posted(
                conn, self.kind, self.subject_id, self.channel_id, self.token, ids, self.deps.now()
            )

    async def release(self) -> None:
        # It ends by itself after a minute, and the same job may take it over; so this may fail.
        with suppress(DatabaseError):
            async with self.deps.pool.acquire() as conn:
                await card_rows.mark_released(conn, self.kind, self.subject_id, self.channel_id, self.token)

    def _check(self, *, held: bool) -> None:
        if not held:
            raise later(_BUSY_SECONDS, "another job has taken this card over")


async def show_card(deps: Deps, job: Job, work: LaneWork) -> None:
    """Bring the card of one record in one channel up to date, and tell in its thread what was not told yet.

    Raises:
        RetryRequested: not now.
        SlackUnavailable: no answer, or a server error.
    """
    token = uuid4()
    now = deps.now()
    async with deps.pool.acquire() as conn:
        if not await delivery.has_unposted(conn, work.kind, work.id, work.channel):
            return
        card = await card_rows.claim_card(
            conn, work.kind, work.id, work.channel, token=token, job_id=job.id, now=now, until=now + _LEASE
        )
    if card is None:
        raise later(_BUSY_SECONDS, "another job is at this card")
    lease = _Lease(deps, work.kind, work.id, work.channel, token)
    try:
        snapshot = await _snapshot(lease)
        if snapshot.lines:
            await _show(lease, card, snapshot)
    except Exception:
        await lease.release()
        raise
    if not snapshot.lines or snapshot.held_back:
        await lease.release()
    if snapshot.held_back:
        raise later(_EARLIER_SECONDS * 2 ** min(job.attempts, 5), "an earlier change of the record is being announced")


async def _show(lease: _Lease, card: Card, snapshot: _Snapshot) -> None:
    if snapshot.is_deleted and card.message_ts is None:
        await lease.done(snapshot.lines)
        return
    card = await _present(lease, card, snapshot)
    try:
        await _tell(lease, card, snapshot)
    except CardGone:
        if not snapshot.is_deleted:
            card = await _present(lease, _next_edition(card), snapshot)
            await _tell(lease, card, snapshot)
    await lease.done(snapshot.lines)


async def _snapshot(lease: _Lease) -> _Snapshot:
    kind, subject_id, channel_id = lease.kind, lease.subject_id, lease.channel_id
    recent = lease.deps.now() - _RECENT
    async with lease.deps.pool.transaction() as conn:
        await delivery.begin_snapshot(conn)
        unposted = await delivery.list_unposted(conn, kind, subject_id, channel_id)
        underway = await delivery.find_underway(conn, kind, subject_id, channel_id, recent)
        show = await KINDS[kind].load(conn, subject_id, lease.deps.now())
        last = await delivery.find_last(conn, kind, subject_id)
        names = await delivery.list_names(conn, _people(unposted))
    lines = [line for line in unposted if underway is None or line.id < underway]
    message = show(last) if show is not None else deleted_card(kind, subject_id, _last_columns(unposted, last))
    return _Snapshot(lines, len(lines) < len(unposted), names, message, is_deleted=show is None)


def _last_columns(unposted: Sequence[Activity], last: Activity | None) -> JsonObject:
    deletion = next((line for line in reversed(unposted) if line.verb == "deleted"), last)
    return (deletion.old if deletion else None) or {}


async def _present(lease: _Lease, card: Card, snapshot: _Snapshot) -> Card:
    """Make the message show the record: post it, edit it, or leave it as it is. The card returned has a message."""
    digest = _digest(snapshot.message)
    if card.message_ts is None:
        card = await _post(lease, card, snapshot.message, digest)
    if card.shown == digest:
        return card
    await lease.renew()
    try:
        await _edit(lease, card, snapshot.message)
    except CardGone:
        if snapshot.is_deleted:
            return await lease.keep(replace(card, shown=digest))
        return await _post(lease, _next_edition(card), snapshot.message, digest)
    return await lease.keep(replace(card, shown=digest))


async def _post(lease: _Lease, card: Card, message: Message, digest: str) -> Card:
    await lease.keep(card)
    key = f"card:{lease.kind}:{lease.subject_id}:{lease.channel_id}:{card.edition}"
    posted = await post_once(lease.deps, OutMessage(key, lease.channel_id, message))
    # What an earlier attempt posted may show an earlier state: it is edited next.
    return await lease.keep(replace(card, message_ts=posted.ts, shown=digest if posted.fresh else None))


async def _edit(lease: _Lease, card: Card, message: Message) -> None:
    """Edit the message; chat.update may be repeated at will. Raises CardGone where another has to be posted."""
    try:
        await _update(lease, card, message)
    except SlackUnavailable:
        raise
    except SlackError as error:
        if isinstance(error, SlackRefused) and error.code in _CANNOT_EDIT:
            _log.warning("A card cannot be edited; another is posted", code=error.code, channel=lease.channel_id)
            raise CardGone(str(error)) from error
        await give_up(lease.deps, lease.channel_id, error)


async def _update(lease: _Lease, card: Card, message: Message) -> None:
    place: dict[str, Any] = {"channel": lease.channel_id, "ts": card.message_ts}
    try:
        await lease.deps.slack.call("chat.update", **place, text=message.text, blocks=message.blocks)
    except SlackRefused as error:
        if error.code not in BAD_BLOCKS:
            raise
        _log.error("Slack refused blocks; editing to plain text", code=error.code, detail=error.messages, **place)
    else:
        return
    # Blocks that are left out would stay: https://docs.slack.dev/reference/methods/chat.update
    await lease.deps.slack.call("chat.update", **place, text=message.text, blocks=[])


async def _tell(lease: _Lease, card: Card, snapshot: _Snapshot) -> None:
    zone = ZoneInfo(lease.deps.settings.dashboard_timezone)
    for activity in snapshot.lines:
        line = activity_line(activity, names=snapshot.names, zone=zone)
        if line is not None:
            await lease.renew()
            key = f"line:{activity.id}:{lease.channel_id}"
            await post_once(lease.deps, OutMessage(key, lease.channel_id, line, card.message_ts))


def _next_edition(card: Card) -> Card:
    return Card(card.edition + 1, None, None)


def _digest(message: Message) -> str:
    shown = json.dumps([message.text, message.blocks], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:32]


def _people(lines: Sequence[Activity]) -> list[int]:
    columns = [columns for activity in lines for columns in (activity.old, activity.new) if columns]
    values = [changed.get(name) for changed in columns for name in ("assigned_to", "requested_by", "user_id")]
    return sorted({value for value in values if isinstance(value, int)})
