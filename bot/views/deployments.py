"""What `/deploy` answers: what runs where, lists, one deployment in full, and one sentence after each act."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from bot.views import kit
from bot.views.activity import Names, sentence, words_of
from bot.views.answers import Block, Reply
from bot.views.approvals import approval_blocks
from bot.views.deployment_cards import (
    collision_notes,
    deployment_fields,
    described,
    duration_text,
    heading,
    named,
    override_note,
    state,
    step_buttons,
    waits_for_approval,
)
from bot.views.freezes import freeze_parts
from bot.views.kit import Part
from bot.views.locks import lock_parts
from bot.views.maintenance import channel_name
from bot.views.wording import line, status_label, truncate
from db.models import Activity, Collision, Deployment, DeploymentStatus, Freeze, Lock, Page, Running
from db.models_approvals import Approval

NEXT = "deploy.list_next"
PREVIOUS = "deploy.list_previous"
_NOTES = 2900
_LIVE = {DeploymentStatus.PENDING, DeploymentStatus.IN_PROGRESS}
_OPEN_ONE: tuple[Part, ...] = ("To open one, type ", kit.Code("/deploy show D-17"), " with its number.")


def what_runs(
    places: Sequence[Running],
    locks: Sequence[Lock],
    freezes: Sequence[Freeze],
    *,
    project_name: str | None = None,
    more: bool = False,
) -> Reply:
    """Show what runs where; `more` where there are further places."""
    head = f"What runs where: {line(project_name, 80)}" if project_name else "What runs where"
    if not places:
        return kit.say(f"{head}. Nothing has been deployed yet. ", kit.Code("/deploy record"), " writes one down.")
    tail = [kit.note("There are more; name a project: ", kit.Code('/deploy status "Web App"'))] if more else []
    warned = [kit.note(*freeze_parts(freeze)) for freeze in freezes]
    told = f"{head}: {kit.count(len(places), 'environment')}{', the last deployed to' if more else ''}."
    by_place = {(lock.project_id, lock.environment): lock for lock in locks}
    items = [_place(place, by_place) for place in places]
    return kit.reply(kit.escape(told), kit.stack([kit.header(head), *warned], items, [*tail, kit.note(*_OPEN_ONE)]))


def deployment_list(page: Page[Deployment], *, heading: str, replace: bool = False) -> Reply:
    """Show a page of deployments, the newest first; the page's cursors are what the buttons carry."""
    if not page.rows:
        return kit.say(f"{line(heading, 150)}: there are none.", replace=replace)
    turns = [("Previous", PREVIOUS, page.before), ("Next", NEXT, page.after)]
    buttons = [kit.button(label, action, value) for label, action, value in turns if value]
    tail = [*([kit.actions(*buttons)] if buttons else []), kit.note(*_OPEN_ONE)]
    told = f"{line(heading, 150)}: {kit.count(len(page.rows), 'deployment')} on this page."
    blocks = kit.stack([kit.header(heading)], [_item(row) for row in page.rows], tail)
    return kit.reply(kit.escape(told), blocks, replace=replace)


def list_heading(project: str | None, environment: str | None, status: str | None) -> str:
    """Name a list and what it is narrowed to: "Deployments, project Shop, production, failed"."""
    parts = [
        "Deployments",
        f"project {line(project, 40)}" if project else "",
        environment or "",
        status_label(status).lower() if status else "",
    ]
    return ", ".join(part for part in parts if part)


def show(
    row: Deployment,
    changes: Sequence[Activity],
    collisions: Sequence[Collision],
    lock: Lock | None,
    *,
    names: Names | None = None,
    zone: tzinfo = UTC,
    approval: Approval | None = None,
) -> Reply:
    """Show one deployment in full, with its latest changes and the card's buttons."""
    live = row.status in _LIVE
    notes = kit.clean(row.notes or "").strip()
    head = [
        *heading(row),
        deployment_fields(row),
        *([kit.section(truncate(notes, _NOTES))] if kit.visible(notes) else []),
        *override_note(row),
        *(collision_notes(collisions) if live else []),
        *([kit.note(*lock_parts(lock))] if live and lock else []),
        *approval_blocks(approval),
    ]
    told = [_change(change, names or {}, zone) for change in changes]
    return kit.reply(kit.spoken(state(row)), kit.stack(head, told, step_buttons(row, approval)))


def requested(
    row: Deployment, where: str, *, lock: Lock | None, collisions: Sequence[Collision], approval: Approval | None
) -> Reply:
    """Confirm a request; `where` is the channel of its card."""
    next_step = kit.note("To start: ", kit.Code(f"/deploy start D-{row.id}"))
    if waits_for_approval(approval):
        next_step = kit.note("It can be started once it is approved; the card has the buttons.")
    blocks = [next_step, *([kit.note(*lock_parts(lock))] if lock else []), *collision_notes(collisions)]
    return _confirmed(row, "was requested", where, blocks)


def recorded(row: Deployment, where: str, *, collisions: Sequence[Collision]) -> Reply:
    """Confirm what was recorded."""
    return _confirmed(row, f"was recorded as {status_label(row.status).lower()}", where, collision_notes(collisions))


def started(row: Deployment, *, collisions: Sequence[Collision]) -> Reply:
    """Confirm a start."""
    way = kit.note("When it has ended: ", kit.Code(f"/deploy finish D-{row.id} success"))
    return kit.say(*named(row), " is in progress now.", blocks=[*override_note(row), *collision_notes(collisions), way])


def ended(row: Deployment) -> Reply:
    """Confirm how a deployment ended, or that it was rolled back."""
    return kit.say(*state(row))


def _confirmed(row: Deployment, what: str, where: str, blocks: Sequence[Block]) -> Reply:
    text = f"{kit.spoken(named(row))} {kit.escape(what)}. Its card is in {channel_name(where)}."
    return kit.reply(text, [kit.section(kit.mrkdwn(text)), *blocks])


def _place(place: Running, locks: dict[tuple[int, str], Lock]) -> list[Block]:
    """Show an environment of a project: what runs there, then what else is going on."""
    current, newest = place.current, place.newest
    shown = current or newest
    if shown is None:
        return []
    where = f"{line(shown.project_name, 80)} · {status_label(shown.environment)}"
    version = line(current.version, 100) if current else "nothing yet"
    blocks = [kit.rich(kit.Bold(where), f"  {version}")]
    if current:
        blocks.append(kit.note(*_who_when(current)))
    if newest:
        blocks.append(kit.note(f"Newest: {line(newest.version, 100)}, ", *_who_when(newest)))
    lock = locks.get((shown.project_id, shown.environment))
    return [*blocks, kit.note(*lock_parts(lock))] if lock else blocks


def _item(row: Deployment) -> list[Block]:
    """Show a deployment in a list: its name, then its state in words."""
    return [kit.rich(kit.Bold(f"D-{row.id}"), f"  {described(row)}"), kit.note(*_who_when(row))]


def _who_when(row: Deployment) -> list[Part]:
    took = f", took {duration_text(row.duration)}" if row.duration is not None else ""
    who = row.deployer_name or row.requester_name
    by = f" by {line(who, 80)}" if who else ""
    return [f"D-{row.id} · {status_label(row.status)}{by}, ", row.deployed_at or row.created_at, took]


def _change(change: Activity, names: Names, zone: tzinfo) -> list[Block]:
    words = words_of(change)
    quoted = [kit.quote(truncate(words, 500))] if kit.visible(words) else []
    return [kit.note(*sentence(change, names=names, zone=zone), " ", change.at), *quoted]
