"""`make bench`: every measurement of this folder, one after the other."""

import pkgutil
import runpy
from pathlib import Path


def main() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("_"):
            print(f"\n== {module.name}")
            runpy.run_module(f"benchmarks.{module.name}", run_name="__main__")


if __name__ == "__main__":
    main()
