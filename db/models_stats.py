"""Deployments counted and measured: what the statistics are computed from.

`recent` tells the period asked for from the one before it. `environment` is None in the lines for all of them together.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finished:
    """Deployments that finished, how many of them failed or were rolled back, and how long they took.

    `measured` of them have a duration; `p50` and `p95` are its percentiles in seconds, None where none has one.
    """

    recent: bool
    environment: str | None
    finished: int
    broken: int
    measured: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Restored:
    """How many broken deployments were followed by a success, and after how many seconds at the median."""

    recent: bool
    environment: str | None
    restored: int
    median: float | None


@dataclass(frozen=True, slots=True)
class SpanCount:
    """What finished in one span of the period; spans are numbered from 1."""

    number: int
    succeeded: int
    broken: int


@dataclass(frozen=True, slots=True)
class DeploymentCounts:
    """Everything of both periods; `unapproved` maps `recent` to the deployments that skipped a required approval."""

    finished: list[Finished]
    restored: list[Restored]
    spans: list[SpanCount]
    unapproved: dict[bool, int]
