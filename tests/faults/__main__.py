"""`make soak`: storms one after the other, in HTTP and in Socket Mode by turns; exit code 1 where one left a fault."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from tests.faults.storm import Outcome, storm

STORM_SECONDS = 120.0


def main(
    minutes: Annotated[float, typer.Option(help="How long all of it rages, about.")] = 10,
    seed: Annotated[int | None, typer.Option(help="Repeat the storm of this seed; without, the time is it.")] = None,
) -> None:
    """Storms against the bot; each prints its seed, with which it can be repeated."""
    until = time.monotonic() + 60 * minutes
    number = int(time.time()) if seed is None else seed
    failed = False
    turn = 0
    while turn == 0 or (time.monotonic() < until and seed is None):
        seconds = min(STORM_SECONDS, max(10.0, until - time.monotonic()))
        for line in report(number + turn, asyncio.run(one(number + turn, seconds))):
            typer.echo(line)
            failed = failed or line.startswith("FAULT")
        turn += 1
    typer.echo("lost, doubled or stuck: see above" if failed else "zero lost, zero doubled, zero stuck")
    sys.exit(failed)


async def one(seed: int, seconds: float) -> Outcome:
    """One storm in a directory of its own; odd seeds use Socket Mode."""
    with tempfile.TemporaryDirectory(prefix="techops-soak-") as directory:
        return await storm(Path(directory), seed=seed, seconds=seconds, socket_mode=bool(seed % 2))


def report(seed: int, outcome: Outcome) -> list[str]:
    """What to print of it."""
    told = ", ".join(f"{number} {what}" for what, number in sorted(outcome.told.items()))
    return [
        (
            f"seed {seed} ({'Socket Mode' if seed % 2 else 'HTTP'}): {len(outcome.happened)} faults; {told}; "
            f"{outcome.clicks} clicks; {outcome.messages} messages; {outcome.reminders} reminders; "
            f"quiet after {outcome.seconds_to_quiet:.1f} s; memory {outcome.growth / 1024**2:+.1f} MiB"
        ),
        *(f"FAULT (seed {seed}) {fault}" for fault in outcome.faults),
    ]


if __name__ == "__main__":
    typer.run(main)
