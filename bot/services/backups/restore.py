"""Restoring an archive into a database that is not there yet, or that somebody has named twice to be replaced.

It is restored under a name that nobody uses, and gets its own when it is whole: whatever breaks on the way, no half
of a database stands where people look for one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

import structlog

from bot.context import Deps
from bot.errors import BadInput, Missing, WrongState
from bot.rules import backups as rules
from bot.services.backups import files
from bot.services.backups.files import BackupFailed, Label
from bot.services.backups.run import directory_of, owner_of
from bot.services.backups.verify import pick
from db import archives, libpq, rights
from db.archives import ArchiveFailed, How, Table
from db.config import DatabaseConfig
from db.databases import forbidden_extensions, maintenance_database, session
from db.errors import DatabaseError
from db.models_backups import Contents
from db.pool import Conn
from db.queries import backups as records
from db.queries import contents as queries
from db.scripts import load_scripts
from db.tools import Tools, ToolsMissing

_log = structlog.get_logger(__name__)
_PREFIX: Final = "techops_restore_"
_LOCK_KEY: Final = 0x7EC40B7  # held while one is made, until it is in use
_ITS_OWN: Final = {"postgres", "template0", "template1"}
_LONGEST_NAME: Final = 63


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to restore where. `replace`: the name of `into` once more, where a database with tables is to go."""

    file: str
    into: str
    replace: str = ""
    say: Callable[[str], None] = lambda _stage: None
    places: Iterable[Path] | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: rows as dumped, rows that were emptied, what else is to be known, the old one's new name."""

    contents: Contents
    emptied: dict[str, int]
    notes: tuple[str, ...]
    replaced: str | None


@dataclass(frozen=True, slots=True)
class _Work:
    wanted: Wanted
    archive: Path
    label: Label | None
    config: DatabaseConfig
    tools: Tools
    table: Table
    server_major: int
    is_superuser: bool


async def restore(deps: Deps, wanted: Wanted) -> Restored:
    """Restore an archive; its queue is emptied before anybody can work with it.

    Raises:
        Missing: there is no such file.
        BadInput: that name is no database's to have.
        WrongState: the database has tables, and was not named to be replaced.
        BackupFailed: the archive is damaged, or does not restore; nothing has changed.
        Unavailable: the server is away.
    """
    _check_name(wanted)
    archive = await asyncio.to_thread(_find, wanted.file, directory_of(deps))
    owner = owner_of(deps)
    home = await maintenance_database(owner)
    async with session(owner, home) as conn:
        existing = await queries.find_database(conn, wanted.into)
        server = await queries.get_server(conn)
    if not server["may_create"]:
        raise WrongState(f"The role {server['role']} may not create databases: ALTER ROLE {server['role']} CREATEDB.")
    keep = False
    if existing is not None:
        keep = await _check_target(owner, wanted, owner_name=None if existing["is_ours"] else existing["owner"])
    label = await _check_digest(deps, wanted, archive)
    try:
        chosen = await pick(server["major"], archive, wanted.places)
        table = await archives.read_table(chosen, archive)
    except (ArchiveFailed, ToolsMissing) as error:
        raise BackupFailed(str(error)) from error
    work = _Work(wanted, archive, label, owner, chosen, table, server["major"], server["is_superuser"])
    async with _new_database(work, home) as name:
        notes = await _fill(work, name)
        contents = await _compare(work, name)
        async with session(owner, name) as conn, conn.transaction():
            emptied = await queries.delete_unsent(conn)
        replaced = await _put_in_place(owner, home, name, wanted.into, exists=existing is not None)
        if replaced is not None and not keep:
            await _drop(owner, home, replaced)
            replaced = None
    _log.info("restored", file=archive.name, database=wanted.into, replaced=replaced, rows=contents.rows)
    return Restored(contents, emptied, tuple(notes), replaced)


def _check_name(wanted: Wanted) -> None:
    if wanted.into in _ITS_OWN:
        raise BadInput(f"{wanted.into} is the server's own database. Name another one, which will be made.")
    if not wanted.into or len(wanted.into.encode()) > _LONGEST_NAME or "\0" in wanted.into:
        raise BadInput(f"A database's name has 1 to {_LONGEST_NAME} bytes.")
    if wanted.replace and wanted.replace != wanted.into:
        raise BadInput(
            f"--replace names {wanted.replace}, and --into names {wanted.into}. To replace a database, type its name "
            "twice."
        )


def _find(file: str, directory: Path) -> Path:
    for path in (Path(file), directory / file):
        if path.is_file():
            return path
    raise Missing(
        f"There is no file {file}, neither here nor in {directory}. `techops backup list` shows the archives."
    )


async def _check_target(owner: DatabaseConfig, wanted: Wanted, *, owner_name: str | None) -> bool:
    """Whether the database has tables, and so is to be kept."""
    async with session(owner, wanted.into) as conn:
        tables = await queries.list_tables(conn)
    if tables and wanted.replace != wanted.into:
        raise WrongState(
            f"The database {wanted.into} has {len(tables)} tables, such as {tables[0]}, so nothing was restored. Name "
            f"a database that does not exist, or add `--replace {wanted.into}`: it is then kept under another name."
        )
    if owner_name is not None:
        raise WrongState(f"The database {wanted.into} belongs to {owner_name}, so it cannot be replaced by our role.")
    return bool(tables)


async def _check_digest(deps: Deps, wanted: Wanted, archive: Path) -> Label | None:
    """What the archive should hold; what lies beside it goes before the record, which may be of another archive."""
    label = await asyncio.to_thread(files.read_label, archive)
    known = (label.sha256, label.contents) if label else await _recorded(deps, archive.name)
    if known is None:
        return None
    wanted.say(f"reading {archive.name}")
    if await asyncio.to_thread(files.digest, archive) != known[0]:
        raise BackupFailed(f"{archive.name} is not what was written: its SHA-256 differs. Nothing was restored.")
    return label or Label(known[0], deps.now(), known[1])


async def _recorded(deps: Deps, file: str) -> tuple[str, Contents | None] | None:
    try:
        async with deps.pool.acquire() as conn:
            return await records.find_by_file(conn, file)
    except DatabaseError as error:
        # it is the lost database that a restore is for
        _log.info("no_record_of_the_archive", file=file, reason=str(error))
        return None


@asynccontextmanager
async def _new_database(work: _Work, home: str) -> AsyncIterator[str]:
    """A database under a name of nobody's; dropped unless it was renamed. A session in it shows that it is in use."""
    name = _PREFIX + token_hex(6)
    async with AsyncExitStack() as stack:
        async with session(work.config, home) as conn:
            await queries.lock(conn, _LOCK_KEY)
            for left in await queries.list_deserted(conn, _PREFIX):
                await queries.drop_database(conn, left)
            await queries.create_database(conn, name, libpq.database_name(work.config))
            stack.push_async_callback(_drop, work.config, home, name)
            await stack.enter_async_context(session(work.config, name))
        yield name


async def _drop(config: DatabaseConfig, home: str, name: str) -> None:
    try:
        async with session(config, home) as conn:
            await queries.drop_database(conn, name)
    except DatabaseError as error:
        _log.warning("database_left", database=name, reason=str(error))


async def _fill(work: _Work, name: str) -> list[str]:
    left_out = await forbidden_extensions(work.config, name, work.table.extensions)
    scripts = load_scripts()
    async with session(work.config, name) as conn:
        # An archive gives rights to our role, which belongs to the server and may be missing on another one.
        has_role = await rights.ensure_role(conn, scripts)
    # Only a superuser can give things to others; all errors are wanted, to tell missing roles from everything else.
    how = How(owners=work.is_superuser, without=left_out, to_the_end=True)
    work.wanted.say(f"restoring with pg_restore {work.tools.version}")
    try:
        done = await archives.restore(work.tools, work.config, name, work.archive, work.table, how)
    except ArchiveFailed as error:
        raise BackupFailed(f"{error}. Nothing was changed.") from error
    complaints = rules.read_complaints(done.said)
    known = complaints.missing_roles or rules.harmless(
        complaints, tool_major=work.tools.major, server_major=work.server_major
    )
    if complaints.others or (done.code != 0 and not known):
        said = rules.few(complaints.others) or archives.last_words(done)
        raise BackupFailed(f"{work.archive.name} does not restore: {said}. Nothing was changed.")
    if has_role:
        async with session(work.config, name) as conn:
            await rights.give_if_missing(conn, scripts)
    return _notes(work, left_out, complaints.missing_roles, has_role=has_role)


def _notes(work: _Work, left_out: list[str], missing_roles: tuple[str, ...], *, has_role: bool) -> list[str]:
    notes = [f"Extension {name} was left out: our role may not make it, or the server lacks it." for name in left_out]
    if missing_roles:
        notes.append(
            f"Owners and rights that name {', '.join(missing_roles)} were left out: this server has no such role. "
            "Make it and restore again, or grant anew."
        )
    if not work.is_superuser:
        whose = f"but those of {rights.ROLE}" if has_role else "at all"
        notes.append(f"Everything belongs to our role, and no rights {whose} were granted: only a superuser does that.")
    return notes


async def _compare(work: _Work, name: str) -> Contents:
    async with session(work.config, name) as conn:
        found = await queries.get_contents(conn)
    expected = work.label.contents if work.label else None
    different = rules.differences(expected, found) if expected else []
    if different:
        raise BackupFailed(f"What was restored is not what was dumped: {rules.few(different)}. Nothing was changed.")
    return found


async def _put_in_place(owner: DatabaseConfig, home: str, name: str, into: str, *, exists: bool) -> str | None:
    """Give the new database its name; the name that the old one, if there was one, has now."""
    async with session(owner, home) as conn:
        if not exists:
            await _rename(conn, name, into)
            return None
        old = into.encode()[: _LONGEST_NAME - 16].decode(errors="ignore") + f"_before_{token_hex(4)}"
        await _rename(conn, into, old)
        try:
            await _rename(conn, name, into)
        except DatabaseError:
            await _rename(conn, old, into)
            raise
        return old


async def _rename(conn: Conn, name: str, after: str) -> None:
    """Rename a database, whoever is connected to it; where that fails, people can connect to it as before."""
    try:
        await queries.close_database(conn, name)
        await queries.rename_database(conn, name, after)
    except DatabaseError:
        await queries.open_database(conn, name)
        raise
    await queries.open_database(conn, after)
