"""conversations.*: finding, opening, joining and reading channels."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sandbox.api.registry import FAMILY, Args, invalid, method, need_scope, page, visible_channel
from sandbox.records import Channel, Json, Message, SlackRefusal

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

KINDS = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}


@method("conversations.list")
async def conversations_list(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.list: public by default, others only when a member."""
    kinds: set[str] = set()
    for name in (args.find("types") or "public_channel").split(","):
        if name.strip() not in KINDS:
            raise SlackRefusal("invalid_types")
        kind = KINDS[name.strip()]
        need_scope(ws, f"{FAMILY[kind]}:read")
        kinds.add(kind)
    found = [
        c
        for c in ws.channels.values()
        if c.kind in kinds
        and (c.kind == "public" or ws.bot.id in c.members)
        and not (c.archived and args.flag("exclude_archived"))
    ]
    shown, paging = page(found, args)
    return {"channels": [c.as_json(ws.bot.id) for c in shown]} | paging


@method("conversations.info")
async def conversations_info(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.info."""
    return {"channel": visible_channel(ws, args.need("channel"), "read").as_json(ws.bot.id)}


@method("conversations.members")
async def conversations_members(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.members."""
    channel = visible_channel(ws, args.need("channel"), "read")
    shown, paging = page(sorted(channel.members), args)
    return {"members": shown} | paging


@method("conversations.join", "channels:join")
async def conversations_join(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.join: public channels only."""
    channel = ws.channels.get(args.need("channel"))
    if channel is None or (channel.kind != "public" and ws.bot.id not in channel.members):
        raise SlackRefusal("channel_not_found")
    if channel.kind != "public":
        raise SlackRefusal("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackRefusal("is_archived")
    channel.members.add(ws.bot.id)
    ws.feed.publish("channel", id=channel.id)
    return {"channel": channel.as_json(ws.bot.id)}


@method("conversations.open", "im:write", "mpim:write")
async def conversations_open(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.open."""
    if given := args.find("channel"):
        channel = visible_channel(ws, given, "read")
    else:
        channel = _between(ws, [u for u in (args.find("users") or "").split(",") if u])
    body = channel.as_json(ws.bot.id) if args.flag("return_im") else {"id": channel.id}
    return {"channel": body, "no_op": False, "already_open": False}


def _between(ws: "Workspace", users: list[str]) -> Channel:
    if not users:
        raise invalid("missing required field: users")
    if len(users) > 8:  # noqa: PLR2004 - conversations.open takes 1 to 8 people
        raise SlackRefusal("too_many_users")
    for user_id in users:
        user = ws.users.get(user_id)
        if user is None:
            raise SlackRefusal("user_not_found")
        if user.deleted:
            raise SlackRefusal("user_disabled")
        if user.is_bot:
            raise SlackRefusal("cannot_dm_bot")
    if len(users) == 1:
        return ws.dm(users[0])
    return ws.add_channel(f"mpdm-{'--'.join(users).lower()}", kind="mpim", members=users)


def _readable(ws: "Workspace", args: Args) -> Channel:
    channel = visible_channel(ws, args.need("channel"), "history")
    if ws.bot.id not in channel.members:
        raise SlackRefusal("not_in_channel")
    return channel


def _bound(args: Args, name: str, default: float) -> float:
    value = args.find(name)
    try:
        return default if value is None else float(value)
    except ValueError:
        raise SlackRefusal(f"invalid_ts_{name}") from None


def _within(args: Args, messages: Iterable[Message]) -> list[Message]:
    """Those between oldest and latest; the ends count when `inclusive` is set."""
    oldest, latest = _bound(args, "oldest", 0.0), _bound(args, "latest", float("inf"))
    if args.flag("inclusive"):
        return [m for m in messages if oldest <= float(m.ts) <= latest]
    return [m for m in messages if oldest < float(m.ts) < latest]


def _shown(ws: "Workspace", args: Args, messages: list[Message], default: int) -> Json:
    shown, paging = page(messages, args, default=default, most=1000)
    with_metadata = args.flag("include_all_metadata")
    rendered = [ws.messages.as_json(m, metadata=with_metadata) for m in shown]
    more = bool(paging["response_metadata"]["next_cursor"])
    return {"messages": rendered, "has_more": more} | (paging if more else {})


@method("conversations.history")
async def conversations_history(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.history.

    Newest first, without replies, without ephemeral messages, metadata only with include_all_metadata.
    """
    channel = _readable(ws, args)
    top = _within(args, (m for m in channel.messages.values() if not m.is_reply or m.broadcast))
    return _shown(ws, args, top[::-1], 100)


@method("conversations.replies")
async def conversations_replies(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.replies: the parent first, then oldest to newest."""
    channel = _readable(ws, args)
    given = channel.messages.get(args.need("ts"))
    if given is None:
        raise SlackRefusal("thread_not_found")
    parent = channel.messages.get(given.thread_ts or given.ts, given)
    replies = _within(args, channel.threads.get(parent.ts, []))
    return _shown(ws, args, [parent, *replies], 1000)
