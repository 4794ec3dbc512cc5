"""What a deployment is made of, what may happen to it, and in which state."""

from collections.abc import Collection
from enum import Enum
from typing import Final

from bot.errors import Forbidden, Missing, WrongState
from bot.rules.access import allows
from bot.rules.ids import looks_like_id, parse_id
from bot.rules.suggest import closest
from bot.rules.text import clean_text
from bot.rules.wording import bad, listed, quoted
from db.models import DeploymentStatus, Environment, Role

VERSION_LIMIT: Final = 100
REASON_LIMIT: Final = 500
PREFIX: Final = "D"
ALL: Final = "all"
ALIASES: Final = {
    "prod": Environment.PRODUCTION,
    "prd": Environment.PRODUCTION,
    "live": Environment.PRODUCTION,
    "stage": Environment.STAGING,
    "stg": Environment.STAGING,
    "dev": Environment.DEVELOPMENT,
    "devel": Environment.DEVELOPMENT,
}
STATUS_ALIASES: Final = {
    "succeeded": DeploymentStatus.SUCCESS,
    "successful": DeploymentStatus.SUCCESS,
    "fail": DeploymentStatus.FAILED,
    "failure": DeploymentStatus.FAILED,
    "rolledback": DeploymentStatus.ROLLED_BACK,
}
SPOKEN: Final = {
    DeploymentStatus.PENDING: "pending",
    DeploymentStatus.IN_PROGRESS: "in progress",
    DeploymentStatus.SUCCESS: "finished with success",
    DeploymentStatus.FAILED: "failed",
    DeploymentStatus.ROLLED_BACK: "rolled back",
}


class Step(Enum):
    """A change of a deployment's status; the value is the verb that people type."""

    START = "start"
    SUCCEED = "finish"
    FAIL = "fail"
    ROLL_BACK = "rollback"


TRANSITIONS: Final[dict[Step, tuple[frozenset[DeploymentStatus], DeploymentStatus]]] = {
    Step.START: (frozenset({DeploymentStatus.PENDING}), DeploymentStatus.IN_PROGRESS),
    Step.SUCCEED: (frozenset({DeploymentStatus.IN_PROGRESS}), DeploymentStatus.SUCCESS),
    Step.FAIL: (frozenset({DeploymentStatus.IN_PROGRESS}), DeploymentStatus.FAILED),
    Step.ROLL_BACK: (frozenset({DeploymentStatus.SUCCESS, DeploymentStatus.FAILED}), DeploymentStatus.ROLLED_BACK),
}
_DOING: Final = {Step.START: "start", Step.SUCCEED: "finish", Step.FAIL: "finish", Step.ROLL_BACK: "roll back"}


def deployment_label(deployment_id: int) -> str:
    """What people call a deployment: D-17."""
    return f"{PREFIX}-{deployment_id}"


def deployment_id(word: str) -> int:
    """The number of a deployment: D-17, #17 and 17 are alike. Raises BadInput."""
    return parse_id(word, prefix=PREFIX, what="deployment")


def is_deployment_id(word: str) -> bool:
    """Whether a word has the form of a deployment's number, in range or not."""
    return looks_like_id(word, prefix=PREFIX)


def find_environment(word: str) -> Environment | None:
    """The environment that a word names, also as prod, stage or dev; None where it names none."""
    wanted = word.strip().casefold()
    return Environment(wanted) if wanted in set(Environment) else ALIASES.get(wanted)


def environment_named(word: str, *, others: Collection[str] = ()) -> Environment:
    """The environment that a word names. Raises BadInput (field "environment"); `others` may be said too."""
    found = find_environment(word)
    if found is not None:
        return found
    known = [*Environment, *ALIASES, *others]
    near = closest(word, known)
    hint = f" Did you mean {ALIASES.get(near, near)}?" if near else ""
    raise bad(f"{quoted(word)} is no environment.{hint} It is {listed([*Environment, *others])}.", field="environment")


def find_status(word: str) -> DeploymentStatus | None:
    """The status that a word names; blanks and hyphens count as underscores. None where it names none."""
    wanted = "_".join(word.casefold().replace("-", " ").split())
    return DeploymentStatus(wanted) if wanted in set(DeploymentStatus) else STATUS_ALIASES.get(wanted)


def deployment_status_named(word: str) -> DeploymentStatus:
    """The status that a word names. Raises BadInput (field "status")."""
    found = find_status(word)
    if found is not None:
        return found
    near = closest(word.replace("-", "_"), DeploymentStatus)
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(word)} is no status.{hint} It is {listed(DeploymentStatus)}.", field="status")


def recorded_status(word: str) -> DeploymentStatus:
    """The status of a deployment that is recorded afterwards. Raises BadInput (field "status")."""
    found = deployment_status_named(word)
    if found is DeploymentStatus.PENDING:
        raise bad(
            "What has not begun is not recorded but requested.",
            example='/deploy request "Web App" v2.1.0 production',
            field="status",
        )
    return found


def clean_version(text: str) -> str:
    """A version on one line, at most 100 characters as its column is wide. Raises BadInput (field "version")."""
    return " ".join(clean_text(text, VERSION_LIMIT, field="version").split())


def clean_reason(text: str, *, example: str) -> str:
    """Why something is frozen, locked or overridden: required, one line. Raises BadInput (field "reason")."""
    if not text.strip():
        raise bad("Say why; others will read it.", example=example, field="reason")
    return " ".join(clean_text(text, REASON_LIMIT, field="reason").split())


def check_step(step: Step, status: str, *, label: str, by: str | None = None) -> DeploymentStatus:
    """The status after `step`. Raises WrongState saying the state it is in and what is possible.

    `by` is who brought it into its present state, and when, where that is known.
    """
    allowed_from, after = TRANSITIONS[step]
    if status in allowed_from:
        return after
    who = f" (by {by})" if by else ""
    if status == after:
        raise WrongState(f"{label} is already {spoken_status(status)}{who}. {_possible(status, label)}")
    if status == DeploymentStatus.PENDING:
        raise WrongState(f"{label} was never started{who}, so you cannot {_DOING[step]} it. {_possible(status, label)}")
    raise WrongState(
        f"{label} is {spoken_status(status)}{who}, so you cannot {_DOING[step]} it. {_possible(status, label)}"
    )


def steps_from(status: str) -> list[Step]:
    """The steps that are possible in this state; none in a state no rule knows."""
    return [step for step, (allowed_from, _) in TRANSITIONS.items() if status in allowed_from]


def spoken_status(status: str) -> str:
    """The state in a sentence: in progress, finished with success."""
    return SPOKEN[DeploymentStatus(status)] if status in SPOKEN else status.replace("_", " ")


def check_may_override(role: str | None) -> None:
    """Let pass who may deploy into a freeze. Raises Forbidden."""
    if role is None or not allows(role, Role.ADMIN):
        raise Forbidden("Only an admin can override a freeze. Ask one, or wait until it ends: `/deploy freezes`")


def missing_deployment(number: int) -> Missing:
    """The refusal for a number that no deployment has, or not any more."""
    return Missing(
        f"There is no deployment {deployment_label(number)}; if there was, it has been deleted in the dashboard. "
        "`/deploy list` shows what there is."
    )


def _possible(status: str, label: str) -> str:
    steps = steps_from(status)
    if Step.SUCCEED in steps:
        return f"You can finish it: `/deploy finish {label} success`"
    if steps:
        return f"You can {_DOING[steps[0]]} it: `/deploy {steps[0].value} {label}`"
    if status == DeploymentStatus.ROLLED_BACK:
        return 'Request it anew: `/deploy request "Web App" v2.1.0 production`'
    return "No rule knows that state; an admin can set it right in the dashboard."
