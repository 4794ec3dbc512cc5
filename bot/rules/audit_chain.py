"""What a look at the audit's chain says, in words; and a segment's hash reckoned without a database."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from db.models_audit import Sealed, SealRecord

_HEAD: Final = re.compile(r"[0-9a-f]{12,64}")
_MARK_BYTES: Final = 8


class FaultKind(StrEnum):
    """What is wrong."""

    REMOVED = "removed"
    ALTERED = "altered"
    ADDED = "added"
    SEAL = "seal"
    FILE = "file"
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: in which segment, what, and the numbers of the rows, 20 of `count` at most."""

    segment: int | None
    kind: FaultKind
    text: str
    ids: tuple[int, ...] = ()
    count: int = 0

    @property
    def line(self) -> str:
        """The fault with its rows."""
        if not self.ids:
            return self.text
        left = self.count - len(self.ids)
        more = f" and {left:,} more" if left > 0 else ""
        return f"{self.text} Rows: {', '.join(map(str, self.ids))}{more}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole chain found.

    `rows` are compared with their seals, `removed` were exported and deleted, `waiting` are not sealed yet. `faults`
    are the first ones, in the order of segments; `fault_count` is how many there are. `noted`: the segment of a noted
    head.
    """

    segments: int
    rows: int
    removed: int
    waiting: int
    head: Sealed | None
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0
    notes: tuple[str, ...] = ()
    noted: int | None = None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.fault_count

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if not self.is_sound:
            first = self.faults[0]
            more = f" (and {self.fault_count - 1:,} more faults)" if self.fault_count > 1 else ""
            return f"The audit is broken{more}: {first.line}"
        if self.head is None:
            return "The audit has no sealed rows yet"
        gone = f", {self.removed:,} exported and removed" if self.removed else ""
        return f"The audit is whole: {self.rows:,} rows in {self.segments:,} segments{gone}; {head_text(self.head)}"


def head_text(head: Sealed) -> str:
    """The head of the chain, as it is noted outside of the database."""
    return f"head {head.number} {head.hash}"


def is_head(text: str) -> bool:
    """Whether a text can be a hash, or its beginning."""
    return _HEAD.fullmatch(text.strip().lower()) is not None


def row_digest(row: str) -> bytes:
    """SHA-256 of a row as the database writes it."""
    return hashlib.sha256(row.encode()).digest()


def differs(seal: SealRecord, digests: Sequence[bytes]) -> bool:
    """Whether a segment is not what its hash says, by its rows' digests in the order of ids. Form 1."""
    content = hashlib.sha256(b"".join(digests)).hexdigest()
    marks = b"".join(digest[:_MARK_BYTES] for digest in digests)
    told = (
        *("techops audit", seal.form, seal.number, seal.ids, seal.upto, seal.settled, seal.rows, seal.late),
        *(seal.sealed_at, seal.next_xid, content, hashlib.sha256(marks).hexdigest()),
    )
    whole = hashlib.sha256(bytes.fromhex(seal.previous) + "|".join(map(str, told)).encode()).hexdigest()
    return seal.form != 1 or len(digests) != seal.rows or content != seal.content or whole != seal.hash
