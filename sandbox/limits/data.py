"""Rules of tables and charts.

https://docs.slack.dev/reference/block-kit/blocks/table-block, .../data-table-block, .../data-visualization-block
"""

from typing import Any

from sandbox.limits.core import (
    Check,
    Problems,
    anything,
    array,
    boolean,
    by_type,
    integer,
    listed,
    number,
    objects,
    one_of,
    shape,
    string,
    unique,
)
from sandbox.limits.richtext import RICH_TEXT

RAW_TEXT = shape({"type": anything, "text": string(3000)})
RAW_NUMBER = shape({"type": anything, "value": number}, {"text": string(3000)})
CELLS: dict[str, Check] = {"raw_text": RAW_TEXT, "raw_number": RAW_NUMBER, "rich_text": RICH_TEXT}
ROW = array(by_type(CELLS), 1, 20)
COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _even_rows(problems: Problems, pointer: str, block: Any) -> None:
    if len({len(row) for row in listed(block.get("rows")) if isinstance(row, list)}) > 1:
        problems.add(f"{pointer}/rows", "all rows must have the same number of cells")


def _plain_header(problems: Problems, pointer: str, block: Any) -> None:
    if any(cell.get("type") == "rich_text" for row in listed(block.get("rows"))[:1] for cell in objects(row)):
        problems.add(f"{pointer}/rows/0", "header cells must not be rich_text")


TABLE = shape(
    {"type": anything, "rows": array(ROW, 1, 100)},
    {"block_id": string(255), "column_settings": array(COLUMN, 0, 20)},
)
DATA_TABLE = shape(  # the header and a hundred rows
    {"type": anything, "caption": string(3000), "rows": array(ROW, 2, 101)},
    {"block_id": string(255), "page_size": integer(1, 100), "row_header_column_index": integer(0, 19)},
    _even_rows,
    _plain_header,
)

LABEL = string(20)
POINT = shape({"label": LABEL, "value": number})
SERIES = shape({"name": LABEL, "data": array(POINT, 1, 20)})
AXIS = shape({"categories": array(LABEL, 1, 20)}, {"x_label": string(50), "y_label": string(50)})


def _labels(points: Any) -> list[Any]:
    return [p.get("label") for p in objects(points)]


def _series_match(problems: Problems, pointer: str, chart: Any) -> None:
    """Series have names of their own, and one point for each category."""
    series = objects(chart.get("series"))
    unique(problems, f"{pointer}/series", [s.get("name") for s in series], "series name")
    axis = chart.get("axis_config")
    categories = axis.get("categories") if isinstance(axis, dict) else None
    if not isinstance(categories, list):
        return
    unique(problems, f"{pointer}/axis_config/categories", categories, "category")
    for index, entry in enumerate(series):
        if sorted(map(str, _labels(entry.get("data")))) != sorted(map(str, categories)):
            problems.add(f"{pointer}/series/{index}/data", "must have one data point for each category")


def _positive(problems: Problems, pointer: str, chart: Any) -> None:
    for index, segment in enumerate(objects(chart.get("segments"))):
        value = segment.get("value")
        if isinstance(value, (int, float)) and value <= 0:
            problems.add(f"{pointer}/segments/{index}/value", "must be greater than 0")


_PLOT = shape({"type": anything, "series": array(SERIES, 1, 12), "axis_config": AXIS}, {}, _series_match)
CHARTS: dict[str, Check] = {
    "pie": shape({"type": anything, "segments": array(POINT, 1, 12)}, {}, _positive),
    "bar": _PLOT,
    "line": _PLOT,
    "area": _PLOT,
}
DATA_VISUALIZATION = shape({"type": anything, "title": string(50), "chart": by_type(CHARTS)}, {"block_id": string(255)})
