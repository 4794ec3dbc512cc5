"""Charts, cut to what Slack takes. What a chart shows also stands beside it in words: not everybody can see it.

Limits: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block (title 50, label and series name 20
characters, axis label 50, 20 points, 12 series, two charts a message).
"""

from collections.abc import Mapping, Sequence

from bot.views.answers import Block
from bot.views.wording import line

_POINTS = 20
_SERIES = 12
_LABEL = 20
_TITLE = 50


def bar_chart(title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]], *, x: str, y: str) -> Block:
    """Draw bars: of each series one for each label. Labels and names have to differ in their first 20 characters."""
    categories = [line(label, _LABEL) for label in labels[:_POINTS]]
    return {
        "type": "data_visualization",
        "title": line(title, _TITLE),
        "chart": {
            "type": "bar",
            "series": [
                {
                    "name": line(name, _LABEL),
                    "data": [
                        {"label": label, "value": value} for label, value in zip(categories, values, strict=False)
                    ],
                }
                for name, values in list(series.items())[:_SERIES]
            ],
            "axis_config": {"categories": categories, "x_label": line(x, _TITLE), "y_label": line(y, _TITLE)},
        },
    }
