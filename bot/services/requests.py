"""Maintenance requests: each change is one transaction, in which the request is locked, checked and written."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import BadInput, Missing, Stranger, WrongState
from bot.rules.forms import Changes, NewForm, check_seen, read_changes
from bot.rules.ids import card_label
from bot.rules.mentions import ME
from bot.rules.requests import Move, check_assignee, check_may_touch, check_move, check_open, missing
from bot.rules.shortcuts import Source
from bot.rules.zones import local
from bot.services import approvals, projects, shortcuts, worklogs
from bot.services.people import find_account
from db.models import Priority, Request, SubjectKind, User
from db.pool import Conn
from db.queries import comments, history
from db.queries import requests as queries


@dataclass(frozen=True, slots=True)
class Assignee:
    """Somebody to whom work can be given."""

    id: int
    name: str


async def create(deps: Deps, act: Act, person: Actor, form: NewForm, *, source: Source | None = None) -> Request:
    """Raise a request; where it was raised from a message, the thread of that one (`source`) is told.

    Raises:
        BadInput: the project takes no requests, or the assignee no work; at their fields.
    """
    assignee = await find_assignee(deps, person, form.assignee) if form.assignee else None
    async with deps.transaction(act) as conn:
        if form.project_id is not None:
            await projects.check_chosen(conn, form.project_id)
        request_id = await queries.insert_request(
            conn,
            project_id=form.project_id,
            requested_by=person.user_id,
            assigned_to=assignee.id if assignee else None,
            title=form.title,
            description=form.description,
            priority=form.priority,
            due_at=form.due_at,
            now=deps.now(),
        )
        row = await queries.get_request(conn, request_id)
        if source is not None:
            await shortcuts.tell_thread(conn, row, source, person, deps.now())
        return row


async def edit(
    deps: Deps, act: Act, person: Actor, request_id: int, fingerprint: str, values: Mapping[str, str | None]
) -> tuple[Request, Changes]:
    """Change what the form says otherwise than the request; tells what that was, maybe nothing.

    Raises:
        WrongState: it is over, or somebody else edited it since the form was opened.
        BadInput: at the field at fault.
        Forbidden: as `set_priority`.
    """
    wanted = values.get("assignee")
    found = await _account(deps, person, wanted) if wanted else None
    async with _changing(deps, act, request_id) as (conn, row):
        check_open(row.status, label=card_label(row.id), doing="edit it")
        check_seen(row, fingerprint)
        changes = read_changes(row, values, now=deps.now(), tz=person.tz)
        if "project" in changes.names and changes.project_id is not None:
            await projects.check_chosen(conn, changes.project_id)
        if "assignee" in changes.names and found:
            check_assignee(found.name, found.role, found.is_active)
        if "priority" in changes.names:
            await approvals.check_may_lower(conn, act, row, changes.priority)
        if not changes.names:
            return row, changes
        await queries.update_request(
            conn,
            row.id,
            changes.names,
            title=changes.title,
            description=changes.description,
            project_id=changes.project_id,
            priority=changes.priority,
            due_at=changes.due_at,
            assigned_to=found.id if found else None,
        )
        return await queries.get_request(conn, row.id), changes


async def assign(deps: Deps, act: Act, person: Actor, request_id: int, who: str) -> Request:
    """Give a request to a person (Slack user id, or "me"), whoever had it before.

    Raises:
        BadInput: no work can be given to that person.
        WrongState: the request is over, or that person has it already.
    """
    assignee = await find_assignee(deps, person, who)
    async with _changing(deps, act, request_id) as (conn, row):
        check_open(row.status, label=card_label(row.id), doing="assign it")
        if row.assigned_to == assignee.id:
            raise await _already_assigned(conn, row, person)
        await queries.update_assignee(conn, row.id, assignee.id)
        return await queries.get_request(conn, row.id)


async def take(deps: Deps, act: Act, person: Actor, request_id: int) -> Request:
    """Give a request that nobody has to the person who acts.

    Raises:
        WrongState: the request is over, or somebody has it already.
    """
    check_assignee(person.name, person.role, is_active=True)
    async with _changing(deps, act, request_id) as (conn, row):
        check_open(row.status, label=card_label(row.id), doing="take it")
        if row.assigned_to is not None:
            raise await _already_assigned(conn, row, person)
        await queries.update_assignee(conn, row.id, person.user_id)
        return await queries.get_request(conn, row.id)


async def move(
    deps: Deps,
    act: Act,
    person: Actor,
    request_id: int,
    wanted: Move,
    note: str | None = None,
    *,
    hours: Decimal | None = None,
) -> Request:
    """Start, complete, cancel or reopen a request; `hours` are logged with it as the person's work of today.

    Raises:
        WrongState: not possible in its state; says who brought it there, and when. Not started before it is approved.
        Forbidden: only requester, engineers and admins may cancel.
        BadInput: the hours do not fit into the person's day.
    """
    async with _changing(deps, act, request_id, note=note or "") as (conn, row):
        status = await _checked(conn, wanted, row, person)
        if wanted is Move.START:
            await approvals.check_may_start(conn, SubjectKind.MAINTENANCE, row.id, deps.now())
        await queries.update_status(conn, row.id, status)
        if hours is not None:
            now = deps.now()
            told = note or f"Completed {card_label(row.id)}"
            await worklogs.add(conn, person, row.id, hours, local(now, person.tz).date(), told, now)
        return await queries.get_request(conn, row.id)


async def set_priority(deps: Deps, act: Act, request_id: int, priority: Priority) -> Request:
    """Give a request another priority.

    Raises:
        WrongState: it is over, or has that priority already.
        Forbidden: it needs approval, and the person who would make it need none could not give it.
    """
    async with _changing(deps, act, request_id) as (conn, row):
        check_open(row.status, label=card_label(row.id), doing="change its priority")
        if row.priority == priority:
            raise WrongState(f"{card_label(row.id)} already has priority {priority.value}, so nothing was changed.")
        await approvals.check_may_lower(conn, act, row, priority)
        await queries.update_priority(conn, row.id, priority)
        return await queries.get_request(conn, row.id)


async def set_due(deps: Deps, act: Act, person: Actor, request_id: int, due_at: datetime | None) -> Request:
    """Give a request another due date, or none.

    Raises:
        WrongState: it is over, or is due then already.
    """
    async with _changing(deps, act, request_id) as (conn, row):
        label = card_label(row.id)
        check_open(row.status, label=label, doing="change its due date")
        if row.due_at == due_at:
            when = f"is already due {local(due_at, person.tz):%Y-%m-%d %H:%M}" if due_at else "already has no due date"
            raise WrongState(f"{label} {when}, so nothing was changed.")
        await queries.update_due(conn, row.id, due_at)
        return await queries.get_request(conn, row.id)


async def comment(deps: Deps, act: Act, person: Actor, request_id: int, body: str) -> Request:
    """Remark on a request, in whatever state it is.

    Raises:
        Forbidden: only requester, engineers and admins may.
    """
    async with _changing(deps, act, request_id) as (conn, row):
        check_may_touch("comment on", person.role, person.user_id, row.requested_by, label=card_label(row.id))
        await comments.insert_comment(conn, row.id, person.user_id, body, deps.now())
        return row


async def find_editable(deps: Deps, request_id: int) -> Request:
    """The request, if it can be edited.

    Raises:
        Missing: there is none.
        WrongState: it is over.
    """
    async with deps.pool.acquire() as conn:
        row = await queries.find_request(conn, request_id)
    if row is None:
        raise missing(request_id)
    check_open(row.status, label=card_label(row.id), doing="edit it")
    return row


async def find_movable(deps: Deps, person: Actor, request_id: int, wanted: Move) -> Request:
    """The request, if the person may do this to it in its state; what decides is `move`.

    Raises:
        Missing: there is none.
        WrongState, Forbidden: as `move`.
    """
    async with deps.pool.acquire() as conn:
        row = await queries.find_request(conn, request_id)
        if row is None:
            raise missing(request_id)
        await _checked(conn, wanted, row, person)
        return row


async def find_assignee(deps: Deps, person: Actor, who: str) -> Assignee:
    """Somebody to whom work can be given: a Slack user id, or "me".

    Raises:
        BadInput: no engineer or admin, deactivated, or nobody with an account; field "assignee".
    """
    if who in {ME, person.slack_user_id}:
        check_assignee(person.name, person.role, is_active=True)
        return Assignee(person.user_id, person.name)
    found = await _account(deps, person, who)
    check_assignee(found.name, found.role, found.is_active)
    return Assignee(found.id, found.name)


async def _account(deps: Deps, person: Actor, slack_user_id: str) -> User:
    try:
        return await find_account(deps, person, slack_user_id)
    except (Missing, Stranger) as error:
        raise BadInput(
            f"No work can be assigned there, only to an engineer or admin. {error}", field="assignee"
        ) from error


@asynccontextmanager
async def _changing(deps: Deps, act: Act, request_id: int, *, note: str = "") -> AsyncIterator[tuple[Conn, Request]]:
    async with deps.transaction(act, note=note) as conn:
        row = await queries.find_locked(conn, request_id)
        if row is None:
            raise missing(request_id)
        yield conn, row


async def _checked(conn: Conn, wanted: Move, row: Request, person: Actor) -> str:
    """The status after the move, if the person may make it now."""
    if wanted is Move.CANCEL:
        check_may_touch("cancel", person.role, person.user_id, row.requested_by, label=card_label(row.id))
    try:
        return check_move(wanted, row.status, label=card_label(row.id))
    except WrongState:
        entry = await history.find_entry(conn, row.id, row.status)
        by = f"{entry.changed_by_name}, {local(entry.at, person.tz):%Y-%m-%d %H:%M}" if entry else None
        return check_move(wanted, row.status, label=card_label(row.id), by=by)


async def _already_assigned(conn: Conn, row: Request, person: Actor) -> WrongState:
    last = await history.find_assignment(conn, row.id)
    who = "you" if row.assigned_to == person.user_id else row.assignee_name or "somebody"
    by = f" by {last.actor_name}" if last and last.actor_name and last.actor_id != row.assigned_to else ""
    when = f" since {local(last.at, person.tz):%Y-%m-%d %H:%M}" if last else ""
    label = card_label(row.id)
    over = "" if who == "you" else f" To take it over: `/maintenance assign {label} me`"
    return WrongState(f"{label} is already assigned to {who}{by}{when}.{over}")
