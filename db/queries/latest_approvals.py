"""The approvals that count now, of many records at once."""

from collections.abc import Mapping, Sequence
from typing import Final

from db.models_approvals import Approval
from db.pool import Conn
from db.queries import approvals

LIST_LATEST: Final = """
SELECT l.id
FROM unnest($2::bigint[]) AS s (id)
CROSS JOIN LATERAL (
    SELECT a.id FROM techops.approvals AS a
    WHERE a.subject_kind = $1 AND a.subject_id = s.id
    ORDER BY a.id DESC
    LIMIT 1
) AS l
"""


async def list_latest(conn: Conn, kind: str, subject_ids: Sequence[int]) -> Mapping[int, Approval]:
    """The latest approval of each of these records, by record; those for which none was ever asked are left out."""
    ids = [row["id"] for row in await conn.fetch(LIST_LATEST, kind, list(subject_ids))]
    return {approval.subject_id: approval for approval in await approvals.list_approvals(conn, ids)}
