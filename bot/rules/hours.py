"""Hours of work: typed as 1.5, 1,5, 1h30m, 90m or 2h, shown as decimals."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from bot.errors import BadInput
from bot.rules.wording import bad, quoted

MOST_A_DAY: Final = Decimal(24)
MINUTES_IN_HOUR: Final = 60
CENT: Final = Decimal("0.01")
FORMS: Final = "Write hours as 1.5, 1h30m or 90m."
SHAPE: Final = re.compile(
    r"(?:(?P<decimal>[0-9]{1,6}(?:[.,][0-9]{1,6})?|[.,][0-9]{1,6})\s*(?:h|hr|hrs|hours?)?"
    r"|(?P<hours>[0-9]{1,6})\s*h\s*(?P<beside>[0-9]{1,6})\s*(?:m|min|mins|minutes?)?"
    r"|(?P<minutes>[0-9]{1,6})\s*(?:m|min|mins|minutes?))",
    re.IGNORECASE,
)


def parse_hours(text: str, *, field: str | None = "hours") -> Decimal:
    """Hours with two decimals (1h20m is 1.33), more than 0 and at most 24. Raises BadInput."""
    found = SHAPE.fullmatch(text.strip())
    if found is None:
        raise _misread(text, field)
    hours = _exact(found, field).quantize(CENT, ROUND_HALF_UP)
    if not 0 < hours <= MOST_A_DAY:
        raise bad(f"{quoted(text)} hours cannot be logged: it must be more than 0 and at most 24. {FORMS}", field=field)
    return hours


def format_hours(hours: Decimal) -> str:
    """Hours as a decimal without trailing zeros: 1.75, 1.5, 2."""
    shown = f"{hours.quantize(CENT, ROUND_HALF_UP):f}".rstrip("0").rstrip(".")
    return "0" if shown in {"", "-0"} else shown


def _misread(text: str, field: str | None) -> BadInput:
    if re.fullmatch(r"[-\u2212][0-9.,hm]+", text.strip()):
        return bad(f"{quoted(text)} is negative; hours must be more than 0 and at most 24. {FORMS}", field=field)
    return bad(f"{quoted(text)} is no number of hours. {FORMS}", field=field)


def _exact(found: re.Match[str], field: str | None) -> Decimal:
    if found["decimal"] is not None:
        return Decimal(found["decimal"].replace(",", "."))
    if found["minutes"] is not None:
        return Decimal(found["minutes"]) / MINUTES_IN_HOUR
    beside = int(found["beside"])
    if beside >= MINUTES_IN_HOUR:
        raise bad(
            f"{quoted(found.group())} has {beside} minutes beside the hours; at most 59 fit. {FORMS}", field=field
        )
    return Decimal(found["hours"]) + Decimal(beside) / MINUTES_IN_HOUR
