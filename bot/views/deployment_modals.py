"""The dialogs of deployments. Block ids name the values that come back."""

from bot.rules.deployments import deployment_label
from bot.views import kit
from bot.views.answers import View
from bot.views.deployment_cards import described
from bot.views.wording import status_label
from db.models import Deployment, DeploymentStatus, Environment

RECORD_CALLBACK = "deploy.record"
SUCCEEDED_CALLBACK = "deploy.succeeded"
FAILED_CALLBACK = "deploy.failed"
ROLL_BACK_CALLBACK = "deploy.roll_back"
PROJECT_SELECT = "deploy.project"

_ENVIRONMENTS = [(status_label(environment), str(environment)) for environment in Environment]
_STATUSES = [(status_label(status), str(status)) for status in DeploymentStatus if status != DeploymentStatus.PENDING]
_DURATION = "90s, 4m, 1h5m or 300 (seconds)"


def record_deployment() -> View:
    """Ask for a deployment that has happened."""
    blocks = [
        kit.external_select("project", "Project", action_id=PROJECT_SELECT),
        kit.text("version", "Version", placeholder="v2.1.0"),
        kit.select("environment", "Environment", _ENVIRONMENTS, initial=Environment.PRODUCTION),
        kit.select("status", "Status", _STATUSES, initial=DeploymentStatus.SUCCESS),
        kit.number("duration", "Duration", optional=True, placeholder=_DURATION),
        kit.area("notes", "Notes", optional=True, placeholder="What has changed?"),
    ]
    return kit.modal(RECORD_CALLBACK, "Record deployment", blocks, "Create")


def succeeded(row: Deployment) -> View:
    """Ask for duration and notes of a deployment that succeeded."""
    return _end(row, SUCCEEDED_CALLBACK, "succeeded", "Succeeded")


def failed(row: Deployment) -> View:
    """Ask for duration and notes of a deployment that failed."""
    return _end(row, FAILED_CALLBACK, "failed", "Failed")


def roll_back(row: Deployment) -> View:
    """Ask why a deployment is rolled back."""
    blocks = [kit.section(described(row)), kit.area("reason", "Reason", optional=True, placeholder="What went wrong?")]
    title = f"Roll back {deployment_label(row.id)}"
    return kit.modal(ROLL_BACK_CALLBACK, title, blocks, "Roll back", str(row.id))


def _end(row: Deployment, callback_id: str, how: str, submit: str) -> View:
    hint = "Left empty, it is measured from the start."
    blocks = [
        kit.section(described(row)),
        kit.number("duration", "Duration", optional=True, placeholder=_DURATION, hint=hint),
        kit.area("notes", "Notes", optional=True, hint="Stands in the thread of the card."),
    ]
    return kit.modal(callback_id, f"{deployment_label(row.id)} {how}", blocks, submit, str(row.id))
