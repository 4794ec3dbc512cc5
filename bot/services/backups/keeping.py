"""After a backup: is what was kept still whole, does the new one look like the last, what is copied, what goes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog

from bot.context import Deps
from bot.rules import backups as rules
from bot.rules.backups import Point
from bot.services.backups import files
from bot.services.backups.alarms import Cause, sound
from bot.services.backups.files import BackupFailed
from db import libpq
from db.models_backups import Backup, BackupStatus
from db.queries import backups as records

_log = structlog.get_logger(__name__)


async def check_others(deps: Deps, directory: Path, new: Backup, now: datetime) -> None:
    """Find archives that are gone or cut off since they were verified; the newest of them is read whole."""
    async with deps.pool.acquire() as conn:
        kept = _ours(deps, await records.list_kept(conn))
    earlier = [row for row in kept if row.status == BackupStatus.VERIFIED and row.id != new.id]
    found = []
    for index, row in enumerate(earlier):
        fault = await asyncio.to_thread(fault_of, directory, row, read=index == 0)
        if fault is not None:
            async with deps.pool.transaction() as conn:
                await records.mark_checked(conn, row.id, BackupStatus.DAMAGED, fault, now)
            found.append(f"{row.file}: {fault}")
    if found:
        await sound(deps, Cause.DAMAGED, rules.few(found), now)


def fault_of(directory: Path, row: Backup, *, read: bool) -> str | None:
    """What is wrong with an archive on disk, None where nothing is; `read`: compare every byte. Blocks."""
    path = directory / (row.file or "")
    try:
        size = path.stat().st_size
        if size != row.size_bytes:
            state = "is cut off" if size < (row.size_bytes or 0) else "has grown"
            return f"The file {state}: it has {size:,} bytes; {row.size_bytes:,} were written."
        if read and files.digest(path) != row.sha256:
            return "The file is not what was written: its SHA-256 differs."
    except OSError as error:
        return f"The file cannot be read: {error.strerror or error}."
    return None


async def alarm_if_shrunk(deps: Deps, new: Backup, now: datetime) -> None:
    """Tell the channel where the archive is much smaller than the last verified one."""
    async with deps.pool.acquire() as conn:
        kept = _ours(deps, await records.list_kept(conn))
    before = next((row for row in kept if row.id != new.id and row.status == BackupStatus.VERIFIED), None)
    percent = rules.shrunk(before.size_bytes if before else None, new.size_bytes or 0)
    if before is not None and percent is not None:
        report = (
            f"{new.file} has {new.size_bytes:,} bytes, {percent} % less than {before.file} with {before.size_bytes:,}. "
            "Look whether rows were deleted that should be there."
        )
        await _note(deps, new.id, report)
        await sound(deps, Cause.SHRUNK, report, now)


async def copy(deps: Deps, directory: Path, new: Backup, now: datetime) -> None:
    """Copy the archive to BACKUP_COPY_DIR, where that is set; a failure is told and does not undo the backup."""
    target = deps.settings.backup_copy_dir
    if target is None or new.file is None or new.sha256 is None:
        return
    try:
        await asyncio.to_thread(files.copy, directory / new.file, target, new.sha256)
    except BackupFailed as error:
        await _note(deps, new.id, f"It was not copied. {error}")
        await sound(deps, Cause.COPY, f"{new.file} was made, but not copied. {error}", now)
        return
    async with deps.pool.transaction() as conn:
        await records.mark_copied(conn, new.id, now)


async def let_go(deps: Deps, directory: Path, now: datetime) -> list[str]:
    """Delete what the rules do not keep; the names of what is gone.

    Only what is on disk, whole, counts as kept: records alone never cost an archive.
    """
    async with deps.pool.acquire() as conn:
        kept = _ours(deps, await records.list_kept(conn))
    going = await asyncio.to_thread(_going, directory, kept, deps.settings.techops_timezone)
    gone, faults = [], []
    for row in going:
        name = row.file or ""
        try:
            for place in filter(None, (directory, deps.settings.backup_copy_dir)):
                await asyncio.to_thread(files.remove, place / name)
        except OSError as error:
            faults.append(f"{name}: {error.strerror or error}")
            continue
        async with deps.pool.transaction() as conn:
            await records.mark_removed(conn, row.id, now)
        gone.append(name)
    if gone:
        _log.info("backups_removed", files=gone)
    if faults:
        await sound(deps, Cause.RETENTION, f"Old archives cannot be deleted: {rules.few(faults)}", now)
    return gone


def _going(directory: Path, kept: Sequence[Backup], zone: str) -> list[Backup]:
    """What may be deleted of what is there; a file that is not there is nobody's to delete, and keeps nothing."""
    whole: list[Point] = []
    others: list[Point] = []
    for row in kept:
        if (directory / (row.file or "")).is_file():
            good = row.status == BackupStatus.VERIFIED and fault_of(directory, row, read=False) is None
            (whole if good else others).append(Point(row.id, row.started_at))
    by_id = {row.id: row for row in kept}
    return [by_id[point_id] for point_id in rules.condemned(whole, others, zone)]


def _ours(deps: Deps, rows: Sequence[Backup]) -> list[Backup]:
    """Backups of this database: one that was restored under another name has records of the original's archives."""
    prefix = f"{files.plain_name(libpq.database_name(deps.settings.database('backup', owner=True)))}-"
    return [row for row in rows if row.file and row.file.startswith(prefix)]


async def _note(deps: Deps, backup_id: int, note: str) -> None:
    async with deps.pool.transaction() as conn:
        await records.update_notes(conn, backup_id, note)
