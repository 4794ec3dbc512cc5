"""What a handler answers. Where each answer goes (ack body, response_url, view) is decided by `bot.app`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Block = dict[str, object]
View = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reply:
    """A private message. `text` is a full sentence, for screen readers; `replace` swaps the message clicked in."""

    text: str
    blocks: Sequence[Block] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class OpenModal:
    """Open this modal, with the trigger of the request; from within a modal it is pushed on top."""

    view: View


@dataclass(frozen=True, slots=True)
class UpdateModal:
    """Replace the modal that was submitted or clicked in."""

    view: View


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """Keep the modal open and show a sentence at each field (block_id -> sentence)."""

    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing to say here: the modal closes, or the card changes by itself.

    `notice` is sent as a DM or ephemeral only where nothing else would show that the act succeeded.
    """

    notice: Reply | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """Options of an external select: (text, value) pairs, at most 100."""

    options: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PublishHome:
    """Show this view on the person's App Home."""

    view: View


Answer = Reply | OpenModal | UpdateModal | FieldErrors | Done | Choices | PublishHome
