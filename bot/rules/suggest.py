"""Did you mean?"""

import difflib
from collections.abc import Iterable

LONGEST = 40
CUTOFF = 0.6


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is most like `word`, or None where none is like it; case does not matter."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    wanted = word.casefold()[:LONGEST]
    begun = [folded for folded in by_folded if len(wanted) > 1 and folded.startswith(wanted)]
    found = begun or difflib.get_close_matches(wanted, by_folded, n=1, cutoff=CUTOFF)
    return by_folded[found[0]] if found else None
