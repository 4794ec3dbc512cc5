"""Numbers of records as people write them: MR-42, mr-42, #42 and 42 are alike."""

import re
from typing import Final

from bot.rules.wording import bad, quoted

LARGEST: Final = 2**31 - 1
DIGITS: Final = 10


def parse_id(word: str, *, prefix: str = "MR", what: str = "request") -> int:
    """The number of a record, 1 to 2147483647 (the column is a 32-bit integer). Raises BadInput."""
    found = re.fullmatch(rf"(?:#|{re.escape(prefix)}-?)?([0-9]+)", word.strip(), re.IGNORECASE | re.ASCII)
    if found is None:
        raise bad(f"{quoted(word)} is no number of a {what}. Write it as {prefix}-42, #42 or 42.")
    digits = found.group(1).lstrip("0")
    if not digits:
        raise bad(f"There is no {what} 0; numbers start at 1. Write it as {prefix}-42, #42 or 42.")
    if len(digits) > DIGITS or int(digits) > LARGEST:
        raise bad(f"{quoted(word)} is larger than any number of a {what}. Check it; {prefix}-42, #42 and 42 are alike.")
    return int(digits)


def looks_like_id(word: str, *, prefix: str = "MR") -> bool:
    """Whether `word` has the form of a number, in range or not."""
    return re.fullmatch(rf"(?:#|{re.escape(prefix)}-?)?-?[0-9]+", word, re.IGNORECASE | re.ASCII) is not None


def is_labelled(word: str, *, prefix: str = "MR") -> bool:
    """Whether `word` can be nothing but the number of a record: MR-42 or #42."""
    return looks_like_id(word, prefix=prefix) and not word[:1].isdigit() and not word.startswith("-")


def card_label(request_id: int) -> str:
    """What people call a request: MR-42."""
    return f"MR-{request_id}"
