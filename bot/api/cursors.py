"""Places in lists as opaque text: whoever reads it gets at most what the list shows anyway."""

import base64
import binascii
import re
from typing import Final

from bot.api.bodies import invalid
from bot.rules.ids import LARGEST

_SHAPE: Final = re.compile(rb"after:([0-9]{1,10})")


def cursor_after(number: int) -> str:
    """The place behind the record with this number."""
    return base64.urlsafe_b64encode(f"after:{number}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> int:
    """The number that `cursor_after` was given; 422 for any other text."""
    try:
        found = _SHAPE.fullmatch(base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=False))
    except (ValueError, binascii.Error):
        found = None
    if found is None or int(found[1]) > LARGEST:
        raise invalid("cursor", "That is no cursor. Take the next_cursor of the page before, as it is.")
    return int(found[1])
