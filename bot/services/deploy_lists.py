"""Deployments, read: what runs where, lists by page, one in full."""

from dataclasses import dataclass
from typing import Final

from bot.context import Deps
from bot.rules.deploy import DeployFilter
from bot.rules.deploy_forms import DeployPlace, DeployView, page_value
from bot.rules.deployments import missing_deployment
from bot.services import approvals, collisions, projects
from db.models import Activity, Collision, Deployment, Environment, Freeze, Lock, Page, Project, Running, SubjectKind
from db.models_approvals import Approval
from db.queries import delivery, freezes, history, locks
from db.queries import deployment_pages as pages
from db.queries import deployments as queries
from db.queries import projects as project_queries
from db.queries.keyset import Cursor

PAGE_SIZE: Final = 10
PLACES_AT_MOST: Final = 15
CHANGES_AT_MOST: Final = 10
_LOCKS_AT_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class WhatRuns:
    """What runs where, of one project or of all, with the locks there and the freezes that last now.

    `more`: there are further places.
    """

    project: Project | None
    places: list[Running]
    locks: list[Lock]
    freezes: list[Freeze]
    more: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list, what the list is, and the name of its project; its cursors are what the buttons carry."""

    page: Page[Deployment]
    view: DeployView
    project_name: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """A deployment, its latest changes, the newest first, what it may run into, the lock there, its approval."""

    row: Deployment
    changes: list[Activity]
    names: dict[int, str]
    collisions: list[Collision]
    lock: Lock | None
    approval: Approval | None


async def what_runs(deps: Deps, project_name: str | None) -> WhatRuns:
    """What runs where.

    Raises:
        BadInput: no such project.
    """
    project = await projects.named(deps, project_name) if project_name else None
    project_id = project.id if project else None
    async with deps.pool.acquire() as conn:
        places = await pages.list_running(conn, project_id, PLACES_AT_MOST + 1)
        held = await locks.list_locks(conn, project_id, _LOCKS_AT_MOST)
        found = [await freezes.list_active(conn, environment, deps.now()) for environment in Environment]
    soonest = {active[0].id: active[0] for active in found if active}
    return WhatRuns(project, places[:PLACES_AT_MOST], held, list(soonest.values()), len(places) > PLACES_AT_MOST)


async def first_page(deps: Deps, wanted: DeployFilter) -> Listing:
    """The first page of a list, the newest first.

    Raises:
        BadInput: no such project.
    """
    project = await projects.named(deps, wanted.project) if wanted.project else None
    return await page(deps, DeployView(project.id if project else None, wanted.environment, wanted.status), None)


async def page(deps: Deps, view: DeployView, place: DeployPlace | None) -> Listing:
    """The page behind or before a place, the first one without."""
    cursor = Cursor(place.id, place.backwards) if place else None
    narrowing = pages.Narrowing(view.project_id, view.environment, view.status)
    async with deps.pool.acquire() as conn:
        found = await pages.list_page(conn, narrowing, cursor, PAGE_SIZE)
        project = await project_queries.find_project(conn, view.project_id) if view.project_id else None
    shown = Page(found.rows, _value(view, found.before), _value(view, found.after))
    return Listing(shown, view, project.name if project else None)


async def show(deps: Deps, deployment_id: int) -> Record:
    """One deployment in full.

    Raises:
        Missing: there is none.
    """
    async with deps.pool.acquire() as conn:
        row = await queries.find_deployment(conn, deployment_id)
        if row is None:
            raise missing_deployment(deployment_id)
        changes = await history.list_activity(conn, SubjectKind.DEPLOYMENT, row.id, CHANGES_AT_MOST)
        names = await delivery.list_names(conn, [change.actor_id for change in changes if change.actor_id is not None])
        return Record(
            row,
            changes,
            names,
            await collisions.find(conn, row.project_id),
            await locks.find_lock(conn, row.project_id, row.environment),
            await approvals.state(conn, SubjectKind.DEPLOYMENT, row.id),
        )


def _value(view: DeployView, cursor: Cursor | None) -> str | None:
    return page_value(view, DeployPlace(cursor.id, cursor.backwards)) if cursor else None
