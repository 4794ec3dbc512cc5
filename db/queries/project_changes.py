"""Projects and their groups, written."""

from collections.abc import Sequence
from typing import Final

from db.models import JsonObject
from db.models_projects import Group
from db.patterns import literal
from db.pool import Conn

# No unique index: the dashboard's rows may have names twice, and it may go on writing such.
HOLD_NAMES: Final = "SELECT pg_advisory_xact_lock(hashtextextended('techops.' || $1::text, 0))"


async def hold_names(conn: Conn, kind: str) -> None:
    """Let nobody else of ours give a name of this kind (project, group) until the end of the transaction."""
    await conn.execute(HOLD_NAMES, kind)


FIND_PROJECT_NAMED: Final = """
SELECT p.id FROM public.projects AS p
WHERE lower(p.name) = lower($1) AND p.id IS DISTINCT FROM $2
ORDER BY p.id LIMIT 1
"""


async def find_project_named(conn: Conn, name: str, but: int | None) -> int | None:
    """Another project of this name, whatever its case."""
    found = await conn.fetchval(FIND_PROJECT_NAMED, name, but)
    return int(found) if found is not None else None


INSERT_PROJECT: Final = """
INSERT INTO public.projects (
    name, description, group_id, repository_url, production_url, staging_url, health_check_url, docker_image, status
)
SELECT it.name, it.description, it.group_id, it.repository_url, it.production_url, it.staging_url, it.health_check_url,
    it.docker_image, coalesce(it.status, 'active')
FROM jsonb_to_record($1) AS it (
    name text, description text, group_id integer, repository_url text, production_url text, staging_url text,
    health_check_url text, docker_image text, status text
)
RETURNING id
"""


async def insert_project(conn: Conn, values: JsonObject) -> int:
    """Add a project; `values` by column. Returns its number."""
    return int(await conn.fetchval(INSERT_PROJECT, values))


# Only what is named in the values is written.
UPDATE_PROJECT: Final = """
UPDATE public.projects AS p SET
    name = CASE WHEN $2::jsonb ? 'name' THEN $2 ->> 'name' ELSE p.name END,
    description = CASE WHEN $2 ? 'description' THEN $2 ->> 'description' ELSE p.description END,
    group_id = CASE WHEN $2 ? 'group_id' THEN ($2 ->> 'group_id')::integer ELSE p.group_id END,
    repository_url = CASE WHEN $2 ? 'repository_url' THEN $2 ->> 'repository_url' ELSE p.repository_url END,
    production_url = CASE WHEN $2 ? 'production_url' THEN $2 ->> 'production_url' ELSE p.production_url END,
    staging_url = CASE WHEN $2 ? 'staging_url' THEN $2 ->> 'staging_url' ELSE p.staging_url END,
    health_check_url = CASE WHEN $2 ? 'health_check_url' THEN $2 ->> 'health_check_url' ELSE p.health_check_url END,
    docker_image = CASE WHEN $2 ? 'docker_image' THEN $2 ->> 'docker_image' ELSE p.docker_image END,
    status = CASE WHEN $2 ? 'status' THEN $2 ->> 'status' ELSE p.status END
WHERE p.id = $1
"""


async def update_project(conn: Conn, project_id: int, values: JsonObject) -> None:
    """Change the columns of a project that are named in `values`, and no others."""
    await conn.execute(UPDATE_PROJECT, project_id, values)


LIST_GROUPS: Final = r"""
SELECT g.id, g.name, g.description, (
    SELECT count(*) FROM public.projects AS p WHERE p.group_id = g.id AND p.status IS DISTINCT FROM 'archived'
) AS projects
FROM public.project_groups AS g
WHERE $1::text = '' OR g.name ILIKE '%' || $1::text || '%'
ORDER BY lower(g.name), g.id
LIMIT $2
"""


async def list_groups(conn: Conn, typed: str, limit: int) -> list[Group]:
    """Groups whose name holds what was typed, by name."""
    return [Group(**dict(row)) for row in await conn.fetch(LIST_GROUPS, literal(typed), limit)]


LIST_GROUPS_NAMED: Final = """
SELECT g.id, g.name, g.description, (
    SELECT count(*) FROM public.projects AS p WHERE p.group_id = g.id AND p.status IS DISTINCT FROM 'archived'
) AS projects
FROM public.project_groups AS g
WHERE lower(g.name) = lower($1)
ORDER BY g.id
LIMIT 6
"""


async def list_groups_named(conn: Conn, name: str) -> Sequence[Group]:
    """Groups of this name, whatever its case; six at most."""
    return [Group(**dict(row)) for row in await conn.fetch(LIST_GROUPS_NAMED, name)]


FIND_GROUP: Final = """
SELECT g.id, g.name, g.description, (
    SELECT count(*) FROM public.projects AS p WHERE p.group_id = g.id AND p.status IS DISTINCT FROM 'archived'
) AS projects
FROM public.project_groups AS g
WHERE g.id = $1
"""
LOCK_GROUP: Final = "SELECT g.id FROM public.project_groups AS g WHERE g.id = $1 FOR NO KEY UPDATE"


async def find_group(conn: Conn, group_id: int) -> Group | None:
    """One group, None where there is none."""
    row = await conn.fetchrow(FIND_GROUP, group_id)
    return Group(**dict(row)) if row else None


async def find_group_locked(conn: Conn, group_id: int) -> Group | None:
    """One group, which stays as it is until the end of the transaction; None where there is none."""
    return await find_group(conn, group_id) if await conn.fetchval(LOCK_GROUP, group_id) else None


INSERT_GROUP: Final = "INSERT INTO public.project_groups (name, description) VALUES ($1, $2) RETURNING id"


async def insert_group(conn: Conn, name: str, description: str | None) -> int:
    """Add a group and return its number."""
    return int(await conn.fetchval(INSERT_GROUP, name, description))


UPDATE_GROUP: Final = "UPDATE public.project_groups SET name = $2, description = $3 WHERE id = $1"


async def update_group(conn: Conn, group_id: int, name: str, description: str | None) -> None:
    """Give a group another name and description."""
    await conn.execute(UPDATE_GROUP, group_id, name, description)
