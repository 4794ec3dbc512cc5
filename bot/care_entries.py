"""Entry points of the care worker: runs of care, findings looked at again, sessions to be ended."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from bot.context import Deps
from bot.delivery import Entry, Job
from bot.services.care import carry, findings, runs, sessions
from db.models_care import Run, RunStatus
from db.queries import claims
from scheduler import registry as schedule

_WAITING: Final = {RunStatus.QUEUED, RunStatus.WAITING}


class Order(BaseModel):
    """Payload of `care_run`: a run that was ordered or waits. A due time of the schedule comes as such."""

    run: int


class Check(BaseModel):
    """Payload of `care_check`: the request whose findings are to be looked at again."""

    request: int


class End(BaseModel):
    """Payload of `care_kill`: which order to end a query or session."""

    end: int


async def run_care(deps: Deps, job: Job) -> None:
    """Carry out a run; running twice does nothing more."""
    if '"due_local"' in job.payload:
        due = schedule.Due.model_validate_json(job.payload)
        run = await runs.run_due(deps, f"{due.job} {due.due_local.isoformat()}")
    else:
        run = await carry.carry_out(deps, Order.model_validate_json(job.payload).run)
    if run is not None and run.status not in _WAITING:
        await _mark_done(deps, run)


async def check_findings(deps: Deps, job: Job) -> None:
    """Look again at what a completed request was about."""
    await findings.check_again(deps, Check.model_validate_json(job.payload).request)


async def end_session(deps: Deps, job: Job) -> None:
    """Cancel a query, or end a session."""
    await sessions.carry_out(deps, End.model_validate_json(job.payload).end)


ENTRIES: Final[Mapping[str, Entry]] = MappingProxyType(
    {"care_run": run_care, "care_check": check_findings, "care_kill": end_session}
)


async def _mark_done(deps: Deps, run: Run) -> None:
    """A due time counts as done once its run is over, also where that had to wait."""
    job, _, local = (run.due_key or "").partition(" ")
    if local:
        due = schedule.Due.model_validate({"job": job, "due_local": local})
        async with deps.pool.transaction() as conn:
            await claims.mark_claim_done(conn, due.job, due.due_local, deps.now())
