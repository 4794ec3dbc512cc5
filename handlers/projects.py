"""`/project`: lists, one in full, and the dialogs that make, change and archive them."""

from bot.context import Deps
from bot.registry import Ask, action, command, options, submission
from bot.rules import projects as rules
from bot.rules.access import allows
from bot.rules.ids import parse_id
from bot.services import project_changes, project_lists
from bot.views import project_modals as modals
from bot.views import projects as views
from bot.views.answers import Answer, OpenModal
from db.models import Role


@command("project", help="Lists projects, ten a page")
@command(
    "project",
    "list",
    usage="list [WORDS] [group:G] [status:active|inactive|archived|all]",
    help="Lists projects with group, status, open requests and last deployment; archived ones only where asked for",
    examples=["list", 'list shop group:"Web Applications"', "list archived"],
)
async def list_projects(ask: Ask, deps: Deps) -> Answer:
    """The first page of a list."""
    found = await project_lists.first_page(deps, rules.parse_list(ask.text))
    return views.project_list(found.page, heading=_heading(found))


@action(views.NEXT)
@action(views.PREVIOUS)
async def turn_page(ask: Ask, deps: Deps) -> Answer:
    """Another page of a list, in the place of the one that was there."""
    found = await project_lists.page(deps, rules.read_page_value(ask.value))
    return views.project_list(found.page, heading=_heading(found), replace=True)


@command("project", "show", usage="show P", help="One project in full", examples=['show "Web App"', "show #2"])
async def show(ask: Ask, deps: Deps) -> Answer:
    """One project."""
    it = await project_lists.show(deps, rules.parse_one(ask.text, "show"))
    return views.show(it.row, it.places, it.unfinished, may_change=allows(ask.person.role, Role.ADMIN))


@command("project", "new", role=Role.ADMIN, help="Opens the form for a new project", examples=["new"])
async def new(_ask: Ask, _deps: Deps) -> Answer:
    """The empty form."""
    return OpenModal(modals.new_project())


@submission(modals.NEW_CALLBACK, role=Role.ADMIN)
async def create(ask: Ask, deps: Deps) -> Answer:
    """Add the project."""
    return views.created(await project_changes.create(deps, ask.act, ask.person, ask.values))


@command(
    "project",
    "edit",
    role=Role.ADMIN,
    usage="edit P",
    help="Opens the form to change a project",
    examples=['edit "Web App"'],
)
async def edit(ask: Ask, deps: Deps) -> Answer:
    """The form with the project as it is."""
    row = await project_changes.find_editable(deps, rules.parse_one(ask.text, "edit"))
    return OpenModal(modals.edit_project(row))


@action(views.EDIT, role=Role.ADMIN)
async def edit_pressed(ask: Ask, deps: Deps) -> Answer:
    """The same, from the button."""
    row = await project_changes.find_editable(deps, f"#{parse_id(ask.value)}")
    return OpenModal(modals.edit_project(row))


@submission(modals.EDIT_CALLBACK, role=Role.ADMIN)
async def save(ask: Ask, deps: Deps) -> Answer:
    """Change what differs."""
    number, _, fingerprint = ask.metadata.partition(":")
    project_id = parse_id(number)
    row, changed = await project_changes.edit(deps, ask.act, ask.person, project_id, fingerprint, ask.values)
    return views.edited(row, changed=changed)


@command(
    "project",
    "archive",
    role=Role.ADMIN,
    usage="archive P",
    help="Asks, then archives: no new requests and deployments",
    examples=['archive "Web App"'],
)
async def archive(ask: Ask, deps: Deps) -> Answer:
    """Ask again, with what goes on in the project."""
    found = await project_changes.find_archivable(deps, rules.parse_one(ask.text, "archive"))
    return OpenModal(modals.archive_project(*found))


@action(views.ARCHIVE, role=Role.ADMIN)
async def archive_pressed(ask: Ask, deps: Deps) -> Answer:
    """The same, from the button."""
    found = await project_changes.find_archivable(deps, f"#{parse_id(ask.value)}")
    return OpenModal(modals.archive_project(*found))


@submission(modals.ARCHIVE_CALLBACK, role=Role.ADMIN)
async def archive_confirmed(ask: Ask, deps: Deps) -> Answer:
    """Archive it."""
    return views.archived(*await project_changes.archive(deps, ask.act, ask.person, parse_id(ask.metadata)))


@command(
    "project",
    "unarchive",
    role=Role.ADMIN,
    usage="unarchive P",
    help="Takes a project out of the archive",
    examples=['unarchive "Web App"'],
)
async def unarchive(ask: Ask, deps: Deps) -> Answer:
    """Make it active again."""
    name = rules.parse_one(ask.text, "unarchive")
    return views.unarchived(await project_changes.unarchive(deps, ask.act, ask.person, name))


@options(modals.GROUP_SELECT, role=Role.ADMIN)
async def offer_groups(ask: Ask, deps: Deps) -> Answer:
    """Groups that match what was typed so far."""
    return modals.group_choices(await project_lists.groups(deps, ask.query))


def _heading(found: project_lists.Listing) -> str:
    return views.list_heading(found.view.words, found.group_name, found.view.status)
