"""Where an answer goes. Slack has a different door for each kind of request; handlers do not have to know them.

command: the ack's body. Button in a message: the response_url (the body of its ack is ignored by Slack). Button in a
modal or the Home tab, which have no response_url: another view. Submission: errors or update in the ack, words by the
response_url that the modal remembers. See docs.slack.dev/interactivity/handling-user-interaction.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.context import Deps
from bot.registry import Kind
from bot.slack import SlackError, SlackRefused
from bot.views import refusals
from bot.views.answers import (
    Answer,
    Choices,
    Done,
    FieldErrors,
    OpenModal,
    PublishHome,
    Reply,
    UpdateModal,
    View,
)
from db.models import JsonObject

# A trigger lives for three seconds from the click (docs.slack.dev/surfaces/modals), of which the database may use two.
_OPEN_SECONDS: Final = 1.5
_RESPOND_SECONDS: Final = 1.5
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """What a request offers for answering it. `surface` is `message`, `modal`, `home` or `` (nothing to look at).

    `from_home`: it began on the Home tab, with a button there or in a form that such a button opened. `message_ts`: the
    message it began at, likewise.
    """

    kind: Kind
    slack_user_id: str
    surface: str = ""
    trigger_id: str = ""
    response_url: str = ""
    channel_id: str = ""
    view_id: str = ""
    view_hash: str = ""
    first_input: str | None = None
    from_home: bool = False
    message_ts: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a view was given to remember: its own metadata, and the way back to whoever opened it."""

    metadata: str = ""
    response_url: str = ""
    channel_id: str = ""
    from_home: bool = False
    message_ts: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """The body of the acknowledgement; empty closes a modal and says nothing elsewhere.

    `again`: there is to be none, so that Slack delivers the request again: https://docs.slack.dev/apis/events-api#retries
    """

    body: JsonObject = field(default_factory=dict)
    again: bool = False


def remember(view: View, door: Door) -> View:
    """The view, with the way back to whoever opened it packed into its private_metadata."""
    memory: JsonObject = {"m": view.get("private_metadata") or "", "u": door.response_url, "c": door.channel_id}
    if door.from_home:
        memory["h"] = 1
    if door.message_ts:
        memory["t"] = door.message_ts
    return {**view, "private_metadata": json.dumps(memory, separators=(",", ":"))}


def recall(private_metadata: str) -> Memory:
    """What `remember` packed. Anything else is the view's own."""
    try:
        memory = json.loads(private_metadata) if private_metadata else {}
    except (ValueError, RecursionError):
        memory = None
    if not isinstance(memory, dict) or "m" not in memory:
        return Memory(private_metadata)
    metadata, response_url, channel_id, ts = (str(memory.get(name) or "") for name in "muct")
    return Memory(metadata, response_url, channel_id, memory.get("h") == 1, ts)


async def deliver(answer: Answer, door: Door, deps: Deps) -> Ack:
    """Bring the answer to where the person is, and return what the acknowledgement has to say.

    A failure of Slack on the way is told by another door, where there is one, and logged.
    """
    try:
        return await _deliver(answer, door, deps)
    except SlackError as error:
        _log.warning("answer_not_delivered", kind=door.kind, answer=type(answer).__name__, reason=str(error))
        return await _second_try(error, answer, door, deps)


async def _deliver(answer: Answer, door: Door, deps: Deps) -> Ack:
    match answer:
        case Reply():
            return await _say(answer, door, deps)
        case Done(notice):
            return await _say(notice, door, deps) if notice else Ack()
        case OpenModal(view):
            return await _open(view, door, deps)
        case UpdateModal(view):
            return await _update(view, door, deps)
        case FieldErrors(errors):
            return Ack({"response_action": "errors", "errors": dict(errors)})
        case Choices(choices):
            return Ack({"options": [_option(text, value) for text, value in choices[:100]]})
        case PublishHome(view):
            await deps.slack.call("views.publish", user_id=door.slack_user_id, view=view, deadline=_OPEN_SECONDS)
            return Ack()


async def _say(reply: Reply, door: Door, deps: Deps) -> Ack:
    body = _message(reply)
    if door.kind is Kind.COMMAND:
        return Ack({"response_type": "ephemeral", **body})
    if door.kind is Kind.EVENT:
        return Ack()
    if door.response_url and door.surface != "home":
        target = {"response_type": "ephemeral", "replace_original": reply.replace, **body}
        await deps.slack.respond(door.response_url, target, deadline=_RESPOND_SECONDS)
    elif door.kind is Kind.SUBMISSION:
        await _whisper(body, door, deps)
    elif door.trigger_id:
        return await _open(refusals.reply_modal(reply), door, deps)
    return Ack()


async def _whisper(body: JsonObject, door: Door, deps: Deps) -> None:
    channel = door.channel_id or await deps.slack.open_dm(door.slack_user_id)
    method = "chat.postEphemeral" if door.channel_id else "chat.postMessage"
    user = door.slack_user_id if door.channel_id else None
    await deps.slack.call(method, channel=channel, user=user, deadline=_RESPOND_SECONDS, **body)


async def _open(view: View, door: Door, deps: Deps) -> Ack:
    remembered = remember(view, door)
    if door.kind is Kind.SUBMISSION:
        return Ack({"response_action": "push", "view": remembered})
    method = "views.push" if door.surface == "modal" else "views.open"
    await deps.slack.call(method, trigger_id=door.trigger_id, view=remembered, deadline=_OPEN_SECONDS)
    return Ack()


async def _update(view: View, door: Door, deps: Deps) -> Ack:
    remembered = remember(view, door)
    if door.kind is Kind.SUBMISSION:
        return Ack({"response_action": "update", "view": remembered})
    await deps.slack.call("views.update", view_id=door.view_id, view=remembered, deadline=_OPEN_SECONDS)
    return Ack()


async def _second_try(error: SlackError, answer: Answer, door: Door, deps: Deps) -> Ack:
    if isinstance(answer, Reply | Done):
        return Ack()
    late = isinstance(error, SlackRefused) and "trigger" in error.code
    sentence = (
        "Slack had stopped waiting before the form could open, so nothing was done. Please try again."
        if late
        else "Slack did not open the form, so nothing was done. Please try again in a minute."
    )
    try:
        return await _say(refusals.refusal(sentence), door, deps) if door.surface != "modal" else Ack()
    except SlackError as again:
        _log.warning("refusal_not_delivered", kind=door.kind, reason=str(again))
        return Ack()


def _message(reply: Reply) -> JsonObject:
    return {"text": reply.text, "blocks": list(reply.blocks)} if reply.blocks else {"text": reply.text}


def _option(text: str, value: str) -> Mapping[str, object]:
    return {"text": {"type": "plain_text", "text": text[:75] or "-"}, "value": value[:150]}


def encode(answer: Answer) -> JsonObject | None:
    """The answer as kept for a second delivery of the same act; None where there is nothing to keep."""
    match answer:
        case Reply(text, blocks, replace):
            return {"text": text, "blocks": list(blocks), "replace": replace}
        case Done(Reply(text, blocks, replace)):
            return {"text": text, "blocks": list(blocks), "replace": replace}
        case UpdateModal(view):
            return {"view": view}
        case _:
            return None


def decode(kept: JsonObject | None) -> Answer:
    """The answer that `encode` kept; nothing to say where nothing was kept."""
    if not kept:
        return Done()
    view, blocks = kept.get("view"), kept.get("blocks")
    if isinstance(view, dict):
        return UpdateModal(view)
    return Reply(str(kept.get("text")), blocks if isinstance(blocks, list) else (), replace=kept.get("replace") is True)
