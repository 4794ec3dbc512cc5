"""Where something is deployed to, among the words of a command: project, version and environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.errors import BadInput
from bot.rules.deployments import ALIASES, clean_version, environment_named, find_environment
from bot.rules.suggest import closest
from bot.rules.text import Words
from bot.rules.wording import bad
from db.models import Environment

TARGET_OPTIONS: Final = ("project", "version", "env", "environment")
_THREE: Final = 3
_NEAR: Final = 0.75


@dataclass(frozen=True, slots=True)
class Place:
    """An environment of a project; the project is a name as typed."""

    project: str
    environment: Environment


def find_target(words: Words, example: str) -> tuple[str, str, Environment, int]:
    """Project, version, environment, and the number of plain words they took."""
    plain, options = words.plain, words.options
    env = _environment_option(options)
    missing = [
        name for name, given in (("project", options.get("project")), ("version", options.get("version"))) if not given
    ]
    if not env and len(missing) == 2:  # noqa: PLR2004 - both have to be found beside the environment
        return _three(plain, example)
    wanted = [*missing, *([] if env else ["environment"])]
    taken = list(plain[: len(wanted)])
    if len(taken) < len(wanted):
        raise _incomplete(example)
    if not env and find_environment(taken[0]) and not find_environment(taken[-1]):
        taken.append(taken.pop(0))
    found = dict(zip(wanted, taken, strict=True)) | {
        name: options[name] for name in ("project", "version") if name in options
    }
    return (
        found["project"],
        clean_version(found["version"]),
        environment_named(env or found["environment"]),
        len(wanted),
    )


def _three(plain: Sequence[str], example: str) -> tuple[str, str, Environment, int]:
    """All three without keys: the environment is found by its name, the version stands before it, the project first.

    Hence a project's name of several words needs no quotes, and an environment may stand first.
    """
    needed = 3
    if len(plain) < needed:
        raise _incomplete(example)
    places = [place for place, word in enumerate(plain) if find_environment(word)]
    behind = [place for place in places if place >= needed - 1]
    if behind and (behind[0] == needed - 1 or not _near_environment(plain[needed - 1])):
        place = behind[0]
        project, version = " ".join(plain[: place - 1]), plain[place - 1]
    elif places and places[0] < needed - 1:
        place = places[0]
        project, version = (word for at, word in enumerate(plain[:needed]) if at != place)
    else:
        place, project, version = needed - 1, plain[0], plain[1]
    return project, clean_version(version), environment_named(plain[place]), max(place + 1, needed)


def find_place(words: Words, example: str) -> tuple[Place, int]:
    """An environment of a project, and the number of plain words they took."""
    plain, options = words.plain, words.options
    env, project = _environment_option(options), options.get("project")
    if env and project:
        return Place(project, environment_named(env)), 0
    if len(plain) < (1 if env or project else 2):
        raise bad("Say which project and which environment.", example=example)
    if env:
        return Place(plain[0], environment_named(env)), 1
    if project:
        return Place(project, environment_named(plain[0])), 1
    if find_environment(plain[0]) and not find_environment(plain[1]):
        return Place(plain[1], environment_named(plain[0])), 2
    place = next((at for at, word in enumerate(plain) if at and find_environment(word)), 1)
    return Place(" ".join(plain[:place]), environment_named(plain[place])), place + 1


def _environment_option(options: Mapping[str, str]) -> str | None:
    return options.get("env") or options.get("environment")


def _near_environment(word: str) -> bool:
    return closest(word, [*Environment, *ALIASES], cutoff=_NEAR) is not None


def _incomplete(example: str) -> BadInput:
    return bad("Say what is deployed and where: a project, a version and an environment.", example=example)
