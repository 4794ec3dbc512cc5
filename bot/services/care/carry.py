"""A run carried out: by whoever holds the lock, step by step, to its findings; or left for later, and never lost."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.context import Act, Deps
from bot.errors import Missing, WrongState
from bot.rules.care import STEPS
from bot.rules.care_reports import unseen
from bot.services.care import findings, looks, maintain, proof
from bot.services.care.site import Cancelled, Site, reason_of
from db.care import CareConnection, open_care
from db.errors import DatabaseError, Unavailable, translated
from db.models_care import Report, Run, RunStatus, StepStatus
from db.pool import Conn
from db.queries import care_acts, care_runs

_log = structlog.get_logger(__name__)

# While a deployment goes on care waits, but not the whole night; one that nobody has touched for so long was forgotten.
_LONGEST_WAIT: Final = timedelta(hours=2)
_AGAIN_SECONDS: Final = 60.0
_WATCH_SECONDS: Final = 1.0
_MOST_ATTEMPTS: Final = 3
_OVER: Final = set(RunStatus) - {RunStatus.QUEUED, RunStatus.WAITING, RunStatus.RUNNING}
ACTS: Final = {
    "analyze": maintain.analyze,
    "vacuum": maintain.vacuum,
    "reindex": maintain.reindex,
    "audit": proof.audit,
}


async def carry_out(deps: Deps, run_id: int, *, patient: bool = True, alone: bool = False) -> Run:
    """Carry a run out, from its first step to its findings; the run as it is afterwards.

    It is left for later, in the queue, while a deployment goes on or another process is at a run; with `alone` the
    latter is refused. A run whose process is gone is closed as interrupted, and begun anew three times at most.

    Raises:
        WrongState: another process carries one out, and `alone`.
        Unavailable: the database went away; the next attempt finds the run interrupted.
    """
    async with open_care(replace(deps.pool.config, statement_timeout=None, application_name="techops care")) as care:
        if not await care.try_lock():
            return await _another(deps, run_id, alone=alone)
        run = await _begin(deps, care, run_id, patient=patient)
        if run.status != RunStatus.RUNNING:
            return run
        site = await _site(deps, care, run)
        async with _watched(site):
            ended = await _steps(site, run)
        return await _finish(site, run, ended)


def already(going: Run | None) -> WrongState:
    """That a run goes on or waits, and how far it is."""
    if going is None:
        return WrongState("Another run of care was ordered at the same moment, so none was added.")
    far = f"at step {going.current_step} of {going.total_steps}" if going.status == RunStatus.RUNNING else going.status
    return WrongState(f"Run {going.id} of care is {far} already, so none was added. Its card can cancel it.")


async def get(conn: Conn, run_id: int) -> Run:
    """A run with its steps.

    Raises:
        Missing: there is none.
    """
    run = await care_runs.find_run(conn, run_id)
    if run is None:
        raise Missing(f"There is no run {run_id} of care.")
    return run


async def _another(deps: Deps, run_id: int, *, alone: bool) -> Run:
    act = Act(person=None, source="care")
    async with deps.transaction(act) as conn:
        run = await get(conn, run_id)
        if run.status in {RunStatus.QUEUED, RunStatus.WAITING}:
            # It may be the very run that the other one is about to begin; then there is nothing left to do by then.
            await care_runs.enqueue_run(conn, run_id, _AGAIN_SECONDS)
        going = await care_runs.find_open(conn)
    if alone:
        raise already(going)
    _log.info("care_is_elsewhere", run=run_id)
    return run


async def _begin(deps: Deps, care: CareConnection, run_id: int, *, patient: bool) -> Run:
    """Start the run, or leave it waiting; with the lock held."""
    act = Act(person=None, source="care")
    async with deps.transaction(act) as conn:
        for gone in await care_runs.mark_interrupted(conn, deps.now()):
            _log.warning("care_was_interrupted", run=gone)
        run = await _successor(conn, deps, await get(conn, run_id))
        if run.status in _OVER:
            return run
        deploying = await care_runs.find_deploying(conn, deps.now() - _LONGEST_WAIT) if patient else None
        if deploying is not None and deps.now() - run.requested_at < _LONGEST_WAIT:
            number, project, environment = deploying
            await care_runs.update_waiting(conn, run.id, f"D-{number}, {project} to {environment}, is in progress")
            await care_runs.enqueue_run(conn, run.id, _AGAIN_SECONDS)
            return await get(conn, run.id)
        notes = await _notes(care, deploying)
        with translated():
            role, *_rest = await care_acts.get_role(care.conn)
        await care_runs.update_started(conn, run.id, role, notes, deps.now())
        return await get(conn, run.id)


async def _successor(conn: Conn, deps: Deps, run: Run) -> Run:
    """The run itself, or where its process was gone a new one in its place, three times at most."""
    if run.status != RunStatus.INTERRUPTED:
        return run
    again = await care_runs.insert_successor(conn, run.id, STEPS, _MOST_ATTEMPTS, deps.now())
    return await get(conn, again) if again is not None else run


async def _notes(care: CareConnection, deploying: tuple[int, str, str] | None) -> list[str]:
    """What limits this run, said on its card."""
    with translated():
        role, is_superuser, sees_all, counts = await care_acts.get_role(care.conn)
        tables = [] if is_superuser else [it for it in await care_acts.list_tables(care.conn) if not it.is_owned]
    notes = [unseen(role)] if not sees_all else []
    if tables:
        notes.append(f"The role {role} does not own {len(tables)} of the tables.")
    if not counts:
        notes.append("track_counts is off: the server does not count dead rows, so needs are not known.")
    if deploying is not None:
        notes.append(f"D-{deploying[0]} was still in progress after two hours, or was not to be waited for.")
    return notes


async def _site(deps: Deps, care: CareConnection, run: Run) -> Site:
    with translated():
        role, _superuser, sees_all, counts = await care_acts.get_role(care.conn)
    ends_at = (run.started_at or deps.now()) + timedelta(hours=deps.settings.care_hours)
    return Site(deps, care, run.id, ends_at, role, sees_all, counts)


@asynccontextmanager
async def _watched(site: Site) -> AsyncIterator[None]:
    """Look every second whether somebody has cancelled the run."""

    async def watch() -> None:
        while not site.cancelled.is_set():
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                async with site.deps.pool.acquire() as conn:
                    if await care_runs.is_cancelled(conn, site.run_id):
                        site.cancelled.set()
            except DatabaseError as error:
                _log.warning("care_watch_failed", run=site.run_id, reason=str(error))

    watching = asyncio.create_task(watch(), name="care watch")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _steps(site: Site, run: Run) -> RunStatus:
    """Every step in its turn, until cancelled or out of time; how the run ends."""
    failed = False
    async with _progress(site, run) as conn:
        await care_runs.update_step_started(conn, run.id, 1, site.deps.now())
    for step in run.steps:
        began = site.deps.now()
        status, report = await _step(site, step.name)
        failed = failed or status is StepStatus.FAILED
        over = site.is_over
        async with _progress(site, run) as conn:
            now = site.deps.now()
            await care_runs.update_step_done(
                conn, run.id, step.position, status, report, _milliseconds(began, now), now
            )
            await findings.keep(conn, site.deps, step.name, report)
            if step.position < run.total_steps and not over:
                await care_runs.update_step_started(conn, run.id, step.position + 1, now)
        if over and step.position < run.total_steps:
            return RunStatus.CANCELLED if site.cancelled.is_set() else RunStatus.STOPPED
    return RunStatus.FAILED if failed else RunStatus.SUCCEEDED


async def _step(site: Site, name: str) -> tuple[StepStatus, Report]:
    """Carry out one step; what goes wrong in it is its result, except that the database is away."""
    try:
        with translated():
            report = await ACTS[name](site) if name in ACTS else await looks.read(site, name)
    except Cancelled:
        return StepStatus.FAILED, Report("Cancelled.", failures=("Cancelled before it was done.",), is_complete=False)
    except Unavailable:
        raise
    except DatabaseError as error:
        reason = reason_of(error)
        _log.warning("care_step_failed", run=site.run_id, step=name, reason=reason)
        return StepStatus.FAILED, Report("Not done.", failures=(reason,), is_complete=False)
    except Exception:  # noqa: BLE001 - a broken step must not keep the others from their turn
        error_id = uuid.uuid4().hex[:8]
        _log.exception("care_step_broke", run=site.run_id, step=name, error_id=error_id)
        fault = f"A fault in the bot; it is logged under {error_id}."
        return StepStatus.FAILED, Report("Not done.", failures=(fault,), is_complete=False)
    return (StepStatus.FAILED if report.failures else StepStatus.OK), report


async def _finish(site: Site, run: Run, status: RunStatus) -> Run:
    """End the run; what it found goes to a request in the same transaction."""
    async with _progress(site, run) as conn:
        request_id, note = await findings.raise_request(conn, site.deps, run.requested_by)
        notes = [*run.notes, *([note] if note else [])]
        await care_runs.update_finished(conn, run.id, status, site.deps.now(), request_id=request_id, notes=notes)
        return await get(conn, run.id)


@asynccontextmanager
async def _progress(site: Site, run: Run) -> AsyncIterator[Conn]:
    async with site.deps.transaction(Act(person=None, source=run.source)) as conn:
        yield conn


def _milliseconds(began: datetime, ended: datetime) -> int:
    return max(0, round((ended - began).total_seconds() * 1000))
