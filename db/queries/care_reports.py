"""What a look at the database shows: sizes, waiting and long sessions, bloat, connections. Bytes and seconds."""

from datetime import datetime
from typing import Final

from db.models_care import Bloat, CareTable, ConnectionUse, Overview, Session, TableSize, Waiting
from db.pool import Conn, Row

# What is locked exclusively is left out: asking for its size would mean to wait for the lock.
LIST_SIZES: Final = r"""
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks AS l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
        AND l.relation IS NOT NULL
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
)
SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_table_size(c.oid) AS table_bytes,
    pg_indexes_size(c.oid) AS index_bytes, pg_total_relation_size(c.oid) AS total_bytes,
    b.total_bytes AS total_before, b.measured_at AS measured_before
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN techops.table_sizes AS b ON b.table_name = format('%I.%I', n.nspname, c.relname)
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$)'
    AND c.oid NOT IN (SELECT k.relation FROM locked AS k)
ORDER BY total_bytes DESC, name
"""


async def list_sizes(conn: Conn) -> list[TableSize]:
    """Tables with their sizes, the largest first, beside what the last run measured."""
    return [TableSize(**dict(row)) for row in await conn.fetch(LIST_SIZES)]


GET_DATABASE_SIZE: Final = "SELECT pg_database_size(current_database())"


async def get_database_size(conn: Conn) -> int:
    """The whole database's size."""
    return int(await conn.fetchval(GET_DATABASE_SIZE))


DELETE_SIZES: Final = "DELETE FROM techops.table_sizes"
INSERT_SIZE: Final = """
INSERT INTO techops.table_sizes (table_name, table_bytes, index_bytes, total_bytes, run_id, measured_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""


async def replace_sizes(conn: Conn, sizes: list[TableSize], run_id: int, now: datetime) -> None:
    """Keep these sizes for the next run to compare with, within a transaction."""
    await conn.execute(DELETE_SIZES)
    rows = [(it.name, it.table_bytes, it.index_bytes, it.total_bytes, run_id, now) for it in sizes]
    await conn.executemany(INSERT_SIZE, rows)


LIST_WAITING: Final = """
SELECT s.pid, coalesce(s.usename, '')::text AS role_name, coalesce(s.query, '') AS query,
    CASE WHEN l.relation IS NOT NULL THEN l.relation::regclass::text END AS relation, l.mode,
    extract(epoch FROM clock_timestamp() - coalesce(l.waitstart, s.query_start))::double precision AS waited_seconds,
    b.pid AS blocking_pid, b.usename::text AS blocking_role, b.query AS blocking_query
FROM pg_locks AS l
JOIN pg_stat_activity AS s ON s.pid = l.pid AND s.datname = current_database()
LEFT JOIN LATERAL (
    SELECT a.pid, a.usename, a.query FROM unnest(pg_blocking_pids(l.pid)) AS blocking (pid)
    JOIN pg_stat_activity AS a ON a.pid = blocking.pid
    ORDER BY a.xact_start NULLS LAST
    LIMIT 1
) AS b ON true
WHERE NOT l.granted
ORDER BY waited_seconds DESC NULLS LAST
LIMIT 50
"""


async def list_waiting(conn: Conn) -> list[Waiting]:
    """Sessions that wait for a lock, the longest first, each with the oldest of those that hold it up."""
    return [
        Waiting(**{**dict(row), "waited_seconds": row["waited_seconds"] or 0.0})
        for row in await conn.fetch(LIST_WAITING)
    ]


# Of a role whose sessions ours may not look into, the kind, the start and the query are hidden; the name is not.
LIST_SESSIONS: Final = """
SELECT a.pid, a.backend_start, coalesce(a.usename, '')::text AS role_name,
    coalesce(a.application_name, '') AS application_name, coalesce(a.state, 'unknown') AS state,
    coalesce(a.query, '') AS query,
    extract(epoch FROM clock_timestamp() - a.xact_start)::double precision AS transaction_seconds,
    CASE WHEN a.state = 'active'
        THEN extract(epoch FROM clock_timestamp() - a.query_start)::double precision END AS query_seconds,
    a.pid = pg_backend_pid() OR coalesce(a.application_name, '') ~ '^techops( |$)' AS is_ours,
    coalesce(r.rolsuper, true) AS is_superuser
FROM pg_stat_activity AS a
LEFT JOIN pg_roles AS r ON r.oid = a.usesysid
WHERE a.datname = current_database() AND coalesce(a.backend_type, 'client backend') = 'client backend'
    AND ($1::integer IS NULL OR a.pid = $1)
ORDER BY a.xact_start NULLS LAST, a.pid
"""


async def list_sessions(conn: Conn) -> list[Session]:
    """Sessions of people and programs in this database, the longest transaction first."""
    return [_session(row) for row in await conn.fetch(LIST_SESSIONS, None)]


async def find_session(conn: Conn, pid: int) -> Session | None:
    """The session of this process, None where there is none in this database."""
    row = await conn.fetchrow(LIST_SESSIONS, pid)
    return _session(row) if row else None


# A row takes 24 bytes of header and 4 of pointer beside its columns, aligned to 8; a page has 8,168 bytes for rows.
LIST_BLOAT: Final = r"""
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks AS l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
        AND l.relation IS NOT NULL
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
), rows AS (
    SELECT s.schemaname, s.tablename, sum((1 - s.null_frac) * s.avg_width) AS width, count(*) AS columns
    FROM pg_stats AS s
    WHERE NOT s.inherited
    GROUP BY s.schemaname, s.tablename
), expected AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, pg_relation_size(c.oid) AS bytes,
        8192 * ceil(c.reltuples * (ceil((24 + coalesce(r.width, 0)) / 8.0) * 8 + 4)
            / (8168 * coalesce(f.option_value::integer, 100) / 100.0)) AS expected
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN rows AS r ON r.schemaname = n.nspname AND r.tablename = c.relname
    LEFT JOIN LATERAL (
        SELECT o.option_value FROM pg_options_to_table(c.reloptions) AS o WHERE o.option_name = 'fillfactor'
    ) AS f ON true
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$)'
        AND c.oid NOT IN (SELECT k.relation FROM locked AS k) AND c.reltuples >= 0 AND (c.reltuples = 0 OR r.columns = (
            SELECT count(*) FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ))
)
SELECT e.name, e.bytes, greatest(e.bytes - e.expected, 0)::bigint AS wasted
FROM expected AS e
WHERE e.bytes IS NOT NULL
ORDER BY wasted DESC, e.name
"""


async def list_bloat(conn: Conn) -> list[Bloat]:
    """Tables with what an estimate from their statistics says is unused, most first; those without any are left out."""
    return [Bloat(**dict(row)) for row in await conn.fetch(LIST_BLOAT)]


async def measure_bloat(conn: Conn, schema: str, table: CareTable) -> Bloat:
    """One table's unused space as pgstattuple finds it, reading the pages that are not known to be full."""
    row = await conn.fetchrow(
        f"SELECT p.table_len AS bytes, (p.approx_free_space + p.dead_tuple_len)::bigint AS wasted"  # noqa: S608 - the schema is quoted by the server
        f" FROM {schema}.pgstattuple_approx($1::oid::regclass) AS p",
        table.oid,
    )
    assert row is not None  # noqa: S101 - the function returns one row
    return Bloat(table.name, row["bytes"], row["wasted"])


GET_CONNECTIONS: Final = """
SELECT (SELECT count(*) FROM pg_stat_activity AS a
        WHERE a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.datid IS NOT NULL))
    AS used,
    current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS most
"""
LIST_CONNECTIONS: Final = """
SELECT coalesce(nullif(a.application_name, ''), 'without a name') AS application,
    coalesce(a.state, 'unknown') AS state, count(*) AS sessions
FROM pg_stat_activity AS a
WHERE a.datname = current_database() AND coalesce(a.backend_type, 'client backend') = 'client backend'
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 30
"""


async def get_connections(conn: Conn) -> ConnectionUse:
    """Connections to the server, of as many as ordinary roles may open, and those to this database by program."""
    row = await conn.fetchrow(GET_CONNECTIONS)
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    found = await conn.fetch(LIST_CONNECTIONS)
    return ConnectionUse(
        row["used"], row["most"], tuple((it["application"], it["state"], it["sessions"]) for it in found)
    )


GET_OVERVIEW: Final = """
SELECT current_setting('server_version') AS version, current_database()::text AS database,
    pg_database_size(current_database()) AS bytes, pg_postmaster_start_time() AS started_at,
    (SELECT count(*) FROM pg_stat_activity AS a
        WHERE a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.datid IS NOT NULL))
        AS used,
    current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS most,
    CASE WHEN d.blks_hit + d.blks_read > 0 THEN d.blks_hit::double precision / (d.blks_hit + d.blks_read) END
        AS cache_hit_share,
    d.deadlocks,
    (SELECT extract(epoch FROM clock_timestamp() - min(a.xact_start))::double precision FROM pg_stat_activity AS a
        WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()) AS oldest_transaction_seconds,
    (SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE NOT l.granted AND a.datname = current_database()) AS waiting,
    (SELECT age(b.datfrozenxid) FROM pg_database AS b WHERE b.datname = current_database()) AS age,
    coalesce((SELECT s.ssl FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid()), false) AS is_ssl
FROM pg_stat_database AS d
WHERE d.datname = current_database()
"""


async def get_overview(conn: Conn) -> Overview:
    """The server and the database at a glance."""
    row = await conn.fetchrow(GET_OVERVIEW)
    assert row is not None  # noqa: S101 - every database has its line
    return Overview(**dict(row))


def _session(row: Row) -> Session:
    return Session(**dict(row))
