"""Pages of the activity log, the newest first, read by keyset.

A statement has only the conditions that are asked for; all of them are put together from the fragments in this file.
"""

from dataclasses import dataclass
from typing import Final

from db.models_audit import AuditEntry, AuditView
from db.pool import Conn
from db.queries.keyset import Cursor, cut

_SELECT: Final = """
SELECT a.id, a.at, a.actor_id, u.name AS actor_name, a.source, a.origin, a.note, a.subject_kind, a.subject_id, a.verb,
    a.old, a.new
FROM techops.activity AS a
LEFT JOIN public.users AS u ON u.id = a.actor_id
"""
# A record that was deleted is known by what its deletion says of it. Each change is looked up by itself: a list of all
# records of a busy project would not fit into memory, and be read through again for every change.
_OF_PROJECT: Final = """(CASE a.subject_kind
    WHEN 'project' THEN a.subject_id = ${0}::bigint
    WHEN 'deployment' THEN (SELECT d.project_id FROM public.deployments AS d WHERE d.id = a.subject_id) = ${0}::bigint
    WHEN 'maintenance' THEN
        (SELECT m.project_id FROM public.maintenance_requests AS m WHERE m.id = a.subject_id) = ${0}::bigint
    ELSE false
END OR a.subject_kind IN ('deployment', 'maintenance') AND a.verb = 'deleted'
    AND a.old -> 'project_id' = to_jsonb(${0}::bigint))"""
# What is seldom changed has an index of its own; its condition, word for word.
_COMMON: Final = ("maintenance", "deployment")
_RARE: Final = "a.subject_kind NOT IN ('maintenance', 'deployment')"
_CONDITIONS: Final = (
    ("kind", "a.subject_kind = ${0}::text"),
    ("subject_id", "a.subject_id = ${0}::bigint"),
    ("actor_id", "a.actor_id = ${0}::integer"),
    ("project_id", _OF_PROJECT),
    ("verb", "a.verb = ${0}::text"),
    ("source", "a.source = ${0}::text"),
    ("since", "a.at >= ${0}::timestamptz"),
    ("until", "a.at < ${0}::timestamptz"),
)


@dataclass(frozen=True, slots=True)
class Slice:
    """Changes, the newest first, and the cursors of the pages beside them, None at an end."""

    rows: tuple[AuditEntry, ...]
    before: Cursor | None
    after: Cursor | None


def page_statement(view: AuditView, cursor: Cursor | None, limit: int) -> tuple[str, list[object]]:
    """The statement that reads a page, and its arguments."""
    conditions, values = _conditions(view)
    backwards = cursor is not None and cursor.backwards
    if cursor is not None:
        values.append(cursor.id)
        conditions.append(f"a.id {'>' if backwards else '<'} ${len(values)}::bigint")
    values.append(limit)
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    way = "ASC" if backwards else "DESC"
    return f"{_SELECT}{where}ORDER BY a.id {way} LIMIT ${len(values)}::bigint", values


def count_statement(view: AuditView) -> tuple[str, list[object]]:
    """The statement that counts the changes, and its arguments."""
    conditions, values = _conditions(view)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT count(*) FROM techops.activity AS a{where}", values  # noqa: S608 - fragments of this file


async def list_page(conn: Conn, view: AuditView, cursor: Cursor | None, size: int) -> Slice:
    """The page behind or before the cursor, the first one without; `size` changes at most."""
    statement, values = page_statement(view, cursor, size + 1)
    found = [AuditEntry(**dict(row)) for row in await conn.fetch(statement, *values)]
    rows, ends = cut(found, size, continued=cursor is not None, backwards=cursor is not None and cursor.backwards)
    if not rows:
        return Slice((), None, None)
    return Slice(
        rows=tuple(rows),
        before=Cursor(rows[0].id, backwards=True) if ends.before else None,
        after=Cursor(rows[-1].id) if ends.after else None,
    )


async def count_entries(conn: Conn, view: AuditView) -> int:
    """How many changes there are."""
    statement, values = count_statement(view)
    return int(await conn.fetchval(statement, *values))


def _conditions(view: AuditView) -> tuple[list[str], list[object]]:
    conditions = [_RARE] if view.kind is not None and view.kind not in _COMMON else []
    values: list[object] = []
    for name, condition in _CONDITIONS:
        value = getattr(view, name)
        if value is not None:
            values.append(value)
            conditions.append(condition.format(len(values)))
    return conditions, values
