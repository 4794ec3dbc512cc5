"""Pages of deployments, read by keyset, and what runs where.

A statement has only the conditions that are asked for, so that each shape is planned for itself; all of them are put
together from the fragments in this file.
"""

from dataclasses import dataclass
from typing import Final

from db.models import Deployment, Running
from db.pool import Conn
from db.queries import deployments
from db.queries.keyset import Cursor, cut

COLUMNS: Final = (("project_id", "integer"), ("environment", "text"), ("status", "text"))


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which deployments; None does not narrow."""

    project_id: int | None = None
    environment: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Deployments, the newest first, and the cursors of the pages beside them, None at an end."""

    rows: tuple[Deployment, ...]
    before: Cursor | None
    after: Cursor | None


def page_statement(narrowing: Narrowing, cursor: Cursor | None, limit: int) -> tuple[str, list[object]]:
    """The statement that finds the numbers of the deployments of one page, and its arguments."""
    values: list[object] = []
    conditions: list[str] = []
    for column, sql_type in COLUMNS:
        value = getattr(narrowing, column)
        if value is not None:
            values.append(value)
            conditions.append(f"d.{column} = ${len(values)}::{sql_type}")
    backwards = cursor is not None and cursor.backwards
    if cursor is not None:
        values.append(cursor.id)
        conditions.append(f"d.id {'>' if backwards else '<'} ${len(values)}::integer")
    values.append(limit)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    way = "ASC" if backwards else "DESC"
    return f"SELECT d.id FROM public.deployments AS d{where} ORDER BY d.id {way} LIMIT ${len(values)}::bigint", values  # noqa: S608 - fragments of this file


async def list_page(conn: Conn, narrowing: Narrowing, cursor: Cursor | None, size: int) -> Slice:
    """The page behind or before the cursor, the first one without; `size` deployments at most."""
    statement, values = page_statement(narrowing, cursor, size + 1)
    found = [row["id"] for row in await conn.fetch(statement, *values)]
    shown, ends = cut(found, size, continued=cursor is not None, backwards=cursor is not None and cursor.backwards)
    if not shown:
        return Slice((), None, None)
    return Slice(
        rows=tuple(await deployments.list_by_ids(conn, shown)),
        before=Cursor(shown[0], backwards=True) if ends.before else None,
        after=Cursor(shown[-1]) if ends.after else None,
    )


# One descent a project and environment for what runs there, one for the newest deployment.
LIST_RUNNING: Final = """
SELECT f.current_id, f.newest_id
FROM (
    SELECT c.id AS current_id, n.id AS newest_id, p.id AS project_id, e.position
    FROM public.projects AS p
    CROSS JOIN unnest(ARRAY['production', 'staging', 'development']) WITH ORDINALITY AS e (name, position)
    LEFT JOIN LATERAL (
        SELECT d.id FROM public.deployments AS d
        WHERE d.project_id = p.id AND d.environment = e.name AND d.status = 'success'
        ORDER BY d.deployed_at DESC NULLS LAST, d.id DESC
        LIMIT 1
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT d.id FROM public.deployments AS d
        WHERE d.project_id = p.id AND d.environment = e.name
        ORDER BY d.id DESC
        LIMIT 1
    ) AS n ON true
    WHERE p.id = $1 OR ($1::integer IS NULL AND p.status IS DISTINCT FROM 'archived')
) AS f
WHERE f.newest_id IS NOT NULL
ORDER BY CASE WHEN $1::integer IS NULL THEN f.newest_id END DESC, f.position
LIMIT $2
"""


async def list_running(conn: Conn, project_id: int | None, limit: int) -> list[Running]:
    """What runs in each environment of a project, or of all that are not archived, the last deployed to first."""
    found = [(row["current_id"], row["newest_id"]) for row in await conn.fetch(LIST_RUNNING, project_id, limit)]
    ids = sorted({number for pair in found for number in pair if number is not None})
    rows = {row.id: row for row in await deployments.list_by_ids(conn, ids)}
    return [Running(rows.get(current), rows.get(newest) if newest != current else None) for current, newest in found]
