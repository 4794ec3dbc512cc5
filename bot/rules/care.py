"""What care of the database does first, what it calls bloated, and how it names sizes, times and statements."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from db.models_care import CareTable, IndexState

STEPS: Final = (
    "analyze", "vacuum", "reindex", "sizes", "indexes", "slow", "locks", "long", "bloat", "integrity", "limits",
    "connections", "audit",
)  # fmt: skip
TITLES: Final = {
    "analyze": "Statistics (ANALYZE)",
    "vacuum": "Dead rows (VACUUM)",
    "reindex": "Indexes rebuilt (REINDEX)",
    "sizes": "Sizes and growth",
    "indexes": "Unused, duplicate and invalid indexes",
    "slow": "Slow queries",
    "locks": "Locks",
    "long": "Long-running queries",
    "bloat": "Bloat",
    "integrity": "Constraints and orphans",
    "limits": "Sequences and transaction ids",
    "connections": "Connections",
    "audit": "Audit",
    "status": "The database at a glance",
}

# An age at which autovacuum would soon begin to freeze the table against all resistance.
_URGENT_AGE: Final = 150_000_000
# Smaller indexes are not worth the work, nor those of which less than two fifths are empty.
_LEAST_INDEX_BYTES: Final = 256 * 1024
_BLOATED_SHARE: Final = 0.4
_LITERAL: Final = re.compile(r"[eEbBxXnN]?'(?:[^']|'')*'?|\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)", re.DOTALL)
_COMMENT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_QUERY_LENGTH: Final = 160
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_STEP: Final = 1024
_LINES: Final = 20


def by_need(tables: Iterable[CareTable]) -> list[CareTable]:
    """Tables that can be vacuumed, those first whose age is dangerous, then those with most dead rows."""
    able = [table for table in tables if table.kind != "p"]
    return sorted(able, key=lambda it: (it.age < _URGENT_AGE, -it.dead, -it.age, it.name))


def by_change(tables: Iterable[CareTable]) -> list[CareTable]:
    """Tables to be analysed, those first that have no statistics, then those that changed most."""
    return sorted(tables, key=lambda it: (it.was_analyzed or it.live == 0, -it.modified, it.name))


def bloat_share(index: IndexState, expected: int | None) -> float:
    """The share of an index, 0 to 1, that building it anew would free."""
    if expected is None or not index.bytes:
        return 0.0
    return max(0.0, 1 - expected / index.bytes)


def is_measured(index: IndexState) -> bool:
    """Whether an index can be bloated in a way that we tell: a valid btree of some size."""
    return index.method == "btree" and index.is_valid and index.bytes >= _LEAST_INDEX_BYTES


def is_bloated(index: IndexState, expected: int | None) -> bool:
    """Whether an index is so bloated that it is built anew."""
    return is_measured(index) and index.is_rebuildable and bloat_share(index, expected) >= _BLOATED_SHARE


def is_duplicate_of(index: IndexState, other: IndexState) -> bool:
    """Whether an index can go because the other one does all it does; of two alike, the younger can."""
    if index.table_name != other.table_name or index.shape != other.shape or index.oid == other.oid:
        return False
    if not (index.is_valid and other.is_valid) or index.is_needed:
        return False
    return other.is_needed or index.oid > other.oid


def redacted(query: str, limit: int = _QUERY_LENGTH) -> str:
    """A statement on one line, cut, with its literals taken out: they may be people's data, or a password."""
    text = " ".join(_LITERAL.sub("'…'", _COMMENT.sub(" ", query)).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def size(number: float) -> str:
    """Bytes as people read them: 8 kB, 1.4 MB."""
    value, unit = float(abs(number)), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    shown = f"{value:.0f}" if unit == 0 or value >= 100 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004 - three digits say enough
    return f"{'-' if number < 0 else ''}{shown} {_UNITS[unit]}"


def growth(now: int, before: int | None) -> str:
    """How a size differs from an earlier one, in brackets; empty where there is none."""
    if before is None:
        return " (new)"
    if now == before:
        return " (unchanged)"
    percent = f", {100 * (now - before) / before:+.0f} %" if before else ""
    return f" ({'+' if now > before else ''}{size(now - before)}{percent})"


def lasted(seconds: float) -> str:
    """A duration as people read it: 250 ms, 12 s, 3 min, 2 h 5 min, 4 days."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    if whole < 120:  # noqa: PLR2004 - up to two minutes, seconds say more
        return f"{whole} s"
    minutes, hours = whole // 60, whole // 3600
    if minutes < 120:  # noqa: PLR2004 - as above, of hours
        return f"{minutes} min"
    if hours < 48:  # noqa: PLR2004 - as above, of days
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{hours // 24} days"


def percent(share: float) -> str:
    """A share of 0 to 1 as people read it; what is little is not called nothing."""
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"  # noqa: PLR2004 - one per cent


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 index, 1,204 indexes."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def moment(at: datetime) -> str:
    """An instant as people read it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def first(lines: Sequence[str], most: int = _LINES) -> tuple[str, ...]:
    """The first lines, and how many were left out."""
    left = len(lines) - most
    return (*lines[:most], *([f"and {left:,} more"] if left > 0 else []))
