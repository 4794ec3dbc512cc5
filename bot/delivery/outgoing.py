"""What is posted: messages, which carry their key as metadata, and files, which carry it in their name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

import structlog

from bot.context import Deps
from bot.delivery.post import BAD_BLOCKS, CardGone, Posted, Unsearchable
from bot.slack import JsonMap, SlackRefused
from bot.views.kit import Message
from db.queries.outbox import USER_TARGET

_log = structlog.get_logger(__name__)

EVENT_TYPE: Final = "techops"
# Slack's clock and ours may differ, and an answer that got lost may belong to a call that took its time.
_BEFORE: Final = timedelta(seconds=60)
_AFTER: Final = timedelta(minutes=10)
_PAGE: Final = 200
_MOST_PAGES: Final = 10
# Of the newest messages, whatever their time: one of the clocks may have been set.
_NEWEST_PAGES: Final = 2


@dataclass(frozen=True, slots=True)
class OutMessage:
    """A message for a channel, a thread in it, or a person."""

    key: str
    target: str
    message: Message
    thread_ts: str | None = None
    is_courtesy: bool = False

    async def send(self, deps: Deps) -> Posted:
        """Post it; where the workspace refuses the blocks, as plain text. Raises SlackError."""
        try:
            return await self._post(deps, self.message.blocks or None)
        except SlackRefused as error:
            if error.code not in BAD_BLOCKS:
                raise
            _log.error("Slack refused blocks; posting plain text", key=self.key, code=error.code, detail=error.messages)
        return await self._post(deps, None)

    async def _post(self, deps: Deps, blocks: object) -> Posted:
        answer = await deps.slack.call(
            "chat.postMessage",
            channel=self.target.removeprefix(USER_TARGET),
            thread_ts=self.thread_ts,
            text=self.message.text,
            blocks=blocks,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": self.key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return Posted(str(answer["channel"]), str(answer["ts"]))

    async def find(self, deps: Deps, since: datetime) -> Posted | None:
        """Look for the key among the messages of that time. Raises Unsearchable, CardGone, SlackError."""
        channel_id = await _conversation(deps, self.target)
        found = await _search(deps, channel_id, since, lambda said: _key(said) == self.key, thread_ts=self.thread_ts)
        return Posted(channel_id, str(found["ts"])) if found else None


@dataclass(frozen=True, slots=True)
class OutFile:
    """A file for a person, shared in their direct message with the bot. Its name has to be unique: it is the key."""

    key: str
    target: str
    filename: str
    title: str
    content: bytes
    text: str
    thread_ts: str | None = None
    is_courtesy: bool = False

    async def send(self, deps: Deps) -> Posted:
        """Upload and share it: https://docs.slack.dev/messaging/working-with-files#upload. Raises SlackError."""
        channel_id = await _conversation(deps, self.target)
        place = await deps.slack.call("files.getUploadURLExternal", filename=self.filename, length=len(self.content))
        await deps.slack.upload(str(place["upload_url"]), self.content)
        await deps.slack.call(
            "files.completeUploadExternal",
            files=[{"id": place["file_id"], "title": self.title}],
            channel_id=channel_id,
            initial_comment=self.text or None,
        )
        return Posted(channel_id, str(place["file_id"]))

    async def find(self, deps: Deps, since: datetime) -> Posted | None:
        """Look for the name among the messages of that time. Raises Unsearchable, SlackError."""
        channel_id = await _conversation(deps, self.target)
        found = await _search(deps, channel_id, since, lambda said: self.filename in _file_names(said))
        return Posted(channel_id, str(found["ts"])) if found else None


async def _search(
    deps: Deps, channel_id: str, since: datetime, wanted: Callable[[JsonMap], bool], *, thread_ts: str | None = None
) -> JsonMap | None:
    """The message that is wanted, around a time or among the newest; with `thread_ts`, in that thread.

    A channel's history omits its threads: https://docs.slack.dev/reference/methods/conversations.history and
    .../conversations.replies

    Raises:
        Unsearchable: Slack refuses (a scope is missing, say), or there are too many messages.
        CardGone: the thread does not exist any more.
        SlackError: rate limited, or no answer.
    """
    around = {"oldest": f"{(since - _BEFORE).timestamp():.6f}", "latest": f"{(since + _AFTER).timestamp():.6f}"}
    found, seen_all = await _look(deps, channel_id, wanted, thread_ts, _MOST_PAGES, around)
    if found is not None:
        return found
    if not seen_all:
        raise Unsearchable(f"more than {_PAGE * _MOST_PAGES} messages at that time")
    return (await _look(deps, channel_id, wanted, thread_ts, _NEWEST_PAGES, {}))[0]


async def _look(
    deps: Deps,
    channel_id: str,
    wanted: Callable[[JsonMap], bool],
    thread_ts: str | None,
    most_pages: int,
    bounds: Mapping[str, str],
) -> tuple[JsonMap | None, bool]:
    """The message, and whether there are no further pages."""
    method = "conversations.replies" if thread_ts else "conversations.history"
    place: dict[str, Any] = {"channel": channel_id, "ts": thread_ts, **bounds}
    cursor: str | None = None
    for _page in range(most_pages):
        try:
            answer = await deps.slack.call(method, **place, include_all_metadata=True, limit=_PAGE, cursor=cursor)
        except SlackRefused as error:
            if thread_ts is not None and error.code == "thread_not_found":
                raise CardGone(str(error)) from error
            raise Unsearchable(str(error)) from error
        messages = cast("list[JsonMap]", answer.get("messages") or [])
        if found := next(filter(wanted, messages), None):
            return found, True
        cursor = _next_cursor(answer)
        if cursor is None:
            return None, True
    return None, False


async def _conversation(deps: Deps, target: str) -> str:
    if target.startswith(USER_TARGET):
        return await deps.slack.open_dm(target.removeprefix(USER_TARGET))
    return target


def _key(message: JsonMap) -> object:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    return payload.get("key") if isinstance(payload, dict) else None


def _file_names(message: JsonMap) -> list[object]:
    return [file.get("name") for file in cast("list[JsonMap]", message.get("files") or [])]


def _next_cursor(answer: JsonMap) -> str | None:
    metadata = answer.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    return str(cursor) if cursor and answer.get("has_more", True) else None
