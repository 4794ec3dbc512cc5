"""Whether the work is done: queue, schedulers, processes, backups."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.rules import backups as rules
from bot.services import audit as chain
from bot.services import figures, health
from bot.services.doctor.lines import Line, Looks, fail, ok, warn
from db.models_backups import Backup
from db.queries import backups, queue
from db.queries import doctor as looks_at

_LATEST_CLAIM: Final = timedelta(minutes=5)
_NEEDED: Final = ("web", "worker", "scheduler")
_ALONE: Final = "up"


async def waiting(looks: Looks) -> Sequence[Line]:
    """Whether what is due is taken."""
    async with looks.deps.pool.acquire() as conn:
        it = await queue.get_health(conn, looks.deps.now())
    said = f"{it.due} due, {it.running} in work, {it.waiting} waiting, {it.held} held"
    if it.oldest_seconds > health.OLDEST_SECONDS:
        late = timedelta(seconds=round(it.oldest_seconds))
        return fail(
            "queue", f"{said}; the oldest has been due for {late}", "Start a `techops worker`, or look at its log."
        )
    if it.held:
        return warn("queue", said, "`techops queue list` says why; after putting it right, `techops queue retry`.")
    return ok("queue", said)


async def schedulers(looks: Looks) -> Sequence[Line]:
    """Whether anybody ticks: there are jobs of every minute."""
    async with looks.deps.pool.acquire() as conn:
        latest = await looks_at.find_latest_claim(conn)
    if latest is None:
        return warn("schedulers", "nothing was ever due", "Start a `techops scheduler`, or `techops up`.")
    ago = looks.deps.now() - latest
    if ago > _LATEST_CLAIM:
        return fail("schedulers", f"the last tick was at {latest:%Y-%m-%d %H:%M} UTC", "Start a `techops scheduler`.")
    return ok("schedulers", f"the last tick was {max(ago.total_seconds(), 0):.0f} s ago")


async def processes(looks: Looks) -> Sequence[Line]:
    """Which processes have shown themselves within the last minute."""
    running = [it.process for it in await figures.list_running(looks.deps)]
    if not running:
        return warn("processes", "none runs", "Start web, worker and scheduler (see the Procfile), or `techops up`.")
    counts = ", ".join(f"{running.count(kind)} {kind}" for kind in sorted(set(running)))
    missing = [kind for kind in _NEEDED if kind not in running and _ALONE not in running]
    if missing:
        return fail("processes", counts, f"Start {' and '.join(f'`techops {kind}`' for kind in missing)}.")
    if "care" not in running:
        return warn("processes", counts, "Start one `techops worker --care`: nobody makes backups.")
    return ok("processes", counts)


async def last_backup(looks: Looks) -> Sequence[Line]:
    """Whether there is a backup that was proven by a restore."""
    now = looks.deps.now()
    async with looks.deps.pool.acquire() as conn:
        verified, since = await backups.get_last_verified(conn)
        latest = await backups.list_backups(conn, 1)
    said = f"the last verified one is of {verified:%Y-%m-%d %H:%M} UTC" if verified else "there is no verified one"
    if rules.is_late(since, now):
        fix = "Run `techops backup run`; every night `techops worker --care` makes one."
        return fail("backups", f"{said}{_fault(latest)}", fix)
    if verified is None:
        return warn("backups", f"{said} yet{_fault(latest)}", "`techops backup run` makes the first.")
    if latest and latest[0].fault:
        return warn("backups", f"{said}{_fault(latest)}", "`techops backup list` has the rest.")
    return ok("backups", said)


def _fault(latest: Sequence[Backup]) -> str:
    return (
        f"; the latest, of {latest[0].started_at:%Y-%m-%d %H:%M} UTC: {latest[0].fault}"
        if latest and latest[0].fault
        else ""
    )


async def has_recent_backup(looks: Looks) -> bool:
    """Whether somebody, perhaps on another machine, makes them."""
    async with looks.deps.pool.acquire() as conn:
        verified, _since = await backups.get_last_verified(conn)
    return verified is not None and not rules.is_late(verified, looks.deps.now())


async def audit(looks: Looks) -> Sequence[Line]:
    """Whether the chain over the activity log is whole."""
    deps = replace(looks.deps, pool=looks.owner)
    verdict = await chain.verify(deps)
    if not verdict.is_sound:
        return fail(
            "audit", verdict.line, "`techops audit verify` tells all of it; find out who had the owner's rights."
        )
    if verdict.notes:
        return warn("audit", f"{verdict.line} {' '.join(verdict.notes)}", "`techops audit verify` tells all of it.")
    return ok("audit", verdict.line)
