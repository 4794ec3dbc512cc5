"""The steps that change something: statistics, dead rows, indexes. One that fails is told, and the next one follows."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.rules import care as rules
from bot.rules.care_reports import names
from bot.services.care.site import Cancelled, Site, reason_of
from db.errors import DatabaseError, Timeout, Unavailable, translated
from db.models_care import CareTable, Finding, IndexState, Report, TableState
from db.queries import care_acts, care_indexes

_LOCK_NOT_AVAILABLE: Final = "55P03"
_CLEANING_SECONDS: Final = 60.0
# Measuring reads the whole index; of larger ones the estimate has to do.
_MEASURED_BYTES: Final = 1024**3
_WORTH_MEASURING: Final = 0.2


@dataclass(slots=True)
class _Tally:
    """What a step did so far."""

    done: int = 0
    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def report(self, summary: str) -> Report:
        if self.left:
            self.failures.append(f"Left for the next run: {names(self.left)}")
        return Report(
            f"{summary}{f' {len(self.failures)} failed.' if self.failures else ''}",
            rules.first(self.lines),
            rules.first(self.failures),
            tuple(self.notes),
            tuple(self.findings),
            is_complete=not self.left,
        )


async def analyze(site: Site) -> Report:
    """Collect statistics of every table, those first that have none or changed most."""
    tables = rules.by_change(await care_acts.list_tables(site.conn))
    tally = _Tally()

    async def act(table: CareTable) -> Sequence[str]:
        return await care_acts.analyze(site.care, table.name, site.seconds)

    def tell(table: CareTable, _before: TableState, _after: TableState) -> None:
        if table.modified:
            tally.lines.append(f"{table.name}: {rules.counted(table.modified, 'row')} changed since the last time")

    await _each(site, tables, tally, act, tell)
    return tally.report(f"{rules.counted(tally.done, 'table')} analysed.")


async def vacuum(site: Site) -> Report:
    """Clear dead rows away, from those tables first that need it most."""
    tables = rules.by_need(await care_acts.list_tables(site.conn))
    tally = _Tally()
    removed = 0

    async def act(table: CareTable) -> Sequence[str]:
        # without dead rows nothing has changed since the statistics were collected a moment ago
        return await care_acts.vacuum(site.care, table.name, site.seconds, analyze=table.dead > 0)

    def tell(table: CareTable, before: TableState, after: TableState) -> None:
        nonlocal removed
        if table.dead:
            removed += max(table.dead - after.dead, 0)
            freed = f", {rules.size(before.bytes - after.bytes)} given back" if after.bytes < before.bytes else ""
            left = f" ({after.dead:,} still seen by an old transaction)" if after.dead else ""
            tally.lines.append(f"{table.name}: {rules.counted(table.dead, 'dead row')} cleared away{left}{freed}")

    failed = await _each(site, tables, tally, act, tell)
    tally.findings += [_not_owned(site, table) for table in failed if not table.is_owned]
    return tally.report(f"{rules.counted(tally.done, 'table')} vacuumed, {rules.counted(removed, 'dead row')} gone.")


async def still_not_owned(site: Site, keys: Sequence[str]) -> Report:
    """Try the tables again that care could not look after; what still fails is found again."""
    tables = [it for it in await care_acts.list_tables(site.conn) if f"owner:{it.name}" in keys]
    tally = _Tally()

    async def act(table: CareTable) -> Sequence[str]:
        return await care_acts.analyze(site.care, table.name, site.seconds)

    failed = await _each(site, tables, tally, act, lambda _table, _before, _after: None)
    return Report("", findings=tuple(_not_owned(site, table) for table in failed if not table.is_owned))


def _not_owned(site: Site, table: CareTable) -> Finding:
    text = (
        f"The table {table.name} belongs to the role {table.owner}: care, which works as {site.role}, can neither "
        "vacuum nor analyse it."
    )
    advice = (
        f"To hand it over: ALTER TABLE {table.name} OWNER TO {site.role}; or, from PostgreSQL 17 on, "
        f"GRANT MAINTAIN ON {table.name} TO {site.role};"
    )
    return Finding(f"owner:{table.name}", text, advice)


async def _each(
    site: Site,
    tables: Sequence[CareTable],
    tally: _Tally,
    act: Callable[[CareTable], Awaitable[Sequence[str]]],
    tell: Callable[[CareTable, TableState, TableState], None],
) -> list[CareTable]:
    """Do it to every table, to those once more that were locked; returns those that failed."""
    waiting = deque((table, False) for table in tables)
    failed: list[CareTable] = []
    while waiting:
        table, is_again = waiting.popleft()
        if site.is_over:
            tally.left.append(table.name)
            continue
        try:
            done = await site.interruptible(_worked(site, table, act))
        except Cancelled:
            tally.left.append(table.name)
            continue
        except Timeout as error:
            if error.sqlstate == _LOCK_NOT_AVAILABLE and not is_again:
                waiting.append((table, True))
                continue
            done = _Done(_too_long(error))
        if done.reason is not None:
            tally.failures.append(f"{table.name}: {done.reason}")
            failed.append(table)
        elif done.before is not None and done.after is not None:
            tally.done += 1
            tell(table, done.before, done.after)
    return failed


@dataclass(frozen=True, slots=True)
class _Done:
    """Why a table's turn failed, None where the catalogue shows that it did not; its states, None where it is gone."""

    reason: str | None = None
    before: TableState | None = None
    after: TableState | None = None


async def _worked(site: Site, table: CareTable, act: Callable[[CareTable], Awaitable[Sequence[str]]]) -> _Done:
    try:
        with translated():
            before = await care_acts.find_state(site.conn, table.oid)
            said = await act(table)
            after = await care_acts.find_state(site.conn, table.oid)
    except (Unavailable, Timeout):
        raise
    except DatabaseError as error:
        return _Done(reason_of(error))
    if before is None or after is None:
        return _Done()
    seen = (before.vacuumed_at, before.analyzed_at) != (after.vacuumed_at, after.analyzed_at)
    if site.counts and not seen:
        return _Done(said[0] if said else "the catalogue shows no trace of it")
    return _Done(said[0] if said and not site.counts else None, before, after)


async def reindex(site: Site) -> Report:
    """Drop what interrupted builds left over; build invalid and bloated indexes anew beside the old ones."""
    tally = _Tally()
    dropped = await _drop_leftovers(site, tally)
    freed = 0
    for index, why in await _to_rebuild(site):
        if site.is_over:
            tally.left.append(index.name)
            continue
        freed += await _rebuild(site, index, why, tally)
    leftovers = f" {rules.counted(dropped, 'leftover')} dropped." if dropped else ""
    return tally.report(
        f"{rules.counted(tally.done, 'index', 'indexes')} rebuilt, {rules.size(freed)} freed.{leftovers}"
    )


async def _to_rebuild(site: Site) -> list[tuple[IndexState, str]]:
    found: list[tuple[IndexState, str]] = []
    schema = await care_indexes.find_measure(site.conn)
    for index in await care_indexes.list_indexes(site.conn):
        if not index.is_valid:
            if not (index.is_leftover or index.is_busy) and index.is_rebuildable:
                found.append((index, "invalid"))
            continue
        expected = await expected_bytes(site, index, schema)
        if rules.is_bloated(index, expected):
            how = "measured" if schema else "estimated"
            found.append((index, f"{rules.percent(rules.bloat_share(index, expected))} unused, {how}"))
    return sorted(found, key=lambda it: (it[0].is_valid, -it[0].bytes))


async def expected_bytes(site: Site, index: IndexState, schema: str | None) -> int | None:
    """What an index would take anew: measured where pgstattuple (in `schema`) is there, else estimated."""
    suspect = index.expected_bytes is None or rules.bloat_share(index, index.expected_bytes) >= _WORTH_MEASURING
    if schema is None or not (suspect and rules.is_measured(index)) or index.bytes > _MEASURED_BYTES:
        return index.expected_bytes
    return await care_indexes.measure_index(site.conn, schema, index.oid)


async def _rebuild(site: Site, index: IndexState, why: str, tally: _Tally) -> int:
    """Build one anew; returns the bytes it freed."""
    reason = await _refusal(site, index)
    after = await care_indexes.find_index(site.conn, index.name)
    if reason is None and after is not None and after[0]:
        tally.done += 1
        tally.lines.append(f"{index.name} ({why}): {rules.size(index.bytes)} → {rules.size(after[1])}")
        return max(index.bytes - after[1], 0)
    if reason is not None:
        tally.failures.append(f"{index.name} ({why}): {reason}")
        await _drop_leftovers(site, tally, of=index.table_name)
    return 0


async def _refusal(site: Site, index: IndexState) -> str | None:
    try:
        said = await site.interruptible(care_acts.reindex(site.care, index.name, site.seconds))
    except Cancelled:
        return "cancelled"
    except Unavailable:
        raise
    except Timeout as error:
        return _too_long(error)
    except DatabaseError as error:
        return reason_of(error)
    return said[0] if said else None


async def _drop_leftovers(site: Site, tally: _Tally, *, of: str | None = None) -> int:
    """Drop invalid leftovers that nobody is building at; with `of`, those of one table. How many went."""
    dropped = 0
    for index in await care_indexes.list_indexes(site.conn):
        if not index.is_leftover or index.is_busy or (of is not None and index.table_name != of):
            continue
        try:
            # also at the end of a run: what it began must not stay behind
            await care_acts.drop_index(site.care, index.name, _CLEANING_SECONDS)
        except Unavailable:
            raise
        except DatabaseError as error:
            tally.failures.append(f"{index.name} (leftover): {reason_of(error)}")
        else:
            dropped += 1
            tally.lines.append(f"{index.name}: dropped, left over from an interrupted build")
    return dropped


def _too_long(error: Timeout) -> str:
    if error.sqlstate == _LOCK_NOT_AVAILABLE:
        return "others hold locks on it"
    return "not done in the time it has"
