"""How a refusal is worded: what is wrong, why, then one line that can be copied and typed instead."""

from collections.abc import Iterable
from typing import Final

from bot.errors import BadInput

ECHO_LIMIT: Final = 40


def bad(problem: str, *, example: str | None = None, field: str | None = None) -> BadInput:
    """A BadInput that says `problem`; an example stands last, a command in backticks so that it can be copied."""
    if example is None:
        return BadInput(problem, field=field)
    shown = f"`{example}`" if example.startswith("/") else example
    return BadInput(f"{problem} Example: {shown}", field=field)


def quoted(text: str) -> str:
    """What the person typed, in double quotes, on one line, cut after 40 characters, without what cannot be printed."""
    line = " ".join("".join(char if char.isprintable() or char.isspace() else "?" for char in text).split())
    return f'"{line}"' if len(line) <= ECHO_LIMIT else f'"{line[: ECHO_LIMIT - 3]}..."'


def listed(words: Iterable[str], *, last: str = "or") -> str:
    """Words as a list in a sentence: "a", "a or b", "a, b or c"."""
    known = list(words)
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} {last} {known[-1]}"
