"""A neglected database, and a role that owns its tables without being superuser."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bot.context import Deps
from bot.settings import Settings
from bot.worker import care_bindings, run_worker
from db.pool import DatabaseConfig, open_pool
from tests.fixtures.bot import as_owner
from tests.fixtures.delivery import Dashboard

OWN_EVERYTHING = """
DO $$
DECLARE
    it record;
BEGIN
    FOR it IN
        SELECT c.oid::regclass AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'techops') AND c.relkind IN ('r', 'p', 'v')
            AND c.relname !~ '^pg_stat_statements' AND pg_get_userbyid(c.relowner) = current_user
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO {role}', it.name);
    END LOOP;
END
$$;
GRANT USAGE, CREATE ON SCHEMA public, techops TO {role};
"""
NEGLECT = """
CREATE TABLE public.events (id serial PRIMARY KEY, kind text NOT NULL, payload text, parent integer);
INSERT INTO events (kind, payload, parent)
    SELECT 'kind ' || n % 7, repeat('x', 40), n FROM generate_series(1, 30000) AS n;
CREATE INDEX idx_events_kind ON events (kind);
CREATE INDEX idx_events_kind_again ON events (kind);
ANALYZE events;
DELETE FROM events WHERE id > 2000;
ALTER TABLE events ADD CONSTRAINT events_parent_fkey FOREIGN KEY (parent) REFERENCES projects (id) NOT VALID;
"""
INVALID = "CREATE UNIQUE INDEX CONCURRENTLY idx_events_once ON events (kind)"
FOREIGN = "CREATE TABLE public.strangers (id integer)"
FLUSH = "SELECT pg_stat_force_next_flush()"


def as_role(config: DatabaseConfig, role: str, password: str) -> DatabaseConfig:
    assert config.dsn is not None
    parts = urlsplit(config.dsn)
    place = parts.netloc.rpartition("@")[2]
    return replace(config, dsn=urlunsplit(parts._replace(netloc=f"{role}:{password}@{place}")))


@pytest.fixture
async def admin(database: DatabaseConfig) -> AsyncIterator[Any]:
    """A superuser's connection, beside everything."""
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        await connection.close()


Role = Callable[[str], Awaitable[DatabaseConfig]]


@pytest.fixture
async def new_role(database: DatabaseConfig, admin: Any) -> AsyncIterator[Role]:
    """Make roles that may sign in and nothing else; they go when the test ends."""
    made: list[str] = []

    async def make(prefix: str) -> DatabaseConfig:
        role = f"{prefix}_{uuid.uuid4().hex[:12]}"
        await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
        made.append(role)
        return replace(as_role(database, role, "secret"), user=None)

    yield make
    for role in made:
        await admin.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
        await admin.execute(f"DROP OWNED BY {role}")
        await admin.execute(f"DROP ROLE {role}")


def role_of(config: DatabaseConfig) -> str:
    assert config.dsn is not None
    return str(urlsplit(config.dsn).username)


@pytest.fixture
async def neglected(admin: Any, dashboard: Dashboard) -> Any:
    """Deleted rows, a duplicate index, an invalid one, orphans, and a table that is somebody else's."""
    await admin.execute(NEGLECT)
    with pytest.raises(asyncpg.UniqueViolationError):
        await admin.execute(INVALID)
    await admin.execute(FLUSH)
    return admin


@pytest.fixture
async def deps(deps: Deps) -> AsyncIterator[Deps]:
    """Care is the work of the tables' owner."""
    async with as_owner(deps) as owner:
        yield owner


@asynccontextmanager
async def opened(deps: Deps, config: DatabaseConfig) -> AsyncIterator[Deps]:
    pool = await open_pool(config)
    try:
        yield replace(deps, pool=pool)
    finally:
        await pool.close()


@pytest.fixture
async def owner(deps: Deps, neglected: Any, new_role: Role) -> AsyncIterator[Deps]:
    """As the owner of the tables, who is no superuser; one table is not his."""
    config = await new_role("owner")
    await neglected.execute(OWN_EVERYTHING.format(role=role_of(config)))
    await neglected.execute(FOREIGN)
    async with opened(deps, config) as made:
        yield made


@pytest.fixture
def with_settings(deps: Deps) -> Callable[..., Deps]:
    def changed(base: Deps | None = None, **values: object) -> Deps:
        its: Settings = (base or deps).settings.model_copy(update=values)
        return replace(base or deps, settings=its)

    return changed


@asynccontextmanager
async def care_worker(deps: Deps) -> AsyncIterator[None]:
    """A worker that does what needs the owner, as whoever `deps` work as where that is an owner."""
    stop = asyncio.Event()
    async with as_owner(deps) if deps.pool.config.role else nullcontext(deps) as owner:
        task = asyncio.create_task(run_worker(owner, stop, table=care_bindings()))
        try:
            yield
        finally:
            stop.set()
            await task
