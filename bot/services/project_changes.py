"""Projects and groups, changed: each change is one transaction, in which the row is locked, checked and written."""

from typing import Final

from bot.auth import Actor, require
from bot.context import Act, Deps
from bot.errors import BadInput, Missing, WrongState
from bot.rules.projects import NO_GROUP, ProjectForm, Values, check_seen, read_changes, read_group, read_new
from bot.services import projects
from bot.services.project_lists import get, gone, group_named
from db.models import JsonObject, Role
from db.models_projects import Group, ProjectDetails, Unfinished
from db.pool import Conn
from db.queries import project_changes as queries
from db.queries import project_details

_SHOWN: Final = 5
_ARCHIVED: Final = "archived"


async def create(deps: Deps, act: Act, person: Actor, values: Values) -> ProjectDetails:
    """Add a project.

    Raises:
        BadInput: at the field at fault; the name is taken.
    """
    require(person, Role.ADMIN)
    form = read_new(values)
    async with deps.transaction(act) as conn:
        await queries.hold_names(conn, "project")
        await _check_name(conn, str(form.values["name"]), None)
        project_id = await queries.insert_project(conn, form.values | await _group(conn, form))
        return await get(conn, project_id)


async def find_editable(deps: Deps, name: str) -> ProjectDetails:
    """The project, if it can be edited.

    Raises:
        BadInput: there is none, or several.
        WrongState: it is archived.
    """
    project = await projects.named(deps, name)
    async with deps.pool.acquire() as conn:
        row = await get(conn, project.id)
    _check_live(row, "edited")
    return row


async def edit(
    deps: Deps, act: Act, person: Actor, project_id: int, fingerprint: str, values: Values
) -> tuple[ProjectDetails, bool]:
    """Change what the form says otherwise than the project; tells whether that was anything.

    Raises:
        Missing: it is gone.
        WrongState: it is archived, or somebody else edited it since the form was opened.
        BadInput: at the field at fault; the name is taken.
    """
    require(person, Role.ADMIN)
    async with deps.transaction(act) as conn:
        await queries.hold_names(conn, "project")
        row = await _locked(conn, project_id)
        _check_live(row, "edited")
        check_seen(row, fingerprint)
        form = read_changes(row, values)
        if form.is_empty:
            return row, False
        if "name" in form.values:
            await _check_name(conn, str(form.values["name"]), row.id)
        await queries.update_project(conn, row.id, form.values | await _group(conn, form))
        return await get(conn, row.id), True


async def find_archivable(deps: Deps, name: str) -> tuple[ProjectDetails, Unfinished]:
    """The project and what goes on in it, if it is not archived yet.

    Raises:
        BadInput: there is none, or several.
        WrongState: it is archived already.
    """
    project = await projects.named(deps, name)
    async with deps.pool.acquire() as conn:
        row = await get(conn, project.id)
        _check_live(row, "archived")
        return row, await project_details.get_unfinished(conn, row.id, _SHOWN)


async def archive(deps: Deps, act: Act, person: Actor, project_id: int) -> tuple[ProjectDetails, Unfinished]:
    """Archive a project: from now on it takes no requests and deployments. Tells what still goes on in it.

    Raises:
        Missing: it is gone.
        WrongState: it is archived already.
    """
    require(person, Role.ADMIN)
    async with deps.transaction(act) as conn:
        row = await _locked(conn, project_id)
        _check_live(row, "archived")
        await queries.update_project(conn, row.id, {"status": _ARCHIVED})
        return await get(conn, row.id), await project_details.get_unfinished(conn, row.id, _SHOWN)


async def unarchive(deps: Deps, act: Act, person: Actor, name: str) -> ProjectDetails:
    """Take a project out of the archive.

    Raises:
        BadInput: there is none, or several.
        WrongState: it is not archived.
    """
    require(person, Role.ADMIN)
    project = await projects.named(deps, name)
    async with deps.transaction(act) as conn:
        row = await _locked(conn, project.id)
        if row.status != _ARCHIVED:
            raise WrongState(f"{row.name} is not archived, it is already {row.status}, so nothing was changed.")
        await queries.update_project(conn, row.id, {"status": "active"})
        return await get(conn, row.id)


async def create_group(deps: Deps, act: Act, person: Actor, name: str) -> Group:
    """Add a group.

    Raises:
        WrongState: there is one of this name already.
    """
    require(person, Role.ADMIN)
    async with deps.transaction(act) as conn:
        await queries.hold_names(conn, "group")
        if found := await queries.list_groups_named(conn, name):
            raise WrongState(f"There is already a group {found[0].name}, so nothing was changed.")
        return await _get_group(conn, await queries.insert_group(conn, name, None))


async def edit_group(deps: Deps, act: Act, person: Actor, group_id: int, fingerprint: str, values: Values) -> Group:
    """Give a group another name or description.

    Raises:
        Missing: it is gone.
        WrongState: somebody else edited it since the form was opened.
        BadInput: the name is empty, too long or taken; at its field.
    """
    require(person, Role.ADMIN)
    name, description = read_group(values)
    async with deps.transaction(act) as conn:
        await queries.hold_names(conn, "group")
        row = await queries.find_group_locked(conn, group_id)
        if row is None:
            raise Missing("That group is gone from the dashboard, so nothing was changed.")
        check_seen(row, fingerprint)
        if any(group.id != row.id for group in await queries.list_groups_named(conn, name)):
            raise BadInput(f"There is already another group {name}.", field="name")
        if (name, description) != (row.name, row.description):
            await queries.update_group(conn, row.id, name, description)
        return await _get_group(conn, row.id)


async def assign(deps: Deps, act: Act, person: Actor, project_name: str, group_name: str) -> ProjectDetails:
    """File a project under a group, or under none.

    Raises:
        BadInput, Missing: there is no such project or group, or several.
        WrongState: it is there already.
    """
    require(person, Role.ADMIN)
    project = await projects.named(deps, project_name)
    group = None if group_name.casefold() == NO_GROUP else await group_named(deps, group_name)
    async with deps.transaction(act) as conn:
        row = await _locked(conn, project.id)
        wanted = group.id if group else None
        if row.group_id == wanted:
            where = f"in the group {row.group_name}" if row.group_id else "in no group"
            raise WrongState(f"{row.name} is already {where}, so nothing was changed.")
        if wanted is not None and await queries.find_group_locked(conn, wanted) is None:
            raise Missing("That group is gone from the dashboard, so nothing was changed.")
        await queries.update_project(conn, row.id, {"group_id": wanted})
        return await get(conn, row.id)


async def _locked(conn: Conn, project_id: int) -> ProjectDetails:
    row = await project_details.find_locked(conn, project_id)
    if row is None:
        raise gone()
    return row


async def _check_name(conn: Conn, name: str, but: int | None) -> None:
    taken = await queries.find_project_named(conn, name, but)
    if taken is not None:
        raise BadInput(f"There is already a project {name} (#{taken}). Give this one another name.", field="name")


async def _group(conn: Conn, form: ProjectForm) -> JsonObject:
    """The column that files the project under its group; one that is named anew is made, unless it is there."""
    if not form.regroups:
        return {}
    if form.new_group is not None:
        await queries.hold_names(conn, "group")
        found = await queries.list_groups_named(conn, form.new_group)
        return {"group_id": found[0].id if found else await queries.insert_group(conn, form.new_group, None)}
    if form.group_id is not None and await queries.find_group_locked(conn, form.group_id) is None:
        raise BadInput("That group is gone from the dashboard. Choose another.", field="group")
    return {"group_id": form.group_id}


async def _get_group(conn: Conn, group_id: int) -> Group:
    group = await queries.find_group(conn, group_id)
    if group is None:
        raise Missing("That group is gone from the dashboard.")
    return group


def _check_live(row: ProjectDetails, doing: str) -> None:
    if row.status == _ARCHIVED and doing == _ARCHIVED:
        raise WrongState(f"{row.name} is already archived, so nothing was changed.")
    if row.status == _ARCHIVED:
        raise WrongState(
            f"{row.name} is archived, so it cannot be {doing}. Take it out of the archive first: "
            f'`/project unarchive "{row.name}"`'
        )
