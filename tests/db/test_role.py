"""What the role of the bot's own processes may not do, whatever statement reaches it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from db import errors
from db.pool import DatabaseConfig, Pool, connect, open_pool
from db.queries import people, tokens
from db.queries.people import LastAdmin
from db.rights import ROLE

PEOPLE = """
INSERT INTO users (id, email, name, password_hash, role, is_active) VALUES
    (1, 'ada@example.com', 'Ada', '$2b$secret', 'admin', true), (2, 'ben@example.com', 'Ben', 'x', 'admin', true),
    (3, 'erik@example.com', 'Erik', 'x', 'engineer', true), (4, 'old@example.com', 'Old', 'x', 'admin', false);
SELECT setval('users_id_seq', 10);
INSERT INTO projects (id, name) VALUES (1, 'Shop');
INSERT INTO deployments (id, project_id, version, environment) VALUES (1, 1, 'v1', 'staging');
INSERT INTO techops.api_tokens (name, token_sha256, owner_id, scopes, created_at)
VALUES ('ci', sha256('secret'), 1, ARRAY['deployments:read'], now());
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name) VALUES ('T1', 'U1', 3, 'Erik');
"""
FORBIDDEN = [
    # password hashes, by whatever way
    "SELECT password_hash FROM users",
    "SELECT * FROM users",
    "SELECT u FROM users AS u",
    "SELECT to_jsonb(u) FROM users AS u",
    "SELECT count(*) FROM users WHERE password_hash LIKE '$2b%'",
    "SELECT id FROM users ORDER BY password_hash",
    "COPY users TO STDOUT",
    # accounts
    "UPDATE users SET role = 'admin' WHERE id = 3",
    "UPDATE users SET is_active = true WHERE id = 4",
    "UPDATE users SET password_hash = 'x' WHERE id = 1",
    "UPDATE users SET email = 'eve@example.com' WHERE id = 1",
    "UPDATE users SET last_login = now(), role = 'admin' WHERE id = 3",
    "INSERT INTO users (email, name, password_hash, role) VALUES ('eve@example.com', 'Eve', 'x', 'admin')",
    "DELETE FROM users WHERE id = 1",
    "TRUNCATE users CASCADE",
    "UPDATE techops.slack_identities SET user_id = 1",
    "DELETE FROM techops.slack_identities",
    # what was done is on record
    "UPDATE techops.activity SET actor_id = 1",
    "DELETE FROM techops.activity",
    "TRUNCATE techops.activity",
    "INSERT INTO techops.activity (source, subject_kind, subject_id, verb) VALUES ('slack', 'user', 1, 'created')",
    "INSERT INTO maintenance_status_history (maintenance_request_id, new_status, changed_by) VALUES (1, 'open', 1)",
    "DELETE FROM deployments",
    "DELETE FROM maintenance_requests",
    "DELETE FROM projects",
    "INSERT INTO techops.approvals (subject_kind, subject_id) VALUES ('deployment', 1)",
    "UPDATE techops.approvals SET required = 0",
    "DELETE FROM techops.approval_votes",
    "DELETE FROM techops.schema_migrations",
    # tokens
    "SELECT token_sha256 FROM techops.api_tokens",
    "SELECT * FROM techops.api_tokens",
    "UPDATE techops.api_tokens SET owner_id = 1",
    "UPDATE techops.api_tokens SET scopes = ARRAY['deployments:write']",
    "DELETE FROM techops.api_tokens",
    # definitions
    "CREATE TABLE techops.mine (id integer)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION techops.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION pg_trgm",
    "ALTER TABLE users ADD COLUMN mine integer",
    "ALTER TABLE users DISABLE TRIGGER ALL",
    "ALTER TABLE users OWNER TO techops_app",
    "DROP TABLE techops.acts",
    "DROP TRIGGER techops_record_update ON users",
    "DROP FUNCTION techops.require_admin()",
    "CREATE TRIGGER mine BEFORE INSERT ON deployments FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()",
    "GRANT SELECT ON users TO PUBLIC",
    "LOCK TABLE users IN ACCESS EXCLUSIVE MODE",
    # the server
    "CREATE ROLE mine",
    "ALTER ROLE techops_app SUPERUSER",
    "SET session_replication_role = replica",
    "SELECT pg_read_file('postgresql.conf')",
    "COPY techops.acts TO PROGRAM 'cat'",
    # functions that are not for it
    "SELECT techops.require_admin()",
    "SELECT techops.insert_user('eve@example.com', 'Eve', 'x', 'admin')",
    "SELECT techops.hold_admins()",
    "SELECT techops.enqueue_announcement()",
    "SELECT techops.add_check('users'::regclass, 'a', 'b', 'true')",
    "SELECT techops.tell_approval(a) FROM techops.approvals AS a",
]
# Who owns what in the whole server, and as which roles ours may act.
OWNED = "SELECT count(*) FROM pg_shdepend AS d WHERE d.refobjid = 'techops_app'::regrole AND d.deptype = 'o'"
MEMBER_OF = """
SELECT array_agg(m.roleid::regrole::text) FROM pg_auth_members AS m WHERE m.member = 'techops_app'::regrole
"""
ATTRIBUTES = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = 'techops_app'
"""
# Functions that run with their owner's rights: with a search_path of their own, and not for everybody.
OPEN_DOORS = """
SELECT p.oid::regprocedure::text AS name
FROM pg_proc AS p
WHERE p.prosecdef AND p.pronamespace IN ('techops'::regnamespace, 'public'::regnamespace)
    AND (NOT coalesce(p.proconfig::text, '') LIKE '%search_path=pg_catalog%'
        OR (p.pronamespace = 'techops'::regnamespace AND EXISTS (
            SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a WHERE a.grantee = 0
        )))
"""
# A policy asks with the rights of whoever uses its table. These tell of the caller's own setting, and change nothing.
ASKED_BY_POLICIES = {"techops.actor_manages_users()", "techops.actor_writes_user(integer)"}
WAITING = "SELECT EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = $1 AND NOT l.granted)"


async def owned(database: DatabaseConfig, query: str, *args: object) -> Any:
    connection = await connect(database)
    try:
        return await connection.fetchval(query, *args)
    finally:
        await connection.close()


@pytest.fixture
async def app(database: DatabaseConfig) -> AsyncIterator[Pool]:
    """A pool of the bot's role, on a dashboard with two active admins, Ada (1) and Ben (2)."""
    connection = await connect(database)
    await connection.execute(PEOPLE)
    await connection.close()
    pool = await open_pool(replace(database, role=ROLE))
    try:
        yield pool
    finally:
        await pool.close()


def acting(user_id: object) -> dict[str, str]:
    return {"app.current_user_id": str(user_id), "app.source": "slack"}


async def test_every_connection_has_its_rights(app: Pool, database: DatabaseConfig) -> None:
    async with app.acquire() as conn:
        assert await conn.fetchval("SELECT current_user::text") == ROLE
    listener = await connect(replace(database, role=ROLE))
    try:
        assert await listener.fetchval("SELECT current_user::text") == ROLE
    finally:
        await listener.close()


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_it_is_refused(app: Pool, statement: str) -> None:
    with pytest.raises(errors.NotAllowed, match="techops migrate"):
        async with app.transaction(acting(3)) as conn:
            await conn.execute(statement)


async def test_it_owns_nothing_and_is_nobody_else(app: Pool) -> None:
    async with app.acquire() as conn:
        assert await conn.fetchval(OWNED) == 0
        assert set(await conn.fetchval(MEMBER_OF) or []) <= {"pg_read_all_stats"}
        row = await conn.fetchrow(ATTRIBUTES)
        assert row is not None
        assert not any(row.values())


async def test_as_itself_it_becomes_nobody_else(app: Pool, database: DatabaseConfig) -> None:
    connection = await connect(database)
    try:
        owner = await connection.fetchval("SELECT quote_ident(current_user)")
        await connection.execute(f"SET SESSION AUTHORIZATION {ROLE}")
        for role in (owner, "pg_write_all_data", "pg_read_all_data", "pg_execute_server_program"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SET ROLE {role}")
    finally:
        await connection.close()


async def test_no_function_is_a_door_for_everybody(database: DatabaseConfig) -> None:
    connection = await connect(database)
    try:
        assert {row["name"] for row in await connection.fetch(OPEN_DOORS)} <= ASKED_BY_POLICIES
    finally:
        await connection.close()


@pytest.mark.parametrize("actor", ["", "3", "4", "99", "nonsense", "1e0", "-1"])
async def test_without_an_admin_as_actor_no_rights_are_given(app: Pool, actor: str) -> None:
    for work in (
        "SELECT techops.set_user_role(3, 'admin')",
        "SELECT techops.set_user_active(4, true)",
        "SELECT techops.set_user_active(1, false)",
        "SELECT techops.add_user('eve@example.com', 'Eve', 'x', 'admin')",
        "SELECT techops.add_user('eve@example.com', 'Eve', 'x', 'user')",
    ):
        with pytest.raises(errors.NotAllowed):
            async with app.transaction(acting(actor)) as conn:
                await conn.execute(work)


async def test_what_is_provisioned_is_a_user(app: Pool, database: DatabaseConfig) -> None:
    async with app.transaction() as conn:
        made = await people.provision_user(conn, "New@Example.com", "N" * 300, "x")
        assert made is not None
        assert (await people.get_user(conn, made)).role == "user"
        assert await people.provision_user(conn, "new@example.COM", "Twice", "x") is None
    assert await owned(database, "SELECT count(*) FROM users WHERE lower(email) = 'new@example.com'") == 1


async def test_an_address_is_taken_once_by_two_at_a_time(app: Pool) -> None:
    async def introduce(email: str) -> int | None:
        async with app.transaction() as conn:
            return await people.provision_user(conn, email, "Twin", "x")

    made = await asyncio.gather(*(introduce(email) for email in ("Twin@example.com", "twin@example.com") * 3))
    assert sum(it is not None for it in made) == 1


async def test_an_admin_gives_roles_and_the_record_names_them(app: Pool) -> None:
    async with app.transaction(acting(1)) as conn:
        assert await people.update_role(conn, 3, "admin")
        assert await people.update_active(conn, 4, is_active=True)
        assert not await people.update_role(conn, 99, "admin")
        assert not await people.update_active(conn, 99, is_active=False)
        assert await people.add_user(conn, "eve@example.com", "Eve", "x", "engineer")
    async with app.acquire() as conn:
        rows = await conn.fetch(
            "SELECT verb, actor_id FROM techops.activity WHERE subject_kind = 'user' ORDER BY id DESC LIMIT 3"
        )
    assert [(row["verb"], row["actor_id"]) for row in rows] == [("created", 1), ("activated", 1), ("role_changed", 1)]


async def test_an_unknown_role_is_no_role(app: Pool) -> None:
    for work in ("SELECT techops.set_user_role(3, 'root')", "SELECT techops.add_user('e@example.com', 'E', 'x', 'x')"):
        with pytest.raises(errors.CheckFailed):
            async with app.transaction(acting(1)) as conn:
                await conn.execute(work)


async def test_the_last_active_admin_stays_one(app: Pool) -> None:
    async with app.transaction(acting(1)) as conn:
        assert await people.update_active(conn, 2, is_active=False)
    with pytest.raises(LastAdmin):
        async with app.transaction(acting(1)) as conn:
            await people.update_role(conn, 1, "engineer")
    with pytest.raises(LastAdmin):
        async with app.transaction(acting(1)) as conn:
            await people.update_active(conn, 1, is_active=False)
    async with app.transaction(acting(1)) as conn:
        assert await people.update_role(conn, 1, "admin")  # no change is no loss


@pytest.mark.parametrize("by", ["themselves", "each other", "the command line"])
@pytest.mark.parametrize("second", ["role", "active"])
async def test_of_the_last_two_admins_removed_at_once_one_stays(
    app: Pool, database: DatabaseConfig, by: str, second: str
) -> None:
    # who acts for the change of 1 and of 2; nobody has to where the connection is the owner's
    first_actor, second_actor = {"themselves": (1, 2), "each other": (2, 1), "the command line": ("", "")}[by]
    pool = app if first_actor else await open_pool(database)
    pids: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def remove_the_other() -> None:
        async with pool.transaction(acting(second_actor)) as conn:
            pids.set_result(await conn.fetchval("SELECT pg_backend_pid()"))
            if second == "role":
                await people.update_role(conn, 2, "user")
            else:
                await people.update_active(conn, 2, is_active=False)

    try:
        async with pool.transaction(acting(first_actor)) as conn:
            assert await people.update_role(conn, 1, "user")
            other = asyncio.create_task(remove_the_other())
            pid = await pids
            async with asyncio.timeout(5):
                while not await owned(database, WAITING, pid):
                    await asyncio.sleep(0.01)
        with pytest.raises((LastAdmin, errors.NotAllowed)):
            await other
    finally:
        if pool is not app:
            await pool.close()
    assert await owned(database, "SELECT array_agg(id) FROM users WHERE role = 'admin' AND is_active") == [2]


async def test_a_token_is_found_by_its_hash_only(app: Pool) -> None:
    async with app.acquire() as conn:
        digest = await conn.fetchval("SELECT sha256('secret')")
        found = await tokens.find_presented(conn, digest)
        assert found is not None
        assert (found.token.name, found.owner.name) == ("ci", "Ada")
        assert await tokens.find_presented(conn, bytes(32)) is None


async def test_the_dashboards_triggers_work_for_whoever_writes(app: Pool) -> None:
    async with app.transaction(acting(3)) as conn:
        request = await conn.fetchval(
            "INSERT INTO maintenance_requests (requested_by, title, description, priority)"
            " VALUES (3, 'Disk', 'Full', 'critical') RETURNING id"
        )
        await conn.execute("UPDATE maintenance_requests SET status = 'in_progress' WHERE id = $1", request)
        history = "SELECT changed_by FROM maintenance_status_history WHERE maintenance_request_id = $1"
        assert await conn.fetchval(history, request) == 3
        assert await conn.fetchval("SELECT status FROM techops.approvals WHERE subject_id = $1", request) == "skipped"
