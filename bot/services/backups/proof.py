"""The proof that an archive is a backup: it is restored into a scratch database, which is compared and dropped."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

import structlog

from bot.rules import backups as rules
from bot.services.backups.files import BackupFailed
from db import archives
from db.archives import ArchiveFailed, How, Table
from db.config import DatabaseConfig
from db.databases import forbidden_extensions, session
from db.errors import DatabaseError
from db.models_backups import Contents
from db.queries import contents as queries
from db.tools import Tools

_log = structlog.get_logger(__name__)
_PREFIX: Final = "techops_scratch"


@dataclass(frozen=True, slots=True)
class Server:
    """The server of a database as our role sees it. `database_id` is its OID, by which scratch databases are known."""

    config: DatabaseConfig
    major: int
    version: str
    role: str
    may_create: bool
    database: str
    database_id: int

    @property
    def scratch_prefix(self) -> str:
        """How the names of scratch databases for this database begin."""
        return f"{_PREFIX}_{self.database_id}_"


@dataclass(frozen=True, slots=True)
class Proof:
    """How a restore went. `unproven`: why nothing can be said, else None; `notes`: what was left out of it."""

    unproven: str | None = None
    notes: tuple[str, ...] = ()


async def get_server(config: DatabaseConfig) -> Server:
    """Look at the server. Raises Unavailable."""
    async with session(config) as conn:
        row = await queries.get_server(conn)
    return Server(
        config, row["major"], row["version"], row["role"], row["may_create"], row["database"], row["database_id"]
    )


async def prove(tools: Tools, server: Server, archive: Path, expected: Contents | None) -> Proof:
    """Restore an archive beside the database it is of, and compare; the scratch database is gone afterwards.

    Args:
        tools: of a version that reads the archive.
        server: where to restore it.
        archive: the file.
        expected: what it should hold; None where that is not known, so that it only has to restore without complaint.

    Raises:
        BackupFailed: it does not restore, or what comes out is something else.
    """
    try:
        table = await archives.read_table(tools, archive)
    except ArchiveFailed as error:
        raise BackupFailed(f"pg_restore cannot read the archive: {error}") from error
    if not server.may_create:
        return Proof(
            f"The role {server.role} may not create databases, so the archive was listed, but not restored. "
            f"Let it: ALTER ROLE {server.role} CREATEDB."
        )
    name = server.scratch_prefix + token_hex(4)
    try:
        async with session(server.config) as conn:
            await queries.create_database(conn, name, server.database)
        try:
            return await _restore_and_compare(tools, server, archive, table, expected, name)
        finally:
            await asyncio.shield(_drop(server, name))
    except DatabaseError as error:
        return Proof(f"The scratch database could not be made or read: {error}")


async def drop_leftovers(server: Server) -> list[str]:
    """Drop scratch databases that killed runs have left; to be called while no other run can be under way."""
    async with session(server.config) as conn:
        left = await queries.list_databases(conn, server.scratch_prefix)
        for name in left:
            await queries.drop_database(conn, name)
    return left


async def _restore_and_compare(
    tools: Tools, server: Server, archive: Path, table: Table, expected: Contents | None, name: str
) -> Proof:
    left_out = await forbidden_extensions(server.config, name, table.extensions)
    newer = tools.major > server.major
    how = How(without=left_out, to_the_end=newer)
    try:
        done = await archives.restore(tools, server.config, name, archive, table, how)
    except ArchiveFailed as error:
        return Proof(str(error))
    complaints = rules.read_complaints(done.said)
    if complaints.is_server:
        return Proof(f"The server gave way while the archive was restored: {rules.few(complaints.others)}")
    if done.code != 0 and not rules.harmless(complaints, tool_major=tools.major, server_major=server.major):
        raise BackupFailed(f"The archive does not restore: {rules.few(complaints.others) or archives.last_words(done)}")
    if expected is not None:
        async with session(server.config, name) as conn:
            found = await queries.get_contents(conn)
        different = rules.differences(expected, found)
        if different:
            raise BackupFailed(f"What was restored is not what was dumped: {rules.few(different)}")
    notes = [
        f"Extension {name} was left out of the proof: the role {server.role} may not make it." for name in left_out
    ]
    return Proof(notes=tuple(notes))


async def _drop(server: Server, name: str) -> None:
    try:
        async with session(server.config) as conn:
            await queries.drop_database(conn, name)
    except DatabaseError as error:
        # The next run does it.
        _log.warning("scratch_database_left", database=name, reason=str(error))
