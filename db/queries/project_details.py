"""Projects in full, by page, and what goes on in them."""

from dataclasses import dataclass
from typing import Final

from db.models import Page
from db.models_projects import ProjectDetails, ProjectSummary, Unfinished
from db.patterns import literal
from db.pool import Conn
from db.queries.keyset import Cursor, cut


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a list is narrowed to; `status` None is everything that is not archived, empty is everything."""

    words: str = ""
    group_id: int | None = None
    status: str | None = None


FIND_DETAILS: Final = """
SELECT p.id, p.name, p.description, coalesce(p.status, 'active') AS status, p.group_id, g.name AS group_name,
    p.repository_url, p.production_url, p.staging_url, p.health_check_url, p.docker_image
FROM public.projects AS p
LEFT JOIN public.project_groups AS g ON g.id = p.group_id
WHERE p.id = $1
"""
LOCK_PROJECT: Final = "SELECT p.id FROM public.projects AS p WHERE p.id = $1 FOR NO KEY UPDATE"


async def find_details(conn: Conn, project_id: int) -> ProjectDetails | None:
    """One project, None where there is none."""
    row = await conn.fetchrow(FIND_DETAILS, project_id)
    return ProjectDetails(**dict(row)) if row else None


async def find_locked(conn: Conn, project_id: int) -> ProjectDetails | None:
    """One project, which nobody else can change until the end of the transaction; None where there is none."""
    return await find_details(conn, project_id) if await conn.fetchval(LOCK_PROJECT, project_id) else None


# A cursor is the number of a project; where that one is gone meanwhile, the list begins anew.
LIST_IDS: Final = r"""
SELECT p.id
FROM public.projects AS p
LEFT JOIN public.projects AS edge ON edge.id = $4
WHERE ($1::text = '' OR p.name ILIKE '%' || $1::text || '%')
    AND ($2::integer IS NULL OR p.group_id = $2)
    AND CASE
        WHEN $3::text IS NULL THEN p.status IS DISTINCT FROM 'archived'
        ELSE $3::text = '' OR coalesce(p.status, 'active') = $3
    END
    AND (edge.id IS NULL OR CASE
        WHEN $5::boolean THEN (lower(p.name), p.id) < (lower(edge.name), edge.id)
        ELSE (lower(p.name), p.id) > (lower(edge.name), edge.id)
    END)
ORDER BY
    CASE WHEN NOT $5::boolean THEN lower(p.name) END, CASE WHEN NOT $5::boolean THEN p.id END,
    CASE WHEN $5::boolean THEN lower(p.name) END DESC, p.id DESC
LIMIT $6
"""
LIST_SUMMARIES: Final = """
SELECT p.id, p.name, coalesce(p.status, 'active') AS status, g.name AS group_name,
    (
        SELECT count(*) FROM public.maintenance_requests AS r
        WHERE r.project_id = p.id AND r.status IN ('open', 'in_progress')
    ) AS open_requests,
    d.version AS last_version, d.environment AS last_environment, d.status AS last_status,
    CASE WHEN isfinite(d.deployed_at) THEN d.deployed_at::timestamptz END AS last_at
FROM public.projects AS p
LEFT JOIN public.project_groups AS g ON g.id = p.group_id
LEFT JOIN LATERAL (
    SELECT l.version, l.environment, l.status, l.deployed_at
    FROM public.deployments AS l
    WHERE l.project_id = p.id AND l.deployed_at IS NOT NULL
    ORDER BY l.deployed_at DESC, l.id DESC
    LIMIT 1
) AS d ON true
WHERE p.id = ANY($1::integer[])
"""


async def list_page(conn: Conn, wanted: Narrowing, cursor: Cursor | None, size: int) -> Page[ProjectSummary]:
    """A page of projects by name; its cursors are numbers of projects, as text."""
    backwards = cursor.backwards if cursor else False
    edge = cursor.id if cursor else None
    args = (literal(wanted.words), wanted.group_id, wanted.status, edge, backwards, size + 1)
    ids = [row["id"] for row in await conn.fetch(LIST_IDS, *args)]
    shown, ends = cut(ids, size, continued=cursor is not None, backwards=backwards)
    found = {row["id"]: ProjectSummary(**dict(row)) for row in await conn.fetch(LIST_SUMMARIES, shown)}
    rows = tuple(found[project_id] for project_id in shown if project_id in found)
    return Page(
        rows,
        str(shown[0]) if shown and ends.before else None,
        str(shown[-1]) if shown and ends.after else None,
    )


GET_UNFINISHED: Final = """
WITH requests AS (
    SELECT r.id FROM public.maintenance_requests AS r
    WHERE r.project_id = $1 AND r.status IN ('open', 'in_progress')
    UNION ALL
    SELECT r.id FROM public.maintenance_requests AS r WHERE r.project_id = $1 AND r.status IS NULL
), deployments AS (
    SELECT d.id FROM public.deployments AS d
    WHERE d.project_id = $1 AND d.status IN ('pending', 'in_progress')
    UNION ALL
    SELECT d.id FROM public.deployments AS d WHERE d.project_id = $1 AND d.status IS NULL
)
SELECT
    ARRAY(SELECT r.id FROM requests AS r ORDER BY r.id DESC LIMIT $2) AS requests,
    (SELECT count(*) FROM requests) AS requests_total,
    ARRAY(SELECT d.id FROM deployments AS d ORDER BY d.id DESC LIMIT $2) AS deployments,
    (SELECT count(*) FROM deployments) AS deployments_total
"""


async def get_unfinished(conn: Conn, project_id: int, limit: int) -> Unfinished:
    """What goes on in a project; `limit` numbers of each, the newest first."""
    row = await conn.fetchrow(GET_UNFINISHED, project_id, limit)
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return Unfinished(
        tuple(row["requests"]), row["requests_total"], tuple(row["deployments"]), row["deployments_total"]
    )
