"""Runs of care: ordered, taken up when they are due, cancelled."""

import uuid
from typing import Final

from bot.context import Act, Deps
from bot.errors import Missing, WrongState
from bot.rules.care import STEPS
from bot.services.care.carry import already, carry_out, get
from db.models_care import Run, RunStatus
from db.pool import Conn
from db.queries import care_runs

_OVER: Final = set(RunStatus) - {RunStatus.QUEUED, RunStatus.WAITING, RunStatus.RUNNING}


async def order(deps: Deps, act: Act) -> Run:
    """Have the care worker carry out a run now.

    Raises:
        WrongState: one runs or waits already.
    """
    async with deps.transaction(act) as conn:
        going = await care_runs.find_open(conn)
        run_id = None if going is not None else await _insert(conn, deps, act, f"order:{uuid.uuid4()}")
        if run_id is None:
            raise already(going)
        await care_runs.enqueue_run(conn, run_id)
        return await get(conn, run_id)


async def cancel(deps: Deps, act: Act, run_id: int) -> Run:
    """End a run: at once where it waits, else as soon as the statement that it is at has been given up.

    Raises:
        Missing: there is none.
        WrongState: it is over, or was cancelled before.
    """
    user_id = act.person.user_id if act.person else None
    async with deps.transaction(act) as conn:
        status = await care_runs.find_status_locked(conn, run_id)
        if status is None:
            raise Missing(f"There is no run {run_id} of care.")
        run = await get(conn, run_id)
        if status in _OVER:
            raise WrongState(f"Run {run_id} of care is over already: {status}.")
        if run.cancel_asked_at is not None:
            raise WrongState(f"Run {run_id} of care was cancelled already by {run.canceller_name or 'somebody'}.")
        await care_runs.update_cancel(conn, run_id, user_id, deps.now())
        if status != RunStatus.RUNNING:
            await care_runs.update_finished(conn, run_id, RunStatus.CANCELLED, deps.now())
        return await get(conn, run_id)


async def run_due(deps: Deps, due_key: str) -> Run | None:
    """Carry out the run of a due time, unless that was done; None where another run does it."""
    act = Act(person=None, source="scheduler", origin={"job": due_key.partition(" ")[0]})
    async with deps.transaction(act) as conn:
        found = await care_runs.find_due(conn, due_key)
        if found is not None and found[1] in _OVER - {RunStatus.INTERRUPTED}:
            return await get(conn, found[0])
        run_id = found[0] if found else await _insert(conn, deps, act, due_key)
    return await carry_out(deps, run_id) if run_id is not None else None


async def run_now(deps: Deps, act: Act, *, patient: bool = True) -> Run:
    """Carry out a run in this process, one that waits already where there is one.

    `patient`: wait for a deployment in progress; the run is then left to the care worker.

    Raises:
        WrongState: another process carries one out.
    """
    async with deps.transaction(act) as conn:
        going = await care_runs.find_open(conn)
        if going is not None and going.status == RunStatus.RUNNING:
            raise already(going)
        run_id = going.id if going is not None else await _insert(conn, deps, act, f"order:{uuid.uuid4()}")
    if run_id is None:
        raise already(None)
    return await carry_out(deps, run_id, patient=patient, alone=True)


async def _insert(conn: Conn, deps: Deps, act: Act, due_key: str) -> int | None:
    requested_by = act.person.user_id if act.person else None
    return await care_runs.insert_run(
        conn, due_key=due_key, source=act.source, requested_by=requested_by, steps=STEPS, now=deps.now()
    )
