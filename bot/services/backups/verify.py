"""Looking at an archive again: is it what was written, can it be read, does it restore."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from bot.context import Deps
from bot.errors import Missing
from bot.services.backups import files
from bot.services.backups.alarms import Cause, sound
from bot.services.backups.files import BackupFailed
from bot.services.backups.keeping import fault_of
from bot.services.backups.proof import Proof, Server, drop_leftovers, get_server, prove
from bot.services.backups.run import directory_of, exclusive, owner_of
from db import archives, tools
from db.archives import ArchiveFailed
from db.models_backups import Backup, BackupStatus
from db.queries import backups as records
from db.tools import Tools, ToolsMissing

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at an archive has shown. `fault` is None where it is proven; `row` is its record, if there is one."""

    file: str
    made_at: datetime | None
    fault: str | None
    notes: tuple[str, ...]
    row: Backup | None


async def verify(deps: Deps, name: str | None = None, places: Iterable[Path] | None = None) -> Checked:
    """Check the newest archive, or the one of this name in BACKUP_DIR: size, digest, contents, a real restore.

    `places`: directories with tools, as for a backup.

    Raises:
        Missing: there is no archive.
        Busy: another process makes or checks a backup.
        Unavailable: the database is away.
    """
    owner, directory = owner_of(deps), directory_of(deps)
    async with exclusive(owner):
        row = await _find_row(deps, name)
        file = row.file if row and row.file else await asyncio.to_thread(_find_file, directory, name)
        server = await get_server(owner)
        await drop_leftovers(server)
        try:
            proof = await _check(server, directory / file, row, places)
        except ToolsMissing as error:
            proof = Proof(str(error))
        except BackupFailed as error:
            return await _bad(deps, Checked(file, row.started_at if row else None, str(error), (), row))
    made_at = row.started_at if row else None
    if row is not None and proof.unproven is None:
        async with deps.pool.transaction() as conn:
            await records.mark_checked(conn, row.id, BackupStatus.VERIFIED, None, deps.now())
    _log.info("backup_checked", file=file, unproven=proof.unproven)
    return Checked(file, made_at, proof.unproven, proof.notes, row)


async def pick(server_major: int, archive: Path, places: Iterable[Path] | None = None) -> Tools:
    """The tools to restore an archive on a server: its own version's, else newer ones, that can read the archive.

    Raises:
        BackupFailed: none can; what the newest says.
        ToolsMissing: there are none.
    """
    said = ""
    for candidate in await asyncio.to_thread(tools.find, server_major, places):
        try:
            await archives.read_table(candidate, archive)
        except ArchiveFailed as error:
            said = f"pg_restore {candidate.version} cannot read {archive.name}: {error}"
        else:
            return candidate
    raise BackupFailed(said)


async def _find_row(deps: Deps, name: str | None) -> Backup | None:
    async with deps.pool.acquire() as conn:
        kept = await records.list_kept(conn)
    return next((row for row in kept if name in {None, row.file}), None)


def _find_file(directory: Path, name: str | None) -> str:
    """An archive that nothing is recorded of, as after the loss of the database."""
    if name is not None and (directory / name).is_file():
        return Path(name).name
    found = sorted(directory.glob(f"[!.]*{files.SUFFIX}"), key=lambda path: path.stat().st_mtime)
    if name is not None or not found:
        what = f"no archive {name}" if name else "no archive yet"
        raise Missing(f"There is {what} in {directory}. `techops backup list` shows those there are.")
    return found[-1].name


async def _check(server: Server, archive: Path, row: Backup | None, places: Iterable[Path] | None) -> Proof:
    expected = row.contents if row else None
    if row is not None:
        fault = await asyncio.to_thread(fault_of, archive.parent, row, read=True)
        if fault is not None:
            raise BackupFailed(fault)
    elif (label := await asyncio.to_thread(files.read_label, archive)) is not None:
        if await asyncio.to_thread(files.digest, archive) != label.sha256:
            raise BackupFailed("The file is not what was written: its SHA-256 differs from the one beside it.")
        expected = label.contents
    return await prove(await pick(server.major, archive, places), server, archive, expected)


async def _bad(deps: Deps, checked: Checked) -> Checked:
    if checked.row is not None:
        async with deps.pool.transaction() as conn:
            await records.mark_checked(conn, checked.row.id, BackupStatus.DAMAGED, checked.fault, deps.now())
    _log.error("backup_damaged", file=checked.file, fault=checked.fault)
    await sound(deps, Cause.DAMAGED, f"{checked.file}: {checked.fault}", deps.now())
    return checked
