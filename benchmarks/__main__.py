"""`make bench`: every goal of docs/performance.md beside its floor. With names, those modules alone."""

import asyncio
import importlib
import json
import os
import pkgutil
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks._place import open_place
from benchmarks._results import Result, show


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Modules of this folder; without, all.")] = None,
    write: Annotated[Path | None, typer.Option(help="Also write the results to this file, as JSON.")] = None,
) -> None:
    """Measure, and print what came out beside what was wanted."""
    results, major = asyncio.run(measure(names or modules()))
    show(results, Console())
    if write is not None:
        told = {"machine": machine(major), "results": [asdict(it) for it in results]}
        write.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


async def measure(names: list[str]) -> tuple[list[Result], int]:
    """The results in the order of the goals, and the server's major version."""
    results: list[Result] = []
    async with open_place() as place:
        for name in names:
            print(f"measuring: {name}", file=sys.stderr)
            results += await importlib.import_module(f"benchmarks.{name}").run(place)
    return sorted(results, key=lambda it: int(it.goal)), place.major


def modules() -> list[str]:
    """What is measured without names."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return [module.name for module in found if not module.name.startswith("_")]


def machine(major: int) -> str:
    """What it was measured on, in a line."""
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, PostgreSQL {major}"


if __name__ == "__main__":
    typer.run(main)
