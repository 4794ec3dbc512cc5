"""Deployments: read with the names that are shown with them, and changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from db.errors import NotFound
from db.models import Activity, Deployment
from db.pool import Conn

# Who asked for it is known from the log alone. A time that no calendar here can hold counts as none.
_ROWS: Final = """
    d.id, d.project_id, p.name AS project_name, d.version, d.environment, coalesce(d.status, '') AS status,
    d.deployed_by, u.name AS deployer_name, ui.slack_user_id AS deployer_slack_id,
    CASE WHEN d.deployed_at > '0002-01-01' AND d.deployed_at < '9999-01-01' THEN d.deployed_at::timestamptz END
        AS deployed_at,
    d.duration, d.notes,
    coalesce(d.created_at::timestamptz, 'epoch') AS created_at,
    coalesce(d.updated_at, d.created_at, 'epoch')::timestamptz AS updated_at,
    r.id AS requested_by, r.name AS requester_name, ri.slack_user_id AS requester_slack_id,
    x.started_at, x.override, o.name AS overrider_name
FROM public.deployments AS d
JOIN public.projects AS p ON p.id = d.project_id
LEFT JOIN public.users AS u ON u.id = d.deployed_by
LEFT JOIN techops.slack_identities AS ui ON ui.user_id = u.id
LEFT JOIN LATERAL (
    SELECT a.actor_id FROM techops.activity AS a
    WHERE a.subject_kind = 'deployment' AND a.subject_id = d.id AND a.verb = 'created'
    ORDER BY a.id
    LIMIT 1
) AS made ON true
LEFT JOIN public.users AS r ON r.id = made.actor_id
LEFT JOIN techops.slack_identities AS ri ON ri.user_id = r.id
LEFT JOIN techops.deployment_details AS x ON x.deployment_id = d.id
LEFT JOIN public.users AS o ON o.id = x.override_by
"""
LIST_BY_IDS: Final = f"SELECT {_ROWS} WHERE d.id = ANY($1::integer[])"
# Not the same with an array of one: PostgreSQL expects ten of those, and would plan anew each time, for longer than it
# takes to read.
FIND_DEPLOYMENT: Final = f"SELECT {_ROWS} WHERE d.id = $1"


async def list_by_ids(conn: Conn, ids: Sequence[int]) -> list[Deployment]:
    """These deployments in this order; those that are gone are left out."""
    found = {row["id"]: Deployment(**dict(row)) for row in await conn.fetch(LIST_BY_IDS, list(ids))}
    return [found[deployment_id] for deployment_id in ids if deployment_id in found]


async def find_deployment(conn: Conn, deployment_id: int) -> Deployment | None:
    """One deployment, None where there is none."""
    row = await conn.fetchrow(FIND_DEPLOYMENT, deployment_id)
    return Deployment(**dict(row)) if row else None


async def get_deployment(conn: Conn, deployment_id: int) -> Deployment:
    """One deployment.

    Raises:
        NotFound: there is none with this id.
    """
    found = await find_deployment(conn, deployment_id)
    if found is None:
        raise NotFound("deployment", deployment_id)
    return found


LOCK_DEPLOYMENT: Final = "SELECT d.id FROM public.deployments AS d WHERE d.id = $1 FOR NO KEY UPDATE"


async def find_locked(conn: Conn, deployment_id: int) -> Deployment | None:
    """One deployment, which nobody else can change until the end of the transaction; None where there is none.

    Read in a statement of its own, after the wait: joined to the lock, the names would be those of before it.
    """
    return await find_deployment(conn, deployment_id) if await conn.fetchval(LOCK_DEPLOYMENT, deployment_id) else None


INSERT_DEPLOYMENT: Final = """
INSERT INTO public.deployments
    (project_id, version, environment, status, deployed_by, deployed_at, duration, notes, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6::timestamptz::timestamp, $7, $8, $9::timestamptz::timestamp, $9::timestamptz::timestamp)
RETURNING id
"""


async def insert_deployment(
    conn: Conn,
    *,
    project_id: int,
    version: str,
    environment: str,
    status: str,
    deployed_by: int | None,
    deployed_at: datetime | None,
    duration: int | None,
    notes: str | None,
    now: datetime,
) -> int:
    """Add a deployment and return its id; `duration` in seconds."""
    values = (project_id, version, environment, status, deployed_by, deployed_at, duration, notes, now)
    return int(await conn.fetchval(INSERT_DEPLOYMENT, *values))


MARK_STARTED: Final = """
UPDATE public.deployments AS d SET
    status = 'in_progress', deployed_by = coalesce($2, d.deployed_by), deployed_at = $3::timestamptz::timestamp
WHERE d.id = $1
"""


async def mark_started(conn: Conn, deployment_id: int, deployed_by: int | None, now: datetime) -> None:
    """Say that a deployment is in progress, since now, and who deploys."""
    await conn.execute(MARK_STARTED, deployment_id, deployed_by, now)


# Notes are added to those that are there. What the dashboard started without saying when and by whom is filled in.
MARK_ENDED: Final = """
UPDATE public.deployments AS d SET
    status = $2, duration = coalesce($3, d.duration), deployed_by = coalesce(d.deployed_by, $4),
    deployed_at = coalesce(d.deployed_at, $5::timestamptz::timestamp),
    notes = coalesce(nullif(d.notes, '') || E'\\n' || $6, $6, d.notes)
WHERE d.id = $1
"""


async def mark_ended(
    conn: Conn,
    deployment_id: int,
    status: str,
    *,
    duration: int | None,
    deployed_by: int | None,
    deployed_at: datetime,
    notes: str | None,
) -> None:
    """Say how a deployment ended: success, failed or rolled_back; `duration` in seconds, None leaves it as it is."""
    await conn.execute(MARK_ENDED, deployment_id, status, duration, deployed_by, deployed_at, notes)


INSERT_DETAILS: Final = """
INSERT INTO techops.deployment_details (deployment_id, started_at, override, override_by)
VALUES ($1, $2, $3, CASE WHEN $3::text IS NOT NULL THEN $4::integer END)
ON CONFLICT (deployment_id) DO UPDATE SET
    started_at = coalesce(EXCLUDED.started_at, deployment_details.started_at),
    override = coalesce(EXCLUDED.override, deployment_details.override),
    override_by = CASE WHEN EXCLUDED.override IS NULL THEN deployment_details.override_by ELSE EXCLUDED.override_by END
"""


async def insert_details(
    conn: Conn, deployment_id: int, *, started_at: datetime | None, override: str | None, by: int | None
) -> None:
    """Keep when a deployment was started, and why and by whom a freeze was lifted for it; None keeps what is known."""
    await conn.execute(INSERT_DETAILS, deployment_id, started_at, override, by)


FIND_START: Final = """
SELECT coalesce(x.started_at, (
    SELECT a.at FROM techops.activity AS a
    WHERE a.subject_kind = 'deployment' AND a.subject_id = d.id AND a.verb IN ('started', 'created', 'status_changed')
        AND a.new ->> 'status' = 'in_progress'
    ORDER BY a.id DESC
    LIMIT 1
), CASE WHEN isfinite(d.deployed_at) THEN d.deployed_at::timestamptz END)
FROM public.deployments AS d
LEFT JOIN techops.deployment_details AS x ON x.deployment_id = d.id
WHERE d.id = $1
"""


async def find_start(conn: Conn, deployment_id: int) -> datetime | None:
    """When a deployment was started: by the bot, by another program, or as its row says; None where nothing tells."""
    found: datetime | None = await conn.fetchval(FIND_START, deployment_id)
    return found


FIND_ARRIVAL: Final = """
SELECT a.id, a.at, a.actor_id, u.name AS actor_name, i.slack_user_id AS actor_slack_id, a.source, a.subject_kind,
    a.subject_id, a.verb, a.old, a.new, a.note
FROM techops.activity AS a
LEFT JOIN public.users AS u ON u.id = a.actor_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE a.subject_kind = 'deployment' AND a.subject_id = $1 AND a.new ->> 'status' = $2
    AND a.verb IN ('created', 'started', 'succeeded', 'failed', 'rolled_back', 'status_changed')
ORDER BY a.id DESC
LIMIT 1
"""


async def find_arrival(conn: Conn, deployment_id: int, status: str) -> Activity | None:
    """The latest change that brought a deployment into this status; None where it is older than the log."""
    row = await conn.fetchrow(FIND_ARRIVAL, deployment_id, status)
    return Activity(**dict(row)) if row else None
