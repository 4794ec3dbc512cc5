"""Deployments: each change is one transaction, in which the deployment is locked, checked and written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.context import Act, Deps
from bot.errors import WrongState
from bot.rules.deploy_forms import NewDeployment
from bot.rules.deployments import Step, check_may_override, check_step, deployment_label, missing_deployment
from bot.rules.durations import LONGEST
from bot.rules.freezes import frozen
from bot.rules.zones import local
from bot.services import approvals, collisions, locks, projects
from bot.services.freezes import check_frozen
from db.models import Collision, Deployment, DeploymentStatus, Lock, SubjectKind
from db.models_approvals import Approval
from db.pool import Conn
from db.queries import deployments as queries


@dataclass(frozen=True, slots=True)
class Outcome:
    """A deployment after a change, what it may run into, its approval, and another person's lock of its environment."""

    row: Deployment
    collisions: list[Collision]
    lock: Lock | None = None
    approval: Approval | None = None


async def request(deps: Deps, act: Act, new: NewDeployment, *, override: str | None = None) -> Outcome:
    """Ask for a deployment: it is pending until it is started.

    `override` is an admin's reason to do so in spite of a freeze.

    Raises:
        BadInput: the project takes no deployments; field "project".
        WrongState: the environment is frozen.
        Forbidden: no admin, and the environment is frozen.
    """
    now = deps.now()
    async with deps.transaction(act, note=_note(override, None)) as conn:
        await projects.check_chosen(conn, new.project_id, what="deployments")
        lifted = await _check_freeze(conn, act, new.environment, now, override, doing="request a deployment")
        deployment_id = await _insert(conn, new, DeploymentStatus.PENDING, None, None, now)
        if lifted:
            by = act.person.user_id if act.person else None
            await queries.insert_details(conn, deployment_id, started_at=None, override=lifted, by=by)
        return Outcome(
            await queries.get_deployment(conn, deployment_id),
            await collisions.find(conn, new.project_id),
            await locks.find_other(conn, act, new.project_id, new.environment),
            await approvals.state(conn, SubjectKind.DEPLOYMENT, deployment_id),
        )


async def record(deps: Deps, act: Act, new: NewDeployment) -> Outcome:
    """Write down a deployment that has happened, or that has begun outside; `new.status` says which.

    What is still in progress counts as being started.

    Raises:
        BadInput: the project takes no deployments; field "project".
        WrongState: it is still in progress, and the environment is frozen or locked by somebody else.
    """
    now = deps.now()
    deployed_at = new.deployed_at or now
    begins = new.status is DeploymentStatus.IN_PROGRESS
    by = act.person.user_id if act.person else None
    async with deps.transaction(act) as conn:
        await projects.check_chosen(conn, new.project_id, what="deployments")
        if begins:
            doing = "record one that is in progress"
            await _check_freeze(conn, act, new.environment, now, None, doing=doing)
            await locks.check_free(conn, act, new.project_id, new.environment, doing=doing)
        deployment_id = await _insert(conn, new, new.status, by, deployed_at, now)
        if begins:
            await queries.insert_details(conn, deployment_id, started_at=deployed_at, override=None, by=None)
        found = await collisions.find(conn, new.project_id) if begins else []
        return Outcome(await queries.get_deployment(conn, deployment_id), found)


async def start(
    deps: Deps, act: Act, deployment_id: int, *, override: str | None = None, note: str | None = None
) -> Outcome:
    """Begin a deployment.

    `override` is an admin's reason to do so in spite of a freeze; it lifts nothing else. Where somebody else's lock is
    in the way, the person waits for it and is told when it is released.

    Raises:
        Missing: there is none.
        WrongState: not possible in its state, not approved, frozen, or locked.
        Forbidden: no admin, and the environment is frozen.
    """
    now = deps.now()
    try:
        async with _changing(deps, act, deployment_id, note=_note(override, note)) as (conn, row):
            label, by = deployment_label(row.id), act.person.user_id if act.person else None
            await _check_step(conn, act, Step.START, row)
            await approvals.check_may_start(conn, SubjectKind.DEPLOYMENT, row.id, now)
            lifted = await _check_freeze(conn, act, row.environment, now, override, doing=f"start {label}")
            await locks.check_free(conn, act, row.project_id, row.environment, doing=f"start {label}")
            await queries.mark_started(conn, row.id, by, now)
            await queries.insert_details(conn, row.id, started_at=now, override=lifted, by=by)
            return Outcome(await queries.get_deployment(conn, row.id), await collisions.find(conn, row.project_id))
    except locks.Held as held:
        if act.person is None:
            raise
        raise await locks.wait(deps, act.person, held, deployment_id) from held


async def finish(
    deps: Deps,
    act: Act,
    deployment_id: int,
    status: DeploymentStatus,
    *,
    duration: int | None = None,
    notes: str | None = None,
) -> Deployment:
    """Say that a deployment has ended, as success or failed.

    Without a `duration` (seconds) it is measured from its start; `notes` are added to those that are there.

    Raises:
        Missing: there is none.
        WrongState: it is not in progress.
    """
    step = Step.SUCCEED if status is DeploymentStatus.SUCCESS else Step.FAIL
    now = deps.now()
    async with _changing(deps, act, deployment_id, note=notes or "") as (conn, row):
        after = await _check_step(conn, act, step, row)
        began = await queries.find_start(conn, row.id)
        await queries.mark_ended(
            conn,
            row.id,
            after,
            duration=_measured(began, now) if duration is None else duration,
            deployed_by=act.person.user_id if act.person else None,
            deployed_at=began or now,
            notes=notes,
        )
        return await queries.get_deployment(conn, row.id)


async def rollback(deps: Deps, act: Act, deployment_id: int, reason: str | None = None) -> Deployment:
    """Say that a deployment was taken back after its end.

    Raises:
        Missing: there is none.
        WrongState: it has not ended, or was rolled back already.
    """
    now = deps.now()
    async with _changing(deps, act, deployment_id, note=reason or "") as (conn, row):
        after = await _check_step(conn, act, Step.ROLL_BACK, row)
        await queries.mark_ended(
            conn,
            row.id,
            after,
            duration=None,
            deployed_by=act.person.user_id if act.person else None,
            deployed_at=row.deployed_at or now,
            notes=f"Rolled back: {reason}" if reason else None,
        )
        return await queries.get_deployment(conn, row.id)


async def find_ready(deps: Deps, act: Act, deployment_id: int, step: Step) -> Deployment:
    """The deployment, if this step is possible in its state; what decides is the step itself.

    Raises:
        Missing: there is none.
        WrongState: not possible in its state.
    """
    async with deps.pool.acquire() as conn:
        row = await queries.find_deployment(conn, deployment_id)
        if row is None:
            raise missing_deployment(deployment_id)
        await _check_step(conn, act, step, row)
        return row


@asynccontextmanager
async def _changing(deps: Deps, act: Act, deployment_id: int, *, note: str) -> AsyncIterator[tuple[Conn, Deployment]]:
    async with deps.transaction(act, note=note) as conn:
        row = await queries.find_locked(conn, deployment_id)
        if row is None:
            raise missing_deployment(deployment_id)
        yield conn, row


async def _insert(
    conn: Conn, new: NewDeployment, status: DeploymentStatus, by: int | None, at: datetime | None, now: datetime
) -> int:
    return await queries.insert_deployment(
        conn,
        project_id=new.project_id,
        version=new.version,
        environment=new.environment,
        status=status,
        deployed_by=by,
        deployed_at=at,
        duration=None if status is DeploymentStatus.PENDING else new.duration,
        notes=new.notes,
        now=now,
    )


async def _check_freeze(
    conn: Conn, act: Act, environment: str, now: datetime, override: str | None, *, doing: str
) -> str | None:
    """The reason for which a freeze is lifted, None where there is none to lift. Raises WrongState, Forbidden."""
    freeze = await check_frozen(conn, environment, now)
    if freeze is None:
        return None
    if override is None:
        raise frozen(freeze, environment, doing=doing)
    check_may_override(act.person.role if act.person else None)
    return override


async def _check_step(conn: Conn, act: Act, step: Step, row: Deployment) -> DeploymentStatus:
    """The status after the step, if it can be taken now."""
    label = deployment_label(row.id)
    try:
        return check_step(step, row.status, label=label)
    except WrongState:
        last = await queries.find_arrival(conn, row.id, row.status)
        tz = act.person.tz if act.person else "UTC"
        by = f"{last.actor_name}, {local(last.at, tz):%Y-%m-%d %H:%M}" if last and last.actor_name else None
        return check_step(step, row.status, label=label, by=by)


def _note(override: str | None, note: str | None) -> str:
    return f"Override: {override}" if override else note or ""


def _measured(began: datetime | None, now: datetime) -> int | None:
    """Seconds since the start; None where it is not known, or no sensible length."""
    seconds = round((now - began).total_seconds()) if began else -1
    return seconds if 0 <= seconds <= LONGEST else None
