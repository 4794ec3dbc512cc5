"""What Slack sends when somebody acts, for any person and any registry entry, without a card or form to press on.

Shapes: https://docs.slack.dev/reference/interaction-payloads, https://docs.slack.dev/apis/events-api
"""

from typing import Any, Literal

from sandbox.exchange import Prepared
from sandbox.workspace import Workspace

Kind = Literal["slash_commands", "interactive", "events_api"]
Json = dict[str, Any]
TEAM = "T0SANDBOX"
APP = "A0TECHOPS"
CHANNEL = "C0OPS"
A_FORM = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "A form"},
    "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "Press"}}],
}
_SELECTS = {"project", "priority", "environment", "status", "role", "state", "group", "zone", "direct_messages"}
_USERS = {"assignee", "to"}
_BOXES = {"parts", "days"}
_DATES = {"due_date", "work_date", "date"}
_TIMES = {"due_time", "from", "until"}


def prepared(ws: Workspace, kind: Kind, payload: Json) -> Prepared:
    """The signed request."""
    return ws.delivery.prepare(kind, payload, f"{kind} by a test")


def command(ws: Workspace, user: str, name: str, text: str, *, team: str = TEAM) -> Json:
    """`/name text`, typed in #ops."""
    return {
        "team_id": team,
        "team_domain": "sandbox",
        "channel_id": CHANNEL,
        "channel_name": "ops",
        "user_id": user,
        "user_name": "somebody",
        "command": f"/{name}",
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": _response_url(ws, user),
        "trigger_id": ws.tickets.trigger(user),
    }


def press(ws: Workspace, user: str, action_id: str, value: str, *, surface: str = "message", team: str = TEAM) -> Json:
    """A button with this value pressed: on a card in #ops, on the Home tab, or in a modal."""
    action = {
        "type": "button",
        "action_id": action_id,
        "block_id": "b1",
        "value": value,
        "text": {"type": "plain_text", "text": "Press"},
        "action_ts": ws.next_ts(),
    }
    payload = _common("block_actions", user, team) | {"actions": [action], "trigger_id": ws.tickets.trigger(user)}
    if surface == "message":
        return payload | _message_place(ws, user)
    view = _view(ws, surface, "some.form", "", {})
    if surface == "modal":
        view["id"] = ws.views.open_modal(user, A_FORM).id
        payload["trigger_id"] = ws.tickets.trigger(user, view["id"])
    return payload | {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def submit(
    ws: Workspace, user: str, callback_id: str, metadata: str, values: dict[str, str], *, team: str = TEAM
) -> Json:
    """A modal submitted with these values, whoever opened it."""
    return _common("view_submission", user, team) | {
        "trigger_id": ws.tickets.trigger(user),
        "view": _view(ws, "modal", callback_id, metadata, values),
        "response_urls": [],
    }


def suggestion(ws: Workspace, user: str, action_id: str, query: str, *, team: str = TEAM) -> Json:
    """Something typed into an external select."""
    return _common("block_suggestion", user, team) | {
        "action_id": action_id,
        "block_id": "b1",
        "value": query,
        "view": _view(ws, "modal", "some.form", "", {}),
    }


def shortcut(ws: Workspace, user: str, callback_id: str, *, on_message: bool, team: str = TEAM) -> Json:
    """A global shortcut, or one of a message's menu."""
    more = _message_place(ws, user) | {"message_ts": ws.next_ts()} if on_message else {}
    return (
        _common("message_action" if on_message else "shortcut", user, team)
        | {"callback_id": callback_id, "trigger_id": ws.tickets.trigger(user), "action_ts": ws.next_ts()}
        | more
    )


def event(ws: Workspace, inner: Json, *, team: str = TEAM) -> Json:
    """An event."""
    return {
        "team_id": team,
        "api_app_id": APP,
        "event": inner,
        "type": "event_callback",
        "event_id": ws.new_id("Ev"),
        "event_time": int(ws.now()),
        "authorizations": [{"enterprise_id": None, "team_id": team, "user_id": ws.bot.id, "is_bot": True}],
        "is_ext_shared_channel": False,
    }


def _common(kind: str, user: str, team: str) -> Json:
    return {
        "type": kind,
        "team": {"id": team, "domain": "sandbox"},
        "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": team},
        "api_app_id": APP,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _message_place(ws: Workspace, user: str) -> Json:
    shown = ws.messages.post(ws.channels[CHANNEL], ws.bot.id, {"text": "A message"}, ephemeral_to=user)
    ts = shown.ts
    return {
        "container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL, "is_ephemeral": False},
        "channel": {"id": CHANNEL, "name": "ops"},
        "message": {"type": "message", "ts": ts, "text": "A message", "user": "U0ENG", "blocks": []},
        "response_url": _response_url(ws, user, ts),
    }


def _response_url(ws: Workspace, user: str, ts: str | None = None) -> str:
    return f"{ws.base_url}/response/{ws.tickets.response_url(user, CHANNEL, ts)}"


def _view(ws: Workspace, kind: str, callback_id: str, metadata: str, values: dict[str, str]) -> Json:
    return {
        "id": ws.new_id("V"),
        "team_id": TEAM,
        "type": kind,
        "callback_id": callback_id,
        "private_metadata": metadata,
        "hash": ws.next_ts(),
        "state": {"values": {block: {block: _field(block, value)} for block, value in values.items()}},
        "blocks": [{"type": "input", "block_id": block} for block in values],
        "app_id": APP,
        "bot_id": ws.bot_id,
    }


def _field(block: str, value: str) -> Json:
    if block in _SELECTS:
        option = {"text": {"type": "plain_text", "text": value}, "value": value}
        return {"type": "static_select", "selected_option": option}
    if block in _USERS:
        return {"type": "users_select", "selected_user": value}
    if block in _BOXES:
        return {"type": "checkboxes", "selected_options": [{"value": part} for part in value.split(",")]}
    if block in _DATES or (block == "until" and "-" in value):
        return {"type": "datepicker", "selected_date": value}
    if block in _TIMES:
        return {"type": "timepicker", "selected_time": value}
    return {"type": "plain_text_input", "value": value}
