"""Rights are given to a role that came later, by owners who may make no role, and again where they were lost."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from db import embedded, rights
from db.migrate import migrate
from db.pool import DatabaseConfig, connect, open_pool
from db.rights import ROLE
from db.scripts import Script, load_scripts
from tests.fixtures.database import fast_place, on_database

OWNER = """
DROP ROLE IF EXISTS techops_app;
CREATE ROLE dashboard_owner LOGIN PASSWORD 'x' NOSUPERUSER NOCREATEROLE;
CREATE DATABASE dashboard OWNER dashboard_owner;
"""
# Everything that the role, or everybody, was given; who gave it is left out, as are the defaults of functions.
GIVEN = """
SELECT 'relation ' || c.oid::regclass, a.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS a
WHERE a.grantee = 'techops_app'::regrole
UNION ALL
SELECT format('column %s.%s', t.attrelid::regclass, t.attname), a.privilege_type
FROM pg_attribute AS t, aclexplode(t.attacl) AS a WHERE a.grantee = 'techops_app'::regrole
UNION ALL
SELECT 'schema ' || n.nspname, a.privilege_type FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
WHERE a.grantee = 'techops_app'::regrole
UNION ALL
SELECT 'function ' || p.oid::regprocedure, a.privilege_type || CASE a.grantee WHEN 0 THEN ' (everybody)' ELSE '' END
FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
WHERE p.pronamespace = 'techops'::regnamespace AND a.grantee IN (0, 'techops_app'::regrole)
"""
LOSE = """
DO $$
BEGIN
    REVOKE ALL ON SCHEMA techops FROM techops_app;
    REVOKE ALL ON ALL TABLES IN SCHEMA public, techops FROM techops_app;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA techops FROM techops_app;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public, techops FROM techops_app;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA techops TO PUBLIC;
END
$$
"""


async def run(config: DatabaseConfig, *statements: str) -> None:
    connection = await connect(config)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def given(config: DatabaseConfig) -> set[tuple[str, str]]:
    connection = await connect(config)
    try:
        return {(row[0], row[1]) for row in await connection.fetch(GIVEN)}
    finally:
        await connection.close()


async def works_as(config: DatabaseConfig) -> str:
    pool = await open_pool(replace(config, role=ROLE))
    try:
        async with pool.acquire() as conn:
            return str(await conn.fetchval("SELECT current_user::text"))
    finally:
        await pool.close()


@pytest.fixture
async def superuser() -> AsyncIterator[DatabaseConfig]:
    """A server of its own, without our role, and a database on it whose owner may make no role."""
    directory = Path(tempfile.mkdtemp(prefix="techops-", dir=fast_place()))
    running = await embedded.start(directory, database="postgres", durable=False)
    try:
        config = DatabaseConfig(dsn=running.owner_dsn)
        await run(config, *OWNER.strip().split("\n"))
        yield on_database(config, "dashboard")
    finally:
        await running.stop()
        shutil.rmtree(directory)


async def test_a_role_that_comes_later_gets_what_it_would_have_got(
    superuser: DatabaseConfig, database: DatabaseConfig
) -> None:
    assert superuser.dsn is not None
    password = superuser.dsn.split("@", 1)[0].rsplit(":", 1)[1]
    owner = replace(superuser, dsn=superuser.dsn.replace(f"postgres:{password}@", "dashboard_owner:x@"))

    report = await migrate(owner)
    assert any("CREATE ROLE techops_app LOGIN" in warning for warning in report.warnings)
    assert await works_as(owner) == "dashboard_owner"

    await run(superuser, "CREATE ROLE techops_app LOGIN")
    report = await migrate(owner)
    assert (report.applied, report.warnings) == ((), ())
    assert await given(owner) == await given(database)
    assert await works_as(owner) == "dashboard_owner"  # it may not become the role, until somebody lets it
    await run(superuser, "GRANT techops_app TO dashboard_owner")
    assert await works_as(owner) == ROLE

    await migrate(owner)
    await run(owner, "CREATE TABLE public.theirs (id integer)")  # owners go on as themselves


async def test_lost_rights_are_given_again_and_those_that_are_there_left_alone(database: DatabaseConfig) -> None:
    before = await given(database)
    assert ("column users.last_login", "UPDATE") in before
    await run(database, LOSE)
    assert await works_as(database) != ROLE  # nobody changes to a role that could do nothing
    assert await given(database) != before
    await migrate(database)
    assert await given(database) == before
    await run(database, "REVOKE SELECT ON techops.backups FROM techops_app")
    await migrate(database)
    assert await given(database) == before - {("relation techops.backups", "SELECT")}


async def test_several_databases_migrated_at_once_make_the_role_once(superuser: DatabaseConfig) -> None:
    names = [f"dashboard_{number}" for number in range(4)]
    await run(superuser, *(f"CREATE DATABASE {name}" for name in names))
    await asyncio.gather(*(migrate(on_database(superuser, name)) for name in names))
    expected = await given(on_database(superuser, names[0]))
    assert ("schema techops", "USAGE") in expected
    for name in names[1:]:
        assert await given(on_database(superuser, name)) == expected


def test_statements_about_rights_are_found_and_nothing_else() -> None:
    text = """
    -- A comment; GRANT nothing
    CREATE TABLE techops.things (id integer); -- GRANT
    /* the bot's */ GRANT SELECT ON techops.things TO techops_app;
    REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA techops FROM PUBLIC;
    DO $$ BEGIN EXECUTE 'GRANT ALL ON techops.things TO techops_app'; END $$;
    DO $grants$ BEGIN GRANT SELECT ON techops.things TO techops_app; END $grants$;
    INSERT INTO techops.things VALUES (1);
    """
    script = Script(1, "0001_make_things", text)
    assert [statement.split("\n")[-1].strip()[:15] for statement in script.rights()] == [
        "/* the bot's */",
        "REVOKE EXECUTE ",
        "DO $grants$ BEG",
    ]
    kept = " ".join(script.without_rights_of(ROLE))
    assert "GRANT SELECT" not in kept
    assert "REVOKE EXECUTE" in kept
    assert "INSERT INTO" in kept


def test_what_names_the_role_can_be_given_again() -> None:
    for script in load_scripts():
        rest = [it for it in script.statements() if it not in script.rights()]
        stray = [it for it in rest if f"TO {ROLE}" in it or f"FROM {ROLE}" in it]
        assert stray == [], f"{script.name}: put it into a statement of its own, or into DO $grants$"
    assert rights.explain_missing(load_scripts())
