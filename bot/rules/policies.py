"""What people type after `/techops policy`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.rules.deployments import environment_named
from bot.rules.suggest import closest
from bot.rules.text import Words, split
from bot.rules.validate import priority_named
from bot.rules.wording import bad, listed, quoted
from db.models import Role, SubjectKind

OPTIONS: Final = ("project", "required", "role", "own", "hours")
EXAMPLE: Final = "/techops policy set deployment production required:2 role:admin"
MOST_REQUIRED: Final = 10
MOST_HOURS: Final = 720
_KINDS: Final = {
    "deployment": SubjectKind.DEPLOYMENT,
    "deployments": SubjectKind.DEPLOYMENT,
    "deploy": SubjectKind.DEPLOYMENT,
    "maintenance": SubjectKind.MAINTENANCE,
    "request": SubjectKind.MAINTENANCE,
    "requests": SubjectKind.MAINTENANCE,
}
_YES: Final = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}


class PolicyVerb(StrEnum):
    """What is done to policies."""

    LIST = "list"
    SET = "set"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class PolicyCommand:
    """A command about policies; `kind` and `match` are empty for a list, what is None stays as it is."""

    verb: PolicyVerb
    kind: str = ""
    match: str = ""
    project: str | None = None
    required: int | None = None
    role: Role | None = None
    own_counts: bool | None = None
    hours: int | None = None


def parse_policy(text: str) -> PolicyCommand:
    """Read list | set KIND MATCH [project: required: role: own: hours:] | remove KIND MATCH [project:].

    Raises BadInput.
    """
    words = split(text, OPTIONS)
    if not words.plain and not words.options:
        return PolicyCommand(PolicyVerb.LIST)
    verb = _verb(words)
    if verb is PolicyVerb.LIST:
        if len(words.plain) > 1 or words.options:
            raise bad("The list takes nothing else; it shows all policies.", example="/techops policy list")
        return PolicyCommand(verb)
    kind, match = _subject(words, verb)
    options = words.options
    if verb is PolicyVerb.REMOVE:
        if set(options) - {"project"}:
            raise bad(
                "To remove a policy, say only what it is for.", example="/techops policy remove deployment staging"
            )
        return PolicyCommand(verb, kind, match, options.get("project"))
    return PolicyCommand(
        verb,
        kind,
        match,
        options.get("project"),
        required=_number(options.get("required"), "required", 0, MOST_REQUIRED),
        role=_role(options.get("role")),
        own_counts=_own(options.get("own")),
        hours=_number(options.get("hours"), "hours", 1, MOST_HOURS),
    )


def _verb(words: Words) -> PolicyVerb:
    word = words.plain[0].casefold() if words.plain else ""
    if word in set(PolicyVerb):
        return PolicyVerb(word)
    near = closest(word, PolicyVerb) if word else None
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(word)} is nothing to do with a policy.{hint} Say {listed(PolicyVerb)}.", example=EXAMPLE)


def _subject(words: Words, verb: PolicyVerb) -> tuple[str, str]:
    if len(words.plain) != 3:  # noqa: PLR2004 - verb, kind and match
        raise bad(
            f"Say what to {verb} a policy for: deployment and an environment, or maintenance and a priority.",
            example=EXAMPLE,
        )
    word, match = words.plain[1].casefold(), words.plain[2]
    if word not in _KINDS:
        near = closest(word, _KINDS)
        hint = f" Did you mean {near}?" if near else ""
        raise bad(f"{quoted(word)} cannot have a policy.{hint} Say deployment or maintenance.", example=EXAMPLE)
    kind = _KINDS[word]
    return kind, str(environment_named(match) if kind is SubjectKind.DEPLOYMENT else priority_named(match))


def _number(text: str | None, name: str, least: int, most: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise bad(
            f"{name}: takes a number from {least} to {most}, not {quoted(text)}.", example=f"{name}:{max(least, 1)}"
        )
    return int(text)


def _role(text: str | None) -> Role | None:
    if text is None:
        return None
    word = text.casefold()
    if word in set(Role):
        return Role(word)
    near = closest(word, Role)
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(text)} is no role.{hint} It is {listed(Role)}.", example="role:engineer")


def _own(text: str | None) -> bool | None:
    if text is None:
        return None
    if text.casefold() not in _YES:
        raise bad(f"own: takes yes or no, not {quoted(text)}: whether one's own approval counts.", example="own:no")
    return _YES[text.casefold()]
