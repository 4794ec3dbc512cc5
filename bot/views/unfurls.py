"""A record below a message that links to it: its name and present state, nothing to press."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.rules.deployments import deployment_label
from bot.rules.ids import card_label
from bot.views import kit
from bot.views.answers import Block
from bot.views.cards import card_fields
from bot.views.cards import heading as request_heading
from bot.views.deployment_cards import deployment_fields, described
from bot.views.deployment_cards import heading as deployment_heading
from bot.views.wording import line, status_label
from db.models import Deployment, Request

_TITLE = 150


@dataclass(frozen=True, slots=True)
class Preview:
    """What stands below a link; `title` is what the composer and canvases show of it, as it was typed."""

    title: str
    blocks: Sequence[Block]

    def attachment(self) -> dict[str, object]:
        """Make it what chat.unfurl takes: https://docs.slack.dev/reference/methods/chat.unfurl."""
        return {"blocks": list(self.blocks), "preview": {"title": kit.plain(line(self.title, _TITLE))}}


def request_preview(row: Request) -> Preview:
    """Show a request as it is now; its description stays on its page."""
    title = f"{card_label(row.id)} ({status_label(row.status).lower()}): {line(row.title, empty='(no title)')}"
    return Preview(title, [*request_heading(row), card_fields(row)])


def deployment_preview(row: Deployment) -> Preview:
    """Show a deployment as it is now; its notes stay on its page."""
    title = f"{deployment_label(row.id)} ({status_label(row.status).lower()}): {described(row)}"
    return Preview(title, [*deployment_heading(row), deployment_fields(row)])
