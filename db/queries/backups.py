"""The record of backups."""

from datetime import datetime
from typing import Final

from db.models_backups import Backup, BackupStatus, Contents
from db.pool import Conn, Row

INSERT_RUN: Final = """
INSERT INTO techops.backups (status, source, asked_by, started_at) VALUES ('running', $1, $2, $3) RETURNING id
"""


async def insert_run(conn: Conn, source: str, asked_by: int | None, started_at: datetime) -> int:
    """Note that a backup begins; its number."""
    return int(await conn.fetchval(INSERT_RUN, source, asked_by, started_at))


MARK_INTERRUPTED: Final = """
UPDATE techops.backups SET status = 'failed', finished_at = $1,
    fault = 'It was interrupted: the process or the machine ended while it ran.'
WHERE status = 'running'
RETURNING id
"""


async def mark_interrupted(conn: Conn, now: datetime) -> list[int]:
    """Give up runs that nobody is at any more; to be called while no other can be under way."""
    return [row["id"] for row in await conn.fetch(MARK_INTERRUPTED, now)]


MARK_MADE: Final = """
UPDATE techops.backups
SET status = $2, finished_at = $3, seconds = $4, file = $5, size_bytes = $6, sha256 = $7, tool_version = $8,
    server_version = $9, contents = $10, fault = $11, notes = $12,
    verified_at = CASE WHEN $2 = 'verified' THEN $3::timestamptz END
WHERE id = $1
"""


async def mark_made(conn: Conn, row: Backup) -> None:
    """Record how a run ended."""
    await conn.execute(
        MARK_MADE,
        row.id,
        row.status,
        row.finished_at,
        row.seconds,
        row.file,
        row.size_bytes,
        row.sha256,
        row.tool_version,
        row.server_version,
        row.contents.as_json() if row.contents else None,
        row.fault,
        row.notes,
    )


MARK_CHECKED: Final = """
UPDATE techops.backups
SET status = $2, fault = $3, verified_at = CASE WHEN $2 = 'verified' THEN $4::timestamptz ELSE verified_at END
WHERE id = $1
"""


async def mark_checked(conn: Conn, backup_id: int, status: BackupStatus, fault: str | None, now: datetime) -> None:
    """Record what a later look at the archive has shown."""
    await conn.execute(MARK_CHECKED, backup_id, status, fault, now)


MARK_COPIED: Final = "UPDATE techops.backups SET copied_at = $2 WHERE id = $1"


async def mark_copied(conn: Conn, backup_id: int, now: datetime) -> None:
    """Record that the archive lies in the second directory too."""
    await conn.execute(MARK_COPIED, backup_id, now)


MARK_REMOVED: Final = "UPDATE techops.backups SET removed_at = $2 WHERE id = $1"


async def mark_removed(conn: Conn, backup_id: int, now: datetime) -> None:
    """Record that the archive was deleted, as retention has it."""
    await conn.execute(MARK_REMOVED, backup_id, now)


ADD_NOTE: Final = "UPDATE techops.backups SET notes = concat_ws(E'\\n', notes, $2::text) WHERE id = $1"


async def update_notes(conn: Conn, backup_id: int, note: str) -> None:
    """Add to what is to be known about a backup."""
    await conn.execute(ADD_NOTE, backup_id, note)


GET_BACKUP: Final = """
SELECT b.id, b.status, b.source, b.asked_by, b.started_at, b.finished_at, b.seconds, b.file, b.size_bytes, b.sha256,
    b.tool_version, b.server_version, b.contents, b.verified_at, b.copied_at, b.removed_at, b.fault, b.notes
FROM techops.backups AS b WHERE b.id = $1
"""


async def get_backup(conn: Conn, backup_id: int) -> Backup:
    """One run."""
    row = await conn.fetchrow(GET_BACKUP, backup_id)
    assert row is not None  # noqa: S101 - rows of this table are never deleted while a run is at them
    return _backup(row)


LIST_BACKUPS: Final = """
SELECT b.id, b.status, b.source, b.asked_by, b.started_at, b.finished_at, b.seconds, b.file, b.size_bytes, b.sha256,
    b.tool_version, b.server_version, b.contents, b.verified_at, b.copied_at, b.removed_at, b.fault, b.notes
FROM techops.backups AS b
WHERE $2::boolean OR b.removed_at IS NULL
ORDER BY b.started_at DESC, b.id DESC
LIMIT $1
"""


async def list_backups(conn: Conn, limit: int, *, removed: bool = False) -> list[Backup]:
    """The latest runs, the newest first; `removed`: those too whose archive retention has deleted."""
    return [_backup(row) for row in await conn.fetch(LIST_BACKUPS, limit, removed)]


LIST_KEPT: Final = """
SELECT b.id, b.status, b.source, b.asked_by, b.started_at, b.finished_at, b.seconds, b.file, b.size_bytes, b.sha256,
    b.tool_version, b.server_version, b.contents, b.verified_at, b.copied_at, b.removed_at, b.fault, b.notes
FROM techops.backups AS b
WHERE b.file IS NOT NULL AND b.removed_at IS NULL
ORDER BY b.started_at DESC, b.id DESC
"""


async def list_kept(conn: Conn) -> list[Backup]:
    """Backups whose archives should be on disk, the newest first."""
    return [_backup(row) for row in await conn.fetch(LIST_KEPT)]


FIND_BY_FILE: Final = """
SELECT b.sha256, b.contents FROM techops.backups AS b WHERE b.file = $1 AND b.sha256 IS NOT NULL
ORDER BY b.id DESC LIMIT 1
"""


async def find_by_file(conn: Conn, file: str) -> tuple[str, Contents | None] | None:
    """Digest and contents of an archive of this name, None where none is recorded."""
    row = await conn.fetchrow(FIND_BY_FILE, file)
    return (row["sha256"], Contents.from_json(row["contents"])) if row else None


# Where there never was one, the time counts from when the program learned to make them.
GET_LAST_VERIFIED: Final = """
SELECT max(b.started_at) AS verified, coalesce(max(b.started_at),
    (SELECT m.applied_at FROM techops.schema_migrations AS m WHERE m.name LIKE '%_create_backups')) AS since
FROM techops.backups AS b WHERE b.status = 'verified'
"""


async def get_last_verified(conn: Conn) -> tuple[datetime | None, datetime]:
    """When the last verified backup was made, if any, and since when there has been none that is newer."""
    row = await conn.fetchrow(GET_LAST_VERIFIED)
    assert row is not None  # noqa: S101 - an aggregate has one row
    return row["verified"], row["since"]


def _backup(row: Row) -> Backup:
    return Backup(**{**row, "contents": Contents.from_json(row["contents"])})
