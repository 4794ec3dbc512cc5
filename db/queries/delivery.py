"""What was changed, and which of it Slack shows already: the activity of one transaction, and the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.models import Activity
from db.pool import Conn, Row


@dataclass(frozen=True, slots=True)
class Change:
    """One activity as its announcement sees it; `assignee_id` is set where the change gave the record to somebody."""

    id: int
    subject_kind: str
    subject_id: int
    actor_id: int | None
    assignee_id: int | None
    assignee_slack_id: str | None


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An activity that is to be shown at a target (channel id, or 'user:' and a Slack id)."""

    activity_id: int
    target: str
    subject_kind: str
    subject_id: int


@dataclass(frozen=True, slots=True)
class Bulk:
    """What one transaction did to many records of a kind: records by verb, the first ten of them, how many."""

    counts: Mapping[str, int]
    first_ids: tuple[int, ...]
    total: int
    actor_name: str | None


COUNT_TRANSACTION: Final = """
SELECT a.subject_kind, count(DISTINCT a.subject_id) AS subjects, count(*) AS changes
FROM techops.activity AS a
WHERE a.xid = $1::text::xid8 AND a.at >= $2 AND a.subject_kind = ANY($3::text[])
GROUP BY a.subject_kind
ORDER BY a.subject_kind
"""


async def count_transaction(
    conn: Conn, xid: str, since: datetime, kinds: Sequence[str]
) -> Mapping[str, tuple[int, int]]:
    """Distinct records and changes of each kind in one transaction.

    `since` is when the transaction began: transaction ids begin anew in a restored database, times do not.
    """
    rows = await conn.fetch(COUNT_TRANSACTION, xid, since, list(kinds))
    return {row["subject_kind"]: (row["subjects"], row["changes"]) for row in rows}


LIST_TRANSACTION: Final = """
SELECT a.id, a.subject_kind, a.subject_id, a.actor_id, p.id AS assignee_id, i.slack_user_id AS assignee_slack_id
FROM techops.activity AS a
LEFT JOIN public.users AS p
    ON a.subject_kind = 'maintenance' AND a.verb <> 'deleted'
    AND p.id = (a.new ->> 'assigned_to')::integer AND p.is_active IS NOT FALSE
LEFT JOIN techops.slack_identities AS i ON i.user_id = p.id
WHERE a.xid = $1::text::xid8 AND a.at >= $2 AND a.subject_kind = ANY($3::text[])
ORDER BY a.id
"""


async def list_transaction(conn: Conn, xid: str, since: datetime, kinds: Sequence[str]) -> list[Change]:
    """Every change of these kinds in one transaction, in order. `since` as in count_transaction."""
    rows = await conn.fetch(LIST_TRANSACTION, xid, since, list(kinds))
    return [Change(**dict(row)) for row in rows]


LIST_BULK_ASSIGNEES: Final = """
SELECT DISTINCT a.subject_kind, p.id, i.slack_user_id
FROM techops.activity AS a
JOIN public.users AS p ON p.id = (a.new ->> 'assigned_to')::integer AND p.is_active IS NOT FALSE
JOIN techops.slack_identities AS i ON i.user_id = p.id
WHERE a.xid = $1::text::xid8 AND a.at >= $2 AND a.subject_kind = 'maintenance' AND a.verb <> 'deleted'
    AND a.actor_id IS DISTINCT FROM p.id
ORDER BY p.id
"""


async def list_bulk_assignees(conn: Conn, xid: str, since: datetime) -> list[tuple[int, str]]:
    """People (user id, Slack id) to whom one transaction gave requests, but not the person who acted."""
    return [(row["id"], row["slack_user_id"]) for row in await conn.fetch(LIST_BULK_ASSIGNEES, xid, since)]


GET_BULK: Final = """
WITH changed AS (
    SELECT a.subject_id, a.verb, a.actor_id
    FROM techops.activity AS a
    WHERE a.xid = $1::text::xid8 AND a.at >= $2 AND a.subject_kind = $3
        AND ($4::integer IS NULL
            OR ((a.new ->> 'assigned_to')::integer = $4 AND a.actor_id IS DISTINCT FROM $4 AND a.verb <> 'deleted'))
), verbs AS (
    SELECT c.verb, count(DISTINCT c.subject_id) AS records FROM changed AS c GROUP BY c.verb
)
SELECT
    coalesce((SELECT jsonb_object_agg(v.verb, v.records) FROM verbs AS v), '{}') AS counts,
    ARRAY(SELECT DISTINCT c.subject_id FROM changed AS c ORDER BY c.subject_id LIMIT 10) AS first_ids,
    (SELECT count(DISTINCT c.subject_id) FROM changed AS c) AS total,
    (SELECT u.name FROM public.users AS u WHERE u.id = (SELECT max(c.actor_id) FROM changed AS c)) AS actor_name
"""


async def get_bulk(conn: Conn, xid: str, since: datetime, kind: str, assignee_id: int | None) -> Bulk:
    """Add up what one transaction did to records of a kind; with `assignee_id`, of those it gave to that person."""
    row = await conn.fetchrow(GET_BULK, xid, since, kind, assignee_id)
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    counts = dict(sorted(row["counts"].items(), key=lambda item: -item[1]))
    return Bulk(counts, tuple(row["first_ids"]), row["total"], row["actor_name"])


INSERT_LEDGER: Final = """
INSERT INTO techops.ledger (activity_id, target, subject_kind, subject_id, noted_at)
SELECT line.activity_id, line.target, line.subject_kind, line.subject_id, $5
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[])
    AS line (activity_id, target, subject_kind, subject_id)
ON CONFLICT (activity_id, target) DO NOTHING
RETURNING subject_kind, subject_id, target
"""


async def insert_ledger(conn: Conn, lines: Sequence[LedgerLine], now: datetime) -> list[tuple[str, int, str]]:
    """Note what is to be shown where; returns (kind, id, target) of what was not noted before, each once, in order."""
    rows = await conn.fetch(
        INSERT_LEDGER,
        [line.activity_id for line in lines],
        [line.target for line in lines],
        [line.subject_kind for line in lines],
        [line.subject_id for line in lines],
        now,
    )
    return list(dict.fromkeys((row["subject_kind"], row["subject_id"], row["target"]) for row in rows))


FIND_UNPOSTED: Final = """
SELECT EXISTS (
    SELECT FROM techops.ledger AS l
    WHERE l.subject_kind = $1 AND l.subject_id = $2 AND l.target = $3 AND l.posted_at IS NULL
)
"""


async def has_unposted(conn: Conn, kind: str, subject_id: int, target: str) -> bool:
    """Whether anything of a record waits for a target."""
    return await conn.fetchval(FIND_UNPOSTED, kind, subject_id, target) is True


MARK_TOLD: Final = """
UPDATE techops.ledger SET posted_at = $3 WHERE activity_id = ANY($1::bigint[]) AND target = $2 AND posted_at IS NULL
"""


async def mark_told(conn: Conn, target: str, activity_ids: Sequence[int], now: datetime) -> None:
    """Mark these activities as told to a target that has no card."""
    await conn.execute(MARK_TOLD, list(activity_ids), target, now)


SET_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


async def begin_snapshot(conn: Conn) -> None:
    """Make every further statement of this transaction see the same state; to be called first."""
    await conn.execute(SET_SNAPSHOT)


LIST_UNPOSTED: Final = """
SELECT a.id, a.at, a.actor_id, u.name AS actor_name, i.slack_user_id AS actor_slack_id, a.source, a.subject_kind,
    a.subject_id, a.verb, a.old, a.new, a.note
FROM techops.ledger AS l
JOIN techops.activity AS a ON a.id = l.activity_id
LEFT JOIN public.users AS u ON u.id = a.actor_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE l.subject_kind = $1 AND l.subject_id = $2 AND l.target = $3 AND l.posted_at IS NULL
ORDER BY a.id
"""


async def list_unposted(conn: Conn, kind: str, subject_id: int, target: str) -> list[Activity]:
    """What of a record waits for a target, in order."""
    return [_activity(row) for row in await conn.fetch(LIST_UNPOSTED, kind, subject_id, target)]


FIND_UNDERWAY: Final = """
WITH unnoted AS MATERIALIZED (
    SELECT a.id, convert_to(a.xid::text, 'UTF8') AS payload
    FROM techops.activity AS a
    WHERE a.subject_kind = $1 AND a.subject_id = $2 AND a.at > $4
        AND NOT EXISTS (SELECT FROM techops.ledger AS l WHERE l.activity_id = a.id AND l.target = $3)
)
SELECT min(u.id)
FROM unnoted AS u
JOIN techops.pgqueuer AS q ON q.payload = u.payload
WHERE q.entrypoint = 'announce' AND q.status IN ('queued', 'picked')
"""


async def find_underway(conn: Conn, kind: str, subject_id: int, target: str, recent: datetime) -> int | None:
    """The first activity of a record, after `recent`, whose announcement to the target is still in the queue."""
    found = await conn.fetchval(FIND_UNDERWAY, kind, subject_id, target, recent)
    return int(found) if found is not None else None


FIND_LAST: Final = """
SELECT a.id, a.at, a.actor_id, u.name AS actor_name, i.slack_user_id AS actor_slack_id, a.source, a.subject_kind,
    a.subject_id, a.verb, a.old, a.new, a.note
FROM techops.activity AS a
LEFT JOIN public.users AS u ON u.id = a.actor_id
LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
WHERE a.subject_kind = $1 AND a.subject_id = $2
ORDER BY a.id DESC
LIMIT 1
"""


async def find_last(conn: Conn, kind: str, subject_id: int) -> Activity | None:
    """The latest change of a record."""
    row = await conn.fetchrow(FIND_LAST, kind, subject_id)
    return _activity(row) if row else None


LIST_NAMES: Final = "SELECT u.id, u.name FROM public.users AS u WHERE u.id = ANY($1::integer[])"


async def list_names(conn: Conn, user_ids: Sequence[int]) -> dict[int, str]:
    """Names of people by user id; those who are gone are left out."""
    return {row["id"]: row["name"] for row in await conn.fetch(LIST_NAMES, list(user_ids))}


def _activity(row: Row) -> Activity:
    return Activity(**dict(row))
