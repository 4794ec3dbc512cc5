"""What /metrics says, in Prometheus' text form: this process, the queue, the scheduled jobs, the pool.

The figures of queue and jobs are the database's and the same in every process; Prometheus scrapes one `web`.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from bot.context import Deps
from bot.services import health
from bot.services.health import Figures
from db.errors import DatabaseError
from scheduler import registry as schedule


async def render(deps: Deps, jobs: Sequence[schedule.Job], *, pipelines_waiting: int = 0) -> bytes:
    """The figures of this moment; without a database, `techops_database_up 0` and those of the process.

    `pipelines_waiting`: calls of the API that wait in this process for a change.
    """
    registry = CollectorRegistry()
    try:
        figures = await health.figures(deps)
    except (DatabaseError, TimeoutError):
        figures = None
    _gauge(registry, "database_up", "1 where the database answers", float(figures is not None))
    _gauge(registry, "pool_connections", "Connections of this process's pool", deps.pool.size)
    _gauge(registry, "pool_idle", "Connections of the pool that nobody uses", deps.pool.idle)
    _gauge(registry, "pipelines_waiting", "Calls of the API that wait for a change", pipelines_waiting)
    if figures is not None:
        _queue(registry, figures)
        _jobs(registry, deps, jobs, figures)
    return generate_latest() + generate_latest(registry)


def _queue(registry: CollectorRegistry, figures: Figures) -> None:
    queue = figures.queue
    _gauge(registry, "queue_due", "Jobs that are due", queue.due)
    _gauge(registry, "queue_oldest_seconds", "How long the oldest of them has been due", queue.oldest_seconds)
    _gauge(registry, "queue_running", "Jobs in work", queue.running)
    _gauge(registry, "queue_waiting", "Jobs that failed and come back by themselves", queue.waiting)
    _gauge(registry, "queue_held", "Jobs that wait for `techops queue retry`", queue.held)
    _gauge(registry, "paused_channels", "Channels that rest", queue.paused_channels)
    _gauge(registry, "maybe_duplicate_total", "Messages posted again without knowing", queue.maybe_duplicates)
    _gauge(registry, "reminders_unreachable_total", "Reminders of people who are not in Slack", queue.unreachable)


def _jobs(registry: CollectorRegistry, deps: Deps, jobs: Sequence[schedule.Job], figures: Figures) -> None:
    done = Gauge("techops_job_last_done_seconds", "When it was last done (epoch)", ["job"], registry=registry)
    following = Gauge("techops_job_next_seconds", "When it is due next (epoch)", ["job"], registry=registry)
    lag = Gauge("techops_job_lag_seconds", "How long its latest due time has not been done", ["job"], registry=registry)
    zone = ZoneInfo(deps.settings.techops_timezone)
    for job in jobs:
        following.labels(job.id).set(schedule.next_due(deps, job).timestamp())
    for last in figures.jobs:
        if last.done_at is not None:
            done.labels(last.job).set(last.done_at.timestamp())
        due = last.due_local.replace(tzinfo=zone)
        pending = last.latest_done_at is None
        lag.labels(last.job).set(max((deps.now() - due).total_seconds(), 0.0) if pending else 0.0)


def _gauge(registry: CollectorRegistry, name: str, text: str, value: float) -> None:
    Gauge(f"techops_{name}", text, registry=registry).set(value)
