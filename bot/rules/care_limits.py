"""Constraints, sequences and transaction ids: from rows of the catalogue to sentences and findings."""

from collections.abc import Sequence
from typing import Final

from bot.rules.care import counted, first, percent
from db.models_care import Ages, Constraint, Finding, Report, SequenceUse

MOST_VIOLATIONS: Final = 1000
_FULL_SEQUENCE: Final = 0.8
_SHOWN_SEQUENCES: Final = 5
# PostgreSQL takes no more writes three million transactions before the ids would come around.
_LAST_TRANSACTION: Final = 2**31 - 3_000_000
_OLD_SHARE: Final = 0.4


def report_integrity(
    checked: Sequence[tuple[Constraint, int]], unchecked: Sequence[tuple[Constraint, str]], *, all_of_them: bool
) -> Report:
    """Rows that break constraints, constraints that were never validated or are not enforced."""
    open_ones = [(it, broken) for it, broken in checked if broken or not it.is_validated or not it.is_enforced]
    lines = [f"{it.table_name}, {it.kind} {it.name}: {_state(it, broken)}" for it, broken in open_ones]
    findings = [_integrity(it, broken) for it, broken in open_ones]
    looked = "all foreign keys and checks" if all_of_them else "those that were never validated"
    summary = (
        f"{counted(len(open_ones), 'constraint')} not kept or not validated, of {len(checked)} looked at ({looked})."
        if open_ones
        else f"No row breaks a constraint; {counted(len(checked), 'constraint')} looked at ({looked})."
    )
    failures = tuple(f"{it.table_name}, {it.name} could not be checked: {reason}" for it, reason in unchecked)
    return Report(summary, first(lines), failures, findings=tuple(findings), is_complete=not unchecked)


def _state(it: Constraint, broken: int) -> str:
    rows = f"{_many(broken)} it" if broken else "no row breaks it"
    return f"{rows}{'' if it.is_validated else ', not validated'}{'' if it.is_enforced else ', triggers disabled'}"


def _many(broken: int) -> str:
    if broken == 1:
        return "1 row breaks"
    return f"{broken:,}{' or more' if broken >= MOST_VIOLATIONS else ''} rows break"


def _integrity(it: Constraint, broken: int) -> Finding:
    where = f"the {it.kind} {it.name} of {it.table_name}"
    if broken:
        orphans = " (orphans)" if it.kind == "foreign key" else ""
        text = f"{_many(broken)} {where}{orphans}."
        advice = f"To see them: SELECT * {it.violation_sql}; Correct them. "
    elif not it.is_enforced:
        text, advice = f"The triggers of {where} are disabled, so new rows are not checked.", ""
        return Finding(
            f"constraint:{it.table_name}.{it.name}",
            text,
            f"To enable them: ALTER TABLE {it.table_name} ENABLE TRIGGER ALL;",
        )
    else:
        text, advice = f"No row breaks {where}, but it was never validated.", ""
    validate = f"To validate it: ALTER TABLE {it.table_name} VALIDATE CONSTRAINT {it.name};"
    return Finding(f"constraint:{it.table_name}.{it.name}", text, advice + validate)


def report_limits(sequences: Sequence[SequenceUse], ages: Ages) -> Report:
    """Sequences and transaction ids that come to their end."""
    full = [it for it in sequences if it.share >= _FULL_SEQUENCE]
    shown = full or list(sequences[:_SHOWN_SEQUENCES])
    share = max(ages.transactions, ages.multixacts) / _LAST_TRANSACTION
    lines = [f"{it.name}: {it.last_value:,} of {it.limit:,} ({percent(it.share)})" for it in shown]
    lines += [
        f"Oldest transaction id: {ages.transactions:,} old; PostgreSQL freezes from {ages.freeze_max_age:,} on",
        f"Oldest multixact: {ages.multixacts:,} old; PostgreSQL freezes from {ages.multixact_freeze_max_age:,} on",
    ]
    findings = [_sequence(it) for it in full]
    if share >= _OLD_SHARE:
        findings.append(_wraparound(ages, share))
    ends = f"{counted(len(full), 'sequence')} near the end" if full else "No sequence is near its end"
    return Report(
        f"{ends}; {percent(share)} of the transaction ids are in use.", tuple(lines), findings=tuple(findings)
    )


def _sequence(it: SequenceUse) -> Finding:
    text = f"The sequence {it.name} has used {percent(it.share)} of its numbers ({it.last_value:,} of {it.limit:,})."
    advice = (
        "Make its column bigint (ALTER TABLE ... ALTER COLUMN ... TYPE bigint rewrites the table), and the sequence."
    )
    return Finding(f"sequence:{it.name}", text, advice, is_urgent=True)


def _wraparound(ages: Ages, share: float) -> Finding:
    text = (
        f"The oldest transaction id is {ages.transactions:,} transactions old, {percent(share)} of the way to where "
        "PostgreSQL takes no more writes."
    )
    advice = (
        "Find what holds old rows (long transactions, pg_prepared_xacts, pg_replication_slots), then VACUUM (FREEZE) "
        "as a superuser."
    )
    return Finding("transaction-ids", text, advice, is_urgent=True)
