"""What people type after /deploy, one function a verb; all raise BadInput that says what to type instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.errors import BadInput
from bot.rules.deployments import (
    clean_reason,
    deployment_id,
    deployment_status_named,
    environment_named,
    find_environment,
    find_status,
    is_deployment_id,
    recorded_status,
)
from bot.rules.durations import looks_like_duration, parse_duration
from bot.rules.suggest import closest
from bot.rules.targets import TARGET_OPTIONS, Place, find_place, find_target
from bot.rules.text import Words, split
from bot.rules.validate import clean_note
from bot.rules.wording import bad, quoted
from db.models import DeploymentStatus, Environment

REQUEST_EXAMPLE: Final = '/deploy request "Web App" v2.1.0 production'
RECORD_EXAMPLE: Final = '/deploy record "Web App" v2.1.0 production success 4m'
FINISH_EXAMPLE: Final = "/deploy finish D-17 success 4m"
LOCK_EXAMPLE: Final = '/deploy lock "Web App" production Migrating the database'
_NEAR: Final = 0.75
_SHORTEST_MISSPELT: Final = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deployment as it was typed: `project` is a name or #NUMBER, `duration` is in seconds."""

    project: str
    version: str
    environment: Environment
    notes: str | None
    status: DeploymentStatus = DeploymentStatus.SUCCESS
    duration: int | None = None
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """A deployment to start, a note, and why a freeze is to be overridden."""

    id: int
    note: str | None
    override: str | None


@dataclass(frozen=True, slots=True)
class Finish:
    """A deployment that has ended, how, after how many seconds where that was said, and notes."""

    id: int
    status: DeploymentStatus
    duration: int | None
    notes: str | None


@dataclass(frozen=True, slots=True)
class DeployFilter:
    """What a list is narrowed to; `project` is a name as typed."""

    project: str | None
    environment: Environment | None
    status: DeploymentStatus | None


def parse_request(text: str) -> Wanted:
    """PROJECT VERSION ENV [notes] [override:REASON]."""
    words = split(text, (*TARGET_OPTIONS, "override"))
    project, version, environment, after = find_target(words, REQUEST_EXAMPLE)
    notes = clean_note(words.rest(after), field="notes")
    return Wanted(project, version, environment, notes, DeploymentStatus.PENDING, override=_override(words.options))


def parse_record(text: str) -> Wanted:
    """PROJECT VERSION ENV [STATUS] [DURATION] [NOTES]; without a status it has succeeded."""
    words = split(text, (*TARGET_OPTIONS, "status", "duration"))
    project, version, environment, after = find_target(words, RECORD_EXAMPLE)
    given = words.options
    status = recorded_status(given["status"]) if "status" in given else None
    duration = parse_duration(given["duration"]) if "duration" in given else None
    while after < len(words.plain) and not words.is_quoted(after):
        word = words.plain[after]
        if status is None and find_status(word):
            status = recorded_status(word)
        elif duration is None and looks_like_duration(word):
            duration = parse_duration(word)
        elif status is None and duration is None and _is_misspelt_outcome(word):
            status = deployment_status_named(word)
        else:
            break
        after += 1
    notes = clean_note(words.rest(after), field="notes")
    return Wanted(project, version, environment, notes, status or DeploymentStatus.SUCCESS, duration)


def parse_start(text: str) -> Start:
    """ID [note] [override:REASON]; words beside an override belong to its reason."""
    words = split(text, ("override",))
    number = _leading_id(words, "start", "/deploy start D-17")
    override, rest = _override(words.options), words.rest(1)
    if override is None:
        return Start(number, clean_note(rest), None)
    return Start(number, None, clean_reason(f"{override} {rest}", example="/deploy start D-17 override:Hotfix"))


def parse_finish(text: str) -> Finish:
    """ID success|failed [DURATION] [NOTES]; the first three in any order."""
    words = split(text, ("duration",))
    plain = words.plain
    number: int | None = None
    status: DeploymentStatus | None = None
    duration = parse_duration(words.options["duration"]) if "duration" in words.options else None
    after = 0
    while after < len(plain) and not words.is_quoted(after):
        word = plain[after]
        if status is None and find_status(word):
            status = _outcome(word)
        elif number is None and is_deployment_id(word):
            number = deployment_id(word)
        elif number is not None and duration is None and looks_like_duration(word):
            duration = parse_duration(word)
        else:
            break
        after += 1
    if number is None:
        raise bad("Say which deployment has ended, and how: success or failed.", example=FINISH_EXAMPLE)
    if status is None:
        _check_near_outcome(plain[after:])
        raise bad("Say how it ended: success or failed.", example=FINISH_EXAMPLE)
    return Finish(number, status, duration, clean_note(words.rest(after), field="notes"))


def parse_rollback(text: str) -> tuple[int, str | None]:
    """ID [REASON]."""
    words = split(text, ())
    number = _leading_id(words, "roll back", "/deploy rollback D-17 Checkout fails")
    return number, clean_note(words.rest(1), field="reason")


def parse_show(text: str) -> int:
    """ID and nothing else."""
    words = split(text, ())
    number = _leading_id(words, "show", "/deploy show D-17")
    if len(words.plain) > 1:
        raise bad("Give one deployment and nothing else.", example=f"/deploy show D-{number}")
    return number


def parse_status(text: str) -> str | None:
    """[PROJECT]; None for all."""
    words = split(text, ("project",))
    return words.options.get("project") or words.rest() or None


def parse_list(text: str) -> DeployFilter:
    """[project: env: status:], in any order; the name of an environment or a status will do without its key."""
    words = split(text, ("project", "env", "environment", "status"))
    options = words.options
    env = options.get("env") or options.get("environment")
    environment = environment_named(env) if env else None
    status = deployment_status_named(options["status"]) if "status" in options else None
    for word in words.plain:
        if environment is None and find_environment(word):
            environment = find_environment(word)
        elif status is None and find_status(word):
            status = find_status(word)
        else:
            raise _no_filter(word)
    return DeployFilter(options.get("project"), environment, status)


def parse_lock(text: str) -> tuple[Place, str]:
    """PROJECT ENV REASON."""
    words = split(text, ("project", "env", "environment"))
    place, after = find_place(words, LOCK_EXAMPLE)
    return place, clean_reason(words.rest(after), example=LOCK_EXAMPLE)


def parse_unlock(text: str) -> Place:
    """PROJECT ENV."""
    words = split(text, ("project", "env", "environment"))
    example = '/deploy unlock "Web App" production'
    place, after = find_place(words, example)
    if after < len(words.plain):
        raise bad("Give a project and an environment, and nothing else.", example=example)
    return place


def _leading_id(words: Words, verb: str, example: str) -> int:
    if not words.plain:
        raise bad(f"Say which deployment to {verb}.", example=example)
    if not is_deployment_id(words.plain[0]):
        raise bad(f"{quoted(words.plain[0])} is no number of a deployment; it comes first.", example=example)
    return deployment_id(words.plain[0])


def _override(options: dict[str, str]) -> str | None:
    given = options.get("override")
    return clean_reason(given, example="/deploy start D-17 override:Hotfix") if given else None


def _outcome(word: str) -> DeploymentStatus:
    status = deployment_status_named(word)
    if status is DeploymentStatus.ROLLED_BACK:
        raise bad("Rolling back is a step of its own, after the end.", example="/deploy rollback D-17 Checkout fails")
    if status not in {DeploymentStatus.SUCCESS, DeploymentStatus.FAILED}:
        raise bad(f"A deployment ends as success or failed, not as {quoted(word)}.", example=FINISH_EXAMPLE)
    return status


def _is_misspelt_outcome(word: str) -> bool:
    return len(word) >= _SHORTEST_MISSPELT and closest(word, ("success", "failed"), cutoff=_NEAR) is not None


def _check_near_outcome(rest: Sequence[str]) -> None:
    near = closest(rest[0], ("success", "failed"), cutoff=_NEAR) if rest else None
    if near:
        raise bad(f"{quoted(rest[0])} is no outcome. Did you mean {near}?", example=FINISH_EXAMPLE)


def _no_filter(word: str) -> BadInput:
    known = [*Environment, *DeploymentStatus]
    near = closest(word.replace("-", "_"), known)
    hint = f" Did you mean {near}?" if near else ""
    return bad(
        f"{quoted(word)} is neither an environment nor a status.{hint} A project is named by its option.",
        example='/deploy list project:"Web App" env:production status:failed',
    )
