"""How long something took: typed as 90s, 4m, 1h5m or 300 (seconds), kept in seconds."""

import re
from typing import Final

from bot.errors import BadInput
from bot.rules.wording import bad, quoted

LONGEST: Final = 30 * 24 * 3600
MINUTE: Final = 60
HOUR: Final = 3600
FORMS: Final = "Write it as 90s, 4m, 1h5m or 300 (seconds)."
_NUMBER: Final = r"[0-9]{1,12}"
_SHAPE: Final = re.compile(
    rf"(?P<seconds>{_NUMBER})"
    rf"|(?=[0-9])(?:(?P<h>{_NUMBER})h(?:ours?|rs?)?)?(?:(?P<m>{_NUMBER})m(?:in(?:ute)?s?)?)?(?:(?P<s>{_NUMBER})s(?:ec(?:ond)?s?)?)?",
    re.IGNORECASE,
)
_MEANT: Final = re.compile(r"[-\u2212+]?[0-9]+(?:[.,:]?[0-9]+)*(?:[hms][0-9.,hms]*)?", re.IGNORECASE)


def looks_like_duration(word: str) -> bool:
    """Whether one word is meant as a duration, valid or not: 4m, 300, -5, 1.5h."""
    return _SHAPE.fullmatch(word) is not None or _MEANT.fullmatch(word) is not None


def parse_duration(text: str, *, field: str | None = "duration") -> int:
    """Seconds, from 0 to 30 days. Raises BadInput."""
    typed = "".join(text.split())
    found = _SHAPE.fullmatch(typed)
    if found is None or not typed:
        if typed[:1] in {"-", "\u2212"}:
            raise bad(f"{quoted(text)} is negative, and nothing takes less than no time. {FORMS}", field=field)
        raise bad(f"{quoted(text)} is no duration. {FORMS}", field=field)
    seconds = _exact(found, field)
    if seconds > LONGEST:
        raise bad(f"{quoted(text)} is more than 30 days. {FORMS}", field=field)
    return seconds


def format_duration(seconds: int) -> str:
    """As it is typed, in hours, minutes and seconds: 1h 5m, 4m, 1m 30s, 0s."""
    parts = ((seconds // HOUR, "h"), (seconds % HOUR // MINUTE, "m"), (seconds % MINUTE, "s"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def _exact(found: re.Match[str], field: str | None) -> int:
    if found["seconds"] is not None:
        return int(found["seconds"])
    hours, minutes, seconds = (int(found[unit] or 0) for unit in "hms")
    beside = [found["m"] if found["h"] else None, found["s"] if found["h"] or found["m"] else None]
    if any(int(number or 0) >= MINUTE for number in beside):
        raise _too_much(found.group(), field)
    return hours * HOUR + minutes * MINUTE + seconds


def _too_much(typed: str, field: str | None) -> BadInput:
    return bad(f"{quoted(typed)} has more than 59 minutes or seconds beside a larger unit. {FORMS}", field=field)
