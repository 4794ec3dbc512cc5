"""The dashboard's documented role."""

from typing import Final

from db.models_roles import LeftOut
from db.pool import Conn

FIND_LOGIN: Final = "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1"
# A role belongs to the whole server: somebody may make it at the same moment, for another database.
CREATE_DASHBOARD_ROLE: Final = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dashboard_app') THEN
        CREATE ROLE dashboard_app LOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$
"""
# What an extension has put into the schema is its own, and so is what belongs to somebody whose rights we do not have.
GRANT_TO_DASHBOARD: Final = """
DO $$
DECLARE
    it record;
BEGIN
    SET LOCAL client_min_messages = error; -- that we may not give what everybody has anyway
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO dashboard_app', current_database());
    IF NOT has_database_privilege('dashboard_app', current_database(), 'CONNECT') THEN
        RAISE insufficient_privilege USING MESSAGE = format('only the owner of the database %s can let dashboard_app '
            'connect to it', current_database());
    END IF;
    IF (SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'public')
        OR NOT has_schema_privilege('dashboard_app', 'public', 'USAGE') THEN
        GRANT USAGE ON SCHEMA public TO dashboard_app;
    END IF;
    FOR it IN
        SELECT c.oid::regclass AS name, c.relkind = 'S' AS is_sequence
        FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            AND pg_has_role(c.relowner, 'USAGE')
            AND NOT EXISTS (
                SELECT FROM pg_depend AS d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
            )
        ORDER BY c.oid
    LOOP
        IF it.is_sequence THEN
            EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %s TO dashboard_app', it.name);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO dashboard_app', it.name);
        END IF;
    END LOOP;
    FOR it IN
        SELECT DISTINCT pg_get_userbyid(c.relowner) AS owner
        FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE')
    LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public '
            'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO dashboard_app', it.owner);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public '
            'GRANT USAGE, SELECT ON SEQUENCES TO dashboard_app', it.owner);
    END LOOP;
END
$$
"""
LIST_GRANTED: Final = """
SELECT c.relname AS name
FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND has_table_privilege('dashboard_app', c.oid, 'SELECT') AND has_table_privilege('dashboard_app', c.oid, 'INSERT')
    AND has_table_privilege('dashboard_app', c.oid, 'UPDATE') AND has_table_privilege('dashboard_app', c.oid, 'DELETE')
ORDER BY c.relname
"""
LIST_LEFT_OUT: Final = """
SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner
FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT pg_has_role(c.relowner, 'USAGE')
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY c.relname
"""


async def find_login(conn: Conn, role: str) -> bool | None:
    """Whether a role may sign in; None where there is no such role."""
    found: bool | None = await conn.fetchval(FIND_LOGIN, role)
    return found


async def create_dashboard_role(conn: Conn) -> None:
    """Make dashboard_app, with sign-in and without a password, where it is not there."""
    await conn.execute(CREATE_DASHBOARD_ROLE)


async def grant_to_dashboard(conn: Conn) -> None:
    """Give dashboard_app the documented rights on what is in schema public, and on what will be."""
    await conn.execute(GRANT_TO_DASHBOARD)


async def list_granted(conn: Conn) -> list[str]:
    """Tables and views of schema public that dashboard_app may read and write."""
    return [row["name"] for row in await conn.fetch(LIST_GRANTED)]


async def list_left_out(conn: Conn) -> list[LeftOut]:
    """What is in schema public and belongs to somebody whose rights the present role does not have."""
    return [LeftOut(**row) for row in await conn.fetch(LIST_LEFT_OUT)]
