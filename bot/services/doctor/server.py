"""The database server and what is in it, as far as the bot depends on it."""

from collections.abc import Sequence
from datetime import UTC
from typing import Final

from bot.services import roles
from bot.services.doctor.lines import Line, Looks, fail, ok, skip, warn
from db import migrate
from db.queries import doctor as looks_at
from db.queries import schema_migrations

_OLDEST, _NEWEST = 15, 18
_SKEW_WARN: Final = 2.0
_SKEW_FAIL: Final = 60.0
_APP_ROLE: Final = "techops_app"
# A worker and a web process hold one connection each beside their pools.
_BESIDE_POOL: Final = 1
_POOLS: Final = ("web", "worker", "care", "scheduler")


async def database(looks: Looks) -> Sequence[Line]:
    """Whether it answers, and its version."""
    async with looks.deps.pool.acquire() as conn:
        it = await looks_at.get_session(conn)
    if it.major < _OLDEST:
        return fail("database", f"PostgreSQL {it.version}", f"Upgrade the server to PostgreSQL {_OLDEST} or later.")
    if it.major > _NEWEST:
        return warn(
            "database",
            f"PostgreSQL {it.version}, database {it.database}; tried up to {_NEWEST}",
            "Look for a newer release of the bot.",
        )
    kind = "embedded, " if looks.embedded else ""
    return ok("database", f"{kind}PostgreSQL {it.version}, database {it.database}")


async def encryption(looks: Looks) -> Sequence[Line]:
    """Whether what goes to the server is encrypted."""
    async with looks.deps.pool.acquire() as conn:
        it = await looks_at.get_session(conn)
    if it.protocol is not None:
        checked = (
            "" if looks.settings.db_ssl != "require" else "; the server's certificate is not checked (DB_SSL=true does)"
        )
        return ok("encryption", f"{it.protocol}{checked}")
    if it.is_local:
        return ok("encryption", "none, and none needed: the server is on this machine")
    return warn(
        "encryption",
        "none: passwords' hashes and texts cross the network in the clear",
        "On the server, in this order: put server.crt and server.key into its data directory, then `ssl = on` in "
        "postgresql.conf and reload, then DB_SSL=true here (sslmode=verify-full in DATABASE_URL), at last `hostssl` "
        "instead of `host` in pg_hba.conf.",
    )


async def role(looks: Looks) -> Sequence[Line]:
    """Whose rights the bot has."""
    async with looks.deps.pool.acquire() as conn:
        it = await looks_at.get_session(conn)
    if it.role == _APP_ROLE and it.signed_in_as == _APP_ROLE:
        return ok("role", f"{_APP_ROLE}, which has the least rights")
    give = (
        f"Give {_APP_ROLE} a password (psql: `\\password {_APP_ROLE}`), put it into DATABASE_URL, and the owner's into "
        "OWNER_DATABASE_URL."
    )
    if it.role == _APP_ROLE and looks.embedded:
        return ok("role", f"{_APP_ROLE}; the embedded server is this machine's own")
    if it.role == _APP_ROLE:
        return warn(
            "role", f"{_APP_ROLE}, but it signs in as {it.signed_in_as} and could take that role's rights back", give
        )
    what = "a superuser" if it.is_superuser else "the owner of the tables" if it.owns_tables else "another role"
    return warn("role", f"{it.role}, {what}, instead of {_APP_ROLE}", f"`techops migrate` makes the role. {give}")


async def owner(looks: Looks) -> Sequence[Line]:
    """Whether migrations, care and backups have the connection that they need."""
    async with looks.owner.acquire() as conn:
        it = await looks_at.get_session(conn)
    if it.owns_tables is None:
        return skip("owner", f"{it.role}; there are no tables yet")
    if it.owns_tables:
        return ok("owner", f"{it.role}, for migrations, care and backups")
    return fail(
        "owner",
        f"{it.role} does not own the dashboard's tables",
        "Set OWNER_DATABASE_URL to the address of the role that does.",
    )


async def extensions(looks: Looks) -> Sequence[Line]:
    """What the reports on slow statements need."""
    async with looks.owner.acquire() as conn:
        it = await looks_at.get_statistics(conn)
    if it.loaded and it.installed:
        return ok("extensions", "pg_stat_statements")
    steps = "" if it.loaded else "Set shared_preload_libraries = 'pg_stat_statements' on the server and restart it. "
    return warn(
        "extensions",
        "pg_stat_statements is missing: nobody can be told of slow statements",
        f"{steps}As a superuser, in this database: CREATE EXTENSION pg_stat_statements;",
    )


async def migrations(looks: Looks) -> Sequence[Line]:
    """Whether program and database fit."""
    it = await migrate.check(looks.settings.database("doctor", owner=True))
    if it.changed:
        return fail(
            "migrations", f"edited after they were applied: {', '.join(it.changed)}", "Install the release once more."
        )
    if it.pending:
        return fail("migrations", f"{len(it.pending)} pending, from {it.pending[0]} on", "Run `techops migrate`.")
    if it.newer:
        return warn(
            "migrations", f"the database is newer: {', '.join(it.newer)}", "Replace this program by its latest release."
        )
    return ok("migrations", f"all {len(it.applied)} applied")


async def constraints(looks: Looks) -> Sequence[Line]:
    """Whether CHECKs had to be left out, and because of which rows."""
    async with looks.owner.acquire() as conn:
        left_out = await schema_migrations.list_skipped_checks(conn)
    if not left_out:
        return ok("constraints", "all of them are there")
    said = [
        f"{row['constraint_name']} on {row['table_name']}: {row['offenders']} rows, such as "
        f"{', '.join(str(item['id']) for item in row['sample'][:5])}"
        for row in left_out
    ]
    return warn(
        "constraints", f"left out: {'; '.join(said)}", "Correct the rows, then `techops migrate --retry-checks`."
    )


async def connections(looks: Looks) -> Sequence[Line]:
    """Whether one process of each kind may fill its pool."""
    async with looks.owner.acquire() as conn:
        it = await looks_at.get_connections(conn)
    each = looks.settings.db_pool_size + _BESIDE_POOL
    wanted, free = each * len(_POOLS), it.most - it.kept_back - it.others
    sums = f"{len(_POOLS)} processes of at most {each} make {wanted}; of {it.most} the server has {max(free, 0)} for us"
    if wanted <= free:
        return ok("connections", sums)
    return warn(
        "connections",
        sums,
        f"Lower DB_POOL_SIZE (now {looks.settings.db_pool_size}), or raise max_connections on the server.",
    )


async def clocks(looks: Looks) -> Sequence[Line]:
    """How far this machine's clock is from the server's."""
    async with looks.deps.pool.acquire() as conn:
        before = looks.deps.now()
        there = (await looks_at.get_session(conn)).now
        after = looks.deps.now()
    here = before + (after - before) / 2
    apart = abs((there.astimezone(UTC) - here).total_seconds())
    if apart <= _SKEW_WARN:
        return ok("clocks", f"this machine and the database are {apart:.1f} s apart")
    told = f"this machine and the database are {apart:.0f} s apart"
    fix = (
        "Let both machines follow a time server (NTP): reminders come at wrong times, and Slack's requests are refused."
    )
    return fail("clocks", told, fix) if apart > _SKEW_FAIL else warn("clocks", told, fix)


async def row_security(looks: Looks) -> Sequence[Line]:
    """Whether row level security of the accounts shuts somebody out."""
    async with looks.owner.acquire() as conn:
        it = await roles.status(conn)
    if not it.enabled:
        return ok("row security", "off; `techops rls enable` turns it on")
    if it.without_policy:
        out = ", ".join(role.name for role in it.without_policy)
        return fail(
            "row security", f"on, and these roles see no account: {out}", "`techops rls status` says what each may do."
        )
    return ok("row security", f"on; {len(it.roles)} roles have what they need")


async def zones(looks: Looks) -> Sequence[Line]:
    """Whether the dashboard's times make sense in DASHBOARD_TIMEZONE."""
    async with looks.deps.pool.acquire() as conn:
        latest = await looks_at.find_latest_row(conn)
    named = f"dashboard {looks.settings.dashboard_timezone}, jobs {looks.settings.techops_timezone}"
    if latest is None:
        return skip("time zones", f"{named}; there is no request or deployment to compare with")
    ahead = (latest - looks.deps.now()).total_seconds()
    if ahead <= _SKEW_FAIL:
        return ok("time zones", named)
    return warn(
        "time zones",
        f"{named}; the latest record was made {ahead / 3600:.1f} h from now",
        "Set DASHBOARD_TIMEZONE to the zone in which the dashboard's program writes.",
    )
