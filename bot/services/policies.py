"""Policies of approval: shown, set and removed. What is waiting already keeps the terms on which it was asked for."""

from bot.context import Act, Deps
from bot.errors import Missing
from bot.rules.policies import PolicyCommand
from bot.services import projects
from db.models import Project
from db.models_approvals import Policy
from db.queries import policies as queries


async def list_all(deps: Deps) -> list[Policy]:
    """Every policy."""
    async with deps.pool.acquire() as conn:
        return await queries.list_policies(conn)


async def save(deps: Deps, act: Act, wanted: PolicyCommand) -> Policy:
    """Add a policy, or change of one what the command names.

    Raises:
        BadInput: no such project.
    """
    project = await _project(deps, wanted)
    project_id = project.id if project else None
    async with deps.transaction(act) as conn:
        await queries.upsert_policy(
            conn,
            wanted.kind,
            wanted.match,
            project_id,
            required=wanted.required,
            role=wanted.role,
            own_counts=wanted.own_counts,
            hours=wanted.hours,
        )
        found = await queries.find_policy(conn, wanted.kind, wanted.match, project_id)
    if found is None:
        raise Missing("The policy was removed by somebody else at the same moment. Please set it again.")
    return found


async def remove(deps: Deps, act: Act, wanted: PolicyCommand) -> Policy | None:
    """Remove a policy; what holds for everywhere in its place, where there is such a one.

    Raises:
        BadInput: no such project.
        Missing: there is no policy for exactly this.
    """
    project = await _project(deps, wanted)
    project_id = project.id if project else None
    async with deps.transaction(act) as conn:
        if not await queries.delete_policy(conn, wanted.kind, wanted.match, project_id):
            where = f" in {project.name}" if project else " for everywhere"
            raise Missing(f"There is no policy for {wanted.kind} {wanted.match}{where}. All: `/techops policy list`")
        return await queries.find_policy(conn, wanted.kind, wanted.match, project_id)


async def _project(deps: Deps, wanted: PolicyCommand) -> Project | None:
    return await projects.named(deps, wanted.project) if wanted.project else None
