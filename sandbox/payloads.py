"""The payloads that Slack sends when a person acts.

https://docs.slack.dev/reference/interaction-payloads and
https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from typing import TYPE_CHECKING

from sandbox.records import Channel, Json, Message, User, View
from sandbox.state import FIELD, initial_state

if TYPE_CHECKING:
    from sandbox.workspace import Workspace


class Payloads:
    """Builds payloads for one workspace."""

    def __init__(self, workspace: "Workspace") -> None:
        self._ws = workspace

    def _common(self, kind: str, user: User) -> Json:
        team = {"id": self._ws.team["id"], "domain": self._ws.team["domain"]}
        return {
            "type": kind,
            "team": team,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": self._ws.app_id,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def response_url(self, user: str, channel: str, message_ts: str | None = None) -> str:
        """A response address of this sandbox."""
        return f"{self._ws.base_url}/response/{self._ws.tickets.response_url(user, channel, message_ts)}"

    def slash(self, user: User, channel: Channel, command: str, text: str) -> Json:
        """The form of a slash command."""
        name = "directmessage" if channel.is_im else "privategroup" if channel.kind == "private" else channel.name
        return {
            "team_id": self._ws.team["id"],
            "team_domain": self._ws.team["domain"],
            "channel_id": channel.id,
            "channel_name": name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": self._ws.app_id,
            "is_enterprise_install": "false",
            "response_url": self.response_url(user.id, channel.id),
            "trigger_id": self._ws.tickets.trigger(user.id),
        }

    def place_of(self, source: Message | View) -> Json:
        """The fields that say where an element stands: container, message or view, channel, state."""
        if isinstance(source, View):
            view = self._ws.views.as_json(source)
            return {"container": {"type": "view", "view_id": source.id}, "view": view}
        channel = self._ws.channels[source.channel]
        ephemeral = source.ephemeral_to is not None
        container: Json = {
            "type": "message",
            "message_ts": source.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if source.thread_ts:
            container["thread_ts"] = source.thread_ts
        place: Json = {"container": container, "channel": self.channel(channel)}
        if not ephemeral:  # Slack does not repeat the content of an ephemeral message
            place["message"] = self._ws.messages.as_json(source)
        return place

    def channel(self, channel: Channel) -> Json:
        """The short form of a channel."""
        return {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name}

    def block_actions(self, user: User, source: Message | View, action: Json, state: Json | None = None) -> Json:
        """A click or choice in a message, a modal or a Home."""
        payload = self._common("block_actions", user) | self.place_of(source)
        view_id = source.id if isinstance(source, View) and source.kind == "modal" else None
        payload["trigger_id"] = self._ws.tickets.trigger(user.id, view_id)
        payload["actions"] = [action]
        if isinstance(source, Message):
            payload["state"] = {"values": state or initial_state(source.blocks)}
            payload["response_url"] = self.response_url(user.id, source.channel, source.ts)
        return payload

    def suggestion(self, user: User, source: Message | View, block_id: str, action_id: str, value: str) -> Json:
        """A person types into an external select."""
        payload = self._common("block_suggestion", user) | self.place_of(source)
        return payload | {"block_id": block_id, "action_id": action_id, "value": value}

    def submission(self, user: User, view: View) -> Json:
        """A modal is submitted."""
        return self._common("view_submission", user) | {
            "trigger_id": self._ws.tickets.trigger(user.id, view.id),
            "view": self._ws.views.as_json(view),
            "response_urls": [],
        }

    def closed(self, user: User, view: View, *, is_cleared: bool) -> Json:
        """A modal is closed by the person."""
        return self._common("view_closed", user) | {"view": self._ws.views.as_json(view), "is_cleared": is_cleared}

    def global_shortcut(self, user: User, callback_id: str) -> Json:
        """A shortcut from the composer or the search."""
        return self._common("shortcut", user) | {
            "callback_id": callback_id,
            "trigger_id": self._ws.tickets.trigger(user.id),
            "action_ts": self._ws.next_ts(),
        }

    def message_shortcut(self, user: User, callback_id: str, message: Message) -> Json:
        """A shortcut from a message's menu."""
        channel = self._ws.channels[message.channel]
        return self._common("message_action", user) | {
            "callback_id": callback_id,
            "trigger_id": self._ws.tickets.trigger(user.id),
            "action_ts": self._ws.next_ts(),
            "message_ts": message.ts,
            "channel": self.channel(channel),
            "message": self._ws.messages.as_json(message),
            "response_url": self.response_url(user.id, channel.id, message.ts),
        }

    def action(self, block: Json, element: Json, value: Json | None) -> Json:
        """One entry of `actions`; `value` is the state of the element after the act, None for buttons."""
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self._ws.next_ts(),
        }
        if element["type"] == "button":
            return action | {name: element[name] for name in ("text", "value", "style", "url") if name in element}
        if "placeholder" in element:
            action["placeholder"] = element["placeholder"]
        if value is not None:
            name = FIELD.get(element["type"], "selected_option")
            action[name] = value[name]
        return action
