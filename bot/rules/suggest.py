"""Did you mean?"""

import difflib
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 40
CUTOFF: Final = 0.6
SHORTEST_BEGINNING: Final = 2


def closest(word: str, candidates: Iterable[str], *, cutoff: float = CUTOFF) -> str | None:
    """The candidate that begins with `word`, else the one most like it, or None; case does not matter.

    `cutoff` is how alike they must be, 0 to 1.
    """
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    wanted = word.casefold()[:LONGEST]
    begun = [folded for folded in by_folded if len(wanted) >= SHORTEST_BEGINNING and folded.startswith(wanted)]
    found = begun or difflib.get_close_matches(wanted, by_folded, n=1, cutoff=cutoff)
    return by_folded[found[0]] if found else None
