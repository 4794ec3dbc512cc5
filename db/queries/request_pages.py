"""Pages of maintenance requests, read by keyset: the thousandth costs what the first costs.

A statement has only the conditions that are asked for, so that each shape is planned for itself; all of them are put
together from the fragments in this file.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.models import Request
from db.pool import Conn
from db.queries import requests
from db.queries.keyset import cut

# The expressions and conditions of the partial indexes, word for word.
DUE: Final = "coalesce(r.due_date, 'infinity'::timestamp)"
# What no calendar here can hold comes before or after everything else.
KEY: Final = (
    "CASE WHEN r.due_date < '0002-01-01' THEN '-infinity' WHEN r.due_date < '9999-01-01' THEN r.due_date"
    " ELSE 'infinity' END"
)
OPEN: Final = "r.status IN ('open', 'in_progress')"
# how asyncpg reads and writes infinity in a column without zone
NO_DUE: Final = datetime.max  # noqa: DTZ901


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which requests. None does not narrow; `of` is a person who asked for a request or is to do it.

    `open_only`: open or in progress, the first due first. Otherwise all of them, the newest first.
    `overdue_at`: due before this instant.
    """

    open_only: bool = False
    overdue_at: datetime | None = None
    unassigned: bool = False
    of: int | None = None
    requested_by: int | None = None
    assigned_to: int | None = None
    project_id: int | None = None
    priority: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two requests: the page behind the request (`due`, `id`), or the one before it.

    `due` is the dashboard's own zone-less time, `datetime.max` for none; None in lists that are ordered by id alone.
    """

    due: datetime | None
    id: int
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """Requests in the order of their list, and the cursors of the pages beside them, None at an end."""

    rows: tuple[Request, ...]
    before: Cursor | None
    after: Cursor | None


class _Arguments:
    def __init__(self) -> None:
        self.values: list[object] = []

    def bind(self, value: object, sql_type: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{sql_type}"


def page_statement(narrowing: Narrowing, cursor: Cursor | None, limit: int) -> tuple[str, list[object]]:
    """The statement that finds id and due date of the requests of one page, and its arguments."""
    args = _Arguments()
    conditions = _conditions(narrowing, args)
    backwards = cursor is not None and cursor.backwards
    descending = backwards if narrowing.open_only else not backwards
    order = _order(descending, by_due=narrowing.open_only)
    if cursor is not None:
        conditions.append(_beyond(cursor, args, descending=descending, by_due=narrowing.open_only))
    most = args.bind(limit, "bigint")
    arms = [[*conditions, *own] for own in _arms(narrowing, args)]
    if len(arms) == 1:
        return _select(f"r.id, {KEY} AS due", arms[0], order, most), args.values
    both = " UNION ALL ".join(f"({_select('r.id, r.due_date', arm, order, most)})" for arm in arms)
    return f"SELECT r.id, {KEY} AS due FROM ({both}) AS r ORDER BY {order} LIMIT {most}", args.values  # noqa: S608 - fragments of this file


async def list_page(conn: Conn, narrowing: Narrowing, cursor: Cursor | None, size: int) -> Slice:
    """The page behind or before the cursor, the first one without; `size` requests at most."""
    statement, values = page_statement(narrowing, cursor, size + 1)
    found = [(row["id"], row["due"]) for row in await conn.fetch(statement, *values)]
    shown, ends = cut(found, size, continued=cursor is not None, backwards=cursor is not None and cursor.backwards)
    rows = await requests.list_by_ids(conn, [request_id for request_id, _ in shown])
    if not shown:
        return Slice((), None, None)
    by_due = narrowing.open_only
    return Slice(
        rows=tuple(rows),
        before=_at(shown[0], by_due=by_due, backwards=True) if ends.before else None,
        after=_at(shown[-1], by_due=by_due, backwards=False) if ends.after else None,
    )


def _conditions(it: Narrowing, args: _Arguments) -> list[str]:
    conditions = [OPEN] if it.open_only else []
    if it.overdue_at is not None:
        conditions.append(f"{DUE} < {args.bind(it.overdue_at, 'timestamptz')}::timestamp")
    if it.unassigned:
        conditions.append("r.assigned_to IS NULL")
    for column, value, sql_type in (
        ("requested_by", it.requested_by, "integer"),
        ("assigned_to", it.assigned_to, "integer"),
        ("project_id", it.project_id, "integer"),
        ("priority", it.priority, "text"),
        ("status", it.status, "text"),
    ):
        if value is not None:
            conditions.append(f"r.{column} = {args.bind(value, sql_type)}")
    return conditions


def _arms(it: Narrowing, args: _Arguments) -> list[list[str]]:
    """One arm, or two that exclude each other: an OR would keep either index from giving the order."""
    if it.of is None:
        return [[]]
    person = args.bind(it.of, "integer")
    return [
        [f"r.assigned_to = {person}"],
        [f"r.requested_by = {person}", f"r.assigned_to IS DISTINCT FROM {person}"],
    ]


def _select(columns: str, conditions: list[str], order: str, most: str) -> str:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {columns} FROM public.maintenance_requests AS r{where} ORDER BY {order} LIMIT {most}"  # noqa: S608 - fragments of this file


def _order(descending: bool, *, by_due: bool) -> str:
    way = "DESC" if descending else "ASC"
    return f"{DUE} {way}, r.id {way}" if by_due else f"r.id {way}"


def _beyond(cursor: Cursor, args: _Arguments, *, descending: bool, by_due: bool) -> str:
    sign, place = "<" if descending else ">", args.bind(cursor.id, "integer")
    if not by_due:
        return f"r.id {sign} {place}"
    return f"({DUE}, r.id) {sign} ({args.bind(cursor.due or NO_DUE, 'timestamp')}, {place})"


def _at(found: tuple[int, datetime], *, by_due: bool, backwards: bool) -> Cursor:
    request_id, due = found
    return Cursor(due if by_due else None, request_id, backwards)
