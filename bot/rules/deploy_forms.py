"""What is read from the dialogs and buttons of deployments, each refusal at the field at fault."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.rules.deployments import clean_reason, clean_version, environment_named, recorded_status
from bot.rules.durations import parse_duration
from bot.rules.ids import DIGITS, LARGEST
from bot.rules.pages import number, pack, strange, unpack
from bot.rules.validate import clean_note
from bot.rules.wording import bad
from db.models import DeploymentStatus, Environment

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class NewDeployment:
    """A deployment to request or to record; `duration` in seconds, `deployed_at` in UTC, None for now."""

    project_id: int
    version: str
    environment: Environment
    status: DeploymentStatus = DeploymentStatus.PENDING
    duration: int | None = None
    notes: str | None = None
    deployed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeployView:
    """What a list of deployments is narrowed to, with its names found."""

    project_id: int | None = None
    environment: Environment | None = None
    status: DeploymentStatus | None = None


@dataclass(frozen=True, slots=True)
class DeployPlace:
    """Between which deployments a page begins: behind the one with this number, or before it."""

    id: int
    backwards: bool


@dataclass(frozen=True, slots=True)
class TakeOver:
    """A lock that somebody wants from its holder, as they saw it."""

    project_id: int
    environment: Environment
    holder_id: int
    reason: str


def read_record(values: Values) -> NewDeployment:
    """A deployment that has happened. Raises BadInput naming the first field at fault."""
    duration = values.get("duration")
    return NewDeployment(
        project_id=_project_id(values.get("project")),
        version=clean_version(values.get("version") or ""),
        environment=environment_named(values.get("environment") or ""),
        status=recorded_status(values.get("status") or DeploymentStatus.SUCCESS),
        duration=parse_duration(duration) if duration and duration.strip() else None,
        notes=clean_note(values.get("notes"), field="notes"),
    )


def read_end(values: Values) -> tuple[int | None, str | None]:
    """Duration in seconds and notes, both optional. Raises BadInput naming the field."""
    duration = values.get("duration")
    seconds = parse_duration(duration) if duration and duration.strip() else None
    return seconds, clean_note(values.get("notes"), field="notes")


def read_rollback(values: Values) -> str | None:
    """Why a deployment is rolled back, optional. Raises BadInput naming the field."""
    return clean_note(values.get("reason"), field="reason")


def page_value(view: DeployView, place: DeployPlace) -> str:
    """What a page button carries, as opaque text."""
    return pack([view.project_id, view.environment, view.status, place.id, place.backwards])


def read_page_value(value: str) -> tuple[DeployView, DeployPlace]:
    """What `page_value` made. Raises BadInput for any other text."""
    project_id, environment, status, place, backwards = unpack(value, 5)
    try:
        view = DeployView(
            number(project_id),
            None if environment is None else Environment(str(environment)),
            None if status is None else DeploymentStatus(str(status)),
        )
        at = number(place)
    except ValueError as error:
        raise strange() from error
    if at is None or not isinstance(backwards, bool):
        raise strange()
    return view, DeployPlace(at, backwards)


def take_over_value(wanted: TakeOver) -> str:
    """What the button that takes a lock over carries."""
    # as it is, since the longest reason would not fit a button in any encoding of ASCII
    return json.dumps([wanted.project_id, wanted.environment, wanted.holder_id, wanted.reason], ensure_ascii=False)


def read_take_over(value: str) -> TakeOver:
    """What `take_over_value` made. Raises BadInput for any other text."""
    try:
        project_id, environment, holder_id, reason = json.loads(value)
        project, holder = number(project_id), number(holder_id)
        place = Environment(str(environment))
    except (ValueError, TypeError, RecursionError) as error:
        raise strange() from error
    if project is None or holder is None or not isinstance(reason, str):
        raise strange()
    return TakeOver(project, place, holder, clean_reason(reason, example='/deploy lock "Web App" staging Migrating'))


def _project_id(chosen: str | None) -> int:
    if not (chosen and chosen.isascii() and chosen.isdigit() and len(chosen) <= DIGITS and int(chosen) <= LARGEST):
        raise bad("Choose a project from the list.", field="project")
    return int(chosen)
