"""What all lists that are read by keyset have in common: a place in the list, and what was read beyond a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: the page behind the row with this number, or the one before it."""

    id: int
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Ends:
    """Whether there is a page before the one that was read, and one behind it."""

    before: bool
    after: bool


def cut(found: Sequence[Found], size: int, *, continued: bool, backwards: bool) -> tuple[list[Found], Ends]:
    """The page in the order of its list, of what was read: one row more than the `size` of a page, if there is one.

    `continued`: it was read from a cursor on; `backwards`: towards the beginning of the list.
    """
    more, shown = len(found) > size, list(found[:size])
    if backwards:
        return shown[::-1], Ends(before=more, after=True)
    return shown, Ends(before=continued, after=more)
