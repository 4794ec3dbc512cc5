"""The steps that only look, which are also the reports on demand: one function a matter."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.context import Deps
from bot.errors import WrongState
from bot.rules import care as rules
from bot.rules import care_limits as limit_rules
from bot.rules import care_reports as reports
from bot.rules.care import STEPS, TITLES
from bot.services.care.maintain import expected_bytes
from bot.services.care.site import Site, reason_of
from db.errors import DatabaseError, Timeout, Unavailable, translated
from db.models_care import Constraint, IndexState, Report, Run
from db.pool import Conn
from db.queries import (
    care_acts,
    care_indexes,
    care_integrity,
    care_reports,
    care_runs,
    care_statements,
)

# Slack waits three seconds, of which the way there and back takes a part.
_LOOK_SECONDS: Final = 1.5
_STATEMENTS: Final = 10
_READ_SECONDS: Final = 60.0

Look = Callable[[Conn], Awaitable[Report]]


async def look(deps: Deps, name: str) -> Report:
    """One of the reports, now.

    Raises:
        WrongState: it takes longer than a person can be kept waiting.
    """
    try:
        async with (
            asyncio.timeout(_LOOK_SECONDS),
            deps.pool.transaction({"statement_timeout": f"{_LOOK_SECONDS * 1000:.0f}"}) as conn,
        ):
            return await LOOKS[name](conn)
    except (Timeout, TimeoutError) as error:
        raise WrongState(
            f"The report “{TITLES[name]}” takes longer than {_LOOK_SECONDS} s now, so it was given up; nothing was "
            "changed. Nightly care takes the time it needs: `/techops db maintenance run`"
        ) from error


async def status(conn: Conn) -> Report:
    """The server and the database at a glance."""
    found = await care_reports.get_overview(conn)
    role, _superuser, sees_all, _counts = await care_acts.get_role(conn)
    report = reports.report_overview(found, care_line(await care_runs.find_last(conn)))
    return reports.with_notes(report, [] if sees_all else [reports.unseen(role)])


def care_line(run: Run | None) -> str:
    """How the last run of care went, in one line."""
    if run is None or run.finished_at is None:
        return "Care has not run yet"
    failed = sum(step.status == "failed" for step in run.steps)
    ended = f"{run.status}, {rules.counted(failed, 'step')} failed" if failed else run.status
    return f"Last care: run {run.id}, {rules.moment(run.finished_at)}, {ended}"


async def sizes(conn: Conn) -> Report:
    """Sizes and growth since the last run."""
    report = reports.report_sizes(await care_reports.list_sizes(conn), await care_reports.get_database_size(conn))
    return await _without_locked(conn, report)


async def indexes(conn: Conn) -> Report:
    """Unused, duplicate and invalid indexes."""
    counted_for = await care_indexes.find_statistics_age(conn)
    report = reports.report_indexes(await care_indexes.list_indexes(conn), counted_for)
    return await _without_locked(conn, report)


async def slow(conn: Conn) -> Report:
    """The statements that took most time since the last run."""
    schema = await care_indexes.find_extension(conn, "pg_stat_statements")
    if schema is None:
        return reports.statistics_missing("pg_stat_statements is not installed in this database")
    columns = await care_statements.list_columns(conn, schema)
    since = await care_statements.find_taken(conn)
    try:
        with translated():
            async with conn.transaction():
                found = await care_statements.list_slow(conn, schema, columns, _STATEMENTS)
    except (Unavailable, Timeout):
        raise
    except DatabaseError as error:
        return reports.statistics_missing(reason_of(error))
    role, _superuser, sees_all, _counts = await care_acts.get_role(conn)
    return reports.with_notes(reports.report_slow(found, since), [] if sees_all else [reports.unseen(role)])


async def locks(conn: Conn) -> Report:
    """Who waits for whom."""
    return reports.with_notes(reports.report_locks(await care_reports.list_waiting(conn)), await _blind(conn))


async def long(conn: Conn) -> Report:
    """Long queries, and transactions that idle."""
    return reports.with_notes(reports.report_long(await care_reports.list_sessions(conn)), await _blind(conn))


async def bloat(conn: Conn) -> Report:
    """Unused space, as statistics let it be estimated."""
    found = [(it, it.expected_bytes) for it in await care_indexes.list_indexes(conn) if rules.is_measured(it)]
    known = [(it, expected) for it, expected in found if expected is not None]
    return await _without_locked(conn, reports.report_bloat(await care_reports.list_bloat(conn), known, measured=False))


async def integrity(conn: Conn) -> Report:
    """Constraints that were never validated, and rows that break them."""
    return await _integrity(conn, all_of_them=False)


async def limits(conn: Conn) -> Report:
    """Sequences and transaction ids near their end."""
    return limit_rules.report_limits(await care_integrity.list_sequences(conn), await care_integrity.get_ages(conn))


async def connections(conn: Conn) -> Report:
    """How many connections are taken, and by what."""
    return reports.report_connections(await care_reports.get_connections(conn))


LOOKS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "status": status,
        "sizes": sizes,
        "indexes": indexes,
        "slow": slow,
        "locks": locks,
        "long": long,
        "bloat": bloat,
        "integrity": integrity,
        "limits": limits,
        "connections": connections,
    }
)


async def step_sizes(site: Site) -> Report:
    """Sizes and growth; what was measured is kept for the next run."""
    found = await care_reports.list_sizes(site.conn)
    report = reports.report_sizes(found, await care_reports.get_database_size(site.conn))
    report = await _without_locked(site.conn, report)
    async with site.conn.transaction():
        await care_reports.replace_sizes(site.conn, found, site.run_id, site.deps.now())
    return report


async def step_slow(site: Site) -> Report:
    """The day's slow statements; what was counted is kept for the next run."""
    report = await slow(site.conn)
    schema = await care_indexes.find_extension(site.conn, "pg_stat_statements")
    if schema is not None and not report.summary.startswith("Slow queries are not known"):
        columns = await care_statements.list_columns(site.conn, schema)
        async with site.conn.transaction():
            await care_statements.replace_statements(site.conn, schema, columns, site.deps.now())
    return report


async def step_bloat(site: Site) -> Report:
    """Unused space, measured where pgstattuple is there, else estimated."""
    schema = await care_indexes.find_measure(site.conn)
    if schema is None:
        return await bloat(site.conn)
    locked = await care_acts.list_locked(site.conn)
    tables = [it for it in await care_acts.list_tables(site.conn) if it.kind != "p" and it.name not in locked]
    found = [await care_reports.measure_bloat(site.conn, schema, it) for it in tables]
    known: list[tuple[IndexState, int]] = []
    for index in await care_indexes.list_indexes(site.conn):
        expected = await expected_bytes(site, index, schema) if rules.is_measured(index) else None
        if expected is not None:
            known.append((index, expected))
    report = reports.report_bloat(sorted(found, key=lambda it: -it.wasted), known, measured=True)
    return await _without_locked(site.conn, report)


async def step_integrity(site: Site) -> Report:
    """Rows that break any foreign key or check."""
    return await _integrity(site.conn, all_of_them=True)


def step(name: str) -> Callable[[Site], Awaitable[Report]]:
    """The step of this name, where it only looks."""
    own = {"sizes": step_sizes, "slow": step_slow, "bloat": step_bloat, "integrity": step_integrity}
    if name in own:
        return own[name]
    if name not in LOOKS or name not in STEPS:
        raise KeyError(name)

    async def looked(site: Site) -> Report:
        return await LOOKS[name](site.conn)

    return looked


async def read(site: Site, name: str) -> Report:
    """Carry a step out that only looks, each statement within a minute.

    Raises:
        Cancelled: the run was.
        DatabaseError: refused, or it took too long.
    """
    await site.care.limit(min(_READ_SECONDS, site.seconds))

    async def work() -> Report:
        return await step(name)(site)

    return await site.interruptible(work())


async def _integrity(conn: Conn, *, all_of_them: bool) -> Report:
    checked: list[tuple[Constraint, int]] = []
    unchecked: list[tuple[Constraint, str]] = []
    for it in await care_integrity.list_constraints(conn, all_of_them=all_of_them):
        try:
            with translated():
                async with conn.transaction():
                    broken = await care_integrity.count_violations(conn, it, limit_rules.MOST_VIOLATIONS)
        except Unavailable:
            raise
        except DatabaseError as error:
            unchecked.append((it, reason_of(error)))
        else:
            checked.append((it, broken))
    report = limit_rules.report_integrity(checked, unchecked, all_of_them=all_of_them)
    return await _without_locked(conn, report)


async def _without_locked(conn: Conn, report: Report) -> Report:
    """The report, and what it had to leave out because somebody keeps it for himself."""
    locked = await care_acts.list_locked(conn)
    if not locked:
        return report
    told = reports.with_notes(report, [f"Left out because it is locked exclusively: {reports.names(locked)}."])
    return replace(told, is_complete=False)


async def _blind(conn: Conn) -> list[str]:
    role, _superuser, sees_all, _counts = await care_acts.get_role(conn)
    return [] if sees_all else [reports.unseen(role)]
