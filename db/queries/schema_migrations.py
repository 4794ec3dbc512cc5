"""What was migrated, and which CHECKs had to be left out: `techops.schema_migrations` and `techops.skipped_checks`."""

from typing import Final

from db.pool import Conn, Row

BOOTSTRAP: Final = """
CREATE SCHEMA IF NOT EXISTS techops;
CREATE TABLE IF NOT EXISTS techops.schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    duration_ms integer NOT NULL
);
CREATE TABLE IF NOT EXISTS techops.skipped_checks (
    constraint_name text PRIMARY KEY,
    table_name text NOT NULL,
    column_name text NOT NULL,
    definition text NOT NULL,
    offenders bigint NOT NULL,
    sample jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
"""

HAS_MIGRATIONS: Final = "SELECT to_regclass('techops.schema_migrations') IS NOT NULL"
HAS_SKIPPED_CHECKS: Final = "SELECT to_regclass('techops.skipped_checks') IS NOT NULL"
LIST_MIGRATIONS: Final = "SELECT version, name, checksum FROM techops.schema_migrations ORDER BY version"
INSERT_MIGRATION: Final = """
INSERT INTO techops.schema_migrations (version, name, checksum, duration_ms) VALUES ($1, $2, $3, $4)
"""
LIST_SKIPPED_CHECKS: Final = """
SELECT constraint_name, table_name, column_name, definition, offenders, sample
FROM techops.skipped_checks
ORDER BY table_name, constraint_name
"""
ADD_CHECK: Final = "SELECT techops.add_check($1::text::regclass, $2, $3, $4)"
TRY_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
SERVER_VERSION: Final = "SELECT current_setting('server_version_num')::integer / 10000"
# Objects of the document that the present role does not own, neither itself nor through a role whose rights it has.
LIST_FOREIGN_OWNED: Final = """
WITH wanted(name) AS (SELECT unnest($1::text[]))
SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner
FROM wanted JOIN pg_class c ON c.relname = wanted.name AND c.relnamespace = to_regnamespace('public')
WHERE NOT pg_has_role(c.relowner, 'USAGE')
UNION ALL
SELECT p.proname || '()', pg_get_userbyid(p.proowner)
FROM wanted JOIN pg_proc p ON p.proname = wanted.name AND p.pronamespace = to_regnamespace('public') AND p.pronargs = 0
WHERE NOT pg_has_role(p.proowner, 'USAGE')
ORDER BY 1
"""


async def bootstrap(conn: Conn) -> None:
    """Make the schema and the two tables that the runner itself needs."""
    await conn.execute(BOOTSTRAP)


async def list_migrations(conn: Conn) -> list[Row]:
    """Version, name and checksum of what was applied; empty where nothing ever was."""
    if not await conn.fetchval(HAS_MIGRATIONS):
        return []
    return list(await conn.fetch(LIST_MIGRATIONS))


async def insert_migration(conn: Conn, version: int, name: str, checksum: str, duration_ms: int) -> None:
    """Record a migration as applied."""
    await conn.execute(INSERT_MIGRATION, version, name, checksum, duration_ms)


async def list_skipped_checks(conn: Conn) -> list[Row]:
    """CHECKs that rows break: constraint, table, column, definition, offenders, sample of `{"id":, "value":}`."""
    if not await conn.fetchval(HAS_SKIPPED_CHECKS):
        return []
    return list(await conn.fetch(LIST_SKIPPED_CHECKS))


async def add_check(conn: Conn, table: str, constraint: str, column: str, definition: str) -> int:
    """Add a CHECK, or record who breaks it; returns the number of offending rows."""
    return int(await conn.fetchval(ADD_CHECK, table, constraint, column, definition))


async def list_foreign_owned(conn: Conn, names: list[str]) -> list[Row]:
    """Name and owner of those of the named objects that the present role may not alter."""
    return list(await conn.fetch(LIST_FOREIGN_OWNED, names))


async def get_server_version(conn: Conn) -> int:
    """The server's major version."""
    return int(await conn.fetchval(SERVER_VERSION))


async def try_lock(conn: Conn, key: int) -> bool:
    """Take the session's advisory lock if it is free."""
    return bool(await conn.fetchval(TRY_LOCK, key))
