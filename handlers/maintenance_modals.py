"""The dialogs of maintenance requests: how they open, and what submitting them does."""

from bot.context import Deps
from bot.registry import Ask, action, command, options, submission
from bot.rules import forms
from bot.rules import maintenance as rules
from bot.rules.ids import parse_id
from bot.rules.mentions import ME
from bot.rules.requests import Move
from bot.services import projects, requests
from bot.services.subscriptions import card_channel
from bot.views import maintenance as views
from bot.views import maintenance_modals as modals
from bot.views.answers import Answer, OpenModal
from db.models import Role
from db.models_subscriptions import Topic


@command(
    "maintenance",
    "new",
    usage="new [TITLE] [project:P] [priority:P] [due:WHEN] [assignee:@x]",
    help="Opens the form for a new request",
    examples=["new", 'new Replace the disk priority:high due:"friday 17:00"'],
)
async def new(ask: Ask, deps: Deps) -> Answer:
    """The form, filled in with what was typed."""
    wanted = rules.parse_new(ask.text, now=deps.now(), tz=ask.person.tz)
    project = await projects.named(deps, wanted.project, for_new=True) if wanted.project else None
    view = modals.new_request(
        tz=ask.person.tz,
        title=wanted.title or "",
        project=project,
        priority=wanted.priority,
        due_at=wanted.due_at,
        assignee_slack_id=ask.person.slack_user_id if wanted.assignee == ME else wanted.assignee,
    )
    return OpenModal(view)


@action("maintenance.new")
async def new_pressed(ask: Ask, _deps: Deps) -> Answer:
    """The empty form."""
    return OpenModal(modals.new_request(tz=ask.person.tz))


@submission(modals.NEW_CALLBACK)
async def create(ask: Ask, deps: Deps) -> Answer:
    """Raise the request."""
    form = forms.read_new(ask.values, now=deps.now(), tz=ask.person.tz)
    row = await requests.create(deps, ask.act, ask.person, form)
    where = await card_channel(deps, Topic.MAINTENANCE, row.project_id, deps.settings.ops_channel)
    return views.created(row, where)


@command(
    "maintenance",
    "edit",
    role=Role.ENGINEER,
    usage="edit ID",
    help="Opens the form to change a request",
    examples=["edit MR-42"],
)
async def edit(ask: Ask, deps: Deps) -> Answer:
    """The form with the request as it is."""
    row = await requests.find_editable(deps, rules.parse_one(ask.text, "edit"))
    return OpenModal(modals.edit_request(row, tz=ask.person.tz, metadata=f"{row.id}:{forms.seen(row)}"))


@submission(modals.EDIT_CALLBACK, role=Role.ENGINEER)
async def save(ask: Ask, deps: Deps) -> Answer:
    """Change what differs."""
    number, _, fingerprint = ask.metadata.partition(":")
    row, changes = await requests.edit(deps, ask.act, ask.person, parse_id(number), fingerprint, ask.values)
    return views.edited(row) if changes.names else views.unchanged(row)


@submission(modals.COMPLETE_CALLBACK, role=Role.ENGINEER)
async def complete(ask: Ask, deps: Deps) -> Answer:
    """Complete the request, and log the hours with it."""
    note, hours = forms.read_completion(ask.values)
    request_id = parse_id(ask.metadata)
    row = await requests.move(deps, ask.act, ask.person, request_id, Move.COMPLETE, note, hours=hours)
    return views.moved(row, "completed")


@submission(modals.CANCEL_CALLBACK)
async def cancel(ask: Ask, deps: Deps) -> Answer:
    """Cancel the request."""
    reason = forms.read_reason(ask.values)
    row = await requests.move(deps, ask.act, ask.person, parse_id(ask.metadata), Move.CANCEL, reason)
    return views.moved(row, "cancelled")


@options("maintenance.project")
async def offer_projects(ask: Ask, deps: Deps) -> Answer:
    """Projects that match what was typed so far."""
    return views.project_choices(await projects.offered(deps, ask.query))
