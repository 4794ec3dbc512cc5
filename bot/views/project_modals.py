"""The dialogs of projects and groups. Block ids name the values that come back."""

from bot.rules.projects import CHOOSABLE, NO_GROUP, TEXT_LIMIT, seen
from bot.views import kit
from bot.views.answers import Block, Choices, View
from bot.views.projects import unfinished_notes
from bot.views.wording import line, status_label, units
from db.models_projects import Group, ProjectDetails, Unfinished

NEW_CALLBACK = "projects.new"
EDIT_CALLBACK = "projects.edit"
ARCHIVE_CALLBACK = "projects.archive"
GROUP_CALLBACK = "projects.group_edit"
GROUP_SELECT = "projects.group"

_STATUSES = [(status_label(status), status) for status in CHOOSABLE]


def new_project() -> View:
    """Ask for a new project."""
    return kit.modal(NEW_CALLBACK, "New project", _fields(None), "Create")


def edit_project(row: ProjectDetails) -> View:
    """Ask for changes of a project. A description that the form cannot show whole has no field, and stays."""
    title = f"Edit {line(row.name, 19)}"
    return kit.modal(EDIT_CALLBACK, title, _fields(row), "Save", f"{row.id}:{seen(row)}")


def archive_project(row: ProjectDetails, unfinished: Unfinished) -> View:
    """Ask whether a project is to be archived, with what goes on in it."""
    blocks = [
        kit.rich(kit.Bold(line(row.name, 200)), " takes no new requests and deployments once it is archived."),
        *unfinished_notes(unfinished),
        kit.note("What is there stays as it is. To take it out of the archive: ", kit.Code("/project unarchive")),
    ]
    return kit.modal(ARCHIVE_CALLBACK, "Archive project", blocks, "Archive", str(row.id))


def edit_group(row: Group) -> View:
    """Ask for changes of a group."""
    blocks = [
        kit.text("name", "Name", initial=row.name),
        kit.area("description", "Description", initial=row.description or "", optional=True),
    ]
    return kit.modal(GROUP_CALLBACK, "Edit group", blocks, "Save", f"{row.id}:{seen(row)}")


def group_choices(groups: list[Group]) -> Choices:
    """Offer no group, and up to 99 groups."""
    return Choices([("None", NO_GROUP), *((line(group.name, 75), str(group.id)) for group in groups[:99])])


def _fields(row: ProjectDetails | None) -> list[Block]:
    group = (row.group_name or "(no name)", str(row.group_id)) if row and row.group_id is not None else None
    return [
        kit.text("name", "Name", initial=row.name if row else ""),
        _description(row),
        kit.external_select("group", "Group", action_id=GROUP_SELECT, initial=group, optional=True),
        kit.text("new_group", "New group", optional=True, hint="The name of a group to file it under instead."),
        _address(row, "repository_url", "Repository"),
        _address(row, "production_url", "Production"),
        _address(row, "staging_url", "Staging"),
        _address(row, "health_check_url", "Health check"),
        kit.text(
            "docker_image",
            "Docker image",
            initial=(row.docker_image if row else None) or "",
            optional=True,
            placeholder="registry/shop:1.4.2",
        ),
        kit.select("status", "Status", _STATUSES, initial=row.status if row else CHOOSABLE[0], optional=True),
    ]


def _description(row: ProjectDetails | None) -> Block:
    description = (row.description if row else None) or ""
    if units(description) <= TEXT_LIMIT:
        return kit.area("description", "Description", initial=description, optional=True)
    return kit.context("The description is longer than Slack can edit. It stays as it is; the dashboard can change it.")


def _address(row: ProjectDetails | None, column: str, label: str) -> Block:
    initial = getattr(row, column) if row else None
    return kit.text(column, label, initial=initial or "", optional=True, placeholder="https://")
