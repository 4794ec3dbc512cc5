"""A record below a message that links to it: its name and present state, nothing to press."""

from bot.views import kit
from bot.views.cards import card_fields
from bot.views.cards import heading as request_heading
from bot.views.deployment_cards import deployment_fields, state
from bot.views.deployment_cards import heading as deployment_heading
from bot.views.kit import Message
from bot.views.wording import line, quoted, status_label
from db.models import Deployment, Request


def request_preview(row: Request) -> Message:
    """Show a request as it is now; its description stays on its page."""
    said = [*quoted(row.id, row.title), f" is {status_label(row.status).lower()}."]
    return Message(kit.spoken(said), [*request_heading(row), card_fields(row)])


def deployment_preview(row: Deployment) -> Message:
    """Show a deployment as it is now; its notes stay on its page."""
    return Message(kit.spoken(state(row)), [*deployment_heading(row), deployment_fields(row)])


def attachment(message: Message) -> dict[str, object]:
    """The preview as chat.unfurl takes it; the title is what the composer and canvases show.

    https://docs.slack.dev/reference/methods/chat.unfurl
    """
    return {"blocks": message.blocks, "preview": {"title": kit.plain(line(message.text, 150))}}
