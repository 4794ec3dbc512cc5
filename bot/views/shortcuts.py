"""What is said of a request in the thread of the message it was raised from."""

from bot.rules.ids import card_label
from bot.views import kit
from bot.views.kit import Message, Part
from bot.views.wording import line, quoted
from db.models import Request


def raised_here(row: Request) -> Message:
    """Name the request, and who raised it."""
    parts: list[Part] = [
        *quoted(row.id, row.title),
        f" was raised from this message by {line(row.requester_name, 80)}.",
    ]
    way = kit.note("To see it, type ", kit.Code(f"/maintenance show {card_label(row.id)}"), ".")
    return Message(kit.spoken(parts), [kit.rich(*parts), way])
