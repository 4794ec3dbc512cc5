"""When an environment is not deployed to: windows of local time in a named zone, both ends included."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import BadInput, WrongState
from bot.rules import days
from bot.rules.deployments import ALL, clean_reason, environment_named, find_environment
from bot.rules.ids import parse_id
from bot.rules.suggest import closest
from bot.rules.text import split
from bot.rules.wording import bad, quoted
from bot.rules.zones import local
from db.models import Freeze

PREFIX: Final = "F"
EXAMPLE: Final = "/deploy freeze production 2026-12-24..2026-12-26 Holidays"
FURTHEST: Final = timedelta(days=36525)
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}|today|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_TIME: Final = r"[0-9]{1,2}:[0-9]{2}(?::00)?|[0-9]{1,2} ?[ap]m|noon"


def _end_of_window(name: str) -> str:
    return rf"(?:(?P<{name}_day>{_DAY})(?:(?:t|,? (?:at )?)(?P<{name}_at>{_TIME}))?|(?P<{name}_only>{_TIME}))"


_WINDOW: Final = re.compile(
    rf"(?<!\S)(?:{_end_of_window('first')}|(?P<now>now)) ?(?:\.\.+|\u2026) ?{_end_of_window('last')}(?!\S)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NewFreeze:
    """A window from `starts_at` until just before `ends_at`; `environment` may be "all"."""

    environment: str
    starts_at: datetime
    ends_at: datetime
    tz: str
    reason: str


def parse_freeze(text: str, *, now: datetime, tz: str) -> NewFreeze:
    """ENV|all FROM..TO REASON [tz:ZONE]; `tz` is the person's zone, where none is given.

    The ends are dates or dates with times, both included: a last day is frozen to its end, a last minute too.
    Raises BadInput.
    """
    words = split(text, ("tz",))
    zone_name = zone_named(words.options["tz"]) if "tz" in words.options else zone_named(tz)
    typed = " ".join(" ".join(words.plain).split())
    window = _WINDOW.search(typed)
    if window is None:
        raise _no_window(typed)
    environment, reason = _environment(f"{typed[: window.start()]} {typed[window.end() :]}".split())
    starts_at, ends_at = _ends(window, now=now, tz=zone_name)
    return NewFreeze(environment, starts_at, ends_at, zone_name, clean_reason(reason, example=EXAMPLE))


def parse_unfreeze(text: str) -> int:
    """ID: F-3, #3 or 3. Raises BadInput."""
    plain = split(text, ()).plain
    if len(plain) != 1:
        raise bad("Say which freeze to lift; `/deploy freezes` shows them.", example="/deploy unfreeze F-3")
    return parse_id(plain[0], prefix=PREFIX, what="freeze")


def freeze_label(freeze_id: int) -> str:
    """What people call a freeze: F-3."""
    return f"{PREFIX}-{freeze_id}"


def last_minute(freeze: Freeze) -> str:
    """The last minute that is frozen, in the zone of the window: 2026-12-26 23:59 (Europe/Berlin)."""
    return f"{local(freeze.ends_at - _MINUTE, freeze.tz):%Y-%m-%d %H:%M} ({freeze.tz})"


def frozen(freeze: Freeze, environment: str, *, doing: str) -> WrongState:
    """The refusal while a freeze lasts; `doing` completes "so you cannot ...", as in "start D-17"."""
    what = "Everything" if freeze.environment == ALL else environment.capitalize()
    return WrongState(
        f"{what} is frozen until {last_minute(freeze)}, so you cannot {doing}. "
        f"Reason: {freeze.reason} ({freeze_label(freeze.id)}, by {freeze.creator_name or 'a former colleague'}). "
        "An admin can override it: `/deploy start D-17 override:REASON`"
    )


def zone_named(name: str) -> str:
    """The IANA name of a zone, whatever its case. Raises BadInput (field "tz")."""
    wanted = name.strip()
    try:
        return ZoneInfo(wanted).key
    except (KeyError, ValueError, OSError):
        return _zone_like(wanted)


def _zone_like(wanted: str) -> str:
    known = {zone.casefold(): zone for zone in available_timezones()}
    if wanted.casefold() in known:
        return known[wanted.casefold()]
    cities = {folded.rpartition("/")[2]: zone for folded, zone in sorted(known.items(), reverse=True)}
    near = cities.get(wanted.casefold().replace(" ", "_")) or closest(wanted, known.values())
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(wanted)} is no time zone.{hint}", example="tz:Europe/Berlin", field="tz")


def _environment(words: list[str]) -> tuple[str, str]:
    """The environment, which stands first or is the only one named, and the reason."""
    if not words:
        raise bad("Say which environment is frozen, or all.", example=EXAMPLE)
    named = [place for place, word in enumerate(words) if _frozen_place(word)]
    place = named[0] if len(named) == 1 and not _frozen_place(words[0]) else 0
    environment = _frozen_place(words[place]) or environment_named(words[place], others=(ALL,))
    return environment, " ".join(words[:place] + words[place + 1 :])


def _frozen_place(word: str) -> str | None:
    return ALL if word.casefold() == ALL else find_environment(word)


def _ends(window: re.Match[str], *, now: datetime, tz: str) -> tuple[datetime, datetime]:
    here = local(now, tz).replace(tzinfo=None, second=0, microsecond=0)
    first_day = _day(window["first_day"], here)
    first_at = _clock(window["first_at"] or window["first_only"]) or (here.time() if window["now"] else time())
    last_day = _last_day(window["last_day"], first_day, here)
    last_at = _clock(window["last_at"] or window["last_only"])
    try:
        starts_at = _instant(first_day, first_at, tz)
        ends_at = _after(last_day, last_at, tz)
    except OverflowError:
        raise bad("That is beyond every calendar. Check the year.", example=EXAMPLE) from None
    _check_order(window.group(), starts_at, ends_at, now=now, tz=tz)
    return starts_at, ends_at


def _check_order(typed: str, starts_at: datetime, ends_at: datetime, *, now: datetime, tz: str) -> None:
    if ends_at <= starts_at:
        raise bad(f"{quoted(typed)} ends before it starts. The first end comes first.", example=EXAMPLE)
    if ends_at <= now:
        raise bad(f"{quoted(typed)} is over already: it is {local(now, tz):%Y-%m-%d %H:%M} in {tz}.", example=EXAMPLE)
    if ends_at - now > FURTHEST:
        raise bad("That is more than 100 years from now. Check the year.", example=EXAMPLE)


def _day(text: str | None, here: datetime) -> date:
    return days.day(text.casefold(), base=here, field=None) if text else here.date()


def _last_day(text: str | None, first: date, here: datetime) -> date:
    """The last day; a day of the week is the one that follows the first day."""
    if text is None:
        return first
    return _day(text, datetime.combine(first, time()) if days.is_weekday(text.casefold()) else here)


def _clock(text: str | None) -> time | None:
    return days.clock(text.casefold(), field=None) if text else None


def _instant(day: date, at: time, tz: str) -> datetime:
    """The first coming of a wall time; one that never comes is moved forward as the clock was."""
    return datetime.combine(day, at, tzinfo=ZoneInfo(tz)).astimezone(UTC)


def _after(day: date, at: time | None, tz: str) -> datetime:
    """The moment after a day, or after the last coming of a minute."""
    if at is None:
        return _instant(day + timedelta(days=1), time(), tz)
    wall = datetime.combine(day, at, tzinfo=ZoneInfo(tz))
    return max(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)) + _MINUTE


def _no_window(typed: str) -> BadInput:
    strange = next((word for word in typed.split() if ".." in word or "\u2026" in word), None)
    if strange is None:
        return bad("Say from when to when, as FROM..TO.", example=EXAMPLE)
    return bad(
        f"{quoted(strange)} is no window. Its ends are dates or dates with times, with two dots between them.",
        example="/deploy freeze production 2026-12-24T18:00..2027-01-02T08:00 Holidays",
    )
