"""Projects: found by number or name, and offered in menus."""

from typing import Final

from db.models import Project
from db.patterns import literal
from db.pool import Conn, Row

FIND_PROJECT: Final = """
SELECT p.id, p.name, coalesce(p.status, 'active') AS status, g.name AS group_name
FROM public.projects AS p
LEFT JOIN public.project_groups AS g ON g.id = p.group_id
WHERE p.id = $1
"""


async def find_project(conn: Conn, project_id: int) -> Project | None:
    """One project, None where there is none."""
    row = await conn.fetchrow(FIND_PROJECT, project_id)
    return _project(row) if row else None


# What is locked is read anew after the wait; the group, which is not, may be that of before.
HOLD_PROJECT: Final = f"{FIND_PROJECT} FOR SHARE OF p"


async def find_held(conn: Conn, project_id: int) -> Project | None:
    """One project, which stays as it is until the end of the transaction; None where there is none."""
    row = await conn.fetchrow(HOLD_PROJECT, project_id)
    return _project(row) if row else None


LIST_NAMED: Final = """
SELECT p.id, p.name, coalesce(p.status, 'active') AS status, g.name AS group_name
FROM public.projects AS p
LEFT JOIN public.project_groups AS g ON g.id = p.group_id
WHERE lower(p.name) = lower($1)
ORDER BY (p.status = 'archived') IS TRUE, p.id
LIMIT 6
"""


async def list_named(conn: Conn, name: str) -> list[Project]:
    """Projects of this name, whatever its case, archived ones last; six at most."""
    return [_project(row) for row in await conn.fetch(LIST_NAMED, name)]


LIST_NAMES: Final = """
SELECT p.name FROM public.projects AS p WHERE p.status IS DISTINCT FROM 'archived' ORDER BY p.id DESC LIMIT 5000
"""


async def list_names(conn: Conn) -> list[str]:
    """Names of projects that are not archived, to find the one that was meant."""
    return [row["name"] for row in await conn.fetch(LIST_NAMES)]


# Those whose name begins with what was typed come first, then those that hold it, also in the name of their group.
LIST_OFFERED: Final = r"""
SELECT p.id, p.name, coalesce(p.status, 'active') AS status, g.name AS group_name
FROM public.projects AS p
LEFT JOIN public.project_groups AS g ON g.id = p.group_id
WHERE p.status IS DISTINCT FROM 'archived'
    AND (p.name ILIKE '%' || $1::text || '%' OR g.name ILIKE '%' || $1::text || '%')
ORDER BY p.name ILIKE $1::text || '%' DESC, p.name ILIKE '%' || $1::text || '%' DESC, lower(p.name), p.id
LIMIT $2
"""


async def list_offered(conn: Conn, typed: str, limit: int) -> list[Project]:
    """Projects that are not archived and match what was typed, the likeliest first."""
    return [_project(row) for row in await conn.fetch(LIST_OFFERED, literal(typed), limit)]


def _project(row: Row) -> Project:
    return Project(**dict(row))
