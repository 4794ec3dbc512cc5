"""Reminders: found every minute, noted as said and enqueued in one transaction, rendered when they are sent."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.auth import Actor
from bot.context import Act, Deps
from bot.rules import reminders as rules
from bot.rules.requests import is_closed, missing
from bot.rules.workdays import DEFAULT, WorkingHours, is_morning, is_working
from db.models import Request
from db.models_reminders import Candidate, Reachable, Sent
from db.pool import Conn
from db.queries import outbox, requests
from db.queries import reminders as queries

REMIND_ENTRY: Final = "remind"
ESCALATE_ENTRY: Final = "escalate"
# More than a message can show.
_MOST_SHOWN: Final = 40


class Line(BaseModel):
    """A request, and the due date of which is spoken."""

    model_config = ConfigDict(frozen=True)

    id: int
    due_at: datetime


class Notice(BaseModel):
    """What to remind of, as of a moment: a person (`user_id`), or where that is None a channel.

    `target` is a channel's id or 'user:' and a Slack id, empty where the channels are not chosen yet.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    target: str
    user_id: int | None
    as_of: datetime
    lines: tuple[Line, ...]


@dataclass(slots=True)
class Reminded:
    """How many people are told of how many requests, what could not be sent to anybody, and what goes to channels."""

    people: int = 0
    requests: int = 0
    unreachable: int = 0
    escalated: int = 0


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody at work now."""

    user_id: int
    slack_user_id: str | None
    tz: str
    hours: WorkingHours
    quiet: bool


async def remind_due(deps: Deps, now: datetime) -> Reminded:
    """Have everybody reminded of what is due as of `now`; whoever else does so at the same time sends the rest.

    One message a person, however many requests; one a channel for what is urgent and late.
    """
    done, now = Reminded(), now.astimezone(UTC)
    async with deps.pool.acquire() as conn:
        people = {person.user_id: person for person in _at_work(deps, await queries.list_people(conn), now)}
        found = await _found(conn, people.values(), now)
        urgent = await queries.list_urgent(conn, now - rules.URGENT_AFTER, list(people))
    steps: dict[int, list[Sent]] = defaultdict(list)
    for candidate in found:
        steps[candidate.user_id] += _steps(people[candidate.user_id], candidate, now)
    for user_id in sorted(filter(steps.get, steps)):
        await _remind(deps, people[user_id], steps[user_id], now, done)
    late = [it for it in urgent if _is_late(people[it.user_id], it, now)]
    if late:
        done.escalated = await _escalate(deps, late, now)
    return done


async def still_due(conn: Conn, notice: Notice) -> tuple[list[Request], int]:
    """The requests of a notice that are still to be said, the first ones as they are now, and how many there are."""
    lines = [(line.id, line.due_at) for line in notice.lines]
    ids = await queries.list_still_due(conn, lines, notice.user_id, notice.as_of)
    return await requests.list_by_ids(conn, ids[:_MOST_SHOWN]), len(ids)


async def snooze(deps: Deps, act: Act, person: Actor, wanted: rules.Snooze) -> tuple[Request, datetime]:
    """Put the person's own reminders of a request off; with the instant at which they come back.

    Raises:
        Missing: there is no such request.
        WrongState: it is over, has no due date, or its reminders go to somebody else.
        BadInput: the time is not understood, or has passed.
    """
    async with deps.transaction(act) as conn:
        row = await requests.find_held(conn, wanted.request_id)
        if row is None:
            raise missing(wanted.request_id)
        due_at = rules.check_snooze(row, person.user_id, open_=not is_closed(row.status))
        hours = await _hours(conn, person.user_id)
        until = rules.snooze_until(wanted.when, now=deps.now(), tz=person.tz, hours=hours, field="until")
        await queries.upsert_snooze(conn, row.id, person.user_id, due_at, until, deps.now())
        return row, until


async def find_snoozable(deps: Deps, person: Actor, request_id: int) -> Request:
    """The request, if the person may put its reminders off; what decides is `snooze`.

    Raises:
        Missing, WrongState: as `snooze`.
    """
    async with deps.pool.acquire() as conn:
        row = await requests.find_request(conn, request_id)
    if row is None:
        raise missing(request_id)
    rules.check_snooze(row, person.user_id, open_=not is_closed(row.status))
    return row


async def working_hours(deps: Deps, person: Actor) -> WorkingHours:
    """When a person works."""
    async with deps.pool.acquire() as conn:
        return await _hours(conn, person.user_id)


async def set_working_hours(deps: Deps, act: Act, person: Actor, hours: WorkingHours | None) -> WorkingHours:
    """Keep when a person works; None for the usual hours."""
    async with deps.transaction(act) as conn:
        if hours is None:
            await queries.delete_hours(conn, person.user_id)
        else:
            await queries.upsert_hours(conn, person.user_id, hours.start, hours.end, hours.days, deps.now())
    return hours or DEFAULT


def grouped(steps: Sequence[Sent]) -> tuple[Line, ...]:
    """One line a request, however many of its steps are due."""
    return tuple(dict.fromkeys(Line(id=step.request_id, due_at=step.due_at) for step in steps))


async def _hours(conn: Conn, user_id: int) -> WorkingHours:
    found = await queries.find_hours(conn, user_id)
    return WorkingHours(found[0], found[1], tuple(found[2])) if found else DEFAULT


def _at_work(deps: Deps, people: Iterable[Reachable], now: datetime) -> list[_Person]:
    known = [_person(deps, person) for person in people]
    return [person for person in known if is_working(now, person.tz, person.hours)]


def _person(deps: Deps, it: Reachable) -> _Person:
    hours = DEFAULT
    if it.starts_at is not None and it.ends_at is not None and it.days:
        hours = WorkingHours(it.starts_at, it.ends_at, tuple(it.days))
    # of people whom Slack does not know only the number is told
    return _Person(it.user_id, it.slack_user_id, it.tz or deps.settings.techops_timezone, hours, it.quiet)


async def _found(conn: Conn, people: Iterable[_Person], now: datetime) -> list[Candidate]:
    """Requests of people at work of which something may have to be said, each once."""
    mornings = {it.user_id: rules.overdue_step(now, it.tz) for it in people if is_morning(now, it.tz, it.hours)}
    ids = [person.user_id for person in people]
    near = await queries.list_near(conn, now, now - rules.LONGEST_WAIT, now + rules.AHEAD, ids)
    late = await queries.list_late(conn, now, mornings) if mornings else []
    woken = await queries.list_woken(conn, now, ids)
    return list({it.request_id: it for it in (*near, *late, *woken)}.values())


def _steps(person: _Person, it: Candidate, now: datetime) -> list[Sent]:
    due = rules.steps_due(
        it.due_at, now, tz=person.tz, hours=person.hours, sent=it.sent, snoozed_until=it.snoozed_until
    )
    return [Sent(it.request_id, it.due_at, step, it.user_id) for step in due]


async def _remind(deps: Deps, person: _Person, steps: Sequence[Sent], now: datetime, done: Reminded) -> None:
    reached = person.slack_user_id is not None and not person.quiet
    async with deps.pool.transaction() as conn:
        mine = await queries.insert_sent(conn, steps, now, reached=reached)
        if not mine:
            return
        await queries.delete_woken(conn, person.user_id, mine, now)
        if person.quiet:
            # it stands in their App Home, and does not come after them when they want messages again
            return
        if not reached:
            await queries.update_unreachable(conn, len(mine))
            done.unreachable += len(mine)
            return
        await _enqueue(conn, REMIND_ENTRY, _notice(mine, now, f"{outbox.USER_TARGET}{person.slack_user_id}"), now)
    done.people += 1
    done.requests += len({step.request_id for step in mine})


def _is_late(person: _Person, it: Candidate, now: datetime) -> bool:
    return rules.is_escalation_due(it.priority, it.due_at, now, tz=person.tz, hours=person.hours)


async def _escalate(deps: Deps, late: Sequence[Candidate], now: datetime) -> int:
    steps = [Sent(it.request_id, it.due_at, rules.ESCALATED, None) for it in late]
    async with deps.pool.transaction() as conn:
        mine = await queries.insert_sent(conn, steps, now)
        if mine:
            await _enqueue(conn, ESCALATE_ENTRY, _notice(mine, now, ""), now)
    return len(mine)


def _notice(steps: Sequence[Sent], now: datetime, target: str) -> Notice:
    told = sorted(f"{step.request_id}:{step.due_at.timestamp():.6f}:{step.step}" for step in steps)
    digest = hashlib.sha256(" ".join(told).encode()).hexdigest()[:24]
    key = f"reminder:{steps[0].user_id or 'channel'}:{digest}"
    return Notice(key=key, target=target, user_id=steps[0].user_id, as_of=now, lines=grouped(steps))


async def _enqueue(conn: Conn, entry: str, notice: Notice, now: datetime) -> None:
    if await outbox.insert_message(conn, notice.key, notice.target, now):
        await outbox.insert_jobs(conn, [outbox.NewJob(entry, notice.model_dump_json())])


def by_channel(notice: Notice, channels: Mapping[int, Sequence[str]]) -> list[Notice]:
    """One notice a channel, of the requests that belong there."""
    lines: dict[str, list[Line]] = defaultdict(list)
    for line in notice.lines:
        for channel in channels.get(line.id, ()):
            lines[channel].append(line)
    return [
        notice.model_copy(update={"key": f"{notice.key}:{channel}", "target": channel, "lines": tuple(kept)})
        for channel, kept in lines.items()
    ]
