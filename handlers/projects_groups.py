"""`/project group`: what projects are filed under."""

from bot.context import Deps
from bot.registry import Ask, command, submission
from bot.rules import projects as rules
from bot.rules.ids import parse_id
from bot.services import project_changes, project_lists
from bot.views import project_modals as modals
from bot.views import projects as views
from bot.views.answers import Answer, OpenModal
from db.models import Role


@command("project", "group", help="Lists the groups that projects are filed under")
@command("project", "group list", help="Lists the groups that projects are filed under", examples=["group list"])
async def list_groups(ask: Ask, deps: Deps) -> Answer:
    """All groups."""
    rules.parse_group(ask.text)
    return views.group_list(await project_lists.groups(deps))


@command(
    "project",
    "group new",
    role=Role.ADMIN,
    usage="group new NAME",
    help="Makes a group",
    examples=["group new Mobile Apps"],
)
async def new_group(ask: Ask, deps: Deps) -> Answer:
    """Add a group."""
    name = rules.parse_group_name(ask.text, "new")
    return views.group_saved(await project_changes.create_group(deps, ask.act, ask.person, name), is_new=True)


@command(
    "project",
    "group edit",
    role=Role.ADMIN,
    usage="group edit NAME",
    help="Opens the form to change a group",
    examples=["group edit Mobile Apps"],
)
async def edit_group(ask: Ask, deps: Deps) -> Answer:
    """The form with the group as it is."""
    name = rules.parse_group_name(ask.text, "edit")
    return OpenModal(modals.edit_group(await project_lists.group_named(deps, name)))


@submission(modals.GROUP_CALLBACK, role=Role.ADMIN)
async def save_group(ask: Ask, deps: Deps) -> Answer:
    """Change the group."""
    number, _, mark = ask.metadata.partition(":")
    group_id = parse_id(number)
    return views.group_saved(await project_changes.edit_group(deps, ask.act, ask.person, group_id, mark, ask.values))


@command(
    "project",
    "group assign",
    role=Role.ADMIN,
    usage="group assign P GROUP|none",
    help="Files a project under a group, or under none",
    examples=['group assign "Web App" "Web Applications"', 'group assign "Web App" none'],
)
async def assign_group(ask: Ask, deps: Deps) -> Answer:
    """File a project."""
    project, group = rules.parse_assign(ask.text)
    return views.assigned(await project_changes.assign(deps, ask.act, ask.person, project, group))
