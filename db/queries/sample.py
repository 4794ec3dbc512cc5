"""Sample data: whole tables at once, with the times of a past that never was.

The columns without a zone are written in the session's `TimeZone`, as everywhere. Rows are tuples in the order of their
statement's parameters.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from db.pool import Conn


class NewUser(NamedTuple):
    """An account."""

    email: str
    name: str
    password_hash: str
    role: str
    is_active: bool
    last_login: datetime | None
    created_at: datetime


class NewGroup(NamedTuple):
    """A group of projects."""

    name: str
    description: str
    created_at: datetime


class NewProject(NamedTuple):
    """A project of a group."""

    group_id: int
    name: str
    description: str
    repository_url: str | None
    production_url: str | None
    staging_url: str | None
    status: str
    docker_image: str | None
    health_check_url: str | None
    created_at: datetime
    updated_at: datetime


class NewRequest(NamedTuple):
    """A maintenance request in whatever state; its status history is written apart."""

    project_id: int | None
    requested_by: int
    assigned_to: int | None
    title: str
    description: str
    priority: str
    status: str
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime


class NewEntry(NamedTuple):
    """One change of a request's status."""

    request_id: int
    old_status: str
    new_status: str
    changed_by: int
    notes: str | None
    at: datetime


class NewLog(NamedTuple):
    """Work on a request."""

    request_id: int
    user_id: int
    description: str
    hours: Decimal
    work_date: date
    at: datetime


class NewComment(NamedTuple):
    """A remark on a request."""

    request_id: int
    user_id: int
    body: str
    at: datetime


class NewDeployment(NamedTuple):
    """A deployment in whatever state; `duration` in seconds."""

    project_id: int
    version: str
    environment: str
    status: str
    deployed_by: int | None
    deployed_at: datetime | None
    duration: int | None
    notes: str | None
    created_at: datetime
    updated_at: datetime


# Others may read on; whoever would write, another load among them, waits and then finds rows.
LOCK_TABLES: Final = "LOCK TABLE public.users, public.project_groups, public.projects IN SHARE ROW EXCLUSIVE MODE"


async def lock_tables(conn: Conn) -> None:
    """Let nobody else add people, groups or projects before the end of the transaction."""
    await conn.execute(LOCK_TABLES)


IS_EMPTY: Final = """
SELECT NOT EXISTS (SELECT FROM public.users)
    AND NOT EXISTS (SELECT FROM public.project_groups)
    AND NOT EXISTS (SELECT FROM public.projects)
"""


async def is_empty(conn: Conn) -> bool:
    """Whether there are neither people nor groups nor projects, without which there can be nothing else."""
    return await conn.fetchval(IS_EMPTY) is True


INSERT_USERS: Final = """
INSERT INTO public.users (email, name, password_hash, role, is_active, last_login, created_at, updated_at)
SELECT u.email, u.name, u.password_hash, u.role, u.is_active, u.last_login::timestamp, u.created_at::timestamp,
    u.created_at::timestamp
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::timestamptz[], $7::timestamptz[])
    WITH ORDINALITY AS u (email, name, password_hash, role, is_active, last_login, created_at, place)
ORDER BY u.place
RETURNING id
"""


async def insert_users(conn: Conn, rows: Sequence[NewUser]) -> list[int]:
    """Add accounts and return their ids in the same order."""
    return await _insert(conn, INSERT_USERS, rows)


INSERT_GROUPS: Final = """
INSERT INTO public.project_groups (name, description, created_at, updated_at)
SELECT g.name, g.description, g.created_at::timestamp, g.created_at::timestamp
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS g (name, description, created_at, place)
ORDER BY g.place
RETURNING id
"""


async def insert_groups(conn: Conn, rows: Sequence[NewGroup]) -> list[int]:
    """Add groups of projects and return their ids in the same order."""
    return await _insert(conn, INSERT_GROUPS, rows)


INSERT_PROJECTS: Final = """
INSERT INTO public.projects
    (group_id, name, description, repository_url, production_url, staging_url, status, docker_image, health_check_url,
    created_at, updated_at)
SELECT p.group_id, p.name, p.description, p.repository_url, p.production_url, p.staging_url, p.status, p.docker_image,
    p.health_check_url, p.created_at::timestamp, p.updated_at::timestamp
FROM unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::timestamptz[], $11::timestamptz[])
    WITH ORDINALITY AS p (group_id, name, description, repository_url, production_url, staging_url, status,
        docker_image, health_check_url, created_at, updated_at, place)
ORDER BY p.place
RETURNING id
"""


async def insert_projects(conn: Conn, rows: Sequence[NewProject]) -> list[int]:
    """Add projects and return their ids in the same order."""
    return await _insert(conn, INSERT_PROJECTS, rows)


INSERT_REQUESTS: Final = """
INSERT INTO public.maintenance_requests
    (project_id, requested_by, assigned_to, title, description, priority, status, due_date, created_at, updated_at)
SELECT r.project_id, r.requested_by, r.assigned_to, r.title, r.description, r.priority, r.status, r.due_at::timestamp,
    r.created_at::timestamp, r.updated_at::timestamp
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])
    WITH ORDINALITY AS r (project_id, requested_by, assigned_to, title, description, priority, status, due_at,
        created_at, updated_at, place)
ORDER BY r.place
RETURNING id
"""


async def insert_requests(conn: Conn, rows: Sequence[NewRequest]) -> list[int]:
    """Add requests and return their ids in the same order."""
    return await _insert(conn, INSERT_REQUESTS, rows)


INSERT_HISTORY: Final = """
INSERT INTO public.maintenance_status_history
    (maintenance_request_id, old_status, new_status, changed_by, notes, created_at)
SELECT h.request_id, h.old_status, h.new_status, h.changed_by, h.notes, h.at::timestamp
FROM unnest($1::integer[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[])
    WITH ORDINALITY AS h (request_id, old_status, new_status, changed_by, notes, at, place)
ORDER BY h.place
RETURNING id
"""


async def insert_history(conn: Conn, rows: Sequence[NewEntry]) -> None:
    """Add changes of status."""
    await _insert(conn, INSERT_HISTORY, rows)


INSERT_LOGS: Final = """
INSERT INTO public.maintenance_work_logs
    (maintenance_request_id, user_id, work_description, hours_spent, work_date, created_at)
SELECT l.request_id, l.user_id, l.description, l.hours, l.work_date, l.at::timestamp
FROM unnest($1::integer[], $2::integer[], $3::text[], $4::numeric[], $5::date[], $6::timestamptz[])
    WITH ORDINALITY AS l (request_id, user_id, description, hours, work_date, at, place)
ORDER BY l.place
RETURNING id
"""


async def insert_logs(conn: Conn, rows: Sequence[NewLog]) -> None:
    """Add work logs."""
    await _insert(conn, INSERT_LOGS, rows)


INSERT_COMMENTS: Final = """
INSERT INTO techops.comments (maintenance_request_id, user_id, body, created_at)
SELECT c.request_id, c.user_id, c.body, c.at
FROM unnest($1::integer[], $2::integer[], $3::text[], $4::timestamptz[])
    WITH ORDINALITY AS c (request_id, user_id, body, at, place)
ORDER BY c.place
RETURNING id
"""


async def insert_comments(conn: Conn, rows: Sequence[NewComment]) -> None:
    """Add remarks."""
    await _insert(conn, INSERT_COMMENTS, rows)


INSERT_DEPLOYMENTS: Final = """
INSERT INTO public.deployments
    (project_id, version, environment, status, deployed_by, deployed_at, duration, notes, created_at, updated_at)
SELECT d.project_id, d.version, d.environment, d.status, d.deployed_by, d.deployed_at::timestamp, d.duration, d.notes,
    d.created_at::timestamp, d.updated_at::timestamp
FROM unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[], $7::integer[],
    $8::text[], $9::timestamptz[], $10::timestamptz[])
    WITH ORDINALITY AS d (project_id, version, environment, status, deployed_by, deployed_at, duration, notes,
        created_at, updated_at, place)
ORDER BY d.place
RETURNING id
"""


async def insert_deployments(conn: Conn, rows: Sequence[NewDeployment]) -> None:
    """Add deployments."""
    await _insert(conn, INSERT_DEPLOYMENTS, rows)


# No row has more than one of the three columns. A time without zone is read in the session's, one with a zone as it is.
UPDATE_ACTIVITY: Final = """
UPDATE techops.activity AS a SET
    at = coalesce((a.new ->> 'created_at')::timestamptz, a.at),
    actor_id = coalesce(a.new ->> 'requested_by', a.new ->> 'user_id', a.new ->> 'deployed_by')::integer
WHERE a.xid = pg_current_xact_id() AND a.verb IN ('created', 'work_logged', 'commented')
"""


async def update_activity(conn: Conn) -> None:
    """Date what this transaction's triggers have logged by the rows' own creation, in the name of who is in the row."""
    await conn.execute(UPDATE_ACTIVITY)


async def _insert(conn: Conn, statement: str, rows: Sequence[tuple[object, ...]]) -> list[int]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    # Serial ids are given out in the order of the SELECT; the order of RETURNING is promised nowhere.
    return sorted(row["id"] for row in await conn.fetch(statement, *columns))
