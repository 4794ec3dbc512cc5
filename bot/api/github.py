"""GitHub's `deployment_status` event, as far as it is read.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_status
"""

from pydantic import BaseModel, ConfigDict

from bot.rules.deployments import environment_named
from bot.rules.hooks import GITHUB_STATES, Told, github_version
from bot.rules.text import is_blank
from bot.rules.wording import bad

_NOTE_LIMIT = 500


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class Status(_Part):
    """What is said of the deployment."""

    state: str
    environment: str | None = None
    description: str | None = None
    target_url: str | None = None


class Deployed(_Part):
    """The deployment at GitHub."""

    id: int
    ref: str
    sha: str
    environment: str | None = None


class Repository(_Part):
    """Where it comes from."""

    id: int
    html_url: str


class Event(_Part):
    """The event."""

    deployment_status: Status
    deployment: Deployed
    repository: Repository


def told(event: Event, delivery_id: str) -> Told:
    """What the event tells.

    Raises:
        BadInput: it is no news here: not begun yet, replaced, or of an environment of another name.
    """
    status, made = event.deployment_status, event.deployment
    state = GITHUB_STATES.get(status.state)
    if state is None:
        raise bad(f"A deployment that is {status.state[:40]} at GitHub changes nothing here.")
    return Told(
        source="github",
        delivery_id=delivery_id,
        external_id=f"{event.repository.id}/{made.id}",
        project=None,
        repository=event.repository.html_url,
        version=github_version(made.ref, made.sha),
        environment=environment_named(status.environment or made.environment or ""),
        status=state,
        notes=_notes(status),
    )


def _notes(status: Status) -> str | None:
    said = [
        text for text in (status.description, status.target_url) if text and text.isprintable() and not is_blank(text)
    ]
    return "\n".join(said)[:_NOTE_LIMIT] or None
