"""The App Home of whoever has just done something: shown anew at once, or by the worker."""

import asyncio
from typing import Final

import structlog

from bot.answering import Door
from bot.auth import Actor
from bot.context import Act, Deps
from bot.registry import Ask, Kind, Registry, run
from bot.services import home
from bot.views.answers import Answer, FieldErrors, OpenModal, PublishHome

HOME_OPENED: Final = "app_home_opened"
# Of the three seconds that Slack waits, what may have passed when the Home is brought up to date.
_AT_ONCE_SECONDS: Final = 2.7
_LATER_SECONDS: Final = 0.2
_log = structlog.get_logger(__name__)


async def after(deps: Deps, registry: Registry, act: Act, door: Door, answer: Answer, begun: float) -> None:
    """Have the person's Home shown as it is after an act that began at `begun` (the loop's time); best effort.

    What was done from the Home shows there at once, also where it came too late. After a command, or a button or form
    elsewhere, drawing it would cost a call of Slack before the answer: that is left to the worker.
    """
    if act.person is None or isinstance(answer, OpenModal | FieldErrors):
        return
    if door.from_home:
        await _now(deps, registry, act.person, begun + _AT_ONCE_SECONDS)
    elif act.committing and door.kind is not Kind.EVENT:
        await _later(deps, act.person)


async def _now(deps: Deps, registry: Registry, person: Actor, until: float) -> None:
    entry = registry.find(Kind.EVENT, HOME_OPENED)
    if entry is None:
        return
    ask = Ask(Act(person, "slack"), person, entry.name, event={"tab": "home"})
    try:
        async with asyncio.timeout_at(until):
            answer = await run(entry, ask, deps)
            if isinstance(answer, PublishHome):
                await deps.slack.call("views.publish", user_id=person.slack_user_id, view=answer.view)
    except Exception as error:  # noqa: BLE001 - the act is done and answered; only its picture is old
        _log.warning("home_not_refreshed", reason=str(error) or type(error).__name__)
        await _later(deps, person)


async def _later(deps: Deps, person: Actor) -> None:
    try:
        async with asyncio.timeout(_LATER_SECONDS):
            await home.refresh_later(deps, person)
    except Exception as error:  # noqa: BLE001 - as above; it is shown anew when it is opened
        _log.warning("home_not_refreshed_later", reason=str(error) or type(error).__name__)
