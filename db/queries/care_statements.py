"""Statements by the time they took (pg_stat_statements), as differences to what the last run kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from db.models_care import Statement
from db.pool import Conn

# Names of columns have changed with the extension's versions (PostgreSQL 13: total_time became total_exec_time), and
# the extension may be older than its server.
LIST_COLUMNS: Final = """
SELECT a.attname::text AS name
FROM pg_attribute AS a
WHERE a.attrelid = to_regclass($1 || '.pg_stat_statements') AND a.attnum > 0 AND NOT a.attisdropped
"""
FIND_TAKEN: Final = "SELECT max(s.taken_at) FROM techops.statement_statistics AS s"
DELETE_STATEMENTS: Final = "DELETE FROM techops.statement_statistics"


async def list_columns(conn: Conn, schema: str) -> set[str]:
    """The columns of the statistics; `schema` is quoted."""
    return {row["name"] for row in await conn.fetch(LIST_COLUMNS, schema)}


async def find_taken(conn: Conn) -> datetime | None:
    """When the last run kept its statistics, None where none has."""
    found: datetime | None = await conn.fetchval(FIND_TAKEN)
    return found


async def list_slow(conn: Conn, schema: str, columns: set[str], limit: int) -> Sequence[Statement]:
    """What took most time in this database since the last run; all of it where statistics began anew since then."""
    found = await conn.fetch(
        f"""
        WITH now AS ({_current(schema, columns)})
        SELECT n.query, coalesce(pg_get_userbyid(n.user_id), '')::text AS role_name,
            n.calls - d.calls AS calls, n.total_ms - d.total_ms AS total_ms, n.rows - d.rows AS rows
        FROM now AS n
        CROSS JOIN LATERAL (
            SELECT coalesce(max(b.calls), 0) AS calls, coalesce(max(b.total_ms), 0) AS total_ms,
                coalesce(max(b.rows), 0) AS rows
            FROM techops.statement_statistics AS b
            WHERE b.user_id = n.user_id AND b.query_id = n.query_id AND b.is_top_level = n.is_top_level
                AND b.calls <= n.calls
        ) AS d
        WHERE n.calls > d.calls
        ORDER BY n.total_ms - d.total_ms DESC
        LIMIT $1
        """,  # noqa: S608 - the schema is quoted by the server
        limit,
    )
    return [Statement(**dict(row)) for row in found]


async def replace_statements(conn: Conn, schema: str, columns: set[str], now: datetime) -> None:
    """Keep the present statistics for the next run to compare with, within a transaction."""
    await conn.execute(DELETE_STATEMENTS)
    await conn.execute(
        f"""
        INSERT INTO techops.statement_statistics (user_id, query_id, is_top_level, calls, total_ms, rows, taken_at)
        SELECT n.user_id, n.query_id, n.is_top_level, n.calls, n.total_ms, n.rows, $1
        FROM ({_current(schema, columns)}) AS n
        """,  # noqa: S608 - the schema is quoted by the server
        now,
    )


def _current(schema: str, columns: set[str]) -> str:
    time = "total_exec_time" if "total_exec_time" in columns else "total_time"
    top = "bool_or(s.toplevel)" if "toplevel" in columns else "true"
    grouping = ", s.toplevel" if "toplevel" in columns else ""
    # another role's statements come without text and number to whoever may not read them
    return f"""
        SELECT s.userid AS user_id, s.queryid AS query_id, {top} AS is_top_level, min(s.query) AS query,
            sum(s.calls)::bigint AS calls, sum(s.{time}) AS total_ms, sum(s.rows)::bigint AS rows
        FROM {schema}.pg_stat_statements AS s
        WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
            AND s.queryid IS NOT NULL
        GROUP BY s.userid, s.queryid{grouping}
    """  # noqa: S608 - the schema is quoted by the server
