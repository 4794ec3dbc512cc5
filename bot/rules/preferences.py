"""What people set for themselves: working hours, time zone, direct messages; read from the form."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from bot.rules.wording import bad
from bot.rules.workdays import DEFAULT, WorkingHours

AS_IN_SLACK: Final = "slack"
ON: Final = "on"
OFF: Final = "off"
_MOST_CHOICES: Final = 100


@dataclass(frozen=True, slots=True)
class Preferences:
    """A person's settings. `hours` None: the usual ones; `tz` None: as Slack says."""

    hours: WorkingHours | None
    tz: str | None
    direct_messages: bool


def read_preferences(values: Mapping[str, str | None], zones: Collection[str]) -> Preferences:
    """The settings that stand in the form; `zones` are the names of those that there are. Raises BadInput."""
    hours = WorkingHours(_clock(values, "from"), _clock(values, "until"), _days(values.get("days")))
    if hours.end <= hours.start:
        raise bad("Work ends before it begins; hours over midnight are not possible.", field="until")
    wanted = values.get("zone") or AS_IN_SLACK
    if wanted != AS_IN_SLACK and wanted not in zones:
        raise bad("This is no time zone I know. Choose one from the list.", field="zone")
    return Preferences(
        None if hours == DEFAULT else hours,
        None if wanted == AS_IN_SLACK else wanted,
        values.get("direct_messages") != OFF,
    )


def zone_choices(query: str, zones: Collection[str]) -> list[tuple[str, str]]:
    """The zones to offer for what was typed, at most 100; Slack's goes first."""
    words = query.casefold().replace("_", " ").split()
    found = [name for name in sorted(zones) if all(word in name.casefold().replace("_", " ") for word in words)]
    slack = [("As in Slack", AS_IN_SLACK)] if all(word in "as in slack" for word in words) else []
    return [*slack, *((name.replace("_", " "), name) for name in found)][:_MOST_CHOICES]


def _clock(values: Mapping[str, str | None], field: str) -> time:
    try:
        return datetime.strptime(values.get(field) or "", "%H:%M").time()  # noqa: DTZ007 - a time of day, of no zone
    except ValueError:
        raise bad("Choose a time of day.", field=field) from None


def _days(text: str | None) -> tuple[int, ...]:
    days = sorted({int(day) for day in (text or "").split(",") if day in set("1234567")})
    if not days:
        raise bad("Choose at least one day.", field="days")
    return tuple(days)
