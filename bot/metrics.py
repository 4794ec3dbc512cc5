"""What /metrics says, in Prometheus' text form: all running processes, the queue, the scheduled jobs, this pool.

Each process counts for itself (`bot.meters`) and keeps its figures in the database; `process` and `node` tell whose
they are. The figures of queue and jobs are the database's and the same in every process.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from bot.context import Deps
from bot.services import figures as kept
from bot.services import health
from bot.services.health import Figures
from db.errors import DatabaseError
from db.queries.process_figures import ProcessFigures
from scheduler import registry as schedule

# When a counter was made: the client library adds it as a gauge of its own, which no scraper asks for.
_CREATED: Final = "_created"
_log = structlog.get_logger(__name__)


async def render(deps: Deps, jobs: Sequence[schedule.Job], *, pipelines_waiting: int = 0) -> bytes:
    """The figures of this moment; without a database, `techops_database_up 0` and those of the process.

    `pipelines_waiting`: calls of the API that wait in this process for a change.
    """
    registry = CollectorRegistry()
    try:
        figures = await health.figures(deps)
        running = await kept.list_running(deps)
    except (DatabaseError, TimeoutError):
        figures, running = None, []
    _gauge(registry, "database_up", "1 where the database answers", float(figures is not None))
    _gauge(registry, "pool_connections", "Connections of this process's pool", deps.pool.size)
    _gauge(registry, "pool_idle", "Connections of the pool that nobody uses", deps.pool.idle)
    _gauge(registry, "pool_most", "Connections that the pool may have", deps.pool.config.max_size)
    _gauge(registry, "pipelines_waiting", "Calls of the API that wait for a change", pipelines_waiting)
    _processes(registry, running)
    _queue(registry, figures)
    _jobs(registry, deps, jobs, figures)
    registry.register(_Everybody(deps, running))
    return generate_latest() + generate_latest(registry)


class _Everybody(Collector):
    """What all processes have counted: this one as it is now, the others as they wrote it last."""

    def __init__(self, deps: Deps, running: Sequence[ProcessFigures]) -> None:
        self._meters = deps.meters
        self._running = running

    def collect(self) -> Iterator[Metric]:
        own = (self._meters.process, self._meters.node)
        merged: dict[str, Metric] = {}
        _merge(merged, self._meters.registry.collect(), *own)
        for it in self._running:
            if (it.process, it.node) != own:
                _merge(merged, _parsed(it), it.process, it.node)
        yield from merged.values()


def _parsed(it: ProcessFigures) -> list[Metric]:
    try:
        return list(text_string_to_metric_families(it.figures))
    except ValueError as error:
        # of another version, perhaps; the others' figures are told all the same
        _log.warning("figures_not_understood", process=it.process, node=it.node, reason=type(error).__name__)
        return []


def _merge(merged: dict[str, Metric], families: Iterable[Metric], process: str, node: str) -> None:
    for family in families:
        if family.name.endswith(_CREATED):
            continue
        into = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
        for sample in family.samples:
            if not sample.name.endswith(_CREATED):
                into.add_sample(sample.name, {**sample.labels, "process": process, "node": node}, sample.value)


def _processes(registry: CollectorRegistry, running: Sequence[ProcessFigures]) -> None:
    gauge = Gauge("techops_processes", "Processes that have written within a minute", ["process"], registry=registry)
    for process, count in Counter(it.process for it in running).items():
        gauge.labels(process).set(count)


def _queue(registry: CollectorRegistry, figures: Figures | None) -> None:
    if figures is None:
        return
    queue = figures.queue
    _gauge(registry, "queue_due", "Jobs that are due", queue.due)
    _gauge(registry, "queue_oldest_seconds", "How long the oldest of them has been due", queue.oldest_seconds)
    _gauge(registry, "queue_running", "Jobs in work", queue.running)
    _gauge(registry, "queue_waiting", "Jobs that failed and come back by themselves", queue.waiting)
    _gauge(registry, "queue_held", "Jobs that wait for `techops queue retry`", queue.held)
    _gauge(registry, "paused_channels", "Channels that rest", queue.paused_channels)
    _gauge(registry, "maybe_duplicate_total", "Messages posted again without knowing", queue.maybe_duplicates)
    _gauge(registry, "reminders_unreachable_total", "Reminders of people who are not in Slack", queue.unreachable)


def _jobs(registry: CollectorRegistry, deps: Deps, jobs: Sequence[schedule.Job], figures: Figures | None) -> None:
    if figures is None:
        return
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
