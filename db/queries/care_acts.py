"""What care does to tables and indexes, one at a time, and what the catalogue says of them afterwards.

Names come from the catalogue, quoted and qualified by the server.
"""

from collections.abc import Sequence
from typing import Final

from db.care import CareConnection
from db.models_care import CareTable, TableState
from db.pool import Conn

_LOCK_SECONDS: Final = 5.0
# CONCURRENTLY waits for the transactions that were there before it, and nobody waits for it meanwhile.
_REINDEX_LOCK_SECONDS: Final = 60.0

LIST_TABLES: Final = r"""
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind,
    pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(c.relowner, 'USAGE') AS is_owned,
    coalesce(s.n_live_tup, 0) AS live, coalesce(s.n_dead_tup, 0) AS dead,
    coalesce(s.n_mod_since_analyze, 0) AS modified,
    CASE WHEN c.relfrozenxid = '0' THEN 0 ELSE age(c.relfrozenxid) END AS age,
    coalesce(s.last_analyze, s.last_autoanalyze) IS NOT NULL AS was_analyzed
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$)'
ORDER BY c.oid
"""


async def list_tables(conn: Conn) -> list[CareTable]:
    """Tables, partitioned ones and materialized views, those of the system left out."""
    return [CareTable(**dict(row)) for row in await conn.fetch(LIST_TABLES)]


FIND_TABLE_STATE: Final = """
SELECT coalesce(pg_stat_get_dead_tuples(c.oid), 0) AS dead, coalesce(pg_total_relation_size(c.oid), 0) AS bytes,
    pg_stat_get_last_vacuum_time(c.oid) AS vacuumed_at, pg_stat_get_last_analyze_time(c.oid) AS analyzed_at
FROM pg_class AS c
WHERE c.oid = $1
"""


async def find_state(conn: Conn, oid: int) -> TableState | None:
    """What the catalogue says of a table now; None where it is gone."""
    row = await conn.fetchrow(FIND_TABLE_STATE, oid)
    return TableState(**dict(row)) if row else None


# Whoever holds such a lock, or waits for it, keeps out even those who only want to know a size.
LIST_LOCKED: Final = r"""
SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_locks AS l
JOIN pg_class AS c ON c.oid = l.relation AND c.relkind IN ('r', 'm', 'p', 'i')
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname !~ '^(pg_|information_schema$)'
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
ORDER BY name
"""


async def list_locked(conn: Conn) -> list[str]:
    """Tables and indexes that somebody keeps for himself now; reports leave them out."""
    return [row["name"] for row in await conn.fetch(LIST_LOCKED)]


GET_ROLE: Final = """
SELECT current_user::text AS name, r.rolsuper AS is_superuser,
    pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all, current_setting('track_counts')::boolean AS counts
FROM pg_roles AS r
WHERE r.rolname = current_user
"""


async def get_role(conn: Conn) -> tuple[str, bool, bool, bool]:
    """As whom care works: name, superuser, sees what other roles' sessions do; and whether the server counts at all."""
    row = await conn.fetchrow(GET_ROLE)
    assert row is not None  # noqa: S101 - there is no session without a role
    return row["name"], row["is_superuser"], row["sees_all"], row["counts"]


async def analyze(care: CareConnection, name: str, seconds: float) -> Sequence[str]:
    """Collect a table's statistics anew; what the server said to it. Raises as `CareConnection.act`."""
    return await care.act(f"ANALYZE {name}", lock_seconds=_LOCK_SECONDS, seconds=seconds)


async def vacuum(care: CareConnection, name: str, seconds: float, *, analyze: bool) -> Sequence[str]:
    """Clear a table's dead rows away; what the server said to it. Raises as `CareConnection.act`."""
    options = "(ANALYZE) " if analyze else ""
    return await care.act(f"VACUUM {options}{name}", lock_seconds=_LOCK_SECONDS, seconds=seconds)


async def reindex(care: CareConnection, name: str, seconds: float) -> Sequence[str]:
    """Build an index anew beside the old one. Raises as `CareConnection.act`; what is left over has to be dropped."""
    return await care.act(f"REINDEX INDEX CONCURRENTLY {name}", lock_seconds=_REINDEX_LOCK_SECONDS, seconds=seconds)


async def drop_index(care: CareConnection, name: str, seconds: float) -> Sequence[str]:
    """Drop an index without keeping writers out. Raises as `CareConnection.act`."""
    return await care.act(
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}", lock_seconds=_REINDEX_LOCK_SECONDS, seconds=seconds
    )
