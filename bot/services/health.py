"""Whether this process and what it depends on are in order, for /readyz and `techops doctor`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.context import Deps
from db.errors import DatabaseError
from db.queries import claims, queue, schema_migrations

_SECONDS: Final = 2.5
# A job that is due for five minutes is taken by nobody.
OLDEST_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what it is about, whether it is in order, and what to read."""

    name: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The queue and the scheduled jobs in figures."""

    queue: queue.QueueHealth
    jobs: tuple[claims.Last, ...]


async def figures(deps: Deps) -> Figures:
    """How queue and jobs do.

    Raises:
        DatabaseError, TimeoutError: no answer within 2.5 s.
    """
    async with asyncio.timeout(_SECONDS), deps.pool.acquire() as conn:
        return Figures(await queue.get_health(conn, deps.now()), tuple(await claims.list_last(conn)))


async def examine(deps: Deps, known: frozenset[str]) -> list[Finding]:
    """Database, migrations and queue; a database that does not answer within 2.5 s fails all of them.

    `known` are the names of this program's migrations.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            return await _examine(deps, known)
    except (DatabaseError, TimeoutError) as error:
        reason = str(error) or "no answer in time"
        return [Finding(name, ok=False, text=reason) for name in ("database", "migrations", "queue")]


async def _examine(deps: Deps, known: frozenset[str]) -> list[Finding]:
    async with deps.pool.acquire() as conn:
        applied = frozenset(row["name"] for row in await schema_migrations.list_migrations(conn))
        findings = [Finding("database", ok=True, text="ok"), _migrations(known - applied, applied - known)]
        if known - applied:
            return [*findings, Finding("queue", ok=False, text="its tables are made by `techops migrate`")]
        health = await queue.get_health(conn, deps.now())
        last = await claims.list_last(conn)
    return [*findings, _queue(health), _jobs(last)]


def _migrations(pending: frozenset[str], newer: frozenset[str]) -> Finding:
    if pending:
        return Finding("migrations", ok=False, text=f"run `techops migrate`: {len(pending)} pending")
    if newer:
        # A release is migrated before its processes start; those that still run are served until they are replaced.
        return Finding("migrations", ok=True, text=f"newer than this program: {', '.join(sorted(newer))}")
    return Finding("migrations", ok=True, text="ok")


def _jobs(last: Sequence[claims.Last]) -> Finding:
    # A process that takes requests is in order even where no scheduler runs; who watches reads it here.
    said = [
        f"{it.job} last done {it.done_at:%Y-%m-%d %H:%M} UTC" if it.done_at else f"{it.job} not done yet" for it in last
    ]
    return Finding("jobs", ok=True, text="; ".join(said) or "none was due yet: is a scheduler running?")


def _queue(health: queue.QueueHealth) -> Finding:
    late = health.oldest_seconds > OLDEST_SECONDS
    text = (
        f"{health.due} due, the oldest for {health.oldest_seconds:.0f} s: is a worker running?"
        if late
        else f"ok, {health.due} due, {health.waiting} waiting, {health.held} held"
    )
    return Finding("queue", ok=not late, text=text)
