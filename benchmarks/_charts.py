"""`make charts`: the picture and the table of docs/performance.md, from what `make bench` wrote down."""

import json
import math
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks._results import Result

DOCS: Final = Path(__file__).parents[1] / "docs"
RESULTS: Final = DOCS / "performance.json"
PICTURE: Final = DOCS / "images" / "performance.svg"
PAGE: Final = DOCS / "performance.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
MET, MISSED = "#2f6f4f", "#a3412a"


def main() -> None:
    """Draw and write."""
    told = json.loads(RESULTS.read_text(encoding="utf-8"))
    results = [Result(**it) for it in told["results"]]
    draw(results, told["machine"])
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n{table(results, told['machine'])}\n{END}{tail}", encoding="utf-8")


def draw(results: list[Result], machine: str) -> None:
    """A bar for each goal: how many times better than wanted, on a logarithmic scale; left of the line is missed."""
    mpl.rcParams.update({"svg.hashsalt": "techops", "font.family": "sans-serif"})
    figure = Figure(figsize=(9, 0.42 * len(results) + 1.2), layout="constrained")
    axes = figure.subplots()
    shares = [math.log2(share(it)) for it in results]
    names = [f"{it.goal}  {it.what}" for it in results]
    bars = axes.barh(names, shares, color=[MET if it.met else MISSED for it in results])
    axes.bar_label(bars, [f" {it.value:.3g}{it.unit} ({'met' if it.met else 'missed'})" for it in results], fontsize=8)
    axes.axvline(0, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel(f"times better than the goal, as a power of two; {machine}", fontsize=8)
    axes.margins(x=0.3)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))


def share(it: Result) -> float:
    """How many times better than wanted; below 1 the goal is missed."""
    ratio = it.value / it.wanted
    return ratio if it.compare == "at least" else 1 / ratio


def table(results: list[Result], machine: str) -> str:
    """The same in Markdown."""
    lines = [
        f"Measured on {machine}.",
        "",
        "| # | What | Measured | Goal | | Ours | Floor |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {it.goal} | {it.what} | {it.value:.3g}{it.unit} | {it.compare} {it.wanted:g}{it.unit} |"
        f" {'met' if it.met else '**missed**'} | {it.ours} | {it.floor} |"
        for it in results
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
