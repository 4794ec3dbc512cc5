"""Row level security of `public.users`: its policies, and the roles that they meet."""

from collections.abc import Sequence
from typing import Final

from db.models_roles import RoleUse, RowSecurity
from db.pool import Conn

SET_LOCK_TIMEOUT: Final = "SELECT set_config('lock_timeout', $1, true)"
LOCK_USERS: Final = "LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE"
MAY_ALTER: Final = "SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class AS c WHERE c.oid = 'public.users'::regclass"
FIND_OWNER: Final = "SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = 'public.users'::regclass"
LIST_UNKNOWN_ROLES: Final = """
SELECT name FROM unnest($1::text[]) AS name
WHERE name LIKE 'pg\\_%' OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
ORDER BY name
"""
# By number: a role that somebody drops at this moment then has no rights, instead of making the statement fail.
LIST_ROLES: Final = """
SELECT r.rolname AS name, r.rolcanlogin AS can_log_in,
    r.rolsuper OR r.rolbypassrls OR (pg_has_role(r.oid, u.relowner, 'USAGE') AND NOT u.relforcerowsecurity) AS bypasses,
    has_any_column_privilege(r.oid, u.oid, 'SELECT') AS may_read,
    has_any_column_privilege(r.oid, u.oid, 'INSERT, UPDATE')
        OR has_table_privilege(r.oid, u.oid, 'DELETE') AS may_write,
    EXISTS (
        SELECT FROM pg_policy AS p, unnest(p.polroles) AS named
        WHERE p.polrelid = u.oid AND p.polpermissive AND (named = 0 OR pg_has_role(r.oid, named, 'USAGE'))
            AND (p.polcmd IN ('r', '*') OR NOT has_any_column_privilege(r.oid, u.oid, 'SELECT'))
    ) AS has_policy,
    EXISTS (
        SELECT FROM pg_policy AS p, unnest(p.polroles) AS named
        WHERE p.polrelid = u.oid AND p.polname = 'techops_read' AND pg_has_role(r.oid, named, 'USAGE')
    ) AS by_us,
    (
        SELECT count(*) FROM pg_stat_activity AS a WHERE a.usesysid = r.oid AND a.datname = current_database()
    ) AS sessions
FROM pg_roles AS r
CROSS JOIN (
    SELECT c.oid, c.relowner, c.relforcerowsecurity FROM pg_class AS c WHERE c.oid = 'public.users'::regclass
) AS u
WHERE r.rolname NOT LIKE 'pg\\_%'
    AND (
        has_any_column_privilege(r.oid, u.oid, 'SELECT, INSERT, UPDATE') OR has_table_privilege(r.oid, u.oid, 'DELETE')
    )
ORDER BY r.rolname
"""
FIND_TABLE: Final = """
SELECT c.relrowsecurity AS enabled,
    EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'techops_read') AS made_here
FROM pg_class AS c
WHERE c.oid = 'public.users'::regclass
"""
# current_setting with one argument fails where the setting is absent.
LIST_OTHER_POLICIES: Final = """
SELECT p.polname AS name,
    concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        ~ 'current_setting\\(''[^'']*''::text\\)' AS raises
FROM pg_policy AS p
WHERE p.polrelid = 'public.users'::regclass
    AND p.polname <> ALL (ARRAY['techops_read', 'techops_bot', 'techops_insert', 'techops_update', 'techops_delete'])
ORDER BY p.polname
"""
LIST_POLICY_ROLES: Final = """
SELECT pg_get_userbyid(named) AS name
FROM pg_policy AS p, unnest(p.polroles) AS named
WHERE p.polrelid = 'public.users'::regclass AND p.polname = 'techops_read' AND named <> 0
ORDER BY 1
"""
SET_POLICY_ROLES: Final = """
SELECT set_config('techops.policy_roles', coalesce(string_agg(quote_ident(name), ', ' ORDER BY name), ''), true)
FROM unnest($1::text[]) AS name
"""
# Whether it was on before is kept with a policy, for whoever takes them away again.
ENABLE: Final = """
DO $$
DECLARE
    bot text := (SELECT r.rolname FROM pg_roles AS r WHERE r.rolname = 'techops_app');
    dashboards text := NULLIF(current_setting('techops.policy_roles'), '');
    before text := (
        SELECT coalesce(
            (
                SELECT obj_description(p.oid, 'pg_policy') FROM pg_policy AS p
                WHERE p.polrelid = c.oid AND p.polname = 'techops_read'
            ),
            CASE WHEN c.relrowsecurity THEN 'Row security was on before.' ELSE 'Row security was off before.' END
        )
        FROM pg_class AS c WHERE c.oid = 'public.users'::regclass
    );
BEGIN
    SET LOCAL client_min_messages = warning;
    DROP POLICY IF EXISTS techops_read ON public.users;
    DROP POLICY IF EXISTS techops_bot ON public.users;
    DROP POLICY IF EXISTS techops_insert ON public.users;
    DROP POLICY IF EXISTS techops_update ON public.users;
    DROP POLICY IF EXISTS techops_delete ON public.users;
    DROP TRIGGER IF EXISTS techops_guard_rights ON public.users;
    EXECUTE format('CREATE POLICY techops_read ON public.users FOR SELECT TO %s USING (true)',
        concat_ws(', ', bot, dashboards));
    EXECUTE format('COMMENT ON POLICY techops_read ON public.users IS %L', before);
    -- What it may update is limited by its grants; without a policy it could not lock a row either.
    IF bot IS NOT NULL THEN
        CREATE POLICY techops_bot ON public.users FOR UPDATE TO techops_app USING (true) WITH CHECK (true);
    END IF;
    IF dashboards IS NOT NULL THEN
        EXECUTE format('CREATE POLICY techops_insert ON public.users FOR INSERT TO %s '
            'WITH CHECK (techops.actor_manages_users())', dashboards);
        EXECUTE format('CREATE POLICY techops_update ON public.users FOR UPDATE TO %s USING (true) '
            'WITH CHECK (techops.actor_writes_user(id))', dashboards);
        EXECUTE format('CREATE POLICY techops_delete ON public.users FOR DELETE TO %s '
            'USING (techops.actor_manages_users())', dashboards);
    END IF;
    CREATE TRIGGER techops_guard_rights AFTER UPDATE ON public.users FOR EACH ROW
        WHEN (row_security_active('public.users'::regclass) AND (
            OLD.role IS DISTINCT FROM NEW.role OR OLD.is_active IS DISTINCT FROM NEW.is_active
            OR OLD.id IS DISTINCT FROM NEW.id
        ))
        EXECUTE FUNCTION techops.guard_user_rights();
    ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;
END
$$
"""
DISABLE: Final = """
DO $$
DECLARE
    before text := (
        SELECT obj_description(p.oid, 'pg_policy') FROM pg_policy AS p
        WHERE p.polrelid = 'public.users'::regclass AND p.polname = 'techops_read'
    );
BEGIN
    SET LOCAL client_min_messages = warning;
    DROP POLICY IF EXISTS techops_read ON public.users;
    DROP POLICY IF EXISTS techops_bot ON public.users;
    DROP POLICY IF EXISTS techops_insert ON public.users;
    DROP POLICY IF EXISTS techops_update ON public.users;
    DROP POLICY IF EXISTS techops_delete ON public.users;
    DROP TRIGGER IF EXISTS techops_guard_rights ON public.users;
    IF before = 'Row security was off before.' THEN
        ALTER TABLE public.users DISABLE ROW LEVEL SECURITY;
    END IF;
END
$$
"""


async def lock_users(conn: Conn, seconds: float) -> None:
    """Keep everybody else off the accounts until the end of the transaction.

    Raises:
        Timeout: they were in use for so many seconds.
    """
    await conn.fetchval(SET_LOCK_TIMEOUT, f"{seconds * 1000:.0f}ms")
    await conn.execute(LOCK_USERS)


async def may_alter(conn: Conn) -> bool:
    """Whether the present role may change the table."""
    return bool(await conn.fetchval(MAY_ALTER))


async def find_owner(conn: Conn) -> str:
    """The role that owns the accounts."""
    return str(await conn.fetchval(FIND_OWNER))


async def list_unknown_roles(conn: Conn, names: Sequence[str]) -> list[str]:
    """Of these names, those that no role has, or one that comes with the server."""
    return [row["name"] for row in await conn.fetch(LIST_UNKNOWN_ROLES, list(names))]


async def get_row_security(conn: Conn) -> RowSecurity:
    """Row level security of the accounts as it is, and every role with rights on them."""
    table = await conn.fetchrow(FIND_TABLE)
    assert table is not None  # noqa: S101 - a regclass that does not exist is an error
    others = await conn.fetch(LIST_OTHER_POLICIES)
    return RowSecurity(
        enabled=table["enabled"],
        made_here=table["made_here"],
        roles=tuple(RoleUse(**row) for row in await conn.fetch(LIST_ROLES)),
        others=tuple(row["name"] for row in others),
        raising=tuple(row["name"] for row in others if row["raises"]),
    )


async def list_policy_roles(conn: Conn) -> list[str]:
    """The roles that our policies name."""
    return [row["name"] for row in await conn.fetch(LIST_POLICY_ROLES)]


async def enable(conn: Conn, dashboards: Sequence[str]) -> None:
    """Turn row level security on, with policies for techops_app and for these roles; made anew where they are there."""
    await conn.execute(SET_POLICY_ROLES, list(dashboards))
    await conn.execute(ENABLE)


async def disable(conn: Conn) -> None:
    """Take away what `enable` made; row level security stays on where it was on before."""
    await conn.execute(DISABLE)
