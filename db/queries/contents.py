"""What a database holds, and databases as a whole: made, renamed and dropped."""

from typing import Final

from db.models_backups import Contents
from db.pool import Conn, Row

# Names come out qualified, rows of all are counted, whatever policies there are; nobody is waited for forever.
SET_READER: Final = """
SELECT set_config('search_path', 'pg_catalog', true), set_config('row_security', 'off', true),
    set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true),
    set_config('lock_timeout', '60s', true), pg_export_snapshot() AS snapshot
"""


SET_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


async def export_snapshot(conn: Conn) -> str:
    """Prepare a transaction for reading everything as of now; the name of its snapshot, for others to share."""
    await conn.execute(SET_SNAPSHOT)
    row = await conn.fetchrow(SET_READER)
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return str(row["snapshot"])


# What an extension made comes and goes with the extension.
LIST_TABLES: Final = """
SELECT format('%I.%I', n.nspname, c.relname) AS name,
    format('SELECT count(*) FROM ONLY %I.%I', n.nspname, c.relname) AS counting
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY 1
"""
LIST_CONSTRAINTS: Final = """
SELECT concat_ws(' ', format('%I.%I', n.nspname, coalesce(c.relname, t.typname)), quote_ident(k.conname),
    CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'f' THEN 'foreign key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check'
        WHEN 'x' THEN 'exclusion' ELSE 'trigger' END,
    CASE WHEN k.convalidated THEN 'valid' ELSE 'not valid' END) AS said
FROM pg_constraint AS k
JOIN pg_namespace AS n ON n.oid = k.connamespace
LEFT JOIN pg_class AS c ON c.oid = k.conrelid
LEFT JOIN pg_type AS t ON t.oid = k.contypid
WHERE k.contype <> 'n' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.deptype = 'e' AND (d.classid, d.objid) IN (
            ('pg_class'::regclass, k.conrelid), ('pg_type'::regclass, k.contypid), ('pg_constraint'::regclass, k.oid)
        )
    )
"""


async def list_tables(conn: Conn) -> list[str]:
    """Tables with their schemas."""
    return [row["name"] for row in await conn.fetch(LIST_TABLES)]


async def get_contents(conn: Conn) -> Contents:
    """Count every table's rows and list the constraints, as the connection's transaction sees them."""
    counts = {row["name"]: int(await conn.fetchval(row["counting"])) for row in await conn.fetch(LIST_TABLES)}
    return Contents(counts, frozenset(row["said"] for row in await conn.fetch(LIST_CONSTRAINTS)))


TRY_LOCK: Final = "SELECT pg_try_advisory_lock($1)"


async def try_lock(conn: Conn, key: int) -> bool:
    """Take a lock of the session, in this database; False where another session has it."""
    return await conn.fetchval(TRY_LOCK, key) is True


LOCK: Final = "SELECT pg_advisory_lock($1)"


async def lock(conn: Conn, key: int) -> None:
    """Take a lock of the session, in this database, once nobody else has it."""
    await conn.execute(LOCK, key)


GET_SERVER: Final = """
SELECT current_setting('server_version_num')::integer / 10000 AS major, current_setting('server_version') AS version,
    r.rolsuper AS is_superuser, r.rolcreatedb OR r.rolsuper AS may_create, r.rolname::text AS role,
    d.oid::bigint AS database_id, d.datname::text AS database
FROM pg_roles AS r, pg_database AS d
WHERE r.rolname = current_user AND d.datname = current_database()
"""


async def get_server(conn: Conn) -> Row:
    """The server's version, who we are there, what we may, and which database this is."""
    row = await conn.fetchrow(GET_SERVER)
    assert row is not None  # noqa: S101 - one role, one database
    return row


LIST_SCRATCH: Final = "SELECT d.datname::text AS name FROM pg_database AS d WHERE starts_with(d.datname, $1) ORDER BY 1"


async def list_databases(conn: Conn, prefix: str) -> list[str]:
    """Databases whose name begins so."""
    return [row["name"] for row in await conn.fetch(LIST_SCRATCH, prefix)]


LIST_IDLE: Final = """
SELECT d.datname::text AS name
FROM pg_database AS d
WHERE starts_with(d.datname, $1) AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)
ORDER BY 1
"""


async def list_deserted(conn: Conn, prefix: str) -> list[str]:
    """Databases whose name begins so, and to which nobody is connected."""
    return [row["name"] for row in await conn.fetch(LIST_IDLE, prefix)]


# A database with the encoding and collation of another sorts, compares and indexes as that one does.
CREATE_LIKE: Final = """
SELECT concat_ws(' ', format('CREATE DATABASE %I TEMPLATE template0', $1::text), (
    SELECT concat_ws(' ', format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(d.encoding),
            d.datcollate, d.datctype),
        CASE to_jsonb(d) ->> 'datlocprovider'
            WHEN 'i' THEN format('LOCALE_PROVIDER icu ICU_LOCALE %L',
                coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'))
            WHEN 'b' THEN format('LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', to_jsonb(d) ->> 'datlocale')
            ELSE 'LOCALE_PROVIDER libc'
        END)
    FROM pg_database AS d WHERE d.datname = $2
))
"""


async def create_database(conn: Conn, name: str, like: str) -> None:
    """Make an empty database with the encoding and collation of another, or the server's own where that is not there.

    Outside of any transaction.
    """
    await conn.execute(str(await conn.fetchval(CREATE_LIKE, name, like)))


DROP: Final = "SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', $1::text)"


async def drop_database(conn: Conn, name: str) -> None:
    """Drop a database, whoever is connected to it. Outside of any transaction."""
    await conn.execute(str(await conn.fetchval(DROP, name)))


CLOSE: Final = "SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS false', $1::text)"
OPEN: Final = "SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', $1::text)"
END_SESSIONS: Final = """
SELECT count(pg_terminate_backend(a.pid, 5000)) FROM pg_stat_activity AS a
WHERE a.datname = $1 AND a.pid <> pg_backend_pid()
"""
RENAME: Final = "SELECT format('ALTER DATABASE %I RENAME TO %I', $1::text, $2::text)"


async def close_database(conn: Conn, name: str) -> None:
    """End every session of a database, and let nobody in any more."""
    await conn.execute(str(await conn.fetchval(CLOSE, name)))
    await conn.fetchval(END_SESSIONS, name)


async def open_database(conn: Conn, name: str) -> None:
    """Let people in again."""
    await conn.execute(str(await conn.fetchval(OPEN, name)))


async def rename_database(conn: Conn, name: str, after: str) -> None:
    """Rename a database to which nobody is connected."""
    await conn.execute(str(await conn.fetchval(RENAME, name, after)))


FIND_DATABASE: Final = """
SELECT pg_has_role(d.datdba, 'USAGE') AS is_ours, pg_get_userbyid(d.datdba)::text AS owner
FROM pg_database AS d WHERE d.datname = $1
"""


async def find_database(conn: Conn, name: str) -> Row | None:
    """Whether a database is ours, None where there is none of this name."""
    return await conn.fetchrow(FIND_DATABASE, name)


MAKE_EXTENSION: Final = "SELECT format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', $1::text)"


BEGIN: Final = "BEGIN"
UNDO: Final = "ROLLBACK"


async def try_extension(conn: Conn, name: str) -> None:
    """Make an extension, and undo it: an error says that it cannot be made. Outside of any transaction."""
    statement = str(await conn.fetchval(MAKE_EXTENSION, name))
    await conn.execute(BEGIN)
    try:
        await conn.execute(statement)
    finally:
        await conn.execute(UNDO)


# What would be sent from a restored copy was sent by the original, or is long out of date.
SILENCE: Final = (
    ("techops.pgqueuer", "DELETE FROM techops.pgqueuer"),
    ("techops.ledger", "DELETE FROM techops.ledger WHERE posted_at IS NULL"),
    ("techops.messages", "DELETE FROM techops.messages WHERE message_ts IS NULL"),
    ("techops.channel_pauses", "DELETE FROM techops.channel_pauses"),
    (
        "techops.maintenance_runs",
        "UPDATE techops.maintenance_runs SET status = 'interrupted' WHERE status IN ('queued', 'waiting', 'running')",
    ),
    ("techops.backups", "DELETE FROM techops.backups WHERE status = 'running'"),
)
HAS_TABLE: Final = "SELECT to_regclass($1) IS NOT NULL"


ANNOUNCE_NOTHING: Final = "SELECT set_config('app.announce', 'off', true)"


async def delete_unsent(conn: Conn) -> dict[str, int]:
    """Empty the queue and forget what was about to be sent, in a restored database; rows by table."""
    await conn.execute(ANNOUNCE_NOTHING)
    deleted = {}
    for table, statement in SILENCE:
        if await conn.fetchval(HAS_TABLE, table):
            deleted[table] = int((await conn.execute(statement)).split()[-1])
    return deleted
