"""Making a backup: dumped in one snapshot, proven by a restore, named, recorded, copied; older ones go by the rules."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from bot.context import Deps
from bot.errors import WrongState
from bot.services.backups import files, keeping
from bot.services.backups.alarms import Cause, sound
from bot.services.backups.files import BackupFailed, Label
from bot.services.backups.proof import Server, drop_leftovers, get_server, prove
from db import archives, tools
from db.archives import ArchiveFailed
from db.config import DatabaseConfig
from db.databases import session
from db.errors import DatabaseError
from db.models_backups import Backup, BackupStatus, Contents
from db.queries import backups as records
from db.queries import contents as queries
from db.tools import Tools, ToolsMissing

_log = structlog.get_logger(__name__)
_LOCK_KEY: Final = 0x7EC40B6  # the one after that of migrations


class Busy(WrongState):
    """Another process makes or checks a backup of this database at this moment."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants a backup (`source`: scheduler, cli or slack), told of its stages, with which tools.

    `places`: directories to look for pg_dump and pg_restore in, instead of the usual ones.
    """

    source: str
    asked_by: int | None = None
    say: Callable[[str], None] = lambda _stage: None
    places: Iterable[Path] | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    """What one run works with."""

    order: Order
    server: Server
    tools: Tools
    directory: Path
    number: int
    at: datetime


async def back_up(deps: Deps, order: Order, now: datetime | None = None) -> Backup:
    """Make a backup and prove it. Whatever goes wrong is recorded, and told in OPS_CHANNEL; nothing is left of it.

    Args:
        deps: the records are written with its pool; the dump is made as the owner of the tables.
        order: who wants it.
        now: the moment at which it counts as made, where that is not in the past.

    Raises:
        Busy: another process is at it.
        Unavailable: the database is away, so that not even that can be recorded.
    """
    at = max(now or deps.now(), deps.now())
    begun = time.monotonic()
    owner = owner_of(deps)
    refused = None
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(exclusive(owner))
        except DatabaseError as error:
            # the owner's own: a wrong password, no such role, no connection free
            refused = f"The database does not let the backup in: {error}"
        number = await _begin(deps, order, at, alone=refused is None)
        if refused is None:
            made = await _make_or_fail(deps, order, owner, number, at)
        else:
            made = _failure(number, order, at, refused)
        row = await _finish(deps, made, begun, at)
        await _afterwards(deps, row, at)
    async with deps.pool.acquire() as conn:
        return await records.get_backup(conn, row.id)


def owner_of(deps: Deps) -> DatabaseConfig:
    """How backups connect: as the owner of the tables."""
    return deps.settings.database("backup", owner=True)


def directory_of(deps: Deps) -> Path:
    """Where archives are kept."""
    return deps.settings.backup_dir or deps.settings.data_dir / "backups"


@asynccontextmanager
async def exclusive(owner: DatabaseConfig) -> AsyncIterator[None]:
    """While this lasts no other process makes or checks a backup of the database; it ends with us, however we end.

    Raises:
        Busy: another has it.
        Unavailable: the database does not let us in.
    """
    async with session(owner) as conn:
        if not await queries.try_lock(conn, _LOCK_KEY):
            raise Busy("A backup of this database is being made or checked at this moment. Try again when it is done.")
        yield


async def _begin(deps: Deps, order: Order, at: datetime, *, alone: bool) -> int:
    async with deps.pool.transaction() as conn:
        interrupted = await records.mark_interrupted(conn, at) if alone else []
        number = await records.insert_run(conn, order.source, order.asked_by, at)
    if interrupted:
        _log.warning("backup_was_interrupted", backups=interrupted)
    _log.info("backup_started", backup=number, source=order.source)
    return number


async def _make_or_fail(deps: Deps, order: Order, owner: DatabaseConfig, number: int, at: datetime) -> Backup:
    try:
        server = await get_server(owner)
        directory = await asyncio.to_thread(files.directory_for, directory_of(deps))
        left = [*await asyncio.to_thread(files.remove_leftovers, directory, server.database)]
        left += await drop_leftovers(server)
        if left:
            _log.warning("backup_leftovers_removed", names=left)
        chosen = (await asyncio.to_thread(tools.find, server.major, order.places))[0]
        return await _make(_Work(order, server, chosen, directory, number, at))
    except (BackupFailed, DatabaseError, ToolsMissing, OSError) as error:
        return _failure(number, order, at, str(error))


async def _make(work: _Work) -> Backup:
    name = files.archive_name(work.server.database, work.at, work.number)
    archive = work.directory / name
    with files.partial(work.directory, name) as scratch:
        work.order.say(f"dumping {work.server.database} with pg_dump {work.tools.version}")
        contents = await _dump(work, scratch)
        await asyncio.to_thread(files.seal, scratch)
        sha256 = await asyncio.to_thread(files.digest, scratch)
        work.order.say(f"restoring it into a scratch database: {contents.rows:,} rows to compare")
        proof = await prove(work.tools, work.server, scratch, contents)
        if await asyncio.to_thread(files.digest, scratch) != sha256:
            raise BackupFailed("The archive changed on the disk while it was read; the disk may be failing.")
        size = scratch.stat().st_size
        await asyncio.to_thread(files.publish, scratch, archive, Label(sha256, work.at, contents))
    status = BackupStatus.UNVERIFIED if proof.unproven else BackupStatus.VERIFIED
    empty = _failure(work.number, work.order, work.at, "")
    return replace(
        empty,
        status=status,
        file=name,
        size_bytes=size,
        sha256=sha256,
        tool_version=work.tools.version,
        server_version=work.server.version,
        contents=contents,
        fault=proof.unproven,
        notes="\n".join(proof.notes) or None,
    )


async def _dump(work: _Work, target: Path) -> Contents:
    """Dump and count in the same snapshot."""
    async with session(work.server.config) as conn, conn.transaction():
        snapshot = await queries.export_snapshot(conn)
        dumped, counted = await asyncio.gather(
            archives.dump(work.tools, work.server.config, target, snapshot),
            queries.get_contents(conn),
            return_exceptions=True,
        )
    if isinstance(dumped, ArchiveFailed):
        raise BackupFailed(_dump_failed(work, str(dumped)))
    for error in (dumped, counted):
        if isinstance(error, BaseException):
            raise error
    assert isinstance(counted, Contents)  # noqa: S101 - it is no exception
    return counted


def _dump_failed(work: _Work, said: str) -> str:
    if files.full_disk(said):
        return f"The disk of {work.directory} is full. Make room there, or set BACKUP_DIR to a larger one. ({said})"
    return f"pg_dump {work.tools.version} failed: {said}"


def _failure(number: int, order: Order, at: datetime, fault: str) -> Backup:
    """The row of a run that came to nothing."""
    return Backup(
        id=number,
        status=BackupStatus.FAILED,
        source=order.source,
        asked_by=order.asked_by,
        started_at=at,
        finished_at=None,
        seconds=None,
        file=None,
        size_bytes=None,
        sha256=None,
        tool_version=None,
        server_version=None,
        contents=None,
        verified_at=None,
        copied_at=None,
        removed_at=None,
        fault=fault,
        notes=None,
    )


async def _finish(deps: Deps, made: Backup, begun: float, at: datetime) -> Backup:
    seconds = time.monotonic() - begun
    row = replace(made, seconds=round(seconds, 3), finished_at=max(at, deps.now()))
    async with deps.pool.transaction() as conn:
        await records.mark_made(conn, row)
    _log.info("backup_finished", backup=row.id, status=row.status, bytes=row.size_bytes, seconds=row.seconds)
    return row


async def _afterwards(deps: Deps, row: Backup, at: datetime) -> None:
    """Look at the other archives, copy this one, let old ones go, and raise alarms."""
    directory = directory_of(deps)
    if row.status == BackupStatus.FAILED:
        _log.error("backup_failed", backup=row.id, fault=row.fault)
        await sound(deps, Cause.FAILED, row.fault or "", at)
        return
    if row.status == BackupStatus.UNVERIFIED:
        await sound(deps, Cause.UNVERIFIED, row.fault or "", at)
    await keeping.check_others(deps, directory, row, at)
    await keeping.alarm_if_shrunk(deps, row, at)
    await keeping.copy(deps, directory, row, at)
    await keeping.let_go(deps, directory, at)
