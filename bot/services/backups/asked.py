"""Backups asked for in Slack: enqueued, made by the worker of the tables' owner, told by direct message."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.context import Act, Deps
from bot.errors import Forbidden, Missing
from bot.services.backups.run import Order, back_up
from bot.services.backups.verify import verify
from bot.views import backups as views
from bot.views.kit import Message
from db.queries import outbox

ENTRY = "backup_run"


class Asked(BaseModel):
    """Payload of entry point `backup_run`, where a person asked."""

    model_config = ConfigDict(frozen=True)

    what: Literal["run", "verify"]
    user_id: int
    slack_user_id: str


async def ask(deps: Deps, act: Act, what: Literal["run", "verify"]) -> None:
    """Have a backup made, or the newest archive checked; who asks hears of the end by direct message."""
    if act.person is None:
        raise Forbidden("Only a person can be told how it went; at the command line type `techops backup run`.")
    asked = Asked(what=what, user_id=act.person.user_id, slack_user_id=act.person.slack_user_id)
    async with deps.transaction(act) as conn:
        await outbox.insert_jobs(conn, [outbox.NewJob(ENTRY, asked.model_dump_json())])


async def carry_out(deps: Deps, asked: Asked, key: str) -> None:
    """Do what was asked and tell who asked; `key` is the same for every attempt.

    Raises:
        Busy: another process is at it; to be tried again.
        Unavailable: the database is away.
    """
    message = await _do(deps, asked)
    async with deps.pool.transaction() as conn:
        await outbox.enqueue_dm(
            conn, user=asked.slack_user_id, text=message.text, blocks=message.blocks, key=key, now=deps.now()
        )


async def _do(deps: Deps, asked: Asked) -> Message:
    if asked.what == "run":
        return views.made(await back_up(deps, Order("slack", asked.user_id)))
    try:
        checked = await verify(deps)
    except Missing as nothing:
        return views.told(str(nothing))
    return views.checked(checked.file, checked.fault, checked.notes)
