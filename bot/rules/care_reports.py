"""From rows of the catalogue to sentences: what a report says, and what of it somebody has to put right."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.rules.care import counted, first, growth, is_duplicate_of, lasted, moment, percent, redacted, size
from bot.rules.wording import listed
from db.models_care import (
    Bloat,
    ConnectionUse,
    Finding,
    IndexState,
    Overview,
    Report,
    Session,
    Statement,
    TableSize,
    Waiting,
)

# An index is called unused when its scans were counted for a month; smaller ones cost too little to ask for.
_LONG_ENOUGH: Final = 30 * 86_400.0
_UNUSED_BYTES: Final = 1024 * 1024
_UNUSED: Final = 8
_LONG_QUERY: Final = 60.0
_IDLE_IN_TRANSACTION: Final = 300.0
_FULL_CONNECTIONS: Final = 0.8
_WASTED_BYTES: Final = 64 * 1024
_RAISED_BYTES: Final = 100 * 1024 * 1024
_RAISED_SHARE: Final = 0.5


def report_sizes(sizes: Sequence[TableSize], database_bytes: int) -> Report:
    """Tables and their indexes, the largest first, with their growth since the last run."""
    lines = [
        f"{it.name}: {size(it.total_bytes)}{_grown(it)}, table {size(it.table_bytes)}, indexes {size(it.index_bytes)}"
        for it in sizes
    ]
    known = [it for it in sizes if it.total_before is not None]
    since = min((it.measured_before for it in known if it.measured_before), default=None)
    summary = f"The database has {size(database_bytes)} in {counted(len(sizes), 'table')}"
    if since is None:
        return Report(f"{summary}; no earlier run to compare with.", first(lines))
    change = sum(it.total_bytes - (it.total_before or 0) for it in known)
    changed = "unchanged" if not change else f"{'+' if change > 0 else ''}{size(change)}"
    return Report(f"{summary}; {changed} since {moment(since)}.", first(lines))


def _grown(it: TableSize) -> str:
    return growth(it.total_bytes, it.total_before)


def report_indexes(indexes: Sequence[IndexState], counted_seconds: float) -> Report:
    """Invalid, duplicate and unused indexes."""
    invalid = [it for it in indexes if not it.is_valid]
    duplicates = [(it, _other(it, indexes)) for it in indexes]
    doubled = [(it, other) for it, other in duplicates if other is not None]
    gone = {it.oid for it, _ in doubled}
    unused = [it for it in indexes if it.is_valid and not it.is_needed and not it.scans and it.oid not in gone]
    unused.sort(key=lambda it: -it.bytes)
    known_for = lasted(counted_seconds)
    lines = [
        *(f"Invalid: {it.name} on {it.table_name}{', being built now' if it.is_busy else ''}" for it in invalid),
        *(f"Duplicate: {it.name} ({size(it.bytes)}) does what {other.name} does" for it, other in doubled),
        *(
            f"Unused for {known_for} at least: {it.name} ({size(it.bytes)}) on {it.table_name}"
            for it in unused[:_UNUSED]
        ),
        *([f"and {len(unused) - _UNUSED} more that are unused, smaller ones"] if len(unused) > _UNUSED else []),
    ]
    findings = [
        *(_invalid(it) for it in invalid if not it.is_busy),
        *(_duplicate(it, other) for it, other in doubled),
        *(_unused(it, known_for) for it in unused if counted_seconds >= _LONG_ENOUGH and it.bytes >= _UNUSED_BYTES),
    ]
    summary = (
        f"{counted(len(indexes), 'index', 'indexes')}: {len(invalid)} invalid, {len(doubled)} duplicate, "
        f"{len(unused)} not used since scans are counted ({known_for} at least)."
    )
    return Report(summary, first(lines, 30), findings=tuple(findings))


def _other(index: IndexState, indexes: Sequence[IndexState]) -> IndexState | None:
    return next((other for other in indexes if is_duplicate_of(index, other)), None)


def _invalid(it: IndexState) -> Finding:
    text = f"The index {it.name} on {it.table_name} is invalid: no query uses it, and every write pays for it."
    unique = " A unique one stays invalid while rows break it; correct those first." if it.is_unique else ""
    return Finding(f"invalid:{it.name}", text, f"To rebuild it: REINDEX INDEX CONCURRENTLY {it.name};{unique}")


def _duplicate(it: IndexState, other: IndexState) -> Finding:
    text = f"The index {it.name} on {it.table_name} ({size(it.bytes)}) does only what {other.name} does."
    return Finding(f"duplicate:{it.name}", text, f"To drop it: DROP INDEX CONCURRENTLY {it.name};")


def _unused(it: IndexState, known_for: str) -> Finding:
    text = f"The index {it.name} on {it.table_name} ({size(it.bytes)}) was used by no query for {known_for}."
    return Finding(
        f"unused:{it.name}", text, f"To drop it, if no other server needs it: DROP INDEX CONCURRENTLY {it.name};"
    )


def report_slow(statements: Sequence[Statement], since: datetime | None) -> Report:
    """What took the most time of the period."""
    lines = [
        f"{lasted(it.total_ms / 1000)} in {counted(it.calls, 'call')} (mean {lasted(it.total_ms / 1000 / it.calls)}, "
        f"{counted(it.rows, 'row')}) by {it.role_name}: {redacted(it.query)}"
        for it in statements
    ]
    period = f"since {moment(since)}" if since else "since the statistics began; no earlier run to compare with"
    if not statements:
        return Report(f"No statement was counted {period}.")
    return Report(f"The statements that took most time {period}.", tuple(lines))


def statistics_missing(reason: str) -> Report:
    """That slow queries cannot be told, and how they could."""
    note = (
        "To count statements: shared_preload_libraries = 'pg_stat_statements' in postgresql.conf, restart the server, "
        "then CREATE EXTENSION pg_stat_statements; in this database, as a superuser."
    )
    return Report(f"Slow queries are not known: {reason}.", notes=(note,))


def report_locks(waiting: Sequence[Waiting]) -> Report:
    """Who waits for whom."""
    if not waiting:
        return Report("Nobody waits for a lock.")
    return Report(f"{counted(len(waiting), 'session')} waiting for a lock.", first([_waits(it) for it in waiting]))


def _waits(it: Waiting) -> str:
    what = f" on {it.relation}" if it.relation else ""
    held = (
        f"; held up by {it.blocking_pid} ({it.blocking_role or 'unknown'}): {redacted(it.blocking_query or '')}"
        if it.blocking_pid is not None
        else ""
    )
    return f"{it.pid} ({it.role_name}) for {lasted(it.waited_seconds)}, {it.mode}{what}: {redacted(it.query)}{held}"


def report_long(sessions: Sequence[Session]) -> Report:
    """Queries over a minute, and transactions that do nothing for over five."""
    others = [it for it in sessions if not it.is_ours]
    running = [it for it in others if (it.query_seconds or 0) >= _LONG_QUERY]
    idle = [
        it
        for it in others
        if it.state.startswith("idle in transaction") and (it.transaction_seconds or 0) >= _IDLE_IN_TRANSACTION
    ]
    lines = [
        *(f"{it.pid} ({_who(it)}) runs for {lasted(it.query_seconds or 0)}: {redacted(it.query)}" for it in running),
        *(
            f"{it.pid} ({_who(it)}) is {it.state} for {lasted(it.transaction_seconds or 0)}; last: {redacted(it.query)}"
            for it in idle
        ),
    ]
    if not lines:
        oldest = max((it.transaction_seconds or 0 for it in others), default=0)
        longest = f" The oldest transaction is {lasted(oldest)} old." if oldest else ""
        return Report(f"No query runs for over a minute, no transaction idles for over five.{longest}")
    return Report(
        f"{counted(len(running), 'long query', 'long queries')}, {len(idle)} idle in transaction.", first(lines)
    )


def _who(it: Session) -> str:
    return f"{it.role_name}, {it.application_name}" if it.application_name else it.role_name


def report_bloat(found: Sequence[Bloat], indexes: Sequence[tuple[IndexState, int]], *, measured: bool) -> Report:
    """Unused space in tables and in indexes (with the size each would have anew)."""
    how = "measured with pgstattuple" if measured else "estimated from statistics, not measured"
    tables = [it for it in found if it.wasted >= _WASTED_BYTES]
    bloated = [(it, expected) for it, expected in indexes if it.bytes - expected >= _WASTED_BYTES]
    lines = [
        *(
            f"{it.name}: {size(it.wasted)} of {size(it.bytes)} unused ({percent(it.wasted / it.bytes)})"
            for it in tables
        ),
        *(
            f"{it.name} (index): {size(it.bytes - expected)} of {size(it.bytes)} unused "
            f"({percent(1 - expected / it.bytes)})"
            for it, expected in bloated
        ),
    ]
    wasted = sum(it.wasted for it in tables) + sum(it.bytes - expected for it, expected in bloated)
    findings = [
        Finding(
            f"bloat:{it.name}",
            f"{size(it.wasted)} of the {size(it.bytes)} of {it.name} are unused ({how}). New rows fill the space "
            "again; it goes back to the disk only when the table is rewritten.",
            f"To rewrite it: VACUUM FULL {it.name}; It keeps everybody out while it runs; pg_repack does not.",
        )
        for it in tables
        if it.wasted >= _RAISED_BYTES and it.wasted / it.bytes >= _RAISED_SHARE
    ]
    summary = f"{size(wasted)} unused in tables and indexes, {how}." if lines else f"No bloat worth naming, {how}."
    return Report(summary, first(lines), findings=tuple(findings))


def report_connections(use: ConnectionUse) -> Report:
    """How many of the server's connections are taken, and by what."""
    share = use.used / use.most if use.most else 1.0
    lines = [f"{name}: {number} {state}" for name, state, number in use.by_application]
    warning = " That is close to the end: new ones will be refused." if share >= _FULL_CONNECTIONS else ""
    return Report(f"{use.used} of {use.most} connections are taken ({percent(share)}).{warning}", first(lines))


def report_overview(it: Overview, care: str) -> Report:
    """The server and the database in one look; `care` says how the last run went."""
    hits = (
        f"{percent(it.cache_hit_share)} of reads from memory" if it.cache_hit_share is not None else "nothing read yet"
    )
    oldest = lasted(it.oldest_transaction_seconds) if it.oldest_transaction_seconds else "none"
    lines = (
        f"PostgreSQL {it.version}, up since {moment(it.started_at)}",
        f"Size: {size(it.bytes)}; {hits}",
        f"Connections: {it.used} of {it.most} taken; {'encrypted' if it.is_ssl else 'not encrypted'} from here",
        f"Oldest transaction: {oldest}; waiting for locks: {it.waiting}; deadlocks so far: {it.deadlocks:,}",
        f"Oldest transaction id: {it.age:,} old",
        care,
    )
    return Report(f"The database {it.database} answers.", lines)


def with_notes(report: Report, notes: Sequence[str]) -> Report:
    """The report, and what it could not see."""
    return replace(report, notes=(*report.notes, *notes))


def unseen(role: str) -> str:
    """That other roles' statements are hidden from ours, and how they would not be."""
    return f"The role {role} does not see what other roles' sessions do. To let it: GRANT pg_read_all_stats TO {role};"


def names(items: Sequence[str], most: int = 3) -> str:
    """The first names of many, in a sentence."""
    left = len(items) - most
    return f"{', '.join(items[:most])} and {left} more" if left > 0 else listed(items, last="and")
