"""The life of each request, told backwards from its latest step, so that nothing lies in the future."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Final

from bot.rules.requests import Move, check_move, is_closed
from bot.services.sample import words
from bot.services.sample.catalogue import PEOPLE, PROJECTS
from bot.services.sample.hours import CLOSES, OPENS, at_hour, at_work, day_of, earlier
from bot.services.sample.wishes import OPEN, OVER, Wish
from db.models import Priority, RequestStatus, Role
from db.queries.sample import NewComment, NewEntry, NewLog, NewRequest

# Hours before a step, between the least and the most; urgent requests are dealt with faster.
_GAPS: Final = {
    "assign": (0.5, 20.0),
    "start": (1.0, 26.0),
    "complete": (5.0, 80.0),
    "cancel": (5.0, 60.0),
    "reopen": (18.0, 70.0),
}
_PACE: Final = {Priority.LOW: 1.3, Priority.MEDIUM: 1.0, Priority.HIGH: 0.7, Priority.CRITICAL: 0.25}
_MOVES: Final = {"start": Move.START, "complete": Move.COMPLETE, "cancel": Move.CANCEL, "reopen": Move.REOPEN}
_NOTES: Final[Mapping[Move, Sequence[str | None]]] = {
    Move.START: (None,),
    Move.COMPLETE: words.COMPLETED,
    Move.CANCEL: words.CANCELLED,
    Move.REOPEN: words.REOPENED,
}
_ZONES: Final = {person.key: person.tz for person in PEOPLE}
_HELPERS: Final = {person.key for person in PEOPLE if person.role is Role.ENGINEER and person.is_active}
_TEAMS: Final = {project.key: project.team for project in PROJECTS}

_SHORTEST_WORK: Final = timedelta(minutes=30)
_LOGS_APART: Final = timedelta(hours=2)
_A_DAY: Final = timedelta(days=1)
_WORKDAY: Final = CLOSES - OPENS
_QUARTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids in the database by the catalogue's keys."""

    people: Mapping[str, int]
    projects: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Story:
    """A request with what belongs to it, each in the order of time; their `request_id` is 0 until it has an id."""

    request: NewRequest
    entries: list[NewEntry]
    logs: list[NewLog]
    comments: list[NewComment]


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    at: datetime


Booked = Counter[tuple[str, date]]


def tell(now: datetime, ids: Ids, seed: int) -> list[Story]:
    """All requests, the oldest first. The same `now`, ids and seed give the same stories."""
    booked: Booked = Counter()
    wishes = (*OPEN, *OVER)
    # A source of its own for each, so that a change of one leaves the others as they are.
    stories = [_tell(wish, place, now, ids, _source(seed, wish), booked) for place, wish in enumerate(wishes)]
    return sorted(stories, key=lambda story: story.request.created_at)


def _source(seed: int, wish: Wish) -> Random:
    return Random(f"{seed} {wish.title}")  # noqa: S311 - nothing secret about it


def _tell(wish: Wish, place: int, now: datetime, ids: Ids, rng: Random, booked: Booked) -> Story:
    steps = _steps(wish, now, rng)
    entries = list(_entries(wish, steps, ids, rng))
    status = entries[-1].new_status if entries else RequestStatus.OPEN
    request = NewRequest(
        project_id=ids.projects[wish.project] if wish.project else None,
        requested_by=ids.people[wish.asks],
        assigned_to=ids.people[wish.does] if wish.does else None,
        title=wish.title,
        description=wish.description,
        priority=wish.priority,
        status=status,
        due_at=_once_due(wish, steps[0].at, rng) if is_closed(status) else _due(wish, now),
        created_at=steps[0].at,
        updated_at=steps[-1].at,
    )
    logs = sorted(_logs(wish, steps, now, ids, rng, booked), key=lambda log: log.at)
    comments = list(_comments(wish, place, steps, now, ids, rng)) if place % 2 else []
    return Story(request, entries, logs, comments)


def _steps(wish: Wish, now: datetime, rng: Random) -> list[_Step]:
    """What happened, in order, from `create` on."""
    names = ["create", *(step.removesuffix(" again") for step in wish.life.value)]
    overdue_days = max(0.0, -(wish.due_hours or 0) / 24)
    age = max(wish.age_days, overdue_days + 2 if overdue_days else 0)
    at = at_work(now - timedelta(days=age, minutes=rng.randint(1, 100)), _zone_of(wish, names[-1]), rng)
    steps = [_Step(names[-1], at)]
    for after, name in pairwise(reversed(names)):
        shortest, longest = (hours * _PACE[wish.priority] for hours in _GAPS[after])
        at = earlier(at, _zone_of(wish, name), rng, shortest, longest)
        steps.insert(0, _Step(name, at))
    return steps


def _by(wish: Wish, step: str) -> str:
    return wish.asks if step in {"create", "cancel"} else wish.does


def _zone_of(wish: Wish, step: str) -> str:
    return _ZONES[_by(wish, step)]


def _entries(wish: Wish, steps: Sequence[_Step], ids: Ids, rng: Random) -> Iterator[NewEntry]:
    status = RequestStatus.OPEN
    for step in steps:
        move = _MOVES.get(step.name)
        if move is None:
            continue
        before, status = status, check_move(move, status, label=wish.title)
        yield NewEntry(0, before, status, ids.people[_by(wish, step.name)], rng.choice(_NOTES[move]), step.at)


def _due(wish: Wish, now: datetime) -> datetime | None:
    if wish.due_hours is None:
        return None
    if abs(wish.due_hours) < 24:  # noqa: PLR2004 - a day
        return (now + timedelta(hours=wish.due_hours)).replace(minute=30, second=0, microsecond=0)
    zone = _ZONES[wish.asks]
    return at_hour(day_of(now, zone) + timedelta(days=int(wish.due_hours / 24)), CLOSES, zone)


def _once_due(wish: Wish, created_at: datetime, rng: Random) -> datetime | None:
    """When a request was due that is over now; six of ten were due at some time."""
    days, had_one = rng.randint(4, 14), rng.random() < 0.6  # noqa: PLR2004 - six of ten
    zone = _ZONES[wish.asks]
    return at_hour(day_of(created_at, zone) + timedelta(days=days), CLOSES, zone) if had_one else None


def _spells(steps: Sequence[_Step], lately: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
    """From when to when the request was worked on, and whether that completed it."""
    began: datetime | None = None
    for step in steps:
        if step.name == "start":
            began = step.at
        elif began is not None:
            yield began, step.at, step.name == "complete"
            began = None
    if began is not None:
        yield began, lately, False


def _logs(wish: Wish, steps: Sequence[_Step], now: datetime, ids: Ids, rng: Random, booked: Booked) -> Iterator[NewLog]:
    before = steps[0].at
    for began, ended, completed in _spells(steps, at_work(now, _ZONES[wish.does], rng) if wish.does else now):
        count = min(4, 1 + (ended - began) // timedelta(hours=20))
        for number in range(1, count + 1):
            last = number == count
            who = wish.does if last else _worker(wish, rng)
            at = at_work(began + (ended - began) * number / count, _ZONES[who], rng)
            hours = Decimal(0) if at - before < _LOGS_APART else _hours(who, began, at, rng, booked)
            if hours:
                before = at
                told = words.FINISHED if last and completed else words.BEGUN if number == 1 else words.WORKED
                yield NewLog(0, ids.people[who], rng.choice(told), hours, day_of(at, _ZONES[who]), at)


def _worker(wish: Wish, rng: Random) -> str:
    helpers = [who for who in _TEAMS.get(wish.project or "", ()) if who in _HELPERS]
    return rng.choice(helpers) if helpers and rng.random() < 0.2 else wish.does  # noqa: PLR2004 - one day in five


def _hours(who: str, began: datetime, at: datetime, rng: Random, booked: Booked) -> Decimal:
    """Hours that fit between the start of the work, or of the day, and their being logged; 0 where none do."""
    if at - began < _SHORTEST_WORK:
        return Decimal(0)
    day = day_of(at, _ZONES[who])
    spent = at - max(began, at_hour(day, OPENS, _ZONES[who]))
    free = min(spent // timedelta(minutes=60 // _QUARTERS), _WORKDAY * _QUARTERS - booked[who, day])
    quarters = min(rng.randint(2, 22), free)
    if quarters <= 0:
        return Decimal(0)
    booked[who, day] += quarters
    return Decimal(quarters) / _QUARTERS


def _comments(
    wish: Wish, place: int, steps: Sequence[_Step], now: datetime, ids: Ids, rng: Random
) -> Iterator[NewComment]:
    talks = words.TALKS if wish.does else words.ALONE
    talk = talks[place // 2 % len(talks)]
    people = {words.ASKS: wish.asks, words.DOES: wish.does}
    at = steps[0].at
    ended = min(now, steps[-1].at + _A_DAY)
    for number, (who, body) in enumerate(talk, start=1):
        before, at = at, at_work(at + (ended - at) * number / (len(talk) + 1), _ZONES[people[who]], rng)
        if at <= before:
            return
        yield NewComment(0, ids.people[people[who]], body, at)
