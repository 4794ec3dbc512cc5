"""How long something takes, beside something else."""

import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Final

REPEATS: Final = 9
Work = Callable[[], Awaitable[object]]


async def interleaved(*works: Work, repeats: int = REPEATS) -> list[float]:
    """Median milliseconds of each, measured in turn so that noise hits all alike; the first turn is thrown away."""
    times: list[list[float]] = [[] for _ in works]
    for turn in range(repeats + 1):
        for work, taken in zip(works, times, strict=True):
            started = time.perf_counter()
            await work()
            if turn:
                taken.append((time.perf_counter() - started) * 1000)
    return [statistics.median(taken) for taken in times]


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
