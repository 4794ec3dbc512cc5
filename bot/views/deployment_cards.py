"""The card of a deployment, and the parts that lists and confirmations share with it."""

from collections.abc import Mapping, Sequence

from bot.rules.deployments import Step, deployment_label, steps_from
from bot.rules.durations import format_duration
from bot.rules.ids import card_label
from bot.views import kit
from bot.views.answers import Block
from bot.views.approval_lines import DONE as APPROVAL_DONE
from bot.views.approvals import approval_blocks
from bot.views.kit import Message, Part
from bot.views.wording import line, status_label, truncate, units
from db.models import Activity, Collision, Deployment, DeploymentStatus
from db.models_approvals import Approval, ApprovalStatus, Evidence

START = "deploy.start"
SUCCEEDED = "deploy.succeeded"
FAILED = "deploy.failed"
ROLL_BACK = "deploy.roll_back"

_HEADER = 150
_EXCERPT = 300
_DONE: Mapping[str, str] = {
    "created": "Requested",
    "started": "Started",
    "succeeded": "Finished with success",
    "failed": "Failed",
    "rolled_back": "Rolled back",
}
_UNAPPROVED = {ApprovalStatus.PENDING, ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED}
_LIVE = {DeploymentStatus.PENDING, DeploymentStatus.IN_PROGRESS}


def deployment_card(
    row: Deployment,
    *,
    last: Activity | None = None,
    collisions: Sequence[Collision] = (),
    approval: Approval | None = None,
    evidence: Evidence | None = None,
) -> Message:
    """Show a deployment as it is now.

    `last` is its latest change, `collisions` what it may run into, `evidence` what a decision on its approval can be
    based on.
    """
    blocks = [
        *heading(row),
        deployment_fields(row),
        *_notes(row),
        *override_note(row),
        *(collision_notes(collisions) if row.status in _LIVE else []),
        *_foot(row, last),
        *approval_blocks(approval, evidence),
        *step_buttons(row, approval),
    ]
    return Message(kit.spoken(state(row)), blocks)


def named(row: Deployment) -> list[Part]:
    """Name a deployment in a sentence: D-17 Web App v2.1.0 to production."""
    return [kit.Bold(deployment_label(row.id)), f" {described(row)}"]


def described(row: Deployment) -> str:
    """Say what is deployed where."""
    return f"{line(row.project_name, 80)} {line(row.version, 100)} to {line(row.environment, 50)}"


def heading(row: Deployment) -> list[Block]:
    """Name a deployment; what a heading cannot hold follows whole."""
    whole = f"{deployment_label(row.id)} · {described(row)}"
    made = kit.header(whole)
    return [made] if units(whole) <= _HEADER else [made, kit.section(described(row))]


def deployment_fields(row: Deployment) -> Block:
    """Show what a deployment is, in two columns."""
    deployed = kit.date_token(row.deployed_at) if row.deployed_at else "Not yet"
    entries = [
        kit.field("Status", status_label(row.status)),
        kit.field("Environment", status_label(row.environment)),
        kit.field("Project", row.project_name),
        kit.field("Version", row.version),
        kit.field("Deployed by", row.deployer_name or "Nobody yet"),
        kit.field("Deployed at", deployed, markup=True),
    ]
    if row.requester_name and row.requested_by != row.deployed_by:
        entries.append(kit.field("Requested by", row.requester_name))
    if row.duration is not None:
        entries.append(kit.field("Duration", duration_text(row.duration)))
    return kit.fields(entries)


def step_buttons(row: Deployment, approval: Approval | None) -> list[Block]:
    """Offer what can be done with a deployment in its present state, and nothing else."""
    value, steps = str(row.id), steps_from(row.status)
    buttons = []
    if Step.START in steps and not waits_for_approval(approval):
        buttons.append(kit.button("Start", START, value, "primary"))
    if Step.SUCCEED in steps:
        buttons.append(kit.button("Succeeded", SUCCEEDED, value, "primary"))
    if Step.FAIL in steps:
        buttons.append(kit.button("Failed", FAILED, value, "danger"))
    if Step.ROLL_BACK in steps:
        buttons.append(kit.button("Roll back", ROLL_BACK, value))
    return [kit.actions(*buttons)] if buttons else []


def waits_for_approval(approval: Approval | None) -> bool:
    """Whether it cannot be started before somebody approves of it, maybe once more."""
    return approval is not None and approval.status in _UNAPPROVED


def override_note(row: Deployment) -> list[Block]:
    """Tell that a freeze was overridden for a deployment, by whom and why."""
    if not row.override:
        return []
    who = line(row.overrider_name or "", 80, empty="an admin")
    return [kit.note(kit.Bold("Freeze overridden"), f" by {who}: {line(row.override, 500)}")]


def collision_notes(collisions: Sequence[Collision]) -> list[Block]:
    """Warn of what a deployment may run into."""
    return [kit.note(kit.Bold("Warning: "), *collision_parts(it)) for it in collisions[:5]]


def collision_parts(it: Collision) -> list[Part]:
    """Say what a deployment may run into."""
    if it.kind == "request":
        return [f"{card_label(it.id)} is a critical request of this project and not done: {line(it.title, 150)}"]
    return [f"care of the database is running now: {line(it.title, 100)}"]


def state(row: Deployment) -> list[Part]:
    """Say the state of a deployment as a sentence."""
    ended = f" after {duration_text(row.duration)}" if row.duration is not None and row.status not in _LIVE else ""
    return [*named(row), f" {_SAID.get(row.status, 'has the status ' + status_label(row.status).lower())}{ended}."]


def duration_text(seconds: int) -> str:
    """Write a duration; a negative one, which another program may have written, as it is."""
    return format_duration(seconds) if seconds >= 0 else f"{seconds}s"


_SAID: Mapping[str, str] = {
    DeploymentStatus.PENDING: "is pending",
    DeploymentStatus.IN_PROGRESS: "is in progress",
    DeploymentStatus.SUCCESS: "succeeded",
    DeploymentStatus.FAILED: "failed",
    DeploymentStatus.ROLLED_BACK: "was rolled back",
}


def _notes(row: Deployment) -> list[Block]:
    text = kit.clean(row.notes or "").strip()
    return [kit.section(truncate(text, _EXCERPT))] if kit.visible(text) else []


def _foot(row: Deployment, last: Activity | None) -> list[Block]:
    """Say who did what last."""
    done = _DONE.get(last.verb) or APPROVAL_DONE.get(last.verb) if last is not None else None
    if last is None or done is None:
        return []
    if last.verb == "created" and row.status != DeploymentStatus.PENDING:
        done = "Recorded"
    who = (
        f" by {line(last.actor_name, 80)}"
        if last.actor_name
        else " outside Slack"
        if last.source == "dashboard"
        else ""
    )
    return [kit.note(f"{done}{who}, ", last.at)]
