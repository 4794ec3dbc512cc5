"""The activity log sealed into a chain of segments, and the chain compared with what is there.

A segment holds every row that is visible when it is made and stands in no earlier one, up to a number; so a row whose
transaction commits late is in a later segment. Form 1, which is never changed: a row is the text of a JSON array of its
columns, its time in UTC; a segment's head is its columns joined by |. Both are the same on every server and in every
session.
"""

from datetime import datetime
from typing import Final

from db.models_audit import Checked, Differences, Sealed, Unsealed
from db.pool import Conn

GENESIS: Final = "00" * 32
# "techops audit", as far as hexadecimal goes
_LOCK_KEY: Final = 0x7EC40B5A0D17
_NAMED: Final = 20

# A row as its hash covers it.
ROW: Final = """jsonb_build_array(a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.xid::text,
    a.actor_id, a.source, a.origin, a.note, a.subject_kind, a.subject_id, a.verb, a.old, a.new)::text"""
_DIGEST: Final = f"sha256(convert_to({ROW}, 'UTF8'))"
SEALED_AT: Final = """to_char({0}sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""
# The rows of a range `r`. The planner knows nothing of how wide ranges are: left to itself it may read the whole log
# for each of them, and OFFSET keeps it from that.
IN_RANGE: Final = "(SELECT a.* FROM techops.activity AS a WHERE a.id >= lower(r) AND a.id < upper(r) OFFSET 0)"
# The hash of a segment `{0}`.
_HASH: Final = f"""sha256({{0}}previous || convert_to(concat_ws('|', 'techops audit', {{0}}form, {{0}}number,
    {{0}}ids::text, {{0}}upto, {{0}}settled, {{0}}row_count, {{0}}late_count, {SEALED_AT}, {{0}}next_xid::text,
    encode({{0}}content, 'hex'), encode(sha256({{0}}marks), 'hex')), 'UTF8'))"""

TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock($1)"

# A row is late when its transaction was open while rows with higher ids were sealed. An id is settled once no
# transaction is open that had begun when a segment up to it was made: that is said of earlier segments, and of this one
# where none is open at all. A number beyond the server's own is of another server, from which this was restored.
INSERT_SEAL: Final = f"""
WITH last AS (
    SELECT s.number, s.upto, s.settled, s.hash FROM techops.audit_seals AS s ORDER BY s.number DESC LIMIT 1
),
before AS (
    SELECT coalesce(max(l.number), 0) AS number, coalesce(max(l.upto), 0) AS upto,
        coalesce(max(l.settled), 0) AS settled,
        coalesce((SELECT l.hash FROM last AS l), decode('{GENESIS}', 'hex')) AS hash,
        coalesce((
            SELECT s.upto FROM techops.audit_seals AS s
            WHERE s.next_xid <= pg_snapshot_xmin(pg_current_snapshot())
                OR s.next_xid > pg_snapshot_xmax(pg_current_snapshot())
            ORDER BY s.number DESC LIMIT 1
        ), 0) AS closed
    FROM last AS l
),
covered AS (
    SELECT coalesce(range_agg(s.ids), '{{}}'::int8multirange) AS ids
    FROM techops.audit_seals AS s WHERE s.upto > (SELECT b.settled FROM before AS b)
),
rows AS (
    SELECT a.id, {_DIGEST} AS digest
    FROM techops.activity AS a
    WHERE a.id > (SELECT b.settled FROM before AS b) AND NOT (SELECT c.ids FROM covered AS c) @> a.id
    ORDER BY a.id
    LIMIT $2
),
found AS (
    SELECT range_agg(int8range(r.id, r.id, '[]')) AS ids, max(r.id) AS highest, count(*) AS row_count,
        count(*) FILTER (WHERE r.id < (SELECT b.upto FROM before AS b)) AS late_count,
        sha256(string_agg(r.digest, ''::bytea ORDER BY r.id)) AS content,
        string_agg(substr(r.digest, 1, 8), ''::bytea ORDER BY r.id) AS marks
    FROM rows AS r
    HAVING count(*) > 0
),
segment AS (
    SELECT b.number + 1 AS number, 1::smallint AS form, f.ids, greatest(f.highest, b.upto) AS upto,
        greatest(b.settled, least(
            CASE
                WHEN pg_snapshot_xmin(pg_current_snapshot()) = pg_snapshot_xmax(pg_current_snapshot())
                    THEN greatest(f.highest, b.upto)
                ELSE b.closed
            END,
            CASE WHEN f.row_count = $2 THEN f.highest END
        )) AS settled,
        f.row_count::integer AS row_count, f.late_count::integer AS late_count, $1::timestamptz AS sealed_at,
        pg_snapshot_xmax(pg_current_snapshot()) AS next_xid, f.content, f.marks, b.hash AS previous
    FROM found AS f CROSS JOIN before AS b
)
INSERT INTO techops.audit_seals
    (number, form, ids, upto, settled, row_count, late_count, sealed_at, next_xid, content, marks, previous, hash)
SELECT g.number, g.form, g.ids, g.upto, g.settled, g.row_count, g.late_count, g.sealed_at, g.next_xid, g.content,
    g.marks, g.previous, {_HASH.format("g.")}
FROM segment AS g
RETURNING number, encode(hash, 'hex') AS hash, row_count AS rows, late_count AS late, sealed_at
"""  # noqa: S608 - fragments of this file


async def try_lock(conn: Conn) -> bool:
    """Become the only one who seals, or removes what is sealed, until the end of the transaction."""
    return await conn.fetchval(TRY_LOCK, _LOCK_KEY) is True


async def insert_seal(conn: Conn, now: datetime, most: int) -> Sealed | None:
    """Seal the rows that are committed and in no segment, `most` of them; None where there are none.

    Only for whoever holds the lock, in a statement after that which took it.
    """
    row = await conn.fetchrow(INSERT_SEAL, now, most)
    return Sealed(**dict(row)) if row else None


FIND_HEAD: Final = """
SELECT s.number, encode(s.hash, 'hex') AS hash, s.row_count AS rows, s.late_count AS late, s.sealed_at
FROM techops.audit_seals AS s ORDER BY s.number DESC LIMIT 1
"""


async def find_head(conn: Conn) -> Sealed | None:
    """The last segment, None where nothing is sealed yet."""
    row = await conn.fetchrow(FIND_HEAD)
    return Sealed(**dict(row)) if row else None


FIND_BY_HASH: Final = """
SELECT s.number FROM techops.audit_seals AS s WHERE starts_with(encode(s.hash, 'hex'), $1) ORDER BY s.number LIMIT 1
"""


async def find_by_hash(conn: Conn, beginning: str) -> int | None:
    """The number of the segment whose hash, in lower-case hexadecimal, begins so."""
    found = await conn.fetchval(FIND_BY_HASH, beginning)
    return int(found) if found is not None else None


# The next segments of about so many rows altogether, one at least.
FIND_BATCH_END: Final = """
SELECT max(n.number) FROM (
    SELECT s.number, sum(s.row_count) OVER (ORDER BY s.number) - s.row_count AS before
    FROM (
        SELECT s.number, s.row_count FROM techops.audit_seals AS s WHERE s.number > $1 ORDER BY s.number LIMIT 2000
    ) AS s
) AS n
WHERE n.before < $2
"""
CHECK_BATCH: Final = f"""
SELECT s.number, s.row_count AS rows, coalesce(c.found, 0)::integer AS found,
    s.number = b.number + 1 AND s.previous = b.hash AS follows,
    s.form = 1 AND s.hash = {_HASH.format("s.")} AS is_whole,
    coalesce(c.content = s.content AND c.found = s.row_count, false) AS is_same,
    s.removed_at IS NOT NULL AS is_removed, encode(s.hash, 'hex') AS hash, s.file, s.file_sha256
FROM techops.audit_seals AS s
CROSS JOIN LATERAL (
    SELECT coalesce(max(p.number), 0) AS number,
        coalesce((array_agg(p.hash ORDER BY p.number DESC))[1], decode('{GENESIS}', 'hex')) AS hash
    FROM (
        SELECT p.number, p.hash FROM techops.audit_seals AS p WHERE p.number < s.number ORDER BY p.number DESC LIMIT 1
    ) AS p
) AS b
LEFT JOIN LATERAL (
    SELECT count(*) AS found, sha256(string_agg({_DIGEST}, ''::bytea ORDER BY a.id)) AS content
    FROM unnest(s.ids) AS r CROSS JOIN LATERAL {IN_RANGE} AS a
) AS c ON true
WHERE s.number > $1 AND s.number <= $2
ORDER BY s.number
"""  # noqa: S608 - fragments of this file


async def list_checked(conn: Conn, after: int, rows: int) -> list[Checked]:
    """The segments behind `after`, of about `rows` rows altogether, beside what is there; none at the end."""
    end = await conn.fetchval(FIND_BATCH_END, after, rows)
    return [Checked(**dict(row)) for row in await conn.fetch(CHECK_BATCH, after, end)] if end is not None else []


LIST_DIFFERENT: Final = f"""
WITH expected AS (
    SELECT e.id, substr(s.marks, (8 * (row_number() OVER (ORDER BY e.id) - 1) + 1)::integer, 8) AS mark
    FROM techops.audit_seals AS s
    CROSS JOIN unnest(s.ids) AS r
    CROSS JOIN LATERAL generate_series(lower(r), least(upper(r) - 1, lower(r) + s.row_count)) AS e (id)
    WHERE s.number = $1
)
SELECT e.id, a.id IS NULL AS is_removed
FROM expected AS e
LEFT JOIN LATERAL (SELECT a.* FROM techops.activity AS a WHERE a.id = e.id OFFSET 0) AS a ON true
WHERE a.id IS NULL OR substr({_DIGEST}, 1, 8) <> e.mark
ORDER BY e.id
"""  # noqa: S608 - fragments of this file


async def find_differences(conn: Conn, number: int) -> Differences:
    """Which rows of a segment are gone, and which are not what was sealed."""
    found = await conn.fetch(LIST_DIFFERENT, number)
    removed = [row["id"] for row in found if row["is_removed"]]
    altered = [row["id"] for row in found if not row["is_removed"]]
    return Differences(tuple(removed[:_NAMED]), len(removed), tuple(altered[:_NAMED]), len(altered))


LIST_SEALED_IDS: Final = f"""
SELECT a.id FROM techops.audit_seals AS s
CROSS JOIN unnest(s.ids) AS r
CROSS JOIN LATERAL {IN_RANGE} AS a
WHERE s.number = $1
ORDER BY a.id LIMIT $2
"""  # noqa: S608 - fragments of this file


async def list_sealed_ids(conn: Conn, number: int) -> list[int]:
    """Rows that are there of a segment, 20 at most."""
    return [row["id"] for row in await conn.fetch(LIST_SEALED_IDS, number, _NAMED)]


FIND_UNSEALED: Final = f"""
WITH settled AS (
    SELECT coalesce((SELECT s.settled FROM techops.audit_seals AS s ORDER BY s.number DESC LIMIT 1), 0) AS id
),
gaps AS (
    SELECT unnest('{{(,)}}'::int8multirange - coalesce(range_agg(s.ids), '{{}}'::int8multirange)) AS range
    FROM techops.audit_seals AS s
),
rows AS (
    SELECT a.id, a.at, a.id <= t.id AS is_added
    FROM gaps AS g
    CROSS JOIN settled AS t
    CROSS JOIN LATERAL (
        SELECT a.id, a.at FROM techops.activity AS a
        WHERE a.id >= coalesce(lower(g.range), -9223372036854775808)
            AND a.id <= coalesce(upper(g.range) - 1, 9223372036854775807)
        OFFSET 0
    ) AS a
)
SELECT (array_agg(r.id ORDER BY r.id) FILTER (WHERE r.is_added))[:{_NAMED}] AS added,
    count(*) FILTER (WHERE r.is_added) AS added_count,
    (SELECT min(s.number) FROM techops.audit_seals AS s WHERE s.upto >= min(r.id) FILTER (WHERE r.is_added))
        AS added_segment,
    count(*) FILTER (WHERE NOT r.is_added) AS waiting,
    min(r.at) FILTER (WHERE NOT r.is_added) AS oldest
FROM rows AS r
"""  # noqa: S608 - fragments of this file


async def find_unsealed(conn: Conn) -> Unsealed:
    """Rows that stand in no segment: those that were added behind its back, and those that wait."""
    row = await conn.fetchrow(FIND_UNSEALED)
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Unsealed(**{**dict(row), "added": tuple(row["added"] or ())})


# What is removed is removed from the beginning on, and each removal is written into the log: the last one tells of all.
FIND_RECORDED: Final = """
SELECT coalesce(max(a.subject_id), 0) FROM techops.activity AS a WHERE a.subject_kind = 'audit' AND a.verb = 'removed'
"""


async def find_recorded(conn: Conn) -> int:
    """Up to which segment the log tells that rows were exported and removed; 0 for none."""
    return int(await conn.fetchval(FIND_RECORDED))
