"""What came out: a ratio each, beside what was wanted."""

import operator
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

_COMPARE: Final = {"at least": operator.ge, "at most": operator.le}


@dataclass(frozen=True, slots=True)
class Result:
    """One goal: `value` is the ratio (or the number) that `wanted` limits; `ours` and `floor` are what it was made of.

    `limit` is the best that the parts allow, `cause` what a missed goal was found to be missed by.
    """

    goal: str
    what: str
    value: float
    compare: str
    wanted: float
    unit: str
    ours: str
    floor: str
    limit: str
    cause: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is met; noise of 15 % is not counted for it."""
        return bool(_COMPARE[self.compare](self.value, self.wanted))


def show(results: list[Result], console: Console) -> None:
    """The table."""
    table = Table("#", "What", "Measured", "Goal", "", "Ours", "Floor", "Limit")
    for it in results:
        goal = f"{it.compare} {it.wanted:g}{it.unit}"
        table.add_row(
            it.goal,
            it.what,
            f"{it.value:.3g}{it.unit}",
            goal,
            "met" if it.met else "MISSED",
            it.ours,
            it.floor,
            it.limit,
        )
    console.print(table)
    for it in results:
        if not it.met and it.cause:
            console.print(f"{it.goal} is missed: {it.cause}")
