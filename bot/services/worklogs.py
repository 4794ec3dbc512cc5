"""Work done on requests: logged, listed, deleted."""

from datetime import date, datetime
from decimal import Decimal

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import Missing
from bot.rules.ids import card_label
from bot.rules.requests import check_loggable, missing
from bot.rules.worklog import check_day_total, may_delete
from db.models import Request, WorkLog
from db.pool import Conn
from db.queries import requests
from db.queries import worklogs as queries


async def log(
    deps: Deps, act: Act, person: Actor, request_id: int, hours: Decimal, day: date, description: str
) -> WorkLog:
    """Log a person's own work.

    Raises:
        Missing: there is no such request.
        WrongState: it is cancelled.
        BadInput: the hours do not fit into the day.
    """
    async with deps.transaction(act) as conn:
        row = await requests.find_held(conn, request_id)
        if row is None:
            raise missing(request_id)
        check_loggable(row.status, label=card_label(row.id))
        log_id = await add(conn, person, row.id, hours, day, description, deps.now())
        return await queries.get_log(conn, log_id)


async def add(
    conn: Conn, person: Actor, request_id: int, hours: Decimal, day: date, description: str, now: datetime
) -> int:
    """Add a work log within a transaction, one at a time for a person; returns its id.

    Raises:
        BadInput: with what is logged already, the day would have more than 24 hours; field "hours".
    """
    await queries.lock_person(conn, person.user_id)
    check_day_total(await queries.get_day_total(conn, person.user_id, day), hours, day)
    return await queries.insert_log(conn, request_id, person.user_id, description, hours, day, now)


async def find_loggable(deps: Deps, request_id: int) -> Request:
    """The request, if work can be logged on it.

    Raises:
        Missing, WrongState: as `log`.
    """
    async with deps.pool.acquire() as conn:
        row = await requests.find_request(conn, request_id)
    if row is None:
        raise missing(request_id)
    check_loggable(row.status, label=card_label(row.id))
    return row


async def list_of(deps: Deps, request_id: int) -> tuple[Request, list[WorkLog]]:
    """A request and the work on it.

    Raises:
        Missing: there is no such request.
    """
    async with deps.pool.acquire() as conn:
        row = await requests.find_request(conn, request_id)
        if row is None:
            raise missing(request_id)
        return row, await queries.list_logs(conn, request_id)


async def delete(deps: Deps, act: Act, person: Actor, log_id: int) -> WorkLog:
    """Delete a work log; returns what it was.

    Raises:
        Missing: there is none, or not any more.
        Forbidden: it is somebody else's, or older than 24 hours, and the person is no admin.
    """
    async with deps.transaction(act) as conn:
        found = await queries.find_log(conn, log_id)
        if found is not None:
            may_delete(person.role, person.user_id, found, deps.now())
        if found is None or not await queries.delete_log(conn, log_id):
            raise Missing(f"There is no work log {log_id}, or not any more. `/worklog list MR-42` shows a request's.")
        return found
