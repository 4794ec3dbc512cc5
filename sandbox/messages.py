"""Posting, editing and removing messages: the same for the Web API, response addresses, ack bodies and people."""

from typing import TYPE_CHECKING

from sandbox.limits import check_message, with_block_ids
from sandbox.records import Channel, Json, Message, SlackRefusal

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

# https://docs.slack.dev/reference/methods/chat.postMessage: text beyond 40,000 characters is not taken.
TEXT_LIMIT = 40_000
# chat.update counts bytes after escaping: https://docs.slack.dev/reference/methods/chat.update (errors, msg_too_long).
UPDATE_TEXT_LIMIT = 4_000
REVISIONS = 20  # earlier versions of a message that a person can still press buttons on
EPHEMERALS = 1_000  # kept a channel


class Messages:
    """What can be done to messages of one workspace."""

    def __init__(self, workspace: "Workspace") -> None:
        self._ws = workspace

    def check(self, content: Json, *, text_limit: int = TEXT_LIMIT) -> None:
        """Refuse what Slack refuses of a message's content. Raises SlackRefusal."""
        text = content.get("text") or ""
        if not isinstance(text, str):
            raise SlackRefusal("invalid_arguments", response_metadata={"messages": ["[ERROR] text must be a string"]})
        if not (text.strip() or content.get("blocks") or content.get("attachments") or content.get("files")):
            raise SlackRefusal("no_text")
        if len(text) > text_limit:
            raise SlackRefusal("msg_too_long")
        self.check_parts(content)

    def check_parts(self, content: Json) -> None:
        """Refuse blocks and attachments that Slack refuses. Raises SlackRefusal."""
        if content.get("blocks"):
            check_message(content["blocks"])
        attachments = content.get("attachments") or []
        if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
            raise SlackRefusal("invalid_attachments")
        for attachment in attachments:
            if attachment.get("blocks"):
                check_message(attachment["blocks"])

    def post(self, channel: Channel, author: str, content: Json, *, ephemeral_to: str | None = None) -> Message:
        """Add a message by the user id `author`; ephemeral ones reach one person and no history."""
        root = content.get("thread_ts")
        if root is not None and ephemeral_to is None:
            root = self._root(channel, str(root))
        message = Message(
            channel=channel.id,
            ts=self._ws.next_ts(),
            user=author,
            text=content.get("text") or "",
            blocks=with_block_ids(content.get("blocks") or []),
            attachments=content.get("attachments") or [],
            bot_id=self._ws.bot_id if author == self._ws.bot.id else "",
            thread_ts=root,
            metadata=content.get("metadata") or None,
            files=content.get("files") or [],
            broadcast=bool(content.get("reply_broadcast")),
            ephemeral_to=ephemeral_to,
        )
        if ephemeral_to is None:
            channel.messages[message.ts] = message
            if message.is_reply:
                channel.threads.setdefault(str(root), []).append(message)
        else:
            channel.ephemerals.append(message)
            del channel.ephemerals[:-EPHEMERALS]
        self.announce("message", message)
        return message

    def _root(self, channel: Channel, thread_ts: str) -> str:
        parent = channel.messages.get(thread_ts)
        if parent is None:
            raise SlackRefusal("thread_not_found")
        return parent.thread_ts or parent.ts

    def edit(self, message: Message, content: Json) -> None:
        """Replace what `content` names; blocks, attachments and metadata that it leaves out stay.

        https://docs.slack.dev/reference/methods/chat.update
        """
        if content.get("blocks") is not None:
            message.revisions = [*message.revisions[1 - REVISIONS :], message.blocks]
            message.blocks = with_block_ids(content["blocks"])
        if content.get("text") is not None:
            message.text = content["text"]
        if content.get("attachments") is not None:
            message.attachments = content["attachments"]
        if content.get("metadata") is not None:
            message.metadata = content["metadata"] or None
        message.edits += 1
        message.edited = {"user": message.user, "ts": self._ws.next_ts()}
        self.announce("message_changed", message)

    def delete(self, message: Message) -> None:
        """Take a message away; a parent of replies stays as a tombstone."""
        channel = self._ws.channels[message.channel]
        if message.ephemeral_to is not None:
            channel.ephemerals = [m for m in channel.ephemerals if m.ts != message.ts]
        elif channel.threads.get(message.ts):
            message.text, message.blocks, message.metadata = "This message was deleted.", [], None
            message.subtype = "tombstone"
        else:
            channel.messages.pop(message.ts, None)
            if message.is_reply:
                channel.threads[message.thread_ts or ""].remove(message)
        self.announce("message_deleted", message)

    def announce(self, kind: str, message: Message) -> None:
        """Tell the feed; ephemeral messages carry their only reader."""
        self._ws.feed.publish(
            kind, channel=message.channel, ts=message.ts, thread_ts=message.thread_ts, ephemeral_to=message.ephemeral_to
        )

    def find(self, channel: Channel, ts: str) -> Message | None:
        """The message or ephemeral message with this timestamp."""
        return channel.messages.get(ts) or next((m for m in channel.ephemerals if m.ts == ts), None)

    def as_json(self, message: Message, *, metadata: bool = True) -> Json:
        """The message object as histories and payloads carry it."""
        body: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
        if message.bot_id:
            body |= self._bot_fields()
        body["team"] = self._ws.team["id"]
        optional: Json = {
            "subtype": message.subtype,
            "blocks": message.blocks,
            "attachments": message.attachments,
            "files": message.files,
            "reactions": message.reactions,
            "edited": message.edited,
            "thread_ts": message.thread_ts,
            "metadata": message.metadata if metadata else None,
        }
        body |= {name: value for name, value in optional.items() if value}
        if message.files:
            body["upload"] = True
        return body | self._thread_fields(message)

    def _bot_fields(self) -> Json:
        ws = self._ws
        profile = {
            "id": ws.bot_id,
            "app_id": ws.app_id,
            "name": ws.bot.name,
            "deleted": False,
            "team_id": ws.team["id"],
        }
        return {"bot_id": ws.bot_id, "app_id": ws.app_id, "bot_profile": profile}

    def _thread_fields(self, message: Message) -> Json:
        channel = self._ws.channels[message.channel]
        if message.is_reply:
            parent = channel.messages.get(message.thread_ts or "")
            return {"parent_user_id": parent.user} if parent else {}
        replies = channel.threads.get(message.ts)
        if not replies:
            return {}
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": sorted({m.user for m in replies}),
            "latest_reply": replies[-1].ts,
        }
