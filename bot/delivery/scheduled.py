"""What the clock has enqueued: reminders, urgent requests, digests; rendered when sent, from rows as they are."""

from collections.abc import Sequence
from typing import Final

import structlog
from pgqueuer.errors import RetryRequested

from bot.context import Act, Deps
from bot.delivery.announce import channels_of
from bot.delivery.jobs import Job, LaneWork
from bot.delivery.outgoing import OutMessage
from bot.delivery.post import NobodyThere, post_once, respect_pause
from bot.rules.access import allows
from bot.services import digest as digests
from bot.services import remind
from bot.services import subscriptions as subscribing
from bot.slack import SlackRefused
from bot.views import reminders as views
from bot.views.digest import digest_message
from db.errors import NotFound
from db.models import Role
from db.models_subscriptions import Topic
from db.pool import Conn
from db.queries import delivery, outbox, people, person_settings, requests, subscriptions

_log = structlog.get_logger(__name__)

_SETTLED: Final = "What was to be said has been settled since; nothing is posted"


async def send_reminder(deps: Deps, job: Job) -> None:
    """Entry point: remind a person, or tell a channel, of what is still due of a notice."""
    notice = remind.Notice.model_validate_json(job.payload)
    await respect_pause(deps, notice.target)
    async with deps.pool.acquire() as conn:
        rows, total = await remind.still_due(conn, notice)
        may_work = notice.user_id is not None and await _is_engineer(conn, notice.user_id)
        quiet = notice.user_id is not None and await person_settings.is_quiet(conn, notice.user_id)
    if not rows or quiet:
        _log.info(_SETTLED, key=notice.key)
        return
    if notice.user_id is None:
        message = views.escalation(rows, total, notice.as_of)
    else:
        message = views.reminder_dm(rows, total, notice.as_of, may_work=may_work)
    await _post(deps, OutMessage(notice.key, notice.target, message))


async def escalate(deps: Deps, job: Job) -> None:
    """Entry point: choose the channels that hear of urgent requests; running twice changes nothing."""
    notice = remind.Notice.model_validate_json(job.payload)
    async with deps.pool.acquire() as conn:
        rows = await requests.list_by_ids(conn, [line.id for line in notice.lines])
    projects = {row.project_id for row in rows}
    found = {it: await channels_of(deps, Topic.REMINDERS, it, deps.settings.ops_channel) for it in projects}
    parts = remind.by_channel(notice, {row.id: found[row.project_id] for row in rows})
    async with deps.pool.transaction() as conn:
        for part in parts:
            if await outbox.insert_message(conn, part.key, part.target, deps.now()):
                await outbox.insert_jobs(conn, [outbox.NewJob(remind.REMIND_ENTRY, part.model_dump_json())])


async def send_digest(deps: Deps, job: Job) -> None:
    """Entry point: post a subscription's digest; where its channel is lost, pause it and tell who subscribed."""
    work = digests.DigestWork.model_validate_json(job.payload)
    async with deps.pool.acquire() as conn:
        it = await subscriptions.find_subscription(conn, work.subscription)
    if it is None or it.paused_at is not None:
        _log.info(_SETTLED, key=work.key)
        return
    await respect_pause(deps, it.channel_id)
    gathered = await digests.gather(deps, digests.scope_of(it), work.since, work.until)
    await _post(deps, OutMessage(work.key, it.channel_id, digest_message(gathered.digest, gathered.stats)))


async def drop_lost(deps: Deps, work: LaneWork, retry: RetryRequested) -> bool:
    """After a refusal: whether the channel had asked for the card and is lost, so that it is not tried again there."""
    code = _lost(retry)
    if code is None or not await _pause(deps, work.channel, code):
        return False
    async with deps.pool.acquire() as conn:
        lines = await delivery.list_unposted(conn, work.kind, work.id, work.channel)
        await delivery.mark_told(conn, work.channel, [line.id for line in lines], deps.now())
    return True


async def _post(deps: Deps, out: OutMessage) -> None:
    try:
        await post_once(deps, out)
    except NobodyThere as reason:
        _log.warning("A message was dropped: nobody can read it", key=out.key, reason=str(reason))
    except RetryRequested as retry:
        code = _lost(retry)
        if code is None or not await _pause(deps, out.target, code):
            raise


def _lost(retry: RetryRequested) -> str | None:
    """Slack's answer behind a retry, where it means that the bot cannot write in the channel."""
    refused = retry.__cause__
    return refused.code if isinstance(refused, SlackRefused) and refused.code in subscribing.LOST else None


async def _pause(deps: Deps, channel_id: str, code: str) -> bool:
    """Pause what the channel subscribed to; whether it has subscriptions, all of them paused now."""
    async with deps.transaction(Act(None, "worker", origin={"channel": channel_id})) as conn:
        await subscribing.pause_channel(conn, channel_id, code, deps.now())
        lost = await subscriptions.is_paused(conn, channel_id)
        if lost:
            await outbox.delete_pause(conn, channel_id)
    return lost and channel_id not in await _usual(deps)


async def _usual(deps: Deps) -> Sequence[str]:
    """The channels where cards go without a subscription: those are tried until somebody lets the bot in again."""
    names = (deps.settings.ops_channel, deps.settings.deploy_channel, deps.settings.maintenance_channel)
    return [found for name in names if (found := await deps.slack.channel_id(name)) is not None]


async def _is_engineer(conn: Conn, user_id: int) -> bool:
    try:
        return allows((await people.get_user(conn, user_id)).role, Role.ENGINEER)
    except NotFound:
        return False
