"""The release before this one: while this one is rolled out, that one works on this one's schema.

Named by commit too, since a clone may be without tags. Whoever tags a release names it here in the next commit.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Release:
    """A release: its tag, and the commit under it."""

    tag: str
    commit: str

    @property
    def version(self) -> tuple[int, ...]:
        """Its numbers."""
        return tuple(map(int, self.tag.removeprefix("v").split(".")))


PREVIOUS: Final = Release("v0.1.0", "6b2fbaa1c1afae924a625a474c7a1e19d91425cf")
