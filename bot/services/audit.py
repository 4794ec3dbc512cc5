"""The chain of the audit: committed changes sealed into it, and the chain compared with what is there.

Who can change rows as the tables' owner can also write seals anew, to the last. Against that the head of the chain is
told outside of the database every night, and `verify` takes one that somebody noted.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.context import Act, Deps
from bot.errors import BadInput
from bot.rules.audit_chain import Fault, FaultKind, Verdict, is_head
from bot.services import audit_files
from db.models_audit import Checked, Sealed, Unsealed
from db.pool import Conn
from db.queries import audit as chain

MOST_ROWS: Final = 50_000
_BATCH_ROWS: Final = 50_000
_MOST_FAULTS: Final = 20
_MOST_NOTES: Final = 3
_SEGMENTS_A_RUN: Final = 20
_LATE: Final = timedelta(minutes=10)
# A segment of the largest size takes a second; a busy server may take its time.
_PATIENCE: Final = {"statement_timeout": "120s"}

# An export by its name and SHA-256.
_File = tuple[str, str | None]


@dataclass(slots=True)
class _Walk:
    """How far a look at the chain is; `unnamed` segments are broken, and were not looked into."""

    segments: int = 0
    rows: int = 0
    removed: int = 0
    removed_last: int = 0
    unnamed: int = 0


async def seal(deps: Deps) -> list[Sealed]:
    """Seal what is committed and in no segment yet, a million rows at most; the new segments.

    Two at once seal nothing twice: one of them leaves it to the other.
    """
    made: list[Sealed] = []
    for _ in range(_SEGMENTS_A_RUN):
        async with deps.pool.transaction(_PATIENCE) as conn:
            sealed = await chain.insert_seal(conn, deps.now(), MOST_ROWS) if await chain.try_lock(conn) else None
        if sealed is None:
            break
        made.append(sealed)
        if sealed.rows < MOST_ROWS:
            break
    return made


async def verify(deps: Deps, *, head: str | None = None, files: bool = True) -> Verdict:
    """Compare the whole chain with the log, in batches: rows removed, altered or added, and seals that were changed.

    Args:
        deps: the process's parts.
        head: a hash that somebody noted, or its first 12 digits or more: it has to be in the chain.
        files: read the files of segments that were exported and removed, too.

    Raises:
        BadInput: the head is no hash.
    """
    faults: list[Fault] = []
    notes: list[str] = []
    if head is not None and not is_head(head):
        raise BadInput(f"{head[:80]} is no hash: give its 64 hexadecimal digits, or the first 12 or more.")
    walk = _Walk()
    exported: dict[_File, dict[int, str]] = {}
    last = 0
    while batch := await _batch(deps, last):
        for it in batch:
            await _check(deps, it, walk, faults)
            if it.is_removed and it.file is not None:
                exported.setdefault((it.file, it.file_sha256), {})[it.number] = it.hash
        last = batch[-1].number
    async with deps.pool.transaction(_PATIENCE) as conn:
        unsealed = await chain.find_unsealed(conn)
        newest = await chain.find_head(conn)
        recorded = await chain.find_recorded(conn)
        noted = await chain.find_by_hash(conn, head.strip().lower()) if head else None
    faults += _outside(unsealed)
    if walk.removed_last > recorded:
        text = f"Segment {walk.removed_last} is marked as exported and removed, and the log does not tell of it."
        faults.append(Fault(walk.removed_last, FaultKind.REMOVED, text))
    if head is not None and noted is None:
        words = "is not in the chain: it was written anew or cut off, or the database is a copy from before it"
        faults.append(Fault(None, FaultKind.HEAD, f"The noted head {head.strip().lower()[:12]}… {words}."))
    if files and exported:
        more, said = await _files(deps, exported)
        faults, notes = [*faults, *more], [*notes, *said]
    notes += _waiting(deps, unsealed)
    ordered = sorted(faults, key=lambda it: (it.segment is None, it.segment or 0))
    return Verdict(
        segments=walk.segments,
        rows=walk.rows,
        removed=walk.removed,
        waiting=unsealed.waiting,
        head=newest,
        faults=tuple(ordered[:_MOST_FAULTS]),
        fault_count=len(faults) + walk.unnamed,
        notes=tuple(notes),
        noted=noted,
    )


async def prune(deps: Deps, act: Act, days: int) -> list[audit_files.Pruned]:
    """Export the rows of segments that were sealed more than `days` ago, and delete them once the file is proven.

    Works as the tables' owner.

    Raises:
        AuditBroken: a segment is not what was sealed, or the file cannot be written; nothing of it was deleted.
    """
    return await audit_files.prune(deps, act, deps.now() - timedelta(days=days))


async def find_head(deps: Deps) -> Sealed | None:
    """The last segment, None where nothing is sealed yet."""
    async with deps.pool.acquire() as conn:
        return await chain.find_head(conn)


async def _batch(deps: Deps, after: int) -> list[Checked]:
    async with deps.pool.transaction(_PATIENCE) as conn:
        return await chain.list_checked(conn, after, _BATCH_ROWS)


async def _check(deps: Deps, it: Checked, walk: _Walk, faults: list[Fault]) -> None:
    """Compare one segment; of many faults only the first are looked into."""
    walk.segments += 1
    walk.rows += it.found
    if it.is_removed:
        walk.removed += it.rows
        walk.removed_last = it.number
    sound = it.found == 0 if it.is_removed else it.is_same
    if it.follows and it.is_whole and sound:
        return
    if len(faults) >= _MOST_FAULTS:
        walk.unnamed += 1
        return
    if not it.follows:
        faults.append(Fault(it.number, FaultKind.SEAL, f"Segment {it.number} does not follow the one before it."))
    if not it.is_whole:
        faults.append(Fault(it.number, FaultKind.SEAL, f"The seal of segment {it.number} was altered."))
    if not sound:
        async with deps.pool.transaction(_PATIENCE) as conn:
            faults += await (_returned(conn, it) if it.is_removed else _different(conn, it))


async def _returned(conn: Conn, it: Checked) -> list[Fault]:
    ids = tuple(await chain.list_sealed_ids(conn, it.number))
    text = f"Segment {it.number} was exported and removed, and rows of it are there again."
    return [Fault(it.number, FaultKind.ADDED, text, ids, it.found)]


async def _different(conn: Conn, it: Checked) -> list[Fault]:
    found = await chain.find_differences(conn, it.number)
    faults = []
    if found.removed_count:
        text = f"Rows of segment {it.number} were removed."
        faults.append(Fault(it.number, FaultKind.REMOVED, text, found.removed, found.removed_count))
    if found.altered_count:
        text = f"Rows of segment {it.number} were altered."
        faults.append(Fault(it.number, FaultKind.ALTERED, text, found.altered, found.altered_count))
    if not faults:
        faults.append(Fault(it.number, FaultKind.SEAL, f"Segment {it.number} is not what its seal says."))
    return faults


def _outside(unsealed: Unsealed) -> list[Fault]:
    if not unsealed.added_count:
        return []
    text = f"Rows were added among those of segment {unsealed.added_segment}, long after it was sealed."
    return [Fault(unsealed.added_segment, FaultKind.ADDED, text, unsealed.added, unsealed.added_count)]


def _waiting(deps: Deps, unsealed: Unsealed) -> list[str]:
    if unsealed.oldest is None or deps.now() - unsealed.oldest < _LATE:
        return []
    since = f"{unsealed.waiting:,} rows are not sealed yet, the oldest since {unsealed.oldest:%Y-%m-%d %H:%M} UTC"
    return [f"{since}: do a scheduler and a worker run? `techops run-job audit_seal` seals now."]


async def _files(deps: Deps, exported: Mapping[_File, Mapping[int, str]]) -> tuple[list[Fault], list[str]]:
    """Compare files with the segments they hold; a file that is elsewhere is no fault."""
    directory = audit_files.directory_of(deps)
    faults: list[Fault] = []
    notes: list[str] = []
    for (name, sha256), sealed in exported.items():
        reason = await asyncio.to_thread(audit_files.check_file, directory / Path(name).name, sha256, sealed)
        if reason is None:
            notes.append(f"The export {name} is not in {directory}, so it was not read.")
        elif reason:
            faults.append(Fault(min(sealed), FaultKind.FILE, f"The export {name} {reason}."))
    left = len(notes) - _MOST_NOTES
    return faults, [*notes[:_MOST_NOTES], *([f"{left:,} further exports are not there either."] if left > 0 else [])]
