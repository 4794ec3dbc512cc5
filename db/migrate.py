"""Bring a database up to date: the runner of `migrations/NNNN_verb_noun.sql`.

It works while the dashboard goes on using the database: it waits briefly for a lock and tries again rather than make
others queue behind it, and it announces nothing of what it changes.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import asyncpg

from db import rights
from db.errors import DatabaseError, Timeout, Unavailable, translated
from db.pool import DatabaseConfig, connect
from db.queries import schema_migrations as records
from db.scripts import MigrationError, Script, load_scripts

__all__ = ["MigrationError", "Offenders", "Report", "Status", "check", "migrate", "retry_checks"]

DOCUMENTED: Final = (
    *("users", "project_groups", "projects", "deployments", "maintenance_requests"),
    *("maintenance_status_history", "maintenance_work_logs", "engineers_view", "project_summary_view"),
    *("update_updated_at_column", "log_maintenance_status_change"),
)
OLDEST_SERVER: Final = 15

_LOCK_KEY: Final = 0x7EC40B5  # "techops", as far as hexadecimal goes
_LOCK_SECONDS: Final = 600.0
_LOCK_POLL_SECONDS: Final = 0.1
_ATTEMPTS: Final = 6
SET_LIMITS: Final = """
SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', '30min', false),
    set_config('search_path', 'public', false), set_config('app.announce', 'off', false),
    set_config('app.source', 'migration', false), set_config('client_min_messages', 'warning', false)
"""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration applied in this run."""

    name: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Offenders:
    """A CHECK that was left out, and why: `count` rows of `table` break it; `sample` has up to 20 (id, value)."""

    constraint: str
    table: str
    column: str
    definition: str
    count: int
    sample: tuple[tuple[int, str | None], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: migrations applied, CHECKs added late, CHECKs still left out, and the server's warnings."""

    applied: tuple[Applied, ...] = ()
    added_checks: tuple[str, ...] = ()
    offenders: tuple[Offenders, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """Names of migrations. `newer` are recorded but unknown to this program, `changed` were edited after they ran."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    newer: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Whether this program and the database fit each other."""
        return not (self.pending or self.newer or self.changed)


async def check(config: DatabaseConfig, *, scripts: Sequence[Script] | None = None) -> Status:
    """Compare the database with the migration files, and change nothing.

    Raises:
        Unavailable: the database cannot be reached.
    """
    connection = await connect(config)
    try:
        with translated():
            return await _status(connection, scripts or load_scripts())
    finally:
        await connection.close()


async def migrate(
    config: DatabaseConfig,
    *,
    on_progress: Progress | None = None,
    scripts: Sequence[Script] | None = None,
    lock_timeout: float = 5.0,
) -> Report:
    """Apply what is pending, oldest first. Safe to run twice, and twice at once: the second waits for the first.

    Args:
        config: of the role that owns the tables.
        on_progress: told the name of each migration before it is applied.
        scripts: instead of the program's own.
        lock_timeout: seconds to wait for a table's lock before giving way; it is tried again several times.

    Raises:
        MigrationError: the database is newer than this program, a migration was edited after it ran, or the role does
            not own the tables.
        Unavailable: the database cannot be reached.
    """
    known = tuple(scripts or load_scripts())
    async with _session(config, lock_timeout) as (connection, warnings):
        status = await _status(connection, known)
        _refuse(status)
        await _preflight(connection)
        if status.pending:
            await records.bootstrap(connection)
        has_role = await rights.ensure_role(connection, known)
        warnings.extend(() if has_role else rights.explain_missing(known))
        applied = []
        for script in (script for script in known if script.name in status.pending):
            if on_progress is not None:
                on_progress(script.name)
            applied.append(await _apply(connection, script, has_role=has_role))
        if has_role:
            await rights.give_if_missing(connection, known)
        return Report(tuple(applied), (), await _offenders(connection), tuple(warnings))


async def retry_checks(config: DatabaseConfig, *, lock_timeout: float = 5.0) -> Report:
    """Add the CHECKs that were left out and that no row breaks any more; arguments as of `migrate`.

    Raises:
        MigrationError: as `migrate`.
        Unavailable: the database cannot be reached.
    """
    async with _session(config, lock_timeout) as (connection, warnings):
        added = []
        for row in await _offenders(connection):
            left = await _patiently(
                partial(records.add_check, connection, row.table, row.constraint, row.column, row.definition)
            )
            if left == 0:
                added.append(row.constraint)
        return Report((), tuple(added), await _offenders(connection), tuple(warnings))


@asynccontextmanager
async def _session(config: DatabaseConfig, lock_timeout: float) -> AsyncIterator[tuple[Any, list[str]]]:
    """A connection that holds the migration lock, and the server's warnings as they come."""
    connection = await connect(replace(config, application_name="techops migrate", statement_timeout=None))
    warnings: list[str] = []
    connection.add_log_listener(lambda _connection, message: warnings.append(str(message)))
    try:
        with translated():
            await connection.fetchval(SET_LIMITS, f"{lock_timeout * 1000:.0f}ms")
            await _lock(connection)
            yield connection, warnings
    except DatabaseError as exc:
        if _not_allowed(exc):
            raise MigrationError(
                f"The role may not do this: {exc.__cause__}. Set OWNER_DATABASE_URL to the owner of the tables."
            ) from exc
        raise
    finally:
        await connection.close()


def _not_allowed(exc: DatabaseError) -> bool:
    return isinstance(exc.__cause__, asyncpg.InsufficientPrivilegeError)


async def _lock(connection: Any) -> None:
    # Polled, not waited for in the server: a waiting statement holds a snapshot, for which CREATE INDEX CONCURRENTLY in
    # the other runner's migration would wait in its turn.
    deadline = time.monotonic() + _LOCK_SECONDS
    while not await records.try_lock(connection, _LOCK_KEY):
        if time.monotonic() > deadline:
            raise MigrationError(f"Another migration has been running for {_LOCK_SECONDS:.0f} s. Try again after it.")
        await asyncio.sleep(_LOCK_POLL_SECONDS)


async def _status(connection: Any, known: Sequence[Script]) -> Status:
    recorded = {row["version"]: row for row in await records.list_migrations(connection)}
    return Status(
        applied=tuple(row["name"] for row in recorded.values()),
        pending=tuple(script.name for script in known if script.version not in recorded),
        newer=tuple(row["name"] for version, row in recorded.items() if version not in {s.version for s in known}),
        changed=tuple(
            script.name
            for script in known
            if script.version in recorded and recorded[script.version]["checksum"] != script.checksum
        ),
    )


def _refuse(status: Status) -> None:
    if status.newer:
        raise MigrationError(
            f"The database is newer than this program: it has {', '.join(status.newer)}. Update the program."
        )
    if status.changed:
        raise MigrationError(
            f"Edited after they were applied: {', '.join(status.changed)}. "
            "Restore the files as they were, and put the change into a new migration."
        )


async def _preflight(connection: Any) -> None:
    version = await records.get_server_version(connection)
    if version < OLDEST_SERVER:
        raise MigrationError(f"The server is PostgreSQL {version}; {OLDEST_SERVER} or later is needed.")
    foreign = await records.list_foreign_owned(connection, list(DOCUMENTED))
    if foreign:
        listed = ", ".join(f"{row['name']} (of {row['owner']})" for row in foreign)
        raise MigrationError(f"The role does not own {listed}. Set OWNER_DATABASE_URL to the owner of the tables.")


async def _apply(connection: Any, script: Script, *, has_role: bool) -> Applied:
    begun = time.monotonic()
    statements = script.statements() if has_role else script.without_rights_of(rights.ROLE)
    try:
        if script.in_transaction:
            duration = await _patiently(partial(_apply_whole, connection, script, statements, begun))
        else:
            for statement in statements:
                await _patiently(partial(connection.execute, statement))
            duration = _milliseconds_since(begun)
            await records.insert_migration(connection, script.version, script.name, script.checksum, duration)
    except Timeout as exc:
        raise MigrationError(
            f"{script.name}: the tables are in use and did not come free in {_ATTEMPTS} attempts ({exc}). "
            "Run it again when there is less traffic, or end the transaction that holds them."
        ) from exc
    except DatabaseError as exc:
        if isinstance(exc, Unavailable) or _not_allowed(exc):
            raise
        undone = "was undone" if script.in_transaction else "stopped there; it may be run again"
        raise MigrationError(f"{script.name} failed and {undone}: {exc.__cause__ or exc}") from exc
    return Applied(script.name, duration)


async def _apply_whole(connection: Any, script: Script, statements: Sequence[str], begun: float) -> int:
    async with connection.transaction():
        await connection.execute("\n".join(statements))
        duration = _milliseconds_since(begun)
        await records.insert_migration(connection, script.version, script.name, script.checksum, duration)
    return duration


async def _patiently(act: Callable[[], Awaitable[Any]]) -> Any:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with translated():
                return await act()
        except Timeout:
            if attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(random.uniform(0.2, 0.6) * attempt)  # noqa: S311 - jitter, not a secret
    raise AssertionError  # the loop returns or raises


async def _offenders(connection: Any) -> tuple[Offenders, ...]:
    return tuple(
        Offenders(
            constraint=row["constraint_name"],
            table=row["table_name"],
            column=row["column_name"],
            definition=row["definition"],
            count=row["offenders"],
            sample=tuple((example["id"], example["value"]) for example in row["sample"]),
        )
        for row in await records.list_skipped_checks(connection)
    )


def _milliseconds_since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
