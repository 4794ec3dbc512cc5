"""Sealed rows written out and removed from the log; their segments stay in the chain, with the file's name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from db.models_audit import SealRecord
from db.pool import Conn
from db.queries.audit import IN_RANGE, ROW, SEALED_AT

LIST_DUE: Final = """
SELECT n.number FROM (
    SELECT s.number, s.sealed_at, sum(s.row_count) OVER (ORDER BY s.number) - s.row_count AS before
    FROM (
        SELECT s.number, s.sealed_at, s.row_count FROM techops.audit_seals AS s
        WHERE s.removed_at IS NULL ORDER BY s.number LIMIT 20000
    ) AS s
) AS n
WHERE n.before < $2 AND n.sealed_at < $1
ORDER BY n.number
"""


async def list_due(conn: Conn, before: datetime, rows: int) -> list[int]:
    """Segments sealed before that time whose rows are there yet, the oldest, of about `rows` rows altogether."""
    return [row["number"] for row in await conn.fetch(LIST_DUE, before, rows)]


GET_RECORD: Final = f"""
SELECT s.number, s.form, s.ids::text AS ids, s.upto, s.settled, s.row_count AS rows, s.late_count AS late,
    {SEALED_AT.format("s.")} AS sealed_at, s.next_xid::text AS next_xid, encode(s.content, 'hex') AS content,
    encode(s.marks, 'hex') AS marks, encode(s.previous, 'hex') AS previous, encode(s.hash, 'hex') AS hash
FROM techops.audit_seals AS s WHERE s.number = $1
"""  # noqa: S608 - fragments of this file
LIST_ROWS: Final = f"""
SELECT {ROW} AS row
FROM techops.audit_seals AS s
CROSS JOIN unnest(s.ids) AS r
CROSS JOIN LATERAL {IN_RANGE} AS a
WHERE s.number = $1
ORDER BY a.id
"""  # noqa: S608 - fragments of this file


async def get_record(conn: Conn, number: int) -> SealRecord:
    """A segment, as it is exported."""
    row = await conn.fetchrow(GET_RECORD, number)
    assert row is not None  # noqa: S101 - segments are never deleted
    return SealRecord(**dict(row))


async def list_rows(conn: Conn, number: int) -> list[str]:
    """The rows of a segment, each as its hash covers it."""
    return [row["row"] for row in await conn.fetch(LIST_ROWS, number)]


SET_PATIENCE: Final = "SELECT set_config('statement_timeout', $1, true)"


async def set_patience(conn: Conn, longest: str) -> None:
    """Let statements of this transaction take so long, as in "600s"."""
    await conn.execute(SET_PATIENCE, longest)


DELETE_SEALED: Final = f"""
WITH gone AS (
    DELETE FROM techops.activity AS d
    WHERE d.id IN (
        SELECT a.id FROM techops.audit_seals AS s
        CROSS JOIN unnest(s.ids) AS r
        CROSS JOIN LATERAL {IN_RANGE} AS a
        WHERE s.number = ANY($1::bigint[]) AND s.removed_at IS NULL
    )
    RETURNING d.id
)
SELECT count(*) FROM gone
"""  # noqa: S608 - fragments of this file
MARK_REMOVED: Final = """
UPDATE techops.audit_seals SET file = $2, file_sha256 = $3, removed_at = $4
WHERE number = ANY($1::bigint[]) AND removed_at IS NULL
"""
INSERT_REMOVAL: Final = """
INSERT INTO techops.activity (source, origin, subject_kind, subject_id, verb, new)
VALUES (coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
    NULLIF(current_setting('app.origin', true), '')::jsonb, 'audit', $1, 'removed', $2)
"""


async def delete_sealed(conn: Conn, numbers: Sequence[int], file: str, file_sha256: str, now: datetime) -> int:
    """Delete the rows of segments that were exported, and write that down, in the log as well; how many there were."""
    count = int(await conn.fetchval(DELETE_SEALED, list(numbers)))
    await conn.execute(MARK_REMOVED, list(numbers), file, file_sha256, now)
    told = {"segments": [numbers[0], numbers[-1]], "rows": count, "file": file, "file_sha256": file_sha256}
    await conn.execute(INSERT_REMOVAL, numbers[-1], told)
    return count
