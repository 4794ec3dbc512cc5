"""Answers to people: response addresses, and the bodies of acknowledgements.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.records import Json, Message, SlackRefusal
from sandbox.webapi import after, before

if TYPE_CHECKING:
    from sandbox.tickets import ResponseUrl
    from sandbox.workspace import Workspace

GONE = frozenset({"invalid_url", "expired_url", "used_url"})


async def handle_response_url(ws: "Workspace", request: web.Request) -> web.StreamResponse:
    """A POST to a response address."""
    try:
        body: Any = json.loads(await request.text())
    except ValueError:
        body = None
    fault = ws.faults.take("response_url", {})
    outcome = await before(fault)
    if outcome is not None:
        await after(fault, request)
        headers = {"Retry-After": str(outcome.retry_after)} if outcome.retry_after is not None else {}
        return web.json_response(outcome.body, status=outcome.status, headers=headers)
    try:
        respond(ws, request.match_info["secret"], body)
    except SlackRefusal as refusal:
        ws.refuse("response_url", refusal.error, refusal.extra.get("errors", []), {"body": body})
        status = 404 if refusal.error in GONE else 400
        return web.json_response({"ok": False, "error": refusal.error}, status=status)
    await after(fault, request)
    return web.Response(text="ok")


def respond(ws: "Workspace", secret: str, body: Any) -> None:
    """Carry out one answer through a response address. Raises SlackRefusal."""
    url = ws.tickets.respond(secret)
    if not isinstance(body, dict):
        raise SlackRefusal("invalid_payload")
    channel = ws.channels[url.channel]
    clicked = ws.messages.find(channel, url.message_ts) if url.message_ts else None
    if body.get("delete_original"):
        ws.messages.delete(_original(clicked))
        return
    ws.messages.check(body)
    if body.get("replace_original"):
        ws.messages.edit(_original(clicked), {"blocks": [], **body})
        return
    say(ws, url, body)


def _original(clicked: Message | None) -> Message:
    if clicked is None:
        raise SlackRefusal("message_not_found")
    return clicked


def say(ws: "Workspace", url: "ResponseUrl", body: Json) -> Message:
    """A new message for the person who acted, or for the channel when response_type is in_channel."""
    in_channel = body.get("response_type") == "in_channel"
    content = {name: body.get(name) for name in ("text", "blocks", "attachments", "thread_ts", "metadata")}
    return ws.messages.post(ws.channels[url.channel], ws.bot.id, content, ephemeral_to=None if in_channel else url.user)


def say_ack(ws: "Workspace", user: str, channel_id: str, body: str) -> Message | None:
    """The message that the body of a slash command's acknowledgement becomes; text or JSON, empty means none.

    https://docs.slack.dev/interactivity/implementing-slash-commands#responding_immediate_response
    Raises SlackRefusal when Slack would not take it.
    """
    if not body.strip():
        return None
    try:
        content: Any = json.loads(body)
    except ValueError:
        content = body
    if not isinstance(content, dict):
        content = {"text": body}
    elif not content:
        return None
    ws.messages.check(content)
    in_channel = content.get("response_type") == "in_channel"
    wanted = {name: content.get(name) for name in ("text", "blocks", "attachments")}
    channel = ws.channels[channel_id]
    return ws.messages.post(channel, ws.bot.id, wanted, ephemeral_to=None if in_channel else user)
