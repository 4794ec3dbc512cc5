"""Approvals and the votes on them. They are made by triggers; here they are read, decided and expired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.models import SubjectKind
from db.models_approvals import Approval, CastVote, Requester
from db.pool import Conn, Row


@dataclass(frozen=True, slots=True)
class Voter:
    """A person as the database knows them at this moment."""

    id: int
    name: str
    role: str
    is_active: bool


LIST_APPROVALS: Final = """
SELECT a.id, a.subject_kind, a.subject_id, a.required, a.role, a.own_counts, a.status, a.asked, a.requested_at,
    a.expires_at, a.decided_at,
    coalesce((
        SELECT jsonb_agg(jsonb_build_array(o.id, u.name, CASE WHEN u.is_active THEN i.slack_user_id END)
            ORDER BY o.place)
        FROM unnest(ARRAY[a.requested_by, a.on_behalf_of]) WITH ORDINALITY AS o (id, place)
        LEFT JOIN public.users AS u ON u.id = o.id
        LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
        WHERE o.id IS NOT NULL
    ), '[]') AS requesters
FROM techops.approvals AS a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id
"""

LIST_VOTES: Final = """
SELECT v.approval_id, v.user_id, u.name, v.vote, v.comment, v.at
FROM techops.approval_votes AS v
LEFT JOIN public.users AS u ON u.id = v.user_id
WHERE v.approval_id = ANY($1::bigint[])
ORDER BY v.approval_id, v.at, v.user_id
"""


async def list_approvals(conn: Conn, ids: Sequence[int]) -> list[Approval]:
    """These approvals with their votes, by id; those that are gone are left out."""
    rows = await conn.fetch(LIST_APPROVALS, list(ids))
    votes = await conn.fetch(LIST_VOTES, [row["id"] for row in rows]) if rows else ()
    return [_approval(row, [vote for vote in votes if vote["approval_id"] == row["id"]]) for row in rows]


async def find_approval(conn: Conn, approval_id: int) -> Approval | None:
    """One approval, None where there is none."""
    return next(iter(await list_approvals(conn, [approval_id])), None)


LOCK_APPROVAL: Final = "SELECT a.id FROM techops.approvals AS a WHERE a.id = $1 FOR NO KEY UPDATE"


async def find_locked(conn: Conn, approval_id: int) -> Approval | None:
    """One approval, which nobody else can change until the end of the transaction; None where there is none.

    To be called with its subject locked, which is the order in which the triggers lock too.
    """
    return await find_approval(conn, approval_id) if await conn.fetchval(LOCK_APPROVAL, approval_id) else None


FIND_LATEST: Final = """
SELECT a.id FROM techops.approvals AS a
WHERE a.subject_kind = $1 AND a.subject_id = $2
ORDER BY a.id DESC
LIMIT 1
"""


async def find_latest(conn: Conn, kind: str, subject_id: int) -> Approval | None:
    """The approval of a record that counts now, None where none was ever asked for."""
    found = await conn.fetchval(FIND_LATEST, kind, subject_id)
    return await find_approval(conn, found) if found is not None else None


LOCK_REQUEST: Final = "SELECT r.status FROM public.maintenance_requests AS r WHERE r.id = $1 FOR NO KEY UPDATE"
LOCK_DEPLOYMENT: Final = "SELECT d.status FROM public.deployments AS d WHERE d.id = $1 FOR NO KEY UPDATE"
_LOCKS: Final = {SubjectKind.MAINTENANCE: LOCK_REQUEST, SubjectKind.DEPLOYMENT: LOCK_DEPLOYMENT}


async def find_subject_locked(conn: Conn, kind: str, subject_id: int) -> str | None:
    """The status of an approval's subject, which stays until the end of the transaction; None where it is gone."""
    row = await conn.fetchrow(_LOCKS[SubjectKind(kind)], subject_id)
    return str(row["status"] or "") if row else None


FIND_VOTER: Final = """
SELECT u.id, u.name, u.role, u.is_active IS TRUE AS is_active FROM public.users AS u WHERE u.id = $1 FOR SHARE
"""


async def find_voter(conn: Conn, user_id: int) -> Voter | None:
    """A person, whose role and rights stay until the end of the transaction; None where the account is gone."""
    row = await conn.fetchrow(FIND_VOTER, user_id)
    return Voter(**dict(row)) if row else None


INSERT_VOTE: Final = """
INSERT INTO techops.approval_votes (approval_id, user_id, vote, comment, at) VALUES ($1, $2, $3, $4, $5)
"""


async def insert_vote(
    conn: Conn, approval_id: int, user_id: int, vote: str, comment: str | None, now: datetime
) -> None:
    """Add a vote; a person has one."""
    await conn.execute(INSERT_VOTE, approval_id, user_id, vote, comment, now)


UPDATE_STATUS: Final = """
UPDATE techops.approvals SET status = $2, decided_at = $3 WHERE id = $1 AND status <> $2
"""


async def update_status(conn: Conn, approval_id: int, status: str, now: datetime) -> None:
    """Give an approval another status."""
    await conn.execute(UPDATE_STATUS, approval_id, status, now)


INSERT_APPROVAL: Final = """
SELECT coalesce(
    (SELECT techops.insert_approval($1::text, r.id, to_jsonb(r), 'pending')
        FROM public.maintenance_requests AS r WHERE $1::text = 'maintenance' AND r.id = $2::integer),
    (SELECT techops.insert_approval($1::text, d.id, to_jsonb(d), 'pending')
        FROM public.deployments AS d WHERE $1::text = 'deployment' AND d.id = $2::integer)
)
"""


async def insert_approval(conn: Conn, kind: str, subject_id: int) -> int | None:
    """Ask once more for what a record asks for; None where no policy asks for an approval of it."""
    made = await conn.fetchval(INSERT_APPROVAL, kind, subject_id)
    return int(made) if made is not None else None


CLAIM_EXPIRED: Final = """
SELECT a.id FROM techops.approvals AS a
WHERE a.status = 'pending' AND a.expires_at <= $1
ORDER BY a.id
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
"""


async def claim_expired(conn: Conn, now: datetime, limit: int) -> list[int]:
    """Undecided approvals whose time is over, locked; those that somebody is deciding on are left out."""
    return [row["id"] for row in await conn.fetch(CLAIM_EXPIRED, now, limit)]


CLAIM_REMINDERS: Final = """
UPDATE techops.approvals SET reminded_at = $1
WHERE id IN (
    SELECT a.id FROM techops.approvals AS a
    WHERE a.status = 'pending' AND a.reminded_at IS NULL AND a.remind_at <= $1 AND a.expires_at > $1
    ORDER BY a.id
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id
"""


async def claim_reminders(conn: Conn, now: datetime, limit: int) -> list[int]:
    """Undecided approvals past half of their time of which nobody was reminded, marked as reminded now."""
    return [row["id"] for row in await conn.fetch(CLAIM_REMINDERS, now, limit)]


# An admin counts as engineer, an engineer as user.
LIST_APPROVERS: Final = """
SELECT i.slack_user_id
FROM techops.approvals AS a
JOIN public.users AS u ON u.is_active AND u.role = ANY(CASE a.role
    WHEN 'admin' THEN ARRAY['admin']
    WHEN 'engineer' THEN ARRAY['engineer', 'admin']
    ELSE ARRAY['user', 'engineer', 'admin']
END)
JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE a.id = $1
    AND (a.own_counts OR (u.id IS DISTINCT FROM a.requested_by AND u.id IS DISTINCT FROM a.on_behalf_of))
    AND NOT EXISTS (SELECT FROM techops.approval_votes AS v WHERE v.approval_id = a.id AND v.user_id = u.id)
ORDER BY u.id
LIMIT $2
"""


async def list_approvers(conn: Conn, approval_id: int, limit: int) -> list[str]:
    """Slack ids of people who may vote and have not."""
    return [row["slack_user_id"] for row in await conn.fetch(LIST_APPROVERS, approval_id, limit)]


INSERT_REMINDED: Final = "SELECT techops.tell_reminded($1)"


async def insert_reminded(conn: Conn, approval_id: int) -> None:
    """Have the thread of the card say that the approval is still waited for."""
    await conn.execute(INSERT_REMINDED, approval_id)


def _approval(row: Row, votes: Sequence[Row]) -> Approval:
    cast = tuple(CastVote(vote["user_id"], vote["name"], vote["vote"], vote["comment"], vote["at"]) for vote in votes)
    values = dict(row)
    requesters = tuple(Requester(*entry) for entry in values.pop("requesters"))
    return Approval(**values, requesters=requesters, votes=cast)
