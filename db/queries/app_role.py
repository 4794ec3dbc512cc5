"""The role of the bot's own processes, `techops_app`: made once a server, its rights given once a database."""

from typing import Final

from db.pool import Conn

ROLE: Final = "techops_app"

# Several databases of one server may be migrated at the same moment, and the role belongs to all of them.
CREATE_ROLE: Final = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = 'techops_app') THEN
        CREATE ROLE techops_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
    NULL; -- made by another migration at this moment; or we may not, and the caller looks whether it is there
END
$$
"""
# So that a bot which signs in as the tables' owner can give up the owner's rights. PostgreSQL 16 tells apart what a
# member may do; before, whoever is one has the role's rights too, which are fewer than the owner's anyway.
LET_OWNER_SET: Final = """
DO $$
BEGIN
    IF current_setting('server_version_num')::integer < 160000 THEN
        IF NOT pg_has_role(session_user, 'techops_app', 'MEMBER') THEN
            EXECUTE format('GRANT techops_app TO %I', session_user);
        END IF;
    ELSIF NOT pg_has_role(session_user, 'techops_app', 'SET') THEN
        EXECUTE format('GRANT techops_app TO %I WITH INHERIT FALSE, SET TRUE', session_user);
    END IF;
EXCEPTION WHEN insufficient_privilege OR unique_violation OR internal_error THEN
    NULL; -- may not; or another migration does it at this moment ("tuple concurrently updated")
END
$$
"""
# Reports of sessions and statements see the queries of other roles only with it.
LET_READ_STATISTICS: Final = """
DO $$
BEGIN
    IF NOT pg_has_role('techops_app', 'pg_read_all_stats', 'USAGE') THEN
        GRANT pg_read_all_stats TO techops_app;
    END IF;
EXCEPTION WHEN insufficient_privilege OR unique_violation OR internal_error THEN
    NULL; -- may not: the reports say what they cannot see; or another migration does it at this moment
END
$$
"""
ROLE_EXISTS: Final = "SELECT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = 'techops_app')"
# The first of the rights that the migrations give.
HAS_RIGHTS: Final = """
SELECT has_schema_privilege('techops_app', n.oid, 'USAGE') FROM pg_namespace AS n WHERE n.nspname = 'techops'
"""


async def create_role(conn: Conn) -> bool:
    """Make the role where it is missing and may be made; whether it is there now."""
    await conn.execute(CREATE_ROLE)
    if not await conn.fetchval(ROLE_EXISTS):
        return False
    await conn.execute(LET_OWNER_SET)
    await conn.execute(LET_READ_STATISTICS)
    return True


async def has_rights(conn: Conn) -> bool:
    """Whether the rights in this database were given; only to be asked where the role exists."""
    return await conn.fetchval(HAS_RIGHTS) is True
