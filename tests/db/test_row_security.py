"""Row level security of the accounts: the dashboard's statements run as before, and nobody raises their own role."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bot.context import Act, Deps, utc_now
from bot.errors import BadInput, WrongState
from bot.services import roles
from bot.settings import Settings
from bot.slack import Slack
from db.migrate import migrate
from db.pool import DatabaseConfig, open_pool
from db.scripts import Script, load_scripts

DATA = Path(__file__).parents[1] / "data"
ACT = Act(person=None, source="cli")
PEOPLE = """
INSERT INTO users (email, name, password_hash, role, is_active) VALUES
    ('ada@example.com', 'Ada', 'x', 'admin', true), ('erik@example.com', 'Erik', 'x', 'engineer', true),
    ('uma@example.com', 'Uma', 'x', 'user', true), ('out@example.com', 'Otto', 'x', 'admin', false)
"""
ADA, ERIK, UMA, OTTO, NOBODY_KNOWN = 1, 2, 3, 4, 999
REQUESTS_WITH_NAMES = """
SELECT r.id, u.name, a.name FROM maintenance_requests r JOIN users u ON u.id = r.requested_by
LEFT JOIN users a ON a.id = r.assigned_to ORDER BY 1
"""
NEW_ADMIN = "INSERT INTO users (email, name, password_hash, role) VALUES ('n@example.com', 'N', 'x', 'admin')"
SAME_AGAIN = """
INSERT INTO users (email, name, password_hash) VALUES ('erik@example.com', 'E', 'x')
ON CONFLICT (email) DO UPDATE SET role = 'admin'
"""
BOTH = "WITH up AS (UPDATE users SET role = 'admin' WHERE id = 2) UPDATE users SET role = 'admin' WHERE id = 3"
WHO_CHANGES_WHOM: tuple[tuple[int | str, str, bool], ...] = (
    (ERIK, "UPDATE users SET role = 'admin' WHERE id = 2", False),
    (ERIK, "UPDATE users SET role = 'admin'", False),
    (ERIK, "UPDATE users SET role = 'user' WHERE id = 3", False),
    (ERIK, "UPDATE users SET password_hash = 'mine' WHERE id = 1", False),
    (ERIK, "UPDATE users SET name = 'Rik', last_login = now() WHERE id = 2", True),
    (ERIK, "UPDATE users SET id = 77 WHERE id = 2", False),
    (ERIK, "UPDATE users SET id = CASE id WHEN 2 THEN 3 ELSE 2 END WHERE id IN (2, 3)", False),
    (ERIK, NEW_ADMIN, False),
    (ERIK, SAME_AGAIN, False),
    (ERIK, BOTH, False),
    (OTTO, "UPDATE users SET is_active = true WHERE id = 4", False),
    (OTTO, "UPDATE users SET name = 'O' WHERE id = 4", False),
    (NOBODY_KNOWN, "UPDATE users SET role = 'admin' WHERE id = 3", False),
    ("erik", "UPDATE users SET role = 'admin' WHERE id = 3", False),
    (ADA, "UPDATE users SET role = 'engineer' WHERE id = 3", True),
    (ADA, "UPDATE users SET is_active = true WHERE id = 4", True),
    (ADA, "UPDATE users SET role = 'user' WHERE id = 1", False),
    (ADA, NEW_ADMIN, True),
    ("", "UPDATE users SET role = 'admin', is_active = false WHERE id = 3", True),
)
MADE_BY_US = """
SELECT polname::text FROM pg_policy WHERE polrelid = 'users'::regclass
UNION ALL SELECT tgname::text FROM pg_trigger WHERE tgrelid = 'users'::regclass AND tgname = 'techops_guard_rights'
UNION ALL SELECT 'on' FROM pg_class WHERE oid = 'users'::regclass AND relrowsecurity
ORDER BY 1
"""


def statements(name: str) -> list[str]:
    return Script(0, name, (DATA / f"{name}.sql").read_text(encoding="utf-8")).statements()


def as_role(config: DatabaseConfig, role: str, password: str) -> str:
    assert config.dsn is not None
    parts = urlsplit(config.dsn)
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.netloc.rpartition('@')[2]}"))


class Connected:
    """A database with its owner's connection and services, and connections as other roles."""

    def __init__(self, config: DatabaseConfig, deps: Deps, owner: asyncpg.Connection) -> None:
        self.config, self.deps, self.owner = config, deps, owner
        self.own_roles: list[str] = []
        self.connections: list[asyncpg.Connection] = []

    async def role(self, rights: str = "SELECT, INSERT, UPDATE, DELETE", more: str = "") -> str:
        """A role of this test alone, with these rights on the accounts."""
        name = f"reader_{secrets.token_hex(6)}"
        await self.owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret' {more}")
        self.own_roles.append(name)
        if rights:
            await self.owner.execute(f"GRANT {rights} ON users TO {name}")
        return name

    async def connect(self, role: str) -> asyncpg.Connection:
        """Signed in as this role of the test's own."""
        connection = await asyncpg.connect(as_role(self.config, role, "secret"))
        self.connections.append(connection)
        return connection

    async def acting_as(self, role: str, actor: int | str | None = None) -> asyncpg.Connection:
        """A connection with the rights of this role, whoever may sign in to it, and with this actor."""
        connection = await asyncpg.connect(self.config.dsn)
        self.connections.append(connection)
        await connection.execute(f'SET ROLE "{role}"')
        if actor is not None:
            await name_actor(connection, actor)
        return connection

    async def status(self) -> dict[str, tuple[str, str]]:
        """What each role sees and may write."""
        async with self.deps.pool.acquire() as conn:
            found = await roles.status(conn)
        return {role.name: (roles.sees(found, role), roles.writes(found, role)) for role in found.roles}

    async def close(self) -> None:
        for connection in self.connections:
            await connection.close()
        for role in self.own_roles:
            await self.owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await self.owner.close()


async def name_actor(connection: asyncpg.Connection, actor: int | str) -> None:
    await connection.execute("SELECT set_config('app.current_user_id', $1, false)", str(actor))


@pytest.fixture
async def here(database: DatabaseConfig) -> AsyncIterator[Connected]:
    settings = Settings(_env_file=None, database_url=database.dsn)  # type: ignore[arg-type, call-arg]
    pool, slack = await open_pool(database), Slack(settings)
    owner = await asyncpg.connect(database.dsn)
    found = Connected(database, Deps(settings, pool, slack, utc_now), owner)
    await owner.execute("TRUNCATE users RESTART IDENTITY CASCADE")
    try:
        yield found
    finally:
        await found.close()
        await slack.close()
        await pool.close()


@pytest.fixture
async def enabled(here: Connected) -> Connected:
    """With people, the dashboard's role, and row security on."""
    await here.owner.execute(PEOPLE)
    await roles.make_dashboard_role(here.deps, ACT)
    await roles.enable(here.deps, ACT)
    return here


async def test_the_dashboards_role_has_the_documented_rights(here: Connected) -> None:
    made = await roles.make_dashboard_role(here.deps, ACT)
    assert made.can_log_in
    assert {"users", "maintenance_work_logs", "engineers_view"} <= set(made.granted)
    assert made.left_out == ()
    dashboard = await here.acting_as("dashboard_app")
    assert await dashboard.fetchval("SELECT has_database_privilege(current_database(), 'CONNECT')")
    await dashboard.execute("INSERT INTO project_groups (name) VALUES ('G')")
    await here.owner.execute("CREATE TABLE public.made_later (id serial, what text)")
    await dashboard.execute("INSERT INTO made_later (what) VALUES ('x')")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await dashboard.fetch("SELECT * FROM techops.activity")
    again = await roles.make_dashboard_role(here.deps, ACT)
    assert (again.created, set(again.granted)) == (False, {*made.granted, "made_later"})


async def test_only_what_is_owned_can_be_given(here: Connected) -> None:
    other = await here.role(rights="")
    await here.owner.execute(f"GRANT ALL ON SCHEMA public TO {other}; CREATE TABLE theirs (id int)")
    await here.owner.execute(f"ALTER TABLE theirs OWNER TO {other}")
    await here.owner.execute(f"ALTER ROLE {other} CREATEROLE")
    assert here.config.dsn is not None
    pool = await open_pool(DatabaseConfig(dsn=as_role(here.config, other, "secret")))
    try:
        theirs = Deps(here.deps.settings, pool, here.deps.slack, utc_now)
        for act in (roles.make_dashboard_role, roles.enable, roles.disable):
            with pytest.raises(WrongState, match="Only the owner of the table users"):
                await act(theirs, ACT)
    finally:
        await pool.close()


async def played(connection: asyncpg.Connection, writes: Sequence[str], reads: Sequence[str]) -> list[object]:
    """What the writes report and the reads return, except for times."""
    heard: list[object] = []
    for write in writes:
        heard.append(await connection.execute(write))
        heard += [[tuple(v for v in row.values() if not hasattr(v, "tzinfo")) for row in await connection.fetch(read)]
                  for read in reads]  # fmt: skip
    return heard


async def test_the_dashboards_statements_run_as_without(here: Connected) -> None:
    await roles.make_dashboard_role(here.deps, ACT)
    reads = [
        *(read for read in statements("dashboard_reads") if "pg_" not in read),
        "SELECT id, email, password_hash, role, is_active FROM users WHERE email = 'u@company.com'",
        REQUESTS_WITH_NAMES,
    ]
    heard = []
    for on in (False, True):
        if on:
            await roles.enable(here.deps, ACT)
        dashboard = await here.acting_as("dashboard_app")
        await here.owner.execute(
            "TRUNCATE users, projects, project_groups, deployments, maintenance_requests RESTART IDENTITY CASCADE;"
            + (DATA / "dashboard_sample.sql").read_text(encoding="utf-8")
        )
        assert await dashboard.fetchval("SELECT row_security_active('users')") is on
        heard.append(await played(dashboard, statements("dashboard_writes"), reads))
    assert heard[0] == heard[1]
    assert not {"UPDATE 0", "DELETE 0", "INSERT 0 0"} & {it for it in heard[1] if isinstance(it, str)}


async def test_who_changes_whom(enabled: Connected) -> None:
    dashboard = await enabled.acting_as("dashboard_app")
    for actor, statement, allowed in WHO_CHANGES_WHOM:
        await name_actor(dashboard, actor)
        attempt = dashboard.transaction()
        await attempt.start()
        try:
            said = await dashboard.execute(statement)
        except (asyncpg.InsufficientPrivilegeError, asyncpg.UniqueViolationError) as error:
            said = str(error)
        assert (said in {"UPDATE 1", "INSERT 0 1"}) is allowed, f"{actor}: {statement}: {said}"
        assert allowed or "row-level security" in said or "role" in said or "duplicate key" in said, said
        await attempt.rollback()


async def test_who_deletes(enabled: Connected) -> None:
    await enabled.owner.execute("INSERT INTO users (email, name, password_hash) VALUES ('gone@example.com', 'G', 'x')")
    dashboard = await enabled.acting_as("dashboard_app")
    for actor, count in ((ERIK, 0), (OTTO, 0), (NOBODY_KNOWN, 0), (ADA, 1)):
        await name_actor(dashboard, actor)
        assert await dashboard.execute("DELETE FROM users WHERE email = 'gone@example.com'") == f"DELETE {count}"


async def test_everybody_is_seen_whoever_asks(enabled: Connected) -> None:
    for actor in ("", "nonsense", "9" * 40, ERIK, OTTO):
        dashboard = await enabled.acting_as("dashboard_app", actor)
        assert await dashboard.fetchval("SELECT count(*) FROM users") == 4
    assert await dashboard.fetchval("SELECT count(*) FROM engineers_view") == 3


async def test_of_two_changes_at_once_the_later_meets_the_row_as_it_is(enabled: Connected) -> None:
    """Saving all fields of a form is no way to get a role back that was taken away meanwhile."""
    erik, ada = await enabled.acting_as("dashboard_app", ERIK), await enabled.acting_as("dashboard_app", ADA)
    taking = ada.transaction()
    await taking.start()
    await ada.execute("UPDATE users SET role = 'user' WHERE id = 2")
    pid = erik.get_server_pid()
    saving = asyncio.ensure_future(erik.execute("UPDATE users SET role = 'engineer' WHERE id = 2"))
    while not await enabled.owner.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid):
        assert not saving.done()
    await taking.commit()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="nobody changes their own role"):
        await saving
    assert await enabled.owner.fetchval("SELECT role FROM users WHERE id = $1", ERIK) == "user"


async def test_the_bot_works_on(enabled: Connected) -> None:
    bot = await enabled.acting_as("techops_app", ADA)
    assert await bot.fetchval("SELECT count(id) FROM users") == 4
    assert await bot.fetchval("SELECT techops.provision_user('new@example.com', 'New', 'x')") == 5
    assert await bot.fetchval("SELECT techops.set_user_role(3, 'engineer')")
    assert await bot.fetchval("SELECT techops.set_user_active(4, true)")
    assert await bot.fetchval("SELECT id FROM users WHERE id = 1 FOR SHARE") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await bot.execute("UPDATE users SET role = 'admin' WHERE id = 3")
    assert await enabled.owner.fetchval("SELECT role FROM users WHERE id = $1", UMA) == "engineer"


async def test_refused_while_a_role_in_use_has_no_policy(here: Connected) -> None:
    reader, idle = await here.role("SELECT (id, name)"), await here.role("SELECT")
    await here.role(more="BYPASSRLS")
    await here.role(rights="")
    connection = await here.connect(reader)
    with pytest.raises(WrongState) as refused:
        await roles.enable(here.deps, ACT)
    assert f"{reader} (1 signed in now)" in str(refused.value)
    assert f"--role {idle}" in str(refused.value)
    assert str(refused.value).count("--role") == 2
    assert await here.owner.fetch(MADE_BY_US) == []

    await here.owner.execute(f"CREATE POLICY by_hand ON users FOR SELECT TO {idle} USING (role <> 'admin')")
    await here.owner.execute(PEOPLE)
    security = await roles.enable(here.deps, ACT, [reader])
    assert (security.enabled, security.others) == (True, ("by_hand",))
    assert await connection.fetchval("SELECT count(id) FROM users") == 4
    assert await (await here.connect(idle)).fetchval("SELECT count(*) FROM users") == 2
    assert (await here.status())[idle] == ("as its own policies say", "none: no right to write")


async def test_a_role_that_comes_later_shows(enabled: Connected) -> None:
    late = await enabled.role()
    assert await (await enabled.connect(late)).fetchval("SELECT count(*) FROM users") == 0
    found = await enabled.status()
    assert found[late] == ("none: no policy", "none: no policy")
    assert found["dashboard_app"] == ("all", "as its actor may")
    assert found["techops_app"] == ("all", "the columns granted to it")
    member = await enabled.role(rights="")
    await enabled.owner.execute(f"GRANT dashboard_app TO {member}")
    assert (await enabled.status())[member] == ("all", "as its actor may")
    await roles.enable(enabled.deps, ACT, [late])
    assert (await enabled.status())[late] == ("all", "as its actor may")
    assert "by_hand" not in await enabled.status()
    await roles.enable(enabled.deps, ACT)
    assert (await enabled.status())[late] == ("all", "as its actor may"), "asked for once, kept"


async def test_the_dashboards_role_made_later_gets_its_policies(here: Connected) -> None:
    assert (await roles.enable(here.deps, ACT)).enabled
    await roles.make_dashboard_role(here.deps, ACT)
    assert (await here.status())["dashboard_app"] == ("all", "as its actor may")


async def test_migrating_afterwards_changes_nothing_of_it(enabled: Connected) -> None:
    before = await enabled.owner.fetch(MADE_BY_US)
    assert [row[0] for row in before] == [
        "on", "techops_bot", "techops_delete", "techops_guard_rights", "techops_insert", "techops_read",
        "techops_update",
    ]  # fmt: skip
    later = Script(
        9999, "9999_change_users", "ALTER TABLE public.users ADD later text; UPDATE public.users SET later = 'x';"
    )
    await migrate(enabled.config, scripts=(*load_scripts(), later))
    assert await enabled.owner.fetch(MADE_BY_US) == before
    dashboard = await enabled.acting_as("dashboard_app")
    assert await dashboard.fetchval("SELECT count(*) FROM users WHERE later = 'x'") == 4


async def test_with_an_owner_who_is_no_superuser(here: Connected, empty_database: DatabaseConfig) -> None:
    owner = await here.role(rights="", more="CREATEROLE")
    plain = DatabaseConfig(dsn=as_role(empty_database, owner, "secret"))
    above = await asyncpg.connect(empty_database.dsn)
    name, pool = await above.fetchval("SELECT current_database()"), None
    try:
        await above.execute(f"ALTER DATABASE {name} OWNER TO {owner}; CREATE TABLE theirs (id int)")
        await migrate(plain)
        pool = await open_pool(plain)
        deps = Deps(here.deps.settings, pool, here.deps.slack, utc_now)
        made = await roles.make_dashboard_role(deps, ACT)
        assert "users" in made.granted
        assert [left.name for left in made.left_out] == ["theirs"]
        found = await roles.enable(deps, ACT)
        assert {role.name: role.bypasses for role in found.roles}[owner]
        await above.execute(PEOPLE)
        await above.execute("SET ROLE dashboard_app; SET app.current_user_id = '2'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="nobody changes their own role"):
            await above.execute("UPDATE users SET role = 'admin' WHERE id = 2")
        await above.execute("SET ROLE techops_app; SET app.current_user_id = '1'")
        assert await above.fetchval("SELECT techops.set_user_role(3, 'engineer')")
        assert await above.fetchval("SELECT techops.provision_user('new@example.com', 'New', 'x')") == 5
        assert not (await roles.disable(deps, ACT)).enabled
    finally:
        if pool is not None:
            await pool.close()
        await above.execute(f"RESET ROLE; ALTER DATABASE {name} OWNER TO CURRENT_USER; DROP OWNED BY {owner} CASCADE")
        await above.close()


@pytest.mark.parametrize("was_on", [False, True])
async def test_disable_takes_away_what_enable_made(here: Connected, *, was_on: bool) -> None:
    if was_on:
        await here.owner.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    reader = await here.role("SELECT")
    await here.owner.execute(f"CREATE POLICY by_hand ON users FOR SELECT TO {reader} USING (true)")
    before = await here.owner.fetch(MADE_BY_US)
    await roles.disable(here.deps, ACT)
    assert await here.owner.fetch(MADE_BY_US) == before, "what somebody else made stays"
    for _ in range(2):
        assert (await roles.enable(here.deps, ACT)).made_here
    for _ in range(2):
        assert (await roles.disable(here.deps, ACT)).enabled is was_on
    assert await here.owner.fetch(MADE_BY_US) == before


async def test_the_documents_own_policy_would_lock_the_dashboard_out(here: Connected) -> None:
    await here.owner.execute(
        "CREATE POLICY user_policy ON users FOR ALL TO techops_app "
        "USING (id = current_setting('app.current_user_id')::integer)"
    )
    with pytest.raises(WrongState, match=r"DROP POLICY user_policy ON public\.users;"):
        await roles.enable(here.deps, ACT)


async def test_roles_that_cannot_be_given_a_policy(here: Connected) -> None:
    with pytest.raises(BadInput, match="none_such, pg_monitor"):
        await roles.enable(here.deps, ACT, ["pg_monitor", "none_such"])


async def test_a_busy_table_is_left_alone(here: Connected) -> None:
    reading = here.owner.transaction()
    await reading.start()
    await here.owner.execute("SELECT FROM users")
    with pytest.raises(WrongState, match=r"in use for 0\.1 s"):
        await roles.enable(here.deps, ACT, lock_seconds=0.1)
    await reading.rollback()
