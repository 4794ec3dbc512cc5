"""A person: what they do, and what they see."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from sandbox.answers import TROUBLE, Ack, SubmitResult, judge_options, judge_submission
from sandbox.exchange import Answer, Kind
from sandbox.links import Draft
from sandbox.payloads import Payloads
from sandbox.records import Channel, Json, Message, SlackRefusal, User, View
from sandbox.responses import say_ack
from sandbox.sees import Sight
from sandbox.state import (
    client_errors,
    element_value,
    find_element,
    find_input,
    initial_state,
    pick_option,
)
from sandbox.typed import escape

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

Source: TypeAlias = Message | View | tuple[str, str] | str


class Person(Sight):
    """One person of a workspace; every act sends what Slack would send and returns what came of it.

    A `Source` is a message, a view, a (channel, ts) pair, or the id of an open view.
    """

    def __init__(self, workspace: "Workspace", user: User) -> None:
        super().__init__(workspace, user)
        self._payloads = Payloads(workspace)
        self._loaded: dict[str, list[Json]] = {}
        self._chosen: dict[str, Json] = {}

    async def _send(self, kind: Kind, payload: Json, summary: str, repeat: int = 1) -> list[Answer]:
        """The very same signed request, `repeat` times at once."""
        prepared = self._ws.delivery.prepare(kind, payload, f"{summary} by {self.user.name}")
        return list(await asyncio.gather(*(self._ws.delivery.send(prepared) for _ in range(repeat))))

    async def _interact(self, payload: Json, summary: str, repeat: int = 1) -> Ack:
        if not self._ws.manifest.interactive:
            return Ack(error="interactivity_disabled", shown="This app has no interactivity switched on.")
        answers = await self._send("interactive", payload, summary, repeat)
        ack = Ack(answers[0].status, answers[0].body, answers[0].ms, answers[0].error, repeats=answers)
        ack.view = self._opened(payload.get("trigger_id", ""))
        if ack.error:
            ack.shown = TROUBLE
        for answer in answers:
            if not answer.error and answer.body.strip() not in {"", "{}"}:
                self._ws.refuse(summary, "ack_body_ignored", ["Slack ignores the body here"], {"body": answer.body})
        return ack

    def _opened(self, trigger_id: str) -> View | None:
        opened = self._ws.tickets.opened_by(trigger_id)
        return self._ws.views.open.get(opened[-1]) if opened else None

    # --- acts ---------------------------------------------------------------------------------------------------

    async def slash(self, command: str, text: str = "", channel: str = "general", *, repeat: int = 1) -> Ack:
        """Type a slash command in a channel; its acknowledgement's body becomes a message.

        https://docs.slack.dev/interactivity/implementing-slash-commands
        """
        ws, command = self._ws, f"/{command.removeprefix('/')}"
        if not ws.manifest.has_command(command):
            return Ack(error="unknown_command", shown=f"{command} is not a valid command.")
        where = ws.channel(channel)
        if ws.manifest.should_escape(command):
            text = escape(self._ws, text)
        payload = self._payloads.slash(self.user, where, command, text)
        answers = await self._send("slash_commands", payload, f"{command} {text}".strip(), repeat)
        first = answers[0]
        ack = Ack(first.status, first.body, first.ms, first.error, repeats=answers)
        if first.error:
            ack.shown = f"{command} failed with the error “{first.error}”"
        for answer in answers:
            self._say(ack, where, answer)
        ack.view = self._opened(payload["trigger_id"])
        return ack

    def _say(self, ack: Ack, where: Channel, answer: Answer) -> None:
        if answer.error:
            return
        try:
            message = say_ack(self._ws, self.id, where.id, answer.body)
        except SlackRefusal as refusal:
            self._ws.refuse("slash command acknowledgement", refusal.error, refusal.extra.get("errors", []))
            ack.error, ack.shown = "invalid_command_response", TROUBLE
            return
        if message is not None:
            ack.messages.append(message)

    def _source(self, source: Source) -> Message | View:
        if isinstance(source, (Message, View)):
            return source
        if isinstance(source, str):
            return self._ws.view(source)
        channel = self._ws.channel(source[0])
        message = self._ws.messages.find(channel, source[1])
        if message is None:
            raise LookupError(f"no message {source[1]} in {channel.name or channel.id}")
        return message

    def _find(self, source: Message | View, action_id: str, block_id: str | None, *, stale: bool) -> tuple[Json, Json]:
        """The element on the message or view as it is now, or, when `stale`, as it once was."""
        versions = [source.blocks]
        if stale and isinstance(source, Message):
            versions += source.revisions[::-1]
        for blocks in versions:
            if found := find_element(blocks, action_id, block_id):
                return found
        raise LookupError(f"there is no {action_id!r} to press on {source.blocks}")

    async def click(
        self,
        source: Source,
        action_id: str,
        *,
        block_id: str | None = None,
        value: str | None = None,
        stale: bool = False,
        element: Json | None = None,
        repeat: int = 1,
    ) -> Ack:
        """Press a button. It has to be there now; `stale` presses one that an edit has taken away.

        `value` chooses among buttons that share an action_id only in the sense that it replaces the sent value;
        `element` is a button to be pressed although it was never there. Raises LookupError.
        """
        where = self._source(source)
        if element is not None:
            block, button = {"block_id": block_id or "stale"}, {"type": "button", "action_id": action_id, **element}
        else:
            block, button = self._find(where, action_id, block_id, stale=stale)
        readers = button.get("visible_to_user_ids")
        if readers and self.id not in readers:
            raise LookupError(f"{self.user.name} does not see {action_id!r}")
        if value is not None:
            button = button | {"value": value}
        action = self._payloads.action(block, button, None)
        return await self._interact(self._actions(where, action), f"click {action_id}", repeat)

    def _actions(self, where: Message | View, action: Json) -> Json:
        state = self._chosen.get(where.ts) if isinstance(where, Message) else None
        return self._payloads.block_actions(self.user, where, action, state)

    async def select(
        self, source: Source, action_id: str, selected: Any, *, block_id: str | None = None, repeat: int = 1
    ) -> Ack:
        """Choose in a menu, picker, radio group, checkboxes or overflow menu; options by value or text.

        In an input block the choice is kept, and sent only when it has dispatch_action. Raises LookupError.
        """
        where = self._source(source)
        block, element = self._find(where, action_id, block_id, stale=False)
        if element["type"] == "overflow":
            value = {"selected_option": pick_option(element, selected, [])}
        else:
            value = self._value(element, selected)
            self._keep(where, block, element, value)
        if block.get("type") == "input" and not block.get("dispatch_action"):
            return Ack()
        action = self._payloads.action(block, element, value)
        return await self._interact(self._actions(where, action), f"select {action_id}", repeat)

    def _keep(self, where: Message | View, block: Json, element: Json, value: Json) -> None:
        if isinstance(where, View):
            state = where.state
        else:
            state = self._chosen.setdefault(where.ts, initial_state(where.blocks))
        state.setdefault(block["block_id"], {})[element["action_id"]] = value

    async def options(
        self, source: Source, action_id: str, query: str = "", *, block_id: str | None = None
    ) -> list[Json]:
        """Type into an external select; the options Slack would show. Below min_query_length nobody is asked."""
        where = self._source(source)
        block, element = self._find(where, action_id, block_id, stale=False)
        if len(query) < int(element.get("min_query_length", 3)):
            return []
        payload = self._payloads.suggestion(self.user, where, block["block_id"], action_id, query)
        answer = (await self._send("interactive", payload, f"options {action_id} {query!r}"))[0]
        self._loaded[action_id] = judge_options(self._ws, answer)
        return self._loaded[action_id]

    def _value(self, element: Json, value: Any) -> Json:
        """The state of an element once the person has given `value`."""
        return element_value(element, self._ids(element["type"], value), self._loaded.get(element["action_id"], []))

    def _ids(self, kind: str, value: Any) -> Any:
        """People and channels may be given by name; Slack's menus know ids."""
        if isinstance(value, (list, tuple)):
            return [self._ids(kind, v) for v in value]
        if value is not None and "users" in kind:
            return self._ws.person(str(value)).id
        if value is not None and ("channels" in kind or "conversations" in kind):
            return self._ws.channel(str(value)).id
        return value

    def chosen(self, ts: str) -> Json:
        """What the person has chosen in the menus of a message: block_id -> action_id -> value."""
        return self._chosen.get(ts, {})

    async def enter(self, view: str, entries: list[Json]) -> None:
        """Keep what is typed in a modal: `{block_id, action_id, value}` each. Raises LookupError."""
        modal = self._ws.view(view)
        for entry in entries:
            block, element = self._find(modal, entry["action_id"], entry["block_id"], stale=False)
            self._keep(modal, block, element, self._value(element, entry["value"]))

    async def read(self, channel: str, ts: str) -> None:
        """Have seen the channel up to the message `ts`."""
        self.mark_read(channel, ts)

    def fill(self, view: View, values: Mapping[str, Any]) -> None:
        """Type into a modal; keys are block_ids, action_ids or labels. Raises LookupError."""
        for key, value in values.items():
            found = find_input(view.blocks, key)
            if found is None:
                raise LookupError(f"no field {key!r} in {view.title!r}; there are {list(view.state)}")
            block, element = found
            view.state[block["block_id"]][element["action_id"]] = self._value(element, value)

    async def submit(
        self, view: View | str, values: Mapping[str, Any] | None = None, *, repeat: int = 1
    ) -> SubmitResult:
        """Fill in a modal and press its submit button. What Slack's client refuses by itself is not sent."""
        modal = view if isinstance(view, View) else self._ws.view(view)
        self.fill(modal, values or {})
        if errors := client_errors(modal.blocks, modal.state):
            return SubmitResult(errors=errors, sent=False, view=modal)
        modal.errors, modal.trouble = {}, ""
        payload = self._payloads.submission(self.user, modal)
        answers = await self._send("interactive", payload, f"submit {modal.body.get('callback_id', '')}", repeat)
        result = judge_submission(self._ws, modal, answers[0])
        result.ack.repeats = answers
        if opened := self._opened(payload["trigger_id"]):
            result.view = opened
        return result

    async def close(self, view: View | str, *, everything: bool = False) -> Ack:
        """Close a modal (or the whole stack); the bot hears of it where the view has notify_on_close."""
        modal = view if isinstance(view, View) else self._ws.view(view)
        cleared = everything or bool(modal.body.get("clear_on_close"))
        payload = self._payloads.closed(self.user, modal, is_cleared=cleared)
        if cleared:
            self._ws.views.clear(self.id)
        else:
            self._ws.views.close(modal)
        if not modal.body.get("notify_on_close"):
            return Ack()
        return await self._interact(payload, f"close {modal.body.get('callback_id', '')}")

    async def shortcut(self, callback_id: str, message: Source | None = None, *, repeat: int = 1) -> Ack:
        """Use a global shortcut, or with `message` one of that message's menu."""
        kind = "global" if message is None else "message"
        if not self._ws.manifest.has_shortcut(callback_id, kind):
            return Ack(error="unknown_shortcut", shown=f"There is no {kind} shortcut {callback_id}.")
        if message is None:
            payload = self._payloads.global_shortcut(self.user, callback_id)
        else:
            where = self._source(message)
            if isinstance(where, View):
                raise LookupError("a view has no message shortcuts")
            payload = self._payloads.message_shortcut(self.user, callback_id, where)
        return await self._interact(payload, f"shortcut {callback_id}", repeat)

    async def open_home(self, tab: str = "home") -> Answer | None:
        """Open the app's Home (or `messages`) tab: https://docs.slack.dev/reference/events/app_home_opened."""
        event: Json = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": self._ws.dm(self.id).id,
            "tab": tab,
            "event_ts": self._ws.next_ts(),
        }
        if self.home is not None and tab == "home":
            event["view"] = self._ws.views.as_json(self.home)
        return await self._ws.delivery.event(event)

    async def post(self, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Write a message; the bot hears of it as far as its manifest subscribes to such events."""
        where = self._ws.channel(channel)
        if self.id not in where.members:
            raise LookupError(f"{self.user.name} is not in {where.name or where.id}")
        message = self._ws.messages.post(where, self.id, {"text": escape(self._ws, text), "thread_ts": thread_ts})
        await self._ws.delivery.posted(where, message)
        return message

    async def compose(self, text: str) -> Draft:
        """Begin to write a message; the bot hears of its links, and may show what they lead to before it is posted."""
        return await self._ws.links.composed(self.user, text)
