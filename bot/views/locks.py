"""Locks: who holds one, what changes hands, and what waiting people are told."""

from collections.abc import Sequence

from bot.rules.deploy_forms import TakeOver, take_over_value
from bot.rules.deployments import deployment_label
from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Message, Part
from bot.views.wording import join_words, line
from db.models import Environment, Lock

TAKE_OVER = "deploy.lock_take_over"


def place_name(lock: Lock) -> str:
    """Name what is locked: "Web App on production"."""
    return f"{line(lock.project_name, 80)} on {line(lock.environment, 30)}"


def lock_parts(lock: Lock) -> list[Part]:
    """Say who holds a lock, since when, and why."""
    who, why = line(lock.holder_name, 80), line(lock.reason, 500)
    return [kit.Bold(place_name(lock)), f" is locked by {who} since ", lock.taken_at, f": {why}"]


def locked(lock: Lock, *, kept: bool) -> Reply:
    """Confirm a lock that the person holds now, or `kept` with another reason."""
    told = (
        " stays locked by you, with the new reason." if kept else " is locked by you now. Nobody else can start there."
    )
    way: list[Part] = [
        "When you are done: ",
        kit.Code(f'/deploy unlock "{line(lock.project_name, 80)}" {lock.environment}'),
    ]
    return kit.say(kit.Bold(place_name(lock)), told, blocks=[kit.note(*way)])


def held(lock: Lock, reason: str) -> Reply:
    """Tell that somebody else holds the lock, and offer to take it over after asking again."""
    wanted = TakeOver(lock.project_id, Environment(lock.environment), lock.holder_id, reason)
    who = line(lock.holder_name, 60)
    question = (
        f"{who} locked {line(lock.project_name, 60)} on {lock.environment}, and will be told that it is yours now."
    )
    asked = kit.confirm("Take the lock over?", question, "Take over", "Leave it")
    button = kit.button("Take over", TAKE_OVER, take_over_value(wanted), "danger", asked)
    return kit.say(*lock_parts(lock), blocks=[kit.actions(button)])


def taken_over(lock: Lock) -> Reply:
    """Confirm that a lock has changed hands."""
    return kit.say(kit.Bold(place_name(lock)), " is locked by you now; whoever held it has been told.", replace=True)


def unlocked(lock: Lock, told: int) -> Reply:
    """Confirm that a lock was released; `told` people waited for it."""
    waited = (
        f" {kit.count(told, 'waiting person') if told == 1 else f'{told} waiting people'} will be told." if told else ""
    )
    return kit.say(kit.Bold(place_name(lock)), f" is free again.{waited}")


def lost_dm(lock: Lock, by: str, reason: str | None) -> Message:
    """Tell a former holder that the lock is somebody else's, or with no `reason` that it was released."""
    who = line(by, 80)
    if reason is None:
        return _message(f"{who} released your lock of ", kit.Bold(place_name(lock)), ".")
    return _message(f"{who} took over your lock of ", kit.Bold(place_name(lock)), f": {line(reason, 500)}")


def free_dm(lock: Lock, by: str, deployment_ids: Sequence[int]) -> Message:
    """Tell somebody that the lock which kept them from starting deployments is gone."""
    labels = [deployment_label(number) for number in deployment_ids[:10]]
    way: list[Block] = [kit.note("To start: ", kit.Code(f"/deploy start {label}")) for label in labels[:5]]
    parts: list[Part] = [
        kit.Bold(place_name(lock)),
        f" is free again: {line(by, 80)} unlocked it. {join_words(labels)} can be started, as far as the lock goes.",
    ]
    return Message(kit.spoken(parts), [kit.rich(*parts), *way])


def _message(*parts: Part) -> Message:
    return Message(kit.spoken(parts), [kit.rich(*parts)])
