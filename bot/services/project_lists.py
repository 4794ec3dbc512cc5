"""Projects and groups, read: lists by page, one in full."""

from dataclasses import dataclass
from typing import Final

from bot.context import Deps
from bot.errors import BadInput, Missing
from bot.rules.ids import DIGITS, LARGEST
from bot.rules.projects import ProjectFilter, ProjectView, page_value
from bot.rules.suggest import closest
from bot.rules.wording import listed, quoted
from bot.services import projects
from db.models import Page, Running
from db.models_projects import Group, ProjectDetails, ProjectSummary, Unfinished
from db.pool import Conn
from db.queries import deployment_pages, project_changes, project_details
from db.queries.keyset import Cursor

PAGE_SIZE: Final = 10
OFFERED: Final = 99
_SHOWN: Final = 5
_NAMED_AT_MOST: Final = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of projects, what the list is, and the name of its group; its cursors are what the buttons carry."""

    page: Page[ProjectSummary]
    view: ProjectView
    group_name: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A project, what runs where, and what goes on in it."""

    row: ProjectDetails
    places: list[Running]
    unfinished: Unfinished


async def first_page(deps: Deps, wanted: ProjectFilter) -> Listing:
    """The first page of a list.

    Raises:
        Missing, BadInput: no such group, or several.
    """
    group = await group_named(deps, wanted.group) if wanted.group else None
    return await page(deps, ProjectView(wanted.words, group.id if group else None, wanted.status))


async def page(deps: Deps, view: ProjectView) -> Listing:
    """The page at the place of the view."""
    cursor = Cursor(view.place, view.backwards) if view.place else None
    status = "" if view.status == "all" else view.status
    wanted = project_details.Narrowing(view.words, view.group_id, status)
    async with deps.pool.acquire() as conn:
        found = await project_details.list_page(conn, wanted, cursor, PAGE_SIZE)
        group = await project_changes.find_group(conn, view.group_id) if view.group_id else None
    before, after = _turn(view, found.before, backwards=True), _turn(view, found.after, backwards=False)
    return Listing(Page(found.rows, before, after), view, group.name if group else None)


async def show(deps: Deps, name: str) -> Shown:
    """One project in full, by name or number.

    Raises:
        BadInput: there is none, or several.
    """
    project = await projects.named(deps, name)
    async with deps.pool.acquire() as conn:
        row = await get(conn, project.id)
        places = await deployment_pages.list_running(conn, project.id, _SHOWN)
        return Shown(row, places, await project_details.get_unfinished(conn, project.id, _SHOWN))


async def groups(deps: Deps, typed: str = "", limit: int = OFFERED) -> list[Group]:
    """Groups that match what was typed, by name."""
    async with deps.pool.acquire() as conn:
        return await project_changes.list_groups(conn, typed.replace("\x00", "").strip(), limit)


async def group_named(deps: Deps, name: str) -> Group:
    """The group that a person means by a name, whatever its case, or by #NUMBER.

    Raises:
        Missing: there is none; with the one that was meant, where it can be guessed.
        BadInput: there are several.
    """
    wanted = name.strip()
    async with deps.pool.acquire() as conn:
        found = list(await project_changes.list_groups_named(conn, wanted)) or await _numbered(conn, wanted)
        known = [] if found else [group.name for group in await project_changes.list_groups(conn, "", OFFERED)]
    if not found:
        near = closest(wanted, known)
        hint = f" Did you mean {near}?" if near else ""
        some = f" There are {listed(known, last='and')}." if 1 < len(known) <= _NAMED_AT_MOST else ""
        raise Missing(f"There is no group {quoted(wanted)}.{hint}{some} `/project group list` shows all.")
    if len(found) > 1:
        each = listed((f"#{group.id}" for group in found), last="and")
        raise BadInput(f"{len(found)} groups are called {quoted(wanted)}: {each}. Name the one you mean by its number.")
    return found[0]


async def get(conn: Conn, project_id: int) -> ProjectDetails:
    """One project.

    Raises:
        Missing: it is gone.
    """
    row = await project_details.find_details(conn, project_id)
    if row is None:
        raise gone()
    return row


def gone() -> Missing:
    """The refusal for a project that does not exist any more."""
    return Missing("That project is gone from the dashboard, so nothing was changed. `/project list` shows all.")


async def _numbered(conn: Conn, name: str) -> list[Group]:
    digits = name.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS and 0 < int(digits) <= LARGEST):
        return []
    group = await project_changes.find_group(conn, int(digits))
    return [group] if group else []


def _turn(view: ProjectView, place: str | None, *, backwards: bool) -> str | None:
    if place is None:
        return None
    return page_value(ProjectView(view.words, view.group_id, view.status, int(place), backwards))
