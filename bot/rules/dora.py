"""Deployment statistics: what is asked for, which days that is, and the measures of both periods.

The measures are those of DORA (https://dora.dev/guides/dora-metrics/); docs/stats.md says how they are counted here.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from bot.rules.text import split
from bot.rules.wording import bad, quoted
from bot.rules.zones import instant, local
from db.models import Environment
from db.models_stats import DeploymentCounts

PERIODS: Final = (30, 90)
SPANS: Final = 10
EXAMPLE: Final = '/deploy stats "Web App" 90d'
_PERIOD: Final = re.compile(r"([0-9]{1,6}) ?d(?:ays?)?", re.IGNORECASE)
_LIKE_PERIOD: Final = re.compile(
    r"[0-9]+(?:[.,][0-9]+)? ?(?:h|d|w|m|mo|y|hours?|days?|weeks?|months?|years?)", re.IGNORECASE
)
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StatsFilter:
    """What was asked for: `project` is a name as typed or None for all, `days` the length of the period."""

    project: str | None
    days: int


@dataclass(frozen=True, slots=True)
class Window:
    """Local days from `first` to `last`, both included, and as many before them; each begins at its local midnight.

    The instants are UTC: `before` and `since` begin the two periods, `until` ends the recent one. `spans` are the first
    days of the spans that it is divided into, `edges` the instants at which they begin.
    """

    days: int
    first: date
    last: date
    before: datetime
    since: datetime
    until: datetime
    spans: tuple[date, ...]
    edges: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of one period. Times are seconds; None where there is nothing to measure."""

    days: int
    finished: int = 0
    broken: int = 0
    restored: int = 0
    restore: float | None = None
    p50: float | None = None
    p95: float | None = None
    unapproved: int = 0

    @property
    def per_day(self) -> float:
        """Deployments a day."""
        return self.finished / self.days

    @property
    def failure_rate(self) -> float | None:
        """The share that failed or was rolled back, 0 to 1."""
        return self.broken / self.finished if self.finished else None

    @property
    def unrestored(self) -> int:
        """Broken deployments that no success has followed yet."""
        return self.broken - self.restored


@dataclass(frozen=True, slots=True)
class Span:
    """What finished in some days of the period, the first of which is `first`."""

    first: date
    succeeded: int
    broken: int


@dataclass(frozen=True, slots=True)
class DeploymentStats:
    """Both periods, the recent one also by environment (the most delicate first) and by span of days."""

    window: Window
    recent: Measures
    before: Measures
    environments: tuple[tuple[str, Measures], ...]
    spans: tuple[Span, ...]


def parse_stats(text: str) -> StatsFilter:
    """[PROJECT] [30d|90d], in any order; the project may also stand as project:P. Raises BadInput."""
    words = split(text, ("project",))
    periods: list[str] = []
    names: list[str] = []
    for place, word in enumerate(words.plain):
        is_period = not words.is_quoted(place) and _LIKE_PERIOD.fullmatch(word)
        (periods if is_period else names).append(word)
    option = words.options.get("project")
    if len(periods) > 1 or (option and names):
        raise bad("Statistics take one project, or none, and one period.", example=EXAMPLE)
    return StatsFilter(option or " ".join(names).strip() or None, _days(periods[0]) if periods else PERIODS[0])


def window(days: int, *, now: datetime, tz: str) -> Window:
    """The last `days` local days of a person in `tz`, today included, in `SPANS` spans of the same length."""
    last = local(now, tz).date()
    first = last - (days - 1) * _A_DAY
    spans = tuple(first + days // SPANS * number * _A_DAY for number in range(SPANS))

    def begin(day: date) -> datetime:
        return instant(day, time(), now=now, tz=tz)

    return Window(
        days,
        first,
        last,
        begin(first - days * _A_DAY),
        begin(first),
        begin(last + _A_DAY),
        spans,
        tuple(begin(day) for day in spans),
    )


def measure(counts: DeploymentCounts, over: Window) -> DeploymentStats:
    """The measures of what was counted in a window and in the one before it."""
    named = {it.environment for it in counts.finished if it.recent and it.environment is not None}
    by_number = {it.number: it for it in counts.spans}
    found = [by_number.get(number) for number in range(1, len(over.spans) + 1)]
    return DeploymentStats(
        over,
        _measures(counts, over.days, None, recent=True),
        _measures(counts, over.days, None, recent=False),
        tuple((name, _measures(counts, over.days, name, recent=True)) for name in sorted(named, key=_delicate)),
        tuple(
            Span(day, it.succeeded if it else 0, it.broken if it else 0)
            for day, it in zip(over.spans, found, strict=True)
        ),
    )


def _days(typed: str) -> int:
    found = _PERIOD.fullmatch(typed)
    days = int(found[1]) if found else 0
    if days not in PERIODS:
        raise bad(
            f"There are statistics over 30d and 90d, not over {quoted(typed)}. A project of that name needs quotes.",
            example=EXAMPLE,
        )
    return days


def _measures(counts: DeploymentCounts, days: int, environment: str | None, *, recent: bool) -> Measures:
    wanted = (recent, environment)
    finished = next((it for it in counts.finished if (it.recent, it.environment) == wanted), None)
    if finished is None:
        return Measures(days)
    restored = next((it for it in counts.restored if (it.recent, it.environment) == wanted), None)
    return Measures(
        days,
        finished.finished,
        finished.broken,
        restored.restored if restored else 0,
        restored.median if restored else None,
        finished.p50,
        finished.p95,
        counts.unapproved.get(recent, 0) if environment is None else 0,
    )


def _delicate(environment: str) -> tuple[int, str]:
    known = list(Environment)
    return known.index(Environment(environment)) if environment in known else len(known), environment
