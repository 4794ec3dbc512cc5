"""From an envelope to an acknowledgement: who asks, what for, the handler, its answer; and the one error translator."""

import asyncio
import textwrap
from collections.abc import Mapping
from typing import Final

import structlog

from bot import logs, outcomes, refreshing
from bot.answering import Ack, Door, Memory, decode, deliver, encode, recall
from bot.context import Act, Deps, slack_origin
from bot.envelope import (
    BlockActions,
    BlockSuggestion,
    Envelope,
    EventCallback,
    MessageData,
    Shortcut,
    SlashCommand,
    ViewRef,
    ViewSubmission,
)
from bot.errors import BadInput, BotError, Repeated
from bot.registry import Ask, Entry, Kind, MessageRef, Registry, Submitted, UnknownVerb, run
from bot.services import links
from bot.slack import SlackError
from bot.turns import Turns
from bot.views import help as help_views
from bot.views import home as home_views
from bot.views import refusals
from bot.views.answers import Answer, Choices, Done, FieldErrors, PublishHome, Reply, UpdateModal
from db import errors as db_errors
from db.queries import acts

# Slack waits three seconds for every acknowledgement; what remains is for views.open and the way there and back.
DEADLINE_SECONDS: Final = 2.0
_FOR_HELP: Final = frozenset({"", "help"})
_log = structlog.get_logger(__name__)

_LATE: Final = "The database did not answer in time, so nothing was changed. Please try again in a minute."
_UNCERTAIN: Final = (
    "The database did not confirm in time whether this was saved. Please look at the record before you do it again."
)


class Dispatcher:
    """Answers requests: one method for all kinds."""

    def __init__(self, deps: Deps, registry: Registry) -> None:
        self._deps = deps
        self._registry = registry
        self._turns = Turns()

    async def handle(self, envelope: Envelope) -> Ack:
        """Do what the request asks for and return the acknowledgement; never raises for what a request can cause."""
        match envelope:
            case SlashCommand():
                return await self._command(envelope)
            case BlockActions():
                return await self._action(envelope)
            case ViewSubmission():
                return await self._submission(envelope)
            case BlockSuggestion():
                return await self._options(envelope)
            case Shortcut():
                return await self._shortcut(envelope)
            case EventCallback():
                return await self._event(envelope)
            case _:
                return Ack()

    async def _command(self, it: SlashCommand) -> Ack:
        door = Door(
            Kind.COMMAND, it.user_id, trigger_id=it.trigger_id, response_url=it.response_url, channel_id=it.channel_id
        )
        slash = it.command.lstrip("/")
        found = self._registry.find_command(slash, it.text)
        if isinstance(found, UnknownVerb):
            known = f"/{slash}" if slash in self._registry.slashes() else None
            outcome = outcomes.OK if known and found.word.lower() in _FOR_HELP else outcomes.REFUSED
            outcomes.account(self._deps, Kind.COMMAND, known, None, outcome, 0.0)
            return await deliver(self._help(found), door, self._deps)
        entry, text = found
        # a trigger is one command's; whoever sends a signed request again gets its answer again, and no second effect
        # A person may well type the same again; only the very same signed request is a replay.
        key = f"command:{it.team_id}:{it.user_id}:{it.signature}" if it.signature else None
        act = Act(None, "slack", key, slack_origin(it.team_id, it.user_id, it.channel_id))
        return await self._run(entry, door, act, it.team_id, text=text, channel_id=it.channel_id)

    async def _action(self, it: BlockActions) -> Ack:
        pressed = it.actions[0]
        channel_id = it.channel.id if it.channel else ""
        view = it.view
        memory = recall(view.private_metadata) if view else Memory()
        surface = ("home" if view.type == "home" else "modal") if view else "message"
        door = Door(
            Kind.ACTION,
            it.user.id,
            surface,
            it.trigger_id,
            "" if view else it.response_url,
            channel_id or memory.channel_id,
            view.id if view else "",
            view.hash if view else "",
            from_home=surface == "home" or memory.from_home,
            message_ts=it.message.ts if it.message else memory.message_ts,
        )
        key = f"action:{it.team_id}:{it.user.id}:{pressed.action_ts}:{pressed.action_id}" if pressed.action_ts else None
        act = Act(None, "slack", key, slack_origin(it.team_id, it.user.id, door.channel_id, door.message_ts))
        return await self._run(
            self._registry.find(Kind.ACTION, pressed.action_id),
            door,
            act,
            it.team_id,
            value=pressed.chosen,
            view=_submitted(view, memory.metadata) if view else None,
            message=_message_ref(it.message, channel_id),
            channel_id=channel_id or memory.channel_id,
        )

    async def _submission(self, it: ViewSubmission) -> Ack:
        memory = recall(it.view.private_metadata)
        door = Door(
            Kind.SUBMISSION,
            it.user.id,
            "modal",
            it.trigger_id,
            memory.response_url,
            memory.channel_id,
            it.view.id,
            it.view.hash,
            it.view.first_input(),
            memory.from_home,
            memory.message_ts,
        )
        key = f"view:{it.team_id}:{it.user.id}:{it.view.id}:{it.view.callback_id}"
        act = Act(None, "slack", key, slack_origin(it.team_id, it.user.id, memory.channel_id, memory.message_ts))
        return await self._run(
            self._registry.find(Kind.SUBMISSION, it.view.callback_id),
            door,
            act,
            it.team_id,
            view=_submitted(it.view, memory.metadata),
            channel_id=memory.channel_id,
        )

    async def _options(self, it: BlockSuggestion) -> Ack:
        door = Door(Kind.OPTIONS, it.user.id)
        act = Act(None, "slack")
        entry = self._registry.find(Kind.OPTIONS, it.action_id)
        return await self._run(entry, door, act, it.team_id, query=it.value)

    async def _shortcut(self, it: Shortcut) -> Ack:
        channel_id = it.channel.id if it.channel else ""
        surface = "message" if it.message else ""
        ts = it.message.ts if it.message else ""
        door = Door(Kind.SHORTCUT, it.user.id, surface, it.trigger_id, it.response_url, channel_id, message_ts=ts)
        act = Act(None, "slack", origin=slack_origin(it.team_id, it.user.id, channel_id, ts))
        return await self._run(
            self._registry.find(Kind.SHORTCUT, it.callback_id),
            door,
            act,
            it.team_id,
            message=_message_ref(it.message, channel_id),
            channel_id=channel_id,
        )

    async def _event(self, it: EventCallback) -> Ack:
        entry = self._registry.find(Kind.EVENT, it.event.type)
        event: Mapping[str, object] = (it.event.model_extra or {}) | {"is_ext_shared_channel": it.is_ext_shared_channel}
        user = event.get("user")
        slack_user_id = str(user.get("id") if isinstance(user, dict) else user or "")
        if entry is None or not slack_user_id:
            return Ack()
        channel, ts = (found if isinstance(found := event.get(name), str) else "" for name in ("channel", "message_ts"))
        act = Act(None, "slack", f"event:{it.event_id}", slack_origin(it.team_id, slack_user_id, channel, ts))
        surface = "home" if entry.name == refreshing.HOME_OPENED and event.get("tab") == "home" else ""
        return await self._run(entry, Door(Kind.EVENT, slack_user_id, surface), act, it.team_id, event=event)

    async def _run(self, entry: Entry | None, door: Door, act: Act, team_id: str, **details: object) -> Ack:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        outcomes.begin(door.kind, entry, details)
        if entry is None:
            outcomes.account(self._deps, door.kind, None, None, outcomes.REFUSED, 0.0)
            gone = "This button or form belongs to another version of TechOps. Please start again from the command."
            return await deliver(self._refused(gone, door), door, self._deps)
        outcome = outcomes.OK
        try:
            async with self._turns.take(), asyncio.timeout(DEADLINE_SECONDS):
                needs = entry.account, entry.introduces
                person = await links.whoever(self._deps, team_id, door.slack_user_id, *needs)
                act.person = person if person.user_id != links.NOBODY else None
                ask = Ask(act=act, person=person, name=entry.name, **details)  # type: ignore[arg-type] # named above
                answer = await run(entry, ask, self._deps)
                if door.kind is not Kind.COMMAND:  # which Slack delivers once; a replay need not be answered
                    await self._keep(act, answer)
        except Repeated as repeated:
            answer = await self._first_answer(repeated.key)
        except TimeoutError:
            outcome = outcomes.LATE
            answer = self._refused(_UNCERTAIN if act.committing else _LATE, door)
        except Exception as error:  # noqa: BLE001 - the one error translator
            outcome = outcomes.outcome_of(error)
            answer = self._translate(error, entry, door, act)
        ack = await deliver(answer, door, self._deps)
        outcomes.account(self._deps, door.kind, entry.name, act, outcome, loop.time() - begun)
        await refreshing.after(self._deps, self._registry, act, door, answer, begun)
        # Nobody reads the answer to what Slack tells by itself, so nobody would know that it came to nothing.
        unheard = door.kind is Kind.EVENT and not door.surface
        return Ack(again=True) if unheard and outcome in {outcomes.LATE, outcomes.FAILED} else ack

    async def _keep(self, act: Act, answer: Answer) -> None:
        kept = encode(answer) if act.key and act.committing else None
        if act.key is None or kept is None:
            return
        try:
            async with self._deps.pool.acquire() as conn:
                await acts.update_answer(conn, act.key, kept)
        except db_errors.DatabaseError as error:
            # The act is committed and has its answer; only a second delivery would have to do without.
            _log.warning("answer_not_kept", reason=str(error))

    async def _first_answer(self, key: str) -> Answer:
        try:
            async with self._deps.pool.acquire() as conn:
                return decode(await acts.find_answer(conn, key))
        except db_errors.DatabaseError as error:
            _log.warning("first_answer_not_found", reason=str(error))
            return Done()

    def _translate(self, error: Exception, entry: Entry, door: Door, act: Act) -> Answer:
        match error:
            case BadInput(field=str(block_id)) if door.kind is Kind.SUBMISSION:
                return FieldErrors({block_id: str(error)[:2000]})
            case BotError() | db_errors.NotFound():
                sentence = str(error)
            case db_errors.Unavailable() | db_errors.Timeout() if act.committing:
                sentence = _UNCERTAIN
            case db_errors.Unavailable():
                _log.warning("database_unavailable", name=entry.name, reason=str(error))
                sentence = refusals.DATABASE_AWAY
            case db_errors.Timeout():
                sentence = _LATE
            case db_errors.DataRejected() | db_errors.CheckFailed():
                _log.warning("value_rejected", name=entry.name, reason=type(error).__name__)
                sentence = refusals.NOT_TAKEN
            case SlackError():
                _log.warning("slack_failed", name=entry.name, reason=str(error))
                sentence = "Slack did not answer me, so this could not be done. Please try again in a minute."
            case _:
                error_id = logs.request_id()
                _log.error("request_failed", error_id=error_id, name=entry.name, exc_info=error)
                sentence = refusals.failure_text(error_id)
        return self._refused(sentence, door)

    def _refused(self, sentence: str, door: Door) -> Answer:
        if door.kind is Kind.EVENT and door.surface == "home":
            # What stood there before may be what the person must not see any more.
            return PublishHome(home_views.refused(sentence))
        if door.kind is Kind.OPTIONS:
            # https://docs.slack.dev/reference/block-kit/composition-objects/option-object: 75 characters each
            return Choices([(line, "-") for line in textwrap.wrap(sentence, 75)])
        if door.kind is Kind.SUBMISSION:
            if door.first_input is not None:
                return FieldErrors({door.first_input: sentence[:2000]})
            return UpdateModal(refusals.refusal_modal(sentence))
        return refusals.refusal(sentence)

    def _help(self, unknown: UnknownVerb) -> Reply:
        entries = [
            help_views.HelpLine(usage=entry.usage, help=entry.help, examples=entry.examples, role=entry.role)
            for entry in self._registry.commands(unknown.slash)
        ]
        if not entries:
            known = ", ".join(f"`/{slash}`" for slash in self._registry.slashes())
            return refusals.refusal(f"I do not know the command /{unknown.slash}. I know {known}.")
        if unknown.word.lower() in _FOR_HELP:
            return help_views.help_for(unknown.slash, entries)
        return help_views.unknown_verb(unknown.slash, unknown.word, unknown.suggestion, entries)


def _submitted(view: ViewRef, metadata: str) -> Submitted:
    return Submitted(view.id, view.callback_id, metadata, view.values())


def _message_ref(message: MessageData | None, channel_id: str) -> MessageRef | None:
    if message is None:
        return None
    return MessageRef(channel_id, message.ts, message.thread_ts, message.text, message.user)
