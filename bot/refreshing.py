"""The App Home of whoever has just done something there, shown anew at once."""

import asyncio
from typing import Final

import structlog

from bot.answering import Door
from bot.auth import Actor
from bot.context import Act, Deps
from bot.registry import Ask, Kind, Registry, run
from bot.views.answers import Answer, FieldErrors, OpenModal, PublishHome

HOME_OPENED: Final = "app_home_opened"
# Of the three seconds that Slack waits, what may have passed when the Home is brought up to date.
_AT_ONCE_SECONDS: Final = 2.7
_log = structlog.get_logger(__name__)


async def after(deps: Deps, registry: Registry, act: Act, door: Door, answer: Answer, begun: float) -> None:
    """Have the person's Home shown as it is after an act that began at `begun` (the loop's time); best effort.

    Only what was done from the Home, also where it came too late. After every act, wherever it was done, the worker
    shows the Home when it announces what has changed.
    """
    if act.person is not None and door.from_home and not isinstance(answer, OpenModal | FieldErrors):
        await _now(deps, registry, act.person, begun + _AT_ONCE_SECONDS)


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
