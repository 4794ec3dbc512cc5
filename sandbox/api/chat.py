"""chat.*: posting, editing, deleting, linking."""

from typing import TYPE_CHECKING, Any

from sandbox.api.registry import Args, invalid, method
from sandbox.messages import UPDATE_TEXT_LIMIT
from sandbox.records import Channel, Json, Message, SlackRefusal

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


def _content(args: Args) -> Json:
    text = args.raw.get("text")
    if text is not None and not isinstance(text, str):
        raise invalid("must provide a string [json-pointer:/text]")
    return {
        "text": text,
        "blocks": args.structure("blocks"),
        "attachments": args.structure("attachments"),
        "metadata": _metadata(args),
        "thread_ts": args.find("thread_ts"),
        "reply_broadcast": args.flag("reply_broadcast"),
    }


def _metadata(args: Args) -> Any:
    """Message metadata: an event_type and a payload object; https://docs.slack.dev/messaging/message-metadata."""
    metadata = args.structure("metadata")
    if not metadata:
        return metadata
    fits = isinstance(metadata, dict) and set(metadata) <= {"event_type", "event_payload", "entities"}
    if not fits or not isinstance(metadata.get("event_type"), str):
        raise SlackRefusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackRefusal("invalid_metadata_schema")
    return metadata


def addressed(ws: "Workspace", where: str) -> Channel:
    """The channel that chat.postMessage means: an id, a name with or without #, or a person's id for their DM.

    https://docs.slack.dev/reference/methods/chat.postMessage#channels. Raises SlackRefusal (channel_not_found).
    """
    channel = ws.channels.get(where)
    if channel is None and where in ws.users:
        user = ws.users[where]
        if user.deleted or user.is_bot:
            raise SlackRefusal("channel_not_found")
        return ws.dm(where)
    if channel is None:
        name = where.removeprefix("#")
        channel = next((c for c in ws.channels.values() if c.name == name and not c.is_im), None)
    if channel is None or (channel.kind != "public" and ws.bot.id not in channel.members):
        raise SlackRefusal("channel_not_found")
    return channel


def _writable(ws: "Workspace", where: str) -> Channel:
    channel = addressed(ws, where)
    if channel.archived:
        raise SlackRefusal("is_archived")
    if ws.bot.id not in channel.members and "chat:write.public" not in ws.manifest.scopes:
        raise SlackRefusal("not_in_channel")
    return channel


def _own(ws: "Workspace", args: Args, error: str) -> Message:
    """The bot's own message; chat.update and chat.delete take channel ids only."""
    channel = ws.channels.get(args.need("channel"))
    if channel is None or (channel.kind != "public" and ws.bot.id not in channel.members):
        raise SlackRefusal("channel_not_found")
    message = channel.messages.get(args.need("ts"))
    if message is None or message.subtype == "tombstone":
        raise SlackRefusal("message_not_found")
    if message.user != ws.bot.id:
        raise SlackRefusal(error)
    if channel.archived:
        raise SlackRefusal("is_archived")
    return message


@method("chat.postMessage", "chat:write")
async def post_message(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postMessage."""
    channel = _writable(ws, args.need("channel"))
    content = _content(args)
    ws.messages.check(content)
    if wait := ws.faults.pace(channel, ws.now()):
        raise SlackRefusal("ratelimited", retry_after=wait)
    message = ws.messages.post(channel, ws.bot.id, content)
    return {"channel": channel.id, "ts": message.ts, "message": ws.messages.as_json(message)}


@method("chat.postEphemeral", "chat:write")
async def post_ephemeral(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral."""
    channel = _writable(ws, args.need("channel"))
    user = args.need("user")
    if user not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    content = _content(args)
    ws.messages.check(content)
    message = ws.messages.post(channel, ws.bot.id, content, ephemeral_to=user)
    return {"message_ts": message.ts}


@method("chat.update", "chat:write")
async def update(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/chat.update: what is left out stays; text up to 4,000 bytes."""
    message = _own(ws, args, "cant_update_message")
    content = _content(args)
    if all(content[name] is None for name in ("text", "blocks", "attachments", "metadata")):
        raise SlackRefusal("no_text")
    if len(str(content["text"] or "").encode()) > UPDATE_TEXT_LIMIT:
        raise SlackRefusal("msg_too_long")
    ws.messages.check_parts(content)
    left = (content["text"] if content["text"] is not None else message.text).strip()
    blocks = content["blocks"] if content["blocks"] is not None else message.blocks
    if not (left or blocks or message.attachments):
        raise SlackRefusal("no_text")
    ws.messages.edit(message, content)
    body = ws.messages.as_json(message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": body}


@method("chat.delete", "chat:write")
async def delete(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/chat.delete."""
    message = _own(ws, args, "cant_delete_message")
    ws.messages.delete(message)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink")
async def permalink(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/chat.getPermalink."""
    channel = ws.channels.get(args.need("channel"))
    if channel is None or (channel.kind != "public" and ws.bot.id not in channel.members):
        raise SlackRefusal("channel_not_found")
    message = channel.messages.get(args.need("message_ts"))
    if message is None:
        raise SlackRefusal("message_not_found")
    link = f"{ws.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


@method("chat.unfurl", "links:write")
async def unfurl(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/chat.unfurl: by channel and ts, or by source and unfurl_id."""
    unfurls = args.structure("unfurls")
    if not unfurls:
        raise SlackRefusal("missing_unfurls")
    if not isinstance(unfurls, dict):
        raise SlackRefusal("invalid_unfurls_format")
    source, unfurl_id = args.find("source"), args.find("unfurl_id")
    if source is not None or unfurl_id is not None:
        if source is None or unfurl_id is None:
            raise SlackRefusal("missing_source" if source is None else "missing_unfurl_id")
        ws.links.preview_by_id(source, unfurl_id, unfurls)
        return {}
    channel = ws.channels.get(args.need("channel"))
    if channel is None:
        raise SlackRefusal("cannot_find_channel")
    message = channel.messages.get(args.need("ts"))
    if message is None or message.subtype == "tombstone":
        raise SlackRefusal("cannot_find_message")
    ws.links.preview(channel, message, unfurls)
    return {}


@method("reactions.add", "reactions:write")
async def reactions_add(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/reactions.add."""
    name = args.need("name").strip(":")
    channel = ws.channels.get(args.need("channel"))
    message = channel.messages.get(args.need("timestamp")) if channel else None
    if channel is None or message is None:
        raise SlackRefusal("message_not_found" if channel else "channel_not_found")
    if ws.bot.id not in channel.members:
        raise SlackRefusal("not_in_channel")
    if any(r["name"] == name and ws.bot.id in r["users"] for r in message.reactions):
        raise SlackRefusal("already_reacted")
    message.reactions.append({"name": name, "users": [ws.bot.id], "count": 1})
    ws.messages.announce("message_changed", message)
    return {}
