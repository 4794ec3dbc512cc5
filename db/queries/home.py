"""What the App Home shows of one person: what waits for them, what they asked for, what happens in their projects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from db.models import Deployment
from db.models_approvals import Approval
from db.models_home import DatabaseHealth, OpenRequests, Part
from db.pool import Conn
from db.queries import approvals, deployments, requests

# The partial indexes of open requests give either half; due dates are compared in the dashboard's own zone.
LIST_OPEN: Final = """
SELECT p.part, p.id, p.total
FROM (
    SELECT f.part, f.id, count(*) OVER (PARTITION BY f.part) AS total,
        row_number() OVER (PARTITION BY f.part ORDER BY f.due, f.id) AS place
    FROM (
        SELECT r.id, coalesce(r.due_date, 'infinity'::timestamp) AS due,
            CASE
                WHEN r.due_date < $2::timestamptz::timestamp THEN 'overdue'
                WHEN r.due_date < $3::timestamptz::timestamp THEN 'due_soon'
                ELSE 'assigned'
            END AS part
        FROM public.maintenance_requests AS r
        WHERE r.assigned_to = $1 AND r.status IN ('open', 'in_progress')
        UNION ALL
        SELECT r.id, coalesce(r.due_date, 'infinity'::timestamp), 'mine'
        FROM public.maintenance_requests AS r
        WHERE r.requested_by = $1 AND r.status IN ('open', 'in_progress')
    ) AS f
) AS p
WHERE p.place <= $4
ORDER BY p.part, p.place
"""


async def list_open(conn: Conn, user_id: int, now: datetime, soon: datetime, limit: int) -> OpenRequests:
    """A person's open requests, the first due first, `limit` of each part; `due_soon` ends before `soon`."""
    found = await conn.fetch(LIST_OPEN, user_id, now, soon, limit)
    ids = list(dict.fromkeys(row["id"] for row in found))
    rows = {row.id: row for row in await requests.list_by_ids(conn, ids)} if ids else {}

    def part(name: str) -> Part:
        its = [row for row in found if row["part"] == name]
        return Part(tuple(rows[row["id"]] for row in its if row["id"] in rows), its[0]["total"] if its else 0)

    return OpenRequests(part("overdue"), part("due_soon"), part("assigned"), part("mine"))


# The same conditions as for a vote: undecided, in time, of this role, not one's own unless that counts, not voted yet.
LIST_DECIDABLE: Final = """
SELECT a.id, count(*) OVER () AS total
FROM techops.approvals AS a
WHERE a.status = 'pending' AND a.expires_at > $2 AND a.role = ANY($3::text[])
    AND (a.own_counts OR (a.requested_by IS DISTINCT FROM $1 AND a.on_behalf_of IS DISTINCT FROM $1))
    AND NOT EXISTS (SELECT FROM techops.approval_votes AS v WHERE v.approval_id = a.id AND v.user_id = $1)
ORDER BY a.expires_at, a.id
LIMIT $4
"""


async def list_decidable(
    conn: Conn, user_id: int, roles: Sequence[str], now: datetime, limit: int
) -> tuple[list[Approval], int]:
    """The approvals that a person may decide on now, the first to expire first, and how many there are in all.

    `roles`: those of policies that the person's own role satisfies.
    """
    found = await conn.fetch(LIST_DECIDABLE, user_id, now, list(roles), limit)
    if not found:
        return [], 0
    rows = {row.id: row for row in await approvals.list_approvals(conn, [row["id"] for row in found])}
    return [rows[row["id"]] for row in found if row["id"] in rows], found[0]["total"]


# Who asked for a deployment stands in the log alone; a person's latest 2,000 acts are looked through. A place has one
# descent; what is old is left out behind it, so that a place without recent deployments is not read to its beginning.
# One's own are found by person and by date, two indexes that are there and that coalesce() would keep from use: of
# 200,000 deployments, half of them one person's, 11 ms instead of 41. An index on both columns would make it 9.
LIST_DEPLOYMENTS: Final = """
WITH mine AS (
    SELECT r.project_id FROM public.maintenance_requests AS r
    WHERE r.requested_by = $1 AND coalesce(r.updated_at, r.created_at) >= $2::timestamptz::timestamp
    UNION
    SELECT r.project_id FROM public.maintenance_requests AS r
    WHERE r.assigned_to = $1 AND coalesce(r.updated_at, r.created_at) >= $2::timestamptz::timestamp
    UNION
    SELECT d.project_id FROM public.deployments AS d
    WHERE d.deployed_by = $1
        AND (d.deployed_at >= $2::timestamptz::timestamp
            OR (d.deployed_at IS NULL AND d.created_at >= $2::timestamptz::timestamp))
    UNION
    SELECT d.project_id
    FROM (
        SELECT a.subject_kind, a.subject_id, a.verb, a.at FROM techops.activity AS a
        WHERE a.actor_id = $1
        ORDER BY a.id DESC
        LIMIT 2000
    ) AS l
    JOIN public.deployments AS d ON d.id = l.subject_id
    WHERE l.subject_kind = 'deployment' AND l.verb = 'created' AND l.at >= $2
)
SELECT n.id
FROM mine AS m
CROSS JOIN unnest(ARRAY['production', 'staging', 'development']) AS e (name)
CROSS JOIN LATERAL (
    SELECT d.id, coalesce(d.deployed_at, d.created_at) AS at FROM public.deployments AS d
    WHERE d.project_id = m.project_id AND d.environment = e.name
    ORDER BY d.id DESC
    LIMIT $3
) AS n
WHERE n.at >= $2::timestamptz::timestamp
ORDER BY n.id DESC
LIMIT $3
"""


async def list_deployments(conn: Conn, user_id: int, since: datetime, limit: int) -> list[Deployment]:
    """The newest deployments since then of the projects in which a person has asked, worked or deployed since then."""
    ids = [row["id"] for row in await conn.fetch(LIST_DEPLOYMENTS, user_id, since, limit)]
    return await deployments.list_by_ids(conn, ids) if ids else []


LIST_NAMES: Final = """
SELECT i.slack_user_id, u.name
FROM techops.slack_identities AS i
JOIN public.users AS u ON u.id = i.user_id
WHERE i.team_id = $1 AND i.slack_user_id = ANY($2::text[])
"""


async def list_slack_names(conn: Conn, team_id: str, slack_user_ids: Sequence[str]) -> dict[str, str]:
    """The names of these Slack people, as far as they have accounts."""
    rows = await conn.fetch(LIST_NAMES, team_id, list(slack_user_ids))
    return {row["slack_user_id"]: row["name"] for row in rows}


# Sizes are those of the last nightly maintenance: measuring them anew reads the length of every file.
GET_DATABASE_HEALTH: Final = """
SELECT v.verified_at, b.last_backup_at, b.last_backup_status, c.care_at, c.care_status,
    coalesce(c.care_failed, 0) AS care_failed, s.table_bytes, s.measured_at,
    t.long_transactions, t.longest_seconds, t.hidden_sessions
FROM (SELECT max(k.started_at) AS verified_at FROM techops.backups AS k WHERE k.status = 'verified') AS v
LEFT JOIN LATERAL (
    SELECT k.started_at AS last_backup_at, k.status AS last_backup_status FROM techops.backups AS k
    WHERE k.status <> 'running'
    ORDER BY k.id DESC
    LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (
    SELECT r.finished_at AS care_at, r.status AS care_status,
        (SELECT count(*) FROM techops.maintenance_steps AS p WHERE p.run_id = r.id AND p.status = 'failed')
            AS care_failed
    FROM techops.maintenance_runs AS r
    WHERE r.finished_at IS NOT NULL
    ORDER BY r.id DESC
    LIMIT 1
) AS c ON true
CROSS JOIN (
    SELECT sum(z.total_bytes)::bigint AS table_bytes, max(z.measured_at) AS measured_at FROM techops.table_sizes AS z
) AS s
CROSS JOIN (
    SELECT count(*) FILTER (WHERE a.xact_start < clock_timestamp() - interval '5 minutes') AS long_transactions,
        coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)), 0)::double precision AS longest_seconds,
        count(*) FILTER (WHERE a.backend_type IS NULL) AS hidden_sessions
    FROM pg_stat_activity AS a
    WHERE a.datname = current_database() AND coalesce(a.backend_type, 'client backend') = 'client backend'
        AND a.pid <> pg_backend_pid()
) AS t
"""


async def get_database_health(conn: Conn) -> DatabaseHealth:
    """How the database does, by the server's own clock."""
    row = await conn.fetchrow(GET_DATABASE_HEALTH)
    assert row is not None  # noqa: S101 - an aggregate has one row
    return DatabaseHealth(**dict(row))
