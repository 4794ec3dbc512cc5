"""What `/project` answers: lists, one project in full, groups, and one sentence after each act."""

from collections.abc import Sequence

from bot.rules.deployments import deployment_label
from bot.rules.ids import card_label
from bot.rules.projects import is_web_address
from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Part
from bot.views.wording import count, join_words, line, status_label, truncate
from db.models import Page, Running
from db.models_projects import Group, ProjectDetails, ProjectSummary, Unfinished

NEXT = "projects.list_next"
PREVIOUS = "projects.list_previous"
EDIT = "projects.edit"
ARCHIVE = "projects.archive"
_GROUPS_SHOWN = 40
_OPEN_ONE: tuple[Part, ...] = ("To open one, type ", kit.Code('/project show "Web App"'), " with its name.")


def project_list(page: Page[ProjectSummary], *, heading: str, replace: bool = False) -> Reply:
    """Show a page of projects; the page's cursors are what the buttons carry."""
    if not page.rows:
        return kit.say(f"{line(heading, 150)}: there are none. ", kit.Code("/project list all"), replace=replace)
    turns = [("Previous", PREVIOUS, page.before), ("Next", NEXT, page.after)]
    buttons = [kit.button(label, action, value) for label, action, value in turns if value]
    tail = [*([kit.actions(*buttons)] if buttons else []), kit.note(*_OPEN_ONE)]
    told = f"{line(heading, 150)}: {count(len(page.rows), 'project')} on this page."
    blocks = kit.stack([kit.header(heading)], [_item(row) for row in page.rows], tail)
    return kit.reply(kit.escape(told), blocks, replace=replace)


def list_heading(words: str, group: str | None, status: str | None) -> str:
    """Name a list and what it is narrowed to: "Projects, group Mobile, inactive"."""
    parts = [
        "All projects" if status == "all" else "Projects",
        f"“{line(words, 60)}”" if words else "",
        f"group {line(group, 40)}" if group else "",
        status if status and status != "all" else "",
    ]
    return ", ".join(part for part in parts if part)


def show(row: ProjectDetails, places: Sequence[Running], unfinished: Unfinished, *, may_change: bool) -> Reply:
    """Show one project in full; `may_change` adds the buttons that do."""
    group = line(row.group_name, 80) if row.group_name else "No group"
    state = f"{status_label(row.status)} · {group} · #{row.id}"
    description = kit.clean(row.description or "").strip()
    buttons = [kit.button("Edit", EDIT, str(row.id)), kit.button("Archive", ARCHIVE, str(row.id), "danger")]
    blocks = [
        kit.header(row.name),
        kit.context(state),
        *([kit.section(truncate(description, 2000))] if kit.visible(description) else []),
        *_addresses(row),
        *[kit.note(*_place(place)) for place in places],
        *unfinished_notes(unfinished),
        *([kit.actions(*buttons)] if may_change and row.status != "archived" else []),
    ]
    told = f"{line(row.name, 200)} is {line(row.status, 50)}, with {count(unfinished.requests_total, 'open request')}."
    return kit.reply(kit.escape(told), blocks)


def unfinished_notes(it: Unfinished) -> list[Block]:
    """Say what goes on in a project, each kind in a line."""
    notes = []
    if it.requests_total:
        labels = [card_label(number) for number in it.requests]
        notes.append(_numbers(count(it.requests_total, "open request"), labels, it.requests_total))
    if it.deployments_total:
        labels = [deployment_label(number) for number in it.deployments]
        running = f"{count(it.deployments_total, 'deployment')} pending or in progress"
        notes.append(_numbers(running, labels, it.deployments_total))
    return notes


def created(row: ProjectDetails) -> Reply:
    """Confirm a new project."""
    return kit.say(*_named(row), f" was created{_filed(row)}.")


def edited(row: ProjectDetails, *, changed: bool) -> Reply:
    """Confirm an edit, or that it changed nothing."""
    return kit.say(*_named(row), " was saved." if changed else " stays as it was: nothing in the form was changed.")


def archived(row: ProjectDetails, unfinished: Unfinished) -> Reply:
    """Confirm that a project is archived, with what still goes on in it."""
    told = " is archived now and takes no new requests and deployments."
    return kit.say(*_named(row), told, blocks=unfinished_notes(unfinished))


def unarchived(row: ProjectDetails) -> Reply:
    """Confirm that a project is out of the archive."""
    return kit.say(*_named(row), " is active again.")


def assigned(row: ProjectDetails) -> Reply:
    """Confirm where a project is filed now."""
    return kit.say(*_named(row), f" is filed under {line(row.group_name or 'no group', 80)} now.")


def group_list(groups: Sequence[Group]) -> Reply:
    """Show the groups, with the number of projects in each."""
    how = kit.note("To make one: ", kit.Code("/project group new Mobile"))
    if not groups:
        return kit.say("There are no groups yet.", blocks=[how])
    told = f"{count(len(groups), 'group')} of projects."
    items = [[kit.rich(kit.Bold(line(it.name, 100)), f"  {count(it.projects, 'project')} · #{it.id}")] for it in groups]
    return kit.reply(told, kit.stack([kit.section(told)], items, [how], most=_GROUPS_SHOWN))


def group_saved(row: Group, *, is_new: bool = False) -> Reply:
    """Confirm a group."""
    way = kit.note("To file a project under it: ", kit.Code(f'/project group assign "Web App" "{line(row.name, 80)}"'))
    verb = "was created" if is_new else "was saved"
    return kit.say("The group ", kit.Bold(line(row.name, 200)), f" {verb}.", blocks=[way])


def _named(row: ProjectDetails) -> list[Part]:
    return [kit.Bold(line(row.name, 200)), f" (#{row.id})"]


def _filed(row: ProjectDetails) -> str:
    return f" in the group {line(row.group_name, 80)}" if row.group_name else ""


def _item(row: ProjectSummary) -> list[Block]:
    group = line(row.group_name, 60) if row.group_name else "No group"
    state = f"{status_label(row.status)} · {group} · {count(row.open_requests, 'open request')}"
    last: list[Part] = [" · nothing deployed yet"]
    if row.last_version is not None:
        where = f"{line(row.last_version, 60)} on {line(row.last_environment or '', 30)}"
        how = status_label(row.last_status or "").lower()
        last = [f" · {where}, {how}"]
        last += [", ", row.last_at] if row.last_at else []
    return [kit.rich(kit.Bold(line(row.name, 150)), f"  #{row.id}"), kit.note(state, *last)]


def _place(place: Running) -> list[Part]:
    current, newest = place.current, place.newest
    shown = current or newest
    if shown is None:
        return []
    version = line(current.version, 100) if current else "nothing yet"
    parts: list[Part] = [kit.Bold(status_label(shown.environment)), f"  {version}"]
    if current and current.deployed_at:
        parts += [" since ", current.deployed_at]
    if newest:
        parts.append(f"; newest: {line(newest.version, 100)}, {status_label(newest.status).lower()}")
    return parts


def _addresses(row: ProjectDetails) -> list[Block]:
    known = [
        ("Repository", row.repository_url),
        ("Production", row.production_url),
        ("Staging", row.staging_url),
        ("Health check", row.health_check_url),
    ]
    lines = [f"*{label}*  {_link(address)}" for label, address in known if address]
    if row.docker_image:
        lines.append(f"*Docker image*  `{kit.escape(line(row.docker_image, 255)).replace('`', '')}`")
    return [kit.section(kit.mrkdwn("\n".join(lines)))] if lines else []


def _link(address: str) -> str:
    shown = kit.escape(line(address, 500))
    return f"<{shown}>" if is_web_address(address) else shown


def _numbers(what: str, labels: Sequence[str], total: int) -> Block:
    more = [f"{total - len(labels)} more"] if total > len(labels) else []
    return kit.note(kit.Bold(what), f": {join_words([*labels, *more])}")
