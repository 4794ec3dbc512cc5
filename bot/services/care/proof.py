"""The step that proves the audit: what waits is sealed, the chain compared, its head told, and what is old removed."""

import asyncio

from bot.context import Act
from bot.errors import BotError
from bot.rules.audit_chain import head_text
from bot.services import audit as chain
from bot.services.care.site import Site
from db.models_care import Finding, Report


async def audit(site: Site) -> Report:
    """Seal, compare, remove what is older than AUDIT_KEEP_DAYS; the head stands in the thread, outside the database."""
    deps = site.deps
    await chain.seal(deps)
    try:
        async with asyncio.timeout(site.seconds):
            verdict = await site.interruptible(chain.verify(deps))
    except TimeoutError:
        return Report("Not compared to the end: no time was left.", await _head(site), is_complete=False)
    faults = tuple(fault.line for fault in verdict.faults)
    if faults:
        advice = "Find out who changed it; a backup has the rows as they were. `techops audit verify` names them."
        finding = Finding("audit:broken", verdict.line, advice, is_urgent=True)
        return Report("The audit is broken.", await _head(site), faults, verdict.notes, (finding,))
    lines, failures = await _prune(site)
    summary = f"{verdict.rows:,} rows in {verdict.segments:,} segments are as they were sealed."
    return Report(summary, (*await _head(site), *lines), failures, verdict.notes)


async def _prune(site: Site) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was exported and removed, and why it was not."""
    days = site.deps.settings.audit_keep_days
    if days is None:
        return (), ()
    act = Act(person=None, source="care", origin={"job": "nightly_maintenance"})
    try:
        done = await chain.prune(site.deps, act, days)
    except BotError as error:
        return (), (str(error),)
    return tuple(f"{it.rows:,} rows older than {days} days went to {it.file}" for it in done), ()


async def _head(site: Site) -> tuple[str, ...]:
    head = await chain.find_head(site.deps)
    return (f"Audit {head_text(head)}",) if head else ()
