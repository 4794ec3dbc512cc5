"""The queue's worker: binds entry points to functions, keeps its connection alive, ends without losing work.

PgQueuer runs the jobs. Around it: what it raises when its connection is cut becomes a reconnect, and errors that time
mends become a retry in the database.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence import qb
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job as QueuedJob
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel, QueueManagerId
from pgqueuer.errors import RetryRequested

from bot import care_entries, delivery, logs
from bot.context import Deps
from bot.delivery import Entry, Job
from bot.services import backups
from bot.slack import SlackRateLimited, SlackUnavailable
from db.errors import DatabaseError, Timeout, Unavailable, translate
from db.pool import connect
from db.queries import queue
from scheduler import registry as schedule

_log = structlog.get_logger(__name__)

# A worker that was killed is noticed when its heartbeats (every half of this) stay away, at the next look.
_HEARTBEAT: Final = timedelta(seconds=10)
_LOOK: Final = timedelta(seconds=3)
# A job that becomes due just after a look waits this long at most; a lane that is behind is looked at this often.
_SHORTEST_WAIT: Final = timedelta(milliseconds=50)
# One job a look: a finished job is then taken off the queue at once, so that its lane is free for the next.
_BATCH: Final = 1
_MOST_TASKS: Final = 40
_ENDING_SECONDS: Final = 20.0
_CANCEL_SECONDS: Final = 3.0
_FIRST_RETRY: Final = 0.5
_BUSY: Final = timedelta(seconds=30)
_LONGEST_RETRY: Final = 60.0


@dataclass(frozen=True, slots=True)
class Binding:
    """One entry point. `limit`: how many of its jobs may run at once in all workers, 0: any number."""

    run: Entry
    limit: int = 0


@dataclass(slots=True)
class _Lost:
    """Queue managers of this process that are gone; their jobs are to be given back."""

    managers: list[QueueManagerId] = field(default_factory=list)


def bindings() -> dict[str, Binding]:
    """Every entry point of an ordinary worker."""
    lanes = set(delivery.LANES)
    posted = {name: Binding(entry, limit=1 if name in lanes else 0) for name, entry in delivery.ENTRIES.items()}
    return posted | {"scheduled": Binding(_run_scheduled)}


def care_bindings() -> dict[str, Binding]:
    """What needs the owner of the tables: database care, backups, ending sessions."""
    cared = {name: Binding(entry, limit=1) for name, entry in care_entries.ENTRIES.items()}
    return cared | {backups.ENTRY: Binding(_run_backup, limit=1)}


async def _run_scheduled(deps: Deps, job: Job) -> None:
    due = schedule.Due.model_validate_json(job.payload)
    await schedule.run_claimed(deps, schedule.collect(), due)


async def _run_backup(deps: Deps, job: Job) -> None:
    """A night's backup, or one that somebody has asked for."""
    try:
        if "due_local" in json.loads(job.payload):
            await _run_scheduled(deps, job)
        else:
            await backups.carry_out(deps, backups.Asked.model_validate_json(job.payload), f"backup:{job.id}")
    except backups.Busy as busy:
        raise RetryRequested(_BUSY, str(busy)) from busy
    except backups.BackupFailed as failed:
        # It is recorded, and the channel is told. Trying again at once would fail again.
        _log.error("The backup came to nothing", job=job.id, reason=str(failed))


async def run_worker(deps: Deps, stop: asyncio.Event, *, table: Mapping[str, Binding] | None = None) -> None:
    """Work until `stop` is set, through restarts of the database; then finish what is in hand, within 25 s.

    Args:
        deps: what the jobs need; the queue has a connection of its own beside the pool.
        stop: set it to end.
        table: the entry points, by default those of `bindings`; none at all ends at once.
    """
    bound = bindings() if table is None else table
    if not bound:
        return
    lost = _Lost()
    failures = 0
    while not stop.is_set():
        started = asyncio.get_running_loop().time()
        try:
            await _work(deps, stop, bound, lost)
        except Exception as error:  # noqa: BLE001 - a worker outlives whatever ends one connection
            _report(error)
        if asyncio.get_running_loop().time() - started > _LONGEST_RETRY:
            failures = 0
        if not stop.is_set():
            await _wait(stop, min(_backoff(failures), 5.0))
            failures += 1


async def _work(deps: Deps, stop: asyncio.Event, bound: Mapping[str, Binding], lost: _Lost) -> None:
    """Work on one connection until it is cut or `stop` is set."""
    connection = await connect(replace(deps.pool.config, statement_timeout=None))
    try:
        # PgQueuer writes its JSON itself.
        await connection.reset_type_codec("jsonb", schema="pg_catalog")
        await _give_back(deps, lost)
        manager = _manager(connection, deps, bound)
        lost.managers.append(manager.queue_manager_id)
        connection.add_termination_listener(lambda _connection: manager.shutdown.set())
        run = asyncio.create_task(_run(manager), name="queue")
        try:
            if await _until_done(run, stop, manager):
                await run
        finally:
            await _abandon(run, connection)
    finally:
        await _close(connection)
        if stop.is_set():
            await _give_back(deps, lost)


async def _run(manager: QueueManager) -> None:
    await manager.run(
        dequeue_timeout=_LOOK,
        batch_size=_BATCH,
        max_concurrent_tasks=_MOST_TASKS,
        shutdown_on_listener_failure=True,
        heartbeat_timeout=_HEARTBEAT,
    )


async def _until_done(run: asyncio.Task[None], stop: asyncio.Event, manager: QueueManager) -> bool:
    """Wait for the end of the run, which `stop` brings about; False where it did not come in time."""
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({run, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    manager.shutdown.set()
    await asyncio.wait({run}, timeout=_ENDING_SECONDS)
    return run.done()


async def _abandon(run: asyncio.Task[None], connection: Any) -> None:
    if run.done():
        return
    # PgQueuer takes a cancelled job off the queue. Without its connection it cannot, and another worker gets the job.
    connection.terminate()
    run.cancel()
    await asyncio.wait({run}, timeout=_CANCEL_SECONDS)
    _log.warning("Jobs in hand were left to other workers")


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=_CANCEL_SECONDS)
    except Exception as error:
        # A connection that was cut or does not answer; asyncpg has dropped it by now.
        if translate(error) is None:
            raise


async def _give_back(deps: Deps, lost: _Lost) -> None:
    """Put back the jobs of our earlier queue managers: none of them is running any more."""
    if not lost.managers:
        return
    try:
        async with deps.pool.transaction() as conn:
            freed = await queue.mark_jobs_free(conn, lost.managers)
    except DatabaseError as error:
        _log.warning("Jobs could not be given back now; the queue does it when heartbeats stay away", reason=str(error))
        return
    lost.managers.clear()
    if freed:
        _log.info("Jobs were given back to the queue", jobs=freed)


def _manager(connection: Any, deps: Deps, bound: Mapping[str, Binding]) -> QueueManager:
    names = _names()
    queries = Queries(
        AsyncpgDriver(connection),
        qbe=qb.QueryBuilderEnvironment(names),
        qbq=qb.QueryQueueBuilder(names),
        qbs=qb.QuerySchedulerBuilder(names),
    )
    manager = QueueManager(queries, channel=Channel(names.channel))
    manager.min_dequeue_poll_interval = _SHORTEST_WAIT
    for name, binding in bound.items():
        # hold: the default deletes a job after one plain exception
        manager.entrypoint(name, concurrency_limit=binding.limit, accepts_context=False, on_failure="hold")(
            _bind(deps, binding.run)
        )
    return manager


def _bind(deps: Deps, entry: Entry) -> Callable[[QueuedJob], Awaitable[None]]:
    async def run(queued: QueuedJob) -> None:
        job = Job(queued.id, (queued.payload or b"").decode(), queued.attempts, queued.created)
        name = "lane" if queued.entrypoint in delivery.LANES else queued.entrypoint
        with logs.job(job=job.id, entrypoint=queued.entrypoint), deps.meters.working(name) as outcome:
            try:
                await entry(deps, job)
                outcome.name = "done"
            except RetryRequested as retry:
                outcome.name = "again"
                _log.info("Job comes back", after=retry.delay, reason=retry.reason)
                raise
            except SlackRateLimited as error:
                outcome.name = "again"
                raise RetryRequested(timedelta(seconds=error.retry_after), str(error)) from error
            except (SlackUnavailable, Unavailable, Timeout) as error:
                outcome.name = "again"
                delay = timedelta(seconds=_backoff(job.attempts))
                _log.warning("Job is tried again", after=delay, reason=str(error))
                raise RetryRequested(delay, str(error)) from error
            except Exception:
                _log.exception("Job is held; see `techops queue list`")
                raise

    return run


def _names() -> DBSettings:
    """PgQueuer's names, all of them given: it would otherwise take some from variables as common as CHANNEL."""
    return DBSettings(
        prefix="",
        db_schema="techops",
        channel=Channel("ch_pgqueuer"),
        function="fn_pgqueuer_changed",
        statistics_table="pgqueuer_statistics",
        queue_status_type="pgqueuer_status",
        queue_table="pgqueuer",
        queue_table_log="pgqueuer_log",
        trigger="tg_pgqueuer_changed",
        schedules_table="pgqueuer_schedules",
        durability=Durability.durable,
    )


def _report(error: Exception) -> None:
    known = translate(error)
    if known is not None or isinstance(error, OSError):
        _log.warning("The queue's connection was lost; connecting again", reason=str(known or error))
    else:
        _log.error("The queue stopped; starting it again", exc_info=error)


def _backoff(attempts: int) -> float:
    """Seconds before the next attempt: doubling, spread by half."""
    longest = min(_FIRST_RETRY * 2.0 ** min(attempts, 10), _LONGEST_RETRY)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - nothing secret about it


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
