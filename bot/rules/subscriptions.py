"""What people type after `/techops subscribe`, and when a digest is due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.rules import days
from bot.rules.suggest import closest
from bot.rules.text import Words, split
from bot.rules.wording import bad, listed, quoted
from bot.rules.workdays import EVERY_DAY, first_instant, is_days, parse_days
from bot.rules.zones import local
from db.models_subscriptions import Cadence, Topic

EXAMPLE: Final = "/techops subscribe digest daily at 09:00 tz:Europe/Berlin on mon-fri"
OPTIONS: Final = ("project", "tz", "at", "on")
NINE: Final = time(9)
MONDAY: Final = (1,)
PERIODS: Final = {Cadence.DAILY: timedelta(days=1), Cadence.WEEKLY: timedelta(days=7)}
_ALIASES: Final = {
    "requests": Topic.MAINTENANCE,
    "request": Topic.MAINTENANCE,
    "deployment": Topic.DEPLOYMENTS,
    "deploys": Topic.DEPLOYMENTS,
    "digests": Topic.DIGEST,
    "db": Topic.DATABASE,
    "reminder": Topic.REMINDERS,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody subscribes to; the project is a name as typed. Cadence, time, zone and days are a digest's."""

    topic: Topic
    project: str | None
    cadence: Cadence | None
    at: time | None
    tz: str | None
    days: tuple[int, ...] | None


def parse_subscribe(text: str, *, tz: str) -> Wish:
    """Read KIND [project:P] [daily|weekly] [at HH:MM] [tz:ZONE] [on mon,thu] in any order; `tz` is the person's own.

    A digest comes every day, a weekly one on Monday, at 09:00, unless said otherwise. Raises BadInput.
    """
    words = split(text, OPTIONS)
    topic, rest = _topic(words)
    cadence, at, on = _when(rest, words.options)
    timed = cadence is not None or at is not None or on is not None or "tz" in words.options
    if topic is not Topic.DIGEST:
        if timed:
            raise bad(
                f"{topic.value.capitalize()} are told as they happen; only a digest has a time and days.",
                example=f"/techops subscribe {topic.value}",
            )
        return Wish(topic, words.options.get("project"), None, None, None, None)
    cadence = cadence or Cadence.DAILY
    usual = EVERY_DAY if cadence is Cadence.DAILY else MONDAY
    zone = zone_named(words.options["tz"]) if "tz" in words.options else tz
    return Wish(topic, words.options.get("project"), cadence, at or NINE, zone, on or usual)


def parse_unsubscribe(text: str) -> int:
    """The number of a subscription: 3 or #3. Raises BadInput."""
    digits = text.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):  # noqa: PLR2004 - a 32-bit number
        raise bad("Say which one: `/techops subscriptions` shows their numbers.", example="/techops unsubscribe 3")
    return int(digits)


def parse_preview(text: str) -> tuple[Cadence | None, str | None]:
    """Read [now] [daily|weekly] [project:P]: the cadence, and the project's name. Raises BadInput."""
    words = split(text, ("project",))
    cadence: Cadence | None = None
    for word in (word.casefold() for word in words.plain):
        if word in set(Cadence):
            cadence = Cadence(word)
        elif word != "now":
            raise bad(f"I do not understand {quoted(word)} here.", example="/techops digest now weekly")
    return cadence, words.options.get("project")


def zone_named(name: str) -> str:
    """A time zone by its IANA name, whatever its case. Raises BadInput."""
    wanted = name.strip().replace(" ", "_")
    by_folded = {known.casefold(): known for known in available_timezones()}
    found = by_folded.get(wanted.casefold())
    if found is None:
        cities = {known.rsplit("/", 1)[-1]: known for known in sorted(by_folded.values())}
        near = closest(wanted, by_folded.values()) or cities.get(closest(wanted, cities) or "")
        hint = f" Did you mean {near}?" if near else ""
        raise bad(f"{quoted(name)} is no time zone I know.{hint}", example="tz:Europe/Berlin")
    try:
        ZoneInfo(found)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise bad(f"{quoted(name)} is no time zone I know.", example="tz:Europe/Berlin") from None
    return found


def due_day(
    at: time, tz: str, on: Collection[int], *, created_at: datetime, sent: Collection[date], now: datetime
) -> date | None:
    """The local day whose digest is due now and was not sent yet; None where there is none.

    One whose time has passed is caught up within its day, unless the subscription was made after that minute. A time
    that the clocks skip is past as soon as they have; one that comes twice is past at its first coming.
    """
    here = local(now, tz)
    day = here.date()
    moment = first_instant(day, at, tz)
    if here.isoweekday() not in on or day in sent or now < moment:
        return None
    return None if moment < created_at.replace(second=0, microsecond=0) <= now else day


def period_start(cadence: str, now: datetime, last_at: datetime | None) -> datetime:
    """Since when a digest tells: since the last one, at most four periods back; else one period."""
    period = PERIODS[Cadence(cadence)]
    return max(last_at, now - 4 * period) if last_at is not None else now - period


def end_of_day(now: datetime, tz: str) -> datetime:
    """The instant (UTC) at which the local day is over."""
    return first_instant(local(now, tz).date() + timedelta(days=1), time(), tz)


def _topic(words: Words) -> tuple[Topic, tuple[str, ...]]:
    """The kind, wherever it stands, and the other words."""
    for place, word in enumerate(words.plain):
        folded = word.casefold()
        if folded in set(Topic) or folded in _ALIASES:
            return _ALIASES.get(folded) or Topic(folded), words.plain[:place] + words.plain[place + 1 :]
    if not words.plain:
        raise bad(f"Say to what: {listed(Topic)}.", example=EXAMPLE)
    near = closest(words.plain[0], Topic)
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(words.plain[0])} is nothing to subscribe to.{hint} There is {listed(Topic)}.", example=EXAMPLE)


def _when(rest: Sequence[str], options: dict[str, str]) -> tuple[Cadence | None, time | None, tuple[int, ...] | None]:
    cadence: Cadence | None = None
    at = days.clock(options["at"].casefold(), field=None) if "at" in options else None
    on = [options["on"]] if "on" in options else []
    for word in (word.casefold() for word in rest):
        if word in set(Cadence):
            cadence = Cadence(word)
        elif days.is_time_of_day(word):
            at = days.clock(word, field=None)
        elif is_days(word):
            on.append(word)
        elif word not in {"at", "on", "and", "every"}:
            raise bad(f"I do not understand {quoted(word)} here.", example=EXAMPLE)
    return cadence, at, parse_days(",".join(on), example=EXAMPLE) if on else None
