"""From a transaction's activity to the jobs that show it: a line a change and target, a job a record and target."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from bot.context import Deps
from bot.delivery import departures
from bot.delivery.jobs import Bulk, Job, LaneWork, later
from bot.delivery.kinds import KINDS
from bot.services import home
from db.models import SubjectKind
from db.models_subscriptions import Topic
from db.pool import Conn
from db.queries import delivery, outbox, subscriptions
from db.queries.delivery import Change, LedgerLine
from db.queries.outbox import USER_TARGET

# Beyond these a transaction is told as one summary: records, and changes (many work logs of few requests, say).
MOST_RECORDS: Final = 20
MOST_CHANGES: Final = 100

# A DM links to the card, which is posted by another lane at the same time.
_DM_DELAY: Final = 0.3
_TOPICS: Final = {
    SubjectKind.MAINTENANCE: Topic.MAINTENANCE,
    SubjectKind.DEPLOYMENT: Topic.DEPLOYMENTS,
    SubjectKind.CARE: Topic.DATABASE,
}
_UNKNOWN_CHANNEL: Final = timedelta(seconds=120)


async def announce(deps: Deps, job: Job) -> None:
    """Entry point: show what one transaction has changed. The payload is its id; running twice changes nothing."""
    await departures.tell(deps, job)
    await home.refresh_after(deps, job.payload, job.created)
    async with deps.pool.acquire() as conn:
        counted = await delivery.count_transaction(conn, job.payload, job.created, list(KINDS))
    if not counted:
        return
    records = sum(subjects for subjects, _changes in counted.values())
    changes = sum(changes for _subjects, changes in counted.values())
    if records > MOST_RECORDS or changes > MOST_CHANGES:
        await _plan_summaries(deps, job, list(counted))
    else:
        await _plan_cards(deps, job, list(counted))


async def channels_for(deps: Deps, kind: str, subject_id: int | None) -> tuple[str, ...]:
    """The ids of the channels in which a record is shown; `subject_id` None asks for those that get summaries.

    Raises:
        RetryRequested: the configured channel cannot be found now.
    """
    async with deps.pool.acquire() as conn:
        routes = await subscriptions.list_routes(conn, _TOPICS[SubjectKind(kind)], kind, subject_id)
    subscribed = [route.channel_id for route in routes if route.is_subscribed]
    usual = [] if subscribed else [await channel_named(deps, KINDS[kind].channel(deps.settings))]
    # a card that is there goes on showing the record, whatever was subscribed to since
    return tuple(dict.fromkeys([*subscribed, *usual, *(route.channel_id for route in routes)]))


async def channels_of(deps: Deps, topic: Topic, project_id: int | None, usual: str) -> tuple[str, ...]:
    """The ids of the channels that hear of a topic in a project (None: in no project), `usual` (a name) else.

    Raises:
        RetryRequested: the usual channel cannot be found now.
    """
    async with deps.pool.acquire() as conn:
        subscribed = await subscriptions.list_channels(conn, topic, project_id)
    return tuple(subscribed) or (await channel_named(deps, usual),)


async def channel_named(deps: Deps, name: str) -> str:
    """The id of a channel, given by name or id.

    Raises:
        RetryRequested: it cannot be found now.
    """
    async with deps.pool.acquire() as conn:
        pause = await outbox.find_pause(conn, name, deps.now())
    if pause is None:
        channel_id = await deps.slack.channel_id(name)
        if channel_id is not None:
            return channel_id
        reason = f"the bot sees no channel #{name}; create it, or invite the bot to it"
        pause = outbox.Pause(deps.now() + _UNKNOWN_CHANNEL, reason)
        async with deps.pool.acquire() as conn:
            await outbox.insert_pause(conn, name, pause.until, pause.reason)
    raise later((pause.until - deps.now()).total_seconds(), pause.reason)


async def _plan_cards(deps: Deps, job: Job, kinds: Sequence[str]) -> None:
    async with deps.pool.acquire() as conn:
        changes = await delivery.list_transaction(conn, job.payload, job.created, kinds)
    subjects = dict.fromkeys((change.subject_kind, change.subject_id) for change in changes)
    channels = {subject: await channels_for(deps, *subject) for subject in subjects}
    lines = [line for change in changes for line in _lines(change, channels)]
    async with deps.pool.transaction() as conn:
        new = await delivery.insert_ledger(conn, lines, deps.now())
        works = [LaneWork(kind=kind, id=subject_id, channel=target) for kind, subject_id, target in new]
        await outbox.insert_jobs(conn, [_job(work) for work in works])


def _lines(change: Change, channels: Mapping[tuple[str, int], tuple[str, ...]]) -> list[LedgerLine]:
    targets = list(channels[change.subject_kind, change.subject_id])
    if change.assignee_slack_id is not None and change.assignee_id != change.actor_id:
        targets.append(USER_TARGET + change.assignee_slack_id)
    return [LedgerLine(change.id, target, change.subject_kind, change.subject_id) for target in targets]


def _job(work: LaneWork) -> outbox.NewJob:
    return work.job(delay=_DM_DELAY if work.channel.startswith(USER_TARGET) else 0.0)


async def _plan_summaries(deps: Deps, job: Job, kinds: Sequence[str]) -> None:
    channels = {kind: await channels_for(deps, kind, None) for kind in kinds}
    everything = Bulk(xid=job.payload, since=job.created)
    works = [LaneWork(kind=kind, channel=target, bulk=everything) for kind in kinds for target in channels[kind]]
    async with deps.pool.transaction() as conn:
        if SubjectKind.MAINTENANCE in kinds:
            works += await _personal(conn, job)
        planned = [
            work.job()
            for work in works
            if await outbox.insert_message(conn, summary_key(work), work.channel, deps.now())
        ]
        await outbox.insert_jobs(conn, planned)


async def _personal(conn: Conn, job: Job) -> list[LaneWork]:
    people = await delivery.list_bulk_assignees(conn, job.payload, job.created)
    return [
        LaneWork(
            kind=SubjectKind.MAINTENANCE,
            channel=USER_TARGET + slack_id,
            bulk=Bulk(xid=job.payload, since=job.created, assignee_id=user_id),
        )
        for user_id, slack_id in people
    ]


def summary_key(work: LaneWork) -> str:
    """The key of a summary's message: one a transaction, kind and target."""
    assert work.bulk is not None  # noqa: S101 - only summaries have such a key
    return f"summary:{work.bulk.xid}:{work.bulk.since.timestamp():.6f}:{work.kind}:{work.channel}"
