"""What people type after /worklog, and the limits of work that can be logged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bot.errors import Forbidden
from bot.rules.access import allows
from bot.rules.csvfile import table_csv
from bot.rules.days import is_one_word_day
from bot.rules.hours import MOST_A_DAY, format_hours, parse_hours
from bot.rules.ids import card_label, looks_like_id, parse_id
from bot.rules.mentions import ME, parse_mention, parse_person
from bot.rules.suggest import closest
from bot.rules.text import Words, is_blank, split
from bot.rules.validate import clean_work
from bot.rules.when import Period, looks_like_period, parse_period, parse_work_date
from bot.rules.wording import bad, quoted
from db.models import ReportLine, Role, WorkLog

LOG_EXAMPLE: Final = "/worklog MR-42 1h30m Replaced the disk"
REPORT_EXAMPLE: Final = "/worklog report all month"
DELETE_WITHIN: Final = timedelta(hours=24)
HOURS_APART: Final = re.compile(r"[0-9]+h", re.IGNORECASE)
MINUTES_APART: Final = re.compile(r"[0-9]+m(?:in)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LogWork:
    """Work to be logged. `hours` and `description` are None where only the id was typed: the modal asks for them."""

    id: int
    hours: Decimal | None
    work_date: date
    description: str | None


class ReportScope(StrEnum):
    """Whose hours a report adds up."""

    MINE = "mine"
    ALL = "all"
    PERSON = "person"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """A report's scope; `value` is the Slack user id of a person, or the name of a project as typed, else None."""

    scope: ReportScope
    value: str | None
    period: Period


def parse_log(text: str, *, now: datetime, tz: str) -> LogWork:
    """ID, or ID HOURS [DATE] WHAT; the date may also stand as date:WHEN anywhere. Raises BadInput."""
    words = split(text, ("date",))
    plain = words.plain
    if not plain:
        raise bad("Say which request, how long and what you did.", example=LOG_EXAMPLE)
    request_id = _id(plain[0], LOG_EXAMPLE)
    if len(plain) == 1:
        return LogWork(request_id, None, parse_work_date(words.options.get("date"), now=now, tz=tz), None)
    hours_text, place = _hours_words(plain)
    hours = parse_hours(hours_text)
    day_text = words.options.get("date")
    if day_text is None and _is_date(words, place):
        day_text, place = plain[place], place + 1
    work_date = parse_work_date(day_text, now=now, tz=tz)
    return LogWork(request_id, hours, work_date, _what(words, place))


def parse_report(text: str, *, now: datetime, tz: str) -> ReportFilter:
    """[mine|all|@x|project:P] [today|week|month|FROM..TO], in any order; my own hours of this week. Raises BadInput."""
    words = split(text, ("project",))
    scopes: list[tuple[ReportScope, str | None]] = []
    periods: list[str] = []
    if "project" in words.options:
        scopes.append((ReportScope.PROJECT, words.options["project"]))
    for word in words.plain:
        if looks_like_period(word):
            periods.append(word)
        else:
            scopes.append(_scope(word))
    if len(scopes) > 1 or len(periods) > 1:
        raise bad("A report takes one of mine, all, @name or project:, and one period.", example=REPORT_EXAMPLE)
    scope, value = scopes[0] if scopes else (ReportScope.MINE, None)
    return ReportFilter(scope, value, parse_period(periods[0] if periods else None, now=now, tz=tz))


def parse_delete(text: str) -> int:
    """LOGID, as `/worklog list ID` shows it."""
    example = "/worklog delete 7"
    plain = split(text, ()).plain
    if len(plain) != 1:
        raise bad("Say which work log to delete, by its number; `/worklog list MR-42` shows them.", example=example)
    return parse_id(plain[0], prefix="WL", what="work log")


def parse_list_logs(text: str) -> int:
    """ID of a request."""
    example = "/worklog list MR-42"
    plain = split(text, ()).plain
    if len(plain) != 1:
        raise bad("Say the one request whose work logs you want to see.", example=example)
    return _id(plain[0], example)


def check_day_total(already: Decimal, hours: Decimal, day: date) -> None:
    """Let pass hours that fit into a person's day beside those `already` logged on any request.

    Raises BadInput with field "hours".
    """
    if already + hours <= MOST_A_DAY:
        return
    left = max(MOST_A_DAY - already, Decimal(0))
    raise bad(
        f"{format_hours(hours)} hours do not fit into {day.isoformat()}: {format_hours(already)} are logged already, "
        f"and a day has 24, all requests together. At most {format_hours(left)} can be added.",
        field="hours",
    )


def may_delete(role: str, user_id: int, log: WorkLog, now: datetime) -> None:
    """Let pass the person's own work log within 24 hours of logging it, and admins. Raises Forbidden."""
    if allows(role, Role.ADMIN):
        return
    if log.user_id != user_id:
        raise Forbidden(f"Work log {log.id} is {log.user_name}'s. You can delete your own; an admin can delete any.")
    if now - log.created_at > DELETE_WITHIN:
        raise Forbidden(f"Work log {log.id} is older than 24 hours, so only an admin can delete it. Ask an admin.")


def report_csv(lines: Sequence[ReportLine]) -> str:
    """The lines of a report as a CSV file: one a person and request, hours as decimals."""
    return table_csv(
        ("Person", "Project", "Request", "Title", "Hours", "Logs"),
        [
            (
                line.user_name,
                line.project_name or "",
                card_label(line.request_id),
                line.request_title,
                format_hours(line.hours),
                str(line.logs),
            )
            for line in lines
        ],
    )


def _id(word: str, example: str) -> int:
    if not looks_like_id(word):
        raise bad(f"{quoted(word)} is no number of a request; it comes first.", example=example)
    return parse_id(word)


def _hours_words(plain: Sequence[str]) -> tuple[str, int]:
    """The words that are the hours ("1h 30m" are two), and the place after them."""
    apart = len(plain) > 2 and HOURS_APART.fullmatch(plain[1]) and MINUTES_APART.fullmatch(plain[2])  # noqa: PLR2004
    return (plain[1] + plain[2], 3) if apart else (plain[1], 2)


def _is_date(words: Words, place: int) -> bool:
    return len(words.plain) > place and is_one_word_day(words.plain[place]) and not words.is_quoted(place)


def _what(words: Words, place: int) -> str:
    description = words.rest(place)
    if is_blank(description):
        raise bad("Say what was done; a few words are enough.", example=LOG_EXAMPLE, field="description")
    return clean_work(description)


def _scope(word: str) -> tuple[ReportScope, str | None]:
    folded = word.casefold()
    if folded in {ReportScope.MINE, ME}:
        return ReportScope.MINE, None
    if folded == ReportScope.ALL:
        return ReportScope.ALL, None
    if parse_mention(word) or word.startswith("@"):
        return ReportScope.PERSON, parse_person(word, example="/worklog report @name month")
    near = closest(word, ("mine", "all", "today", "week", "month"))
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(word)} is neither a person nor a period.{hint}", example=REPORT_EXAMPLE)
