"""What becomes of a person's text on its way to the app.

https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling (should_escape) and
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

TOKEN = re.compile(
    r"<(?P<id>[@#][A-Z0-9]+)(?:\|[^<>]*)?>"  # a mention that the composer has completed already
    r"|(?<!\w)@(?P<name>\w[\w.-]*)"
    r"|(?<!\w)#(?P<channel>[a-z][\w-]*)"
    r"|(?P<special>[&<>])"
)
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(ws: "Workspace", text: str) -> str:
    """`@name` becomes `<@U1|name>`, `#channel` `<#C1|channel>`, and & < > entities; unknown names stay text."""

    def replace(match: re.Match[str]) -> str:
        whole = match[0]
        if special := match["special"]:
            return ENTITIES[special]
        if completed := match["id"]:
            known = completed[1:] in (ws.users if completed[0] == "@" else ws.channels)
            return whole if known else "".join(ENTITIES.get(c, c) for c in whole)
        if name := match["name"]:
            user = next((u for u in ws.users.values() if u.name == name), None)
            return f"<@{user.id}|{user.name}>" if user else whole
        channel = next((c for c in ws.channels.values() if c.name == match["channel"]), None)
        return f"<#{channel.id}|{channel.name}>" if channel else whole

    return TOKEN.sub(replace, text)
