"""`make bench`: every goal of docs/performance.md beside its floor. With names, those modules alone."""

import asyncio
import importlib
import pkgutil
import sys
from pathlib import Path

from rich.console import Console

from benchmarks._place import open_place
from benchmarks._results import Result, show


async def main(names: list[str]) -> None:
    results: list[Result] = []
    console = Console()
    async with open_place() as place:
        for name in names or modules():
            console.print(f"measuring: {name}")
            results += await importlib.import_module(f"benchmarks.{name}").run(place)
    show(sorted(results, key=lambda it: int(it.goal)), console)


def modules() -> list[str]:
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return [module.name for module in found if not module.name.startswith("_")]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
