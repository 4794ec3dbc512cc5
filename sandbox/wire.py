"""Records as JSON, for the control interface and the page."""

import dataclasses
from typing import Any

from sandbox.records import Message, View
from sandbox.workspace import Workspace


def plain(ws: Workspace, value: Any) -> Any:
    """`value` as JSON: records become objects, messages and views as Slack would send them."""
    if isinstance(value, Message):
        return ws.messages.as_json(value) | {
            "channel": value.channel,
            "ephemeral_to": value.ephemeral_to,
            "unfurls": value.unfurls,
        }
    if isinstance(value, View):
        return ws.views.as_json(value) | {"user": value.user, "errors": value.errors, "trouble": value.trouble}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(ws, getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): plain(ws, v) for k, v in value.items()}
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return [plain(ws, v) for v in value]
