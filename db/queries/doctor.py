"""What an installation is checked by: the server, the connection, the role, clocks, connections."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.pool import Conn


@dataclass(frozen=True, slots=True)
class Session:
    """The connection of whoever asks.

    `version` is the server's, such as "15.18"; `signed_in_as` the role that has signed in, `role` the one whose rights
    count; `owns_tables` is None where the dashboard's tables are missing. `is_local`: over a Unix socket or the
    loopback. `protocol` is None where nothing encrypts the connection.
    """

    major: int
    version: str
    database: str
    signed_in_as: str
    role: str
    is_superuser: bool
    owns_tables: bool | None
    is_local: bool
    protocol: str | None
    now: datetime


GET_SESSION: Final = """
SELECT current_setting('server_version_num')::integer / 10000 AS major, current_setting('server_version') AS version,
    current_database()::text AS database, session_user::text AS signed_in_as, current_user::text AS role,
    (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) AS is_superuser,
    (SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class AS c
        WHERE c.oid = to_regclass('public.maintenance_requests')) AS owns_tables,
    coalesce(host(inet_server_addr()) IN ('127.0.0.1', '::1'), true) AS is_local,
    (SELECT s.version FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid() AND s.ssl) AS protocol,
    clock_timestamp() AS now
"""


async def get_session(conn: Conn) -> Session:
    """What this connection is."""
    row = await conn.fetchrow(GET_SESSION)
    assert row is not None  # noqa: S101 - it has no FROM
    return Session(**dict(row))


@dataclass(frozen=True, slots=True)
class Connections:
    """How many the server allows in all, keeps back for superusers, and how many others than the bot's are open."""

    most: int
    kept_back: int
    others: int


GET_CONNECTIONS: Final = """
SELECT current_setting('max_connections')::integer AS most,
    current_setting('superuser_reserved_connections')::integer
        + coalesce(current_setting('reserved_connections', true)::integer, 0) AS kept_back,
    (SELECT count(*) FROM pg_stat_activity AS a
     WHERE a.backend_type = 'client backend' AND a.application_name NOT LIKE 'techops%')::integer AS others
"""


async def get_connections(conn: Conn) -> Connections:
    """The server's connections."""
    row = await conn.fetchrow(GET_CONNECTIONS)
    assert row is not None  # noqa: S101 - it has no FROM
    return Connections(**dict(row))


@dataclass(frozen=True, slots=True)
class Statistics:
    """pg_stat_statements: whether the server has loaded the library, and whether this database has the extension."""

    loaded: bool
    installed: bool


GET_STATISTICS: Final = """
SELECT EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'pg_stat_statements.max') AS loaded,
    EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_stat_statements') AS installed
"""


async def get_statistics(conn: Conn) -> Statistics:
    """Whether the slow statements can be told."""
    row = await conn.fetchrow(GET_STATISTICS)
    assert row is not None  # noqa: S101 - it has no FROM
    return Statistics(**dict(row))


GET_LATEST_CLAIM: Final = "SELECT max(c.claimed_at) FROM techops.claims AS c"


async def find_latest_claim(conn: Conn) -> datetime | None:
    """When a scheduler last took a due time, None where none ever did."""
    latest: datetime | None = await conn.fetchval(GET_LATEST_CLAIM)
    return latest


# Zone-less times of the dashboard, read in the zone of the connection.
GET_LATEST_ROW: Final = """
SELECT greatest(
    (SELECT max(m.created_at) FROM public.maintenance_requests AS m),
    (SELECT max(l.created_at) FROM (
        SELECT d.created_at FROM public.deployments AS d ORDER BY d.id DESC LIMIT 100
    ) AS l)
)::timestamptz
"""


async def find_latest_row(conn: Conn) -> datetime | None:
    """When the latest request or deployment was made, by the dashboard's clock and the zone of this connection."""
    latest: datetime | None = await conn.fetchval(GET_LATEST_ROW)
    return latest


GET_DATABASE_SIZE: Final = "SELECT pg_database_size(current_database())"


async def get_database_size(conn: Conn) -> int:
    """Bytes of the database."""
    return int(await conn.fetchval(GET_DATABASE_SIZE))
