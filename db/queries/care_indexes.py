"""Indexes: which are alike, unused, invalid or bloated. Sizes are bytes."""

from typing import Final

from db.models_care import IndexState
from db.pool import Conn

# What a btree would take if it were built anew: 8 bytes of header and 4 of pointer an entry, aligned to 8; further rows
# of an equal key take 6 bytes each (https://www.postgresql.org/docs/current/btree.html#BTREE-DEDUPLICATION). Where the
# statistics of a column are missing nothing is said.
LIST_INDEXES: Final = r"""
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks AS l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
        AND l.relation IS NOT NULL
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
), widths AS (
    SELECT i.indexrelid, sum(coalesce(s.avg_width, e.avg_width)) AS width,
        bool_and(coalesce(s.avg_width, e.avg_width) IS NOT NULL) AS is_known,
        max(CASE WHEN coalesce(s.n_distinct, e.n_distinct) < 0
            THEN -coalesce(s.n_distinct, e.n_distinct) * greatest(x.reltuples, 0)
            ELSE coalesce(s.n_distinct, e.n_distinct) END) AS distinct_keys
    FROM pg_index AS i
    JOIN pg_class AS x ON x.oid = i.indexrelid
    JOIN pg_namespace AS n ON n.oid = x.relnamespace
    JOIN pg_class AS t ON t.oid = i.indrelid
    JOIN pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum > 0
    LEFT JOIN pg_attribute AS c ON c.attrelid = i.indrelid AND c.attnum = i.indkey[a.attnum - 1] AND c.attnum > 0
    LEFT JOIN pg_stats AS s
        ON s.schemaname = n.nspname AND s.tablename = t.relname AND s.attname = c.attname AND NOT s.inherited
    LEFT JOIN pg_stats AS e
        ON c.attname IS NULL AND e.schemaname = n.nspname AND e.tablename = x.relname AND e.attname = a.attname
    WHERE n.nspname !~ '^(pg_|information_schema$)'
    GROUP BY i.indexrelid
), expected AS (
    SELECT w.indexrelid, x.reltuples AS entries, w.width, coalesce(f.option_value::integer, 90) AS fillfactor,
        CASE WHEN i.indisunique THEN x.reltuples ELSE least(greatest(w.distinct_keys, 1), x.reltuples) END AS keys
    FROM widths AS w
    JOIN pg_index AS i ON i.indexrelid = w.indexrelid
    JOIN pg_class AS x ON x.oid = w.indexrelid
    LEFT JOIN LATERAL (
        SELECT o.option_value FROM pg_options_to_table(x.reloptions) AS o WHERE o.option_name = 'fillfactor'
    ) AS f ON true
    WHERE w.is_known AND x.reltuples >= 0
)
SELECT i.indexrelid AS oid, format('%I.%I', n.nspname, x.relname) AS name, x.relname::text AS bare_name,
    format('%I.%I', tn.nspname, t.relname) AS table_name, pg_get_userbyid(x.relowner)::text AS owner,
    pg_has_role(x.relowner, 'USAGE') AS is_owned, i.indisvalid AS is_valid,
    EXISTS (
        SELECT FROM pg_locks AS l
        LEFT JOIN pg_stat_activity AS s ON s.pid = l.pid
        WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.granted AND l.pid <> pg_backend_pid()
            AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
            AND l.mode = 'ShareUpdateExclusiveLock' AND s.backend_type IS DISTINCT FROM 'autovacuum worker'
    ) AS is_busy,
    NOT i.indisvalid AND x.relname ~ '_cc(new|old)[0-9]*$' AS is_leftover,
    i.indisunique AS is_unique,
    i.indisunique OR i.indisprimary OR i.indisexclusion OR i.indisreplident
        OR EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
        OR EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhrelid = i.indexrelid) AS is_needed,
    x.relkind = 'i' AND NOT i.indisexclusion AND x.relpersistence <> 't' AS is_rebuildable,
    am.amname::text AS method,
    concat_ws('|', am.amname, i.indnkeyatts, i.indkey, i.indclass, i.indcollation, i.indoption,
        coalesce(pg_get_expr(i.indexprs, i.indrelid), ''), coalesce(pg_get_expr(i.indpred, i.indrelid), '')) AS shape,
    coalesce(pg_stat_get_numscans(i.indexrelid), 0) AS scans,
    coalesce(pg_relation_size(i.indexrelid), 0) AS bytes,
    CASE WHEN am.amname = 'btree' THEN (8192 * (1 + ceil(
        (b.keys * (ceil((8 + b.width) / 8.0) * 8 + 4) + greatest(b.entries - b.keys, 0) * 6)
        / 8152 / (b.fillfactor / 100.0) * 1.01
    )))::bigint END AS expected_bytes
FROM pg_index AS i
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_namespace AS n ON n.oid = x.relnamespace
JOIN pg_class AS t ON t.oid = i.indrelid
JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
JOIN pg_am AS am ON am.oid = x.relam
LEFT JOIN expected AS b ON b.indexrelid = i.indexrelid
WHERE n.nspname !~ '^(pg_|information_schema$)' AND x.relkind = 'i'
    AND NOT EXISTS (SELECT FROM locked AS k WHERE k.relation IN (i.indexrelid, i.indrelid))
ORDER BY i.indrelid, i.indexrelid
"""


async def list_indexes(conn: Conn) -> list[IndexState]:
    """Every index but the system's, those of partitioned tables, which have no data, and what is locked exclusively."""
    return [IndexState(**dict(row)) for row in await conn.fetch(LIST_INDEXES)]


FIND_INDEX: Final = """
SELECT i.indisvalid, coalesce(pg_relation_size(i.indexrelid), 0) AS bytes
FROM pg_index AS i
WHERE i.indexrelid = to_regclass($1)
"""


async def find_index(conn: Conn, name: str) -> tuple[bool, int] | None:
    """Whether the index of this name is valid, and its size; None where there is none (any more)."""
    row = await conn.fetchrow(FIND_INDEX, name)
    return (row["indisvalid"], row["bytes"]) if row else None


FIND_STATISTICS_SINCE: Final = """
SELECT extract(epoch FROM now() - coalesce(d.stats_reset, pg_postmaster_start_time()))::double precision
FROM pg_stat_database AS d
WHERE d.datname = current_database()
"""


async def find_statistics_age(conn: Conn) -> float:
    """Seconds for which scans have been counted, at least."""
    return float(await conn.fetchval(FIND_STATISTICS_SINCE) or 0.0)


FIND_EXTENSION: Final = """
SELECT quote_ident(n.nspname) AS schema
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = $1
"""


async def find_extension(conn: Conn, name: str) -> str | None:
    """The schema of an extension, quoted; None where it is not installed in this database."""
    found = await conn.fetchval(FIND_EXTENSION, name)
    return str(found) if found is not None else None


MAY_EXECUTE: Final = "SELECT coalesce(has_function_privilege(to_regprocedure($1), 'EXECUTE'), false)"


async def find_measure(conn: Conn) -> str | None:
    """The schema of pgstattuple, where it is installed and this role may use it."""
    schema = await find_extension(conn, "pgstattuple")
    if schema is None:
        return None
    wanted = [f"{schema}.pgstatindex(regclass)", f"{schema}.pgstattuple_approx(regclass)"]
    return schema if all([await conn.fetchval(MAY_EXECUTE, name) for name in wanted]) else None


async def measure_index(conn: Conn, schema: str, oid: int) -> int:
    """The bytes that a btree would take if it were built anew, read from all its pages by pgstattuple."""
    measured = await conn.fetchval(
        f"SELECT (8192 * (1 + p.internal_pages + ceil(p.leaf_pages * CASE WHEN p.avg_leaf_density = 'NaN' THEN 0"  # noqa: S608 - the schema is quoted by the server
        f" ELSE p.avg_leaf_density END / 90)))::bigint FROM {schema}.pgstatindex($1::oid::regclass) AS p",
        oid,
    )
    return int(measured)
