"""What a process counts while it works. One object a process, passed in; nothing here is shared between processes.

Label values come from fixed lists (the registry's names, Slack's methods, routes), never from what people or programs
send: every other value counts as `other`.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

OTHER: Final = "other"
_ACK_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
_CALL_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_WAIT_SECONDS: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 2.0)
_JOB_SECONDS: Final = (0.05, 0.25, 1.0, 5.0, 30.0, 300.0, 3600.0)
_METHODS: Final = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}


@dataclass(slots=True)
class Outcome:
    """How what is timed came out; whoever does it says so."""

    name: str = "ok"


class Meters:
    """The counters of one process. `process` is its kind, `node` tells it from others of its kind."""

    def __init__(self, process: str = OTHER) -> None:
        """Register everything at once, so that a scrape finds every name from the start."""
        self.process = process
        self.node = f"{socket.gethostname()}:{os.getpid()}"
        self.registry = CollectorRegistry()
        self._acks = self._counter("acks", "Requests of people by entry and outcome", "kind", "name", "outcome")
        self._ack_seconds = self._histogram("ack_seconds", "From request to acknowledgement", _ACK_SECONDS, "kind")
        self._calls = self._counter("slack_calls", "Calls of Slack's Web API", "method", "result")
        self._call_seconds = self._histogram("slack_call_seconds", "How long they took", _CALL_SECONDS, "method")
        self._rate_limited = self._counter("slack_rate_limited", "Answers with status 429", "method")
        self._jobs = self._counter("queue_jobs", "Jobs of the queue by result", "entrypoint", "result")
        self._job_seconds = self._histogram("queue_job_seconds", "How long they took", _JOB_SECONDS, "entrypoint")
        self._http = self._counter("http_requests", "HTTP requests by route", "route", "method", "status")
        self._http_seconds = self._histogram("http_request_seconds", "How long they took", _ACK_SECONDS, "route")
        self._waits = self._histogram("pool_wait_seconds", "Waits for a connection of the pool", _WAIT_SECONDS)
        self._errors = self._counter("database_errors", "Errors of the database by class of SQLSTATE", "class")

    def acked(self, kind: str, name: str, outcome: str, seconds: float) -> None:
        """A request of a person was answered; `name` is that of the registry, outcome ok, refused, failed or late."""
        self._acks.labels(kind, name, outcome).inc()
        self._ack_seconds.labels(kind).observe(seconds)

    def served(self, route: str, method: str, status: int, seconds: float) -> None:
        """An HTTP request was answered; `route` is the pattern that took it, empty where none did."""
        self._http.labels(route or OTHER, method if method in _METHODS else OTHER, str(status)).inc()
        self._http_seconds.labels(route or OTHER).observe(seconds)

    @contextmanager
    def calling(self, method: str) -> Iterator[Outcome]:
        """Time a call of Slack's Web API."""
        outcome, begun = Outcome(), time.monotonic()
        try:
            yield outcome
        finally:
            self._calls.labels(method, outcome.name).inc()
            self._call_seconds.labels(method).observe(time.monotonic() - begun)
            if outcome.name == "rate_limited":
                self._rate_limited.labels(method).inc()

    @contextmanager
    def working(self, entrypoint: str) -> Iterator[Outcome]:
        """Time a job of the queue."""
        outcome, begun = Outcome("held"), time.monotonic()
        try:
            yield outcome
        finally:
            self._jobs.labels(entrypoint, outcome.name).inc()
            self._job_seconds.labels(entrypoint).observe(time.monotonic() - begun)

    def pool_waited(self, seconds: float) -> None:
        """Somebody waited this long for a connection of the pool, in vain or not."""
        self._waits.observe(seconds)

    def database_failed(self, sqlstate_class: str) -> None:
        """The database refused or failed; the first two letters of its SQLSTATE, or a word where it gave none."""
        self._errors.labels(sqlstate_class).inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"techops_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"techops_{name}", text, labels, buckets=buckets, registry=self.registry)
