"""Policies of approval: for which priorities and environments how many people have to agree."""

from typing import Final

from db.models_approvals import Policy
from db.pool import Conn

LIST_POLICIES: Final = """
SELECT p.id, p.subject_kind, p.match, p.project_id, j.name AS project_name, p.required, p.role, p.own_counts, p.hours
FROM techops.approval_policies AS p
LEFT JOIN public.projects AS j ON j.id = p.project_id
ORDER BY p.subject_kind, p.match, lower(j.name) NULLS FIRST, p.id
"""


async def list_policies(conn: Conn) -> list[Policy]:
    """Every policy: by kind and match, those for everywhere before those for one project."""
    return [Policy(**dict(row)) for row in await conn.fetch(LIST_POLICIES)]


FIND_POLICY: Final = """
SELECT p.id, p.subject_kind, p.match, p.project_id, j.name AS project_name, p.required, p.role, p.own_counts, p.hours
FROM techops.find_policy($1, $2, $3) AS p
LEFT JOIN public.projects AS j ON j.id = p.project_id
"""


async def find_policy(conn: Conn, kind: str, match: str, project_id: int | None) -> Policy | None:
    """The policy that holds for a priority or environment in a project; None where there is none."""
    row = await conn.fetchrow(FIND_POLICY, kind, match, project_id)
    return Policy(**dict(row)) if row else None


UPSERT_POLICY: Final = """
INSERT INTO techops.approval_policies AS p (subject_kind, match, project_id, required, role, own_counts, hours)
VALUES ($1, $2, $3, coalesce($4, 1), coalesce($5, 'engineer'), coalesce($6, false), coalesce($7, 24))
ON CONFLICT (subject_kind, match, coalesce(project_id, 0)) DO UPDATE SET
    required = coalesce($4, p.required), role = coalesce($5, p.role),
    own_counts = coalesce($6, p.own_counts), hours = coalesce($7, p.hours), updated_at = now()
"""


async def upsert_policy(
    conn: Conn,
    kind: str,
    match: str,
    project_id: int | None,
    *,
    required: int | None,
    role: str | None,
    own_counts: bool | None,
    hours: int | None,
) -> None:
    """Add a policy, or change of an existing one what is not None."""
    await conn.execute(UPSERT_POLICY, kind, match, project_id, required, role, own_counts, hours)


DELETE_POLICY: Final = """
DELETE FROM techops.approval_policies
WHERE subject_kind = $1 AND match = $2 AND project_id IS NOT DISTINCT FROM $3
RETURNING true
"""


async def delete_policy(conn: Conn, kind: str, match: str, project_id: int | None) -> bool:
    """Remove a policy; False where there is none for exactly this."""
    return await conn.fetchval(DELETE_POLICY, kind, match, project_id) is True
