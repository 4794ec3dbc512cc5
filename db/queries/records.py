"""A request with what belongs to it, in one round trip where no approval was asked for."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from db.models import Comment, Request, WorkLog
from db.models_approvals import Approval
from db.pool import Conn, Row
from db.queries import approvals, requests


@dataclass(frozen=True, slots=True)
class Record:
    """A request, the newest work on it and the newest remarks, 200 of each at most, and its latest approval."""

    row: Request
    logs: list[WorkLog]
    comments: list[Comment]
    approval: Approval | None


FIND_RECORD: Final = f"""
SELECT {requests.COLUMNS},
    (
        SELECT json_agg(l) FROM (
            SELECT l.id, r.id AS request_id, r.title AS request_title, l.user_id, u.name AS user_name,
                i.slack_user_id AS user_slack_id, l.work_description AS description,
                NULLIF(l.hours_spent, 'NaN')::text AS hours,
                least(greatest(l.work_date, '0002-01-01'), '9999-12-31') AS work_date,
                coalesce(l.created_at::timestamptz, 'epoch') AS created_at
            FROM public.maintenance_work_logs AS l
            JOIN public.users AS u ON u.id = l.user_id
            LEFT JOIN techops.slack_identities AS i ON i.user_id = u.id
            WHERE l.maintenance_request_id = r.id
            ORDER BY l.work_date DESC, l.id DESC
            LIMIT 200
        ) AS l
    ) AS logs,
    (
        SELECT json_agg(c) FROM (
            SELECT c.id, r.id AS request_id, c.user_id, u.name AS user_name, c.body, c.created_at AS at
            FROM techops.comments AS c
            LEFT JOIN public.users AS u ON u.id = c.user_id
            WHERE c.maintenance_request_id = r.id
            ORDER BY c.id DESC
            LIMIT 200
        ) AS c
    ) AS comments,
    (
        SELECT max(a.id) FROM techops.approvals AS a WHERE a.subject_kind = 'maintenance' AND a.subject_id = r.id
    ) AS approval_id
{requests.FROM}WHERE r.id = $1
"""  # noqa: S608 - fragments of db.queries


async def find_record(conn: Conn, request_id: int) -> Record | None:
    """A request in full, None where there is none."""
    found = await conn.fetchrow(FIND_RECORD, request_id)
    if found is None:
        return None
    values = dict(found)
    logs, comments = values.pop("logs") or [], values.pop("comments") or []
    approval_id = values.pop("approval_id")
    approval = await approvals.find_approval(conn, approval_id) if approval_id is not None else None
    row = Request(**values)
    return Record(row, [_log(log) for log in logs], [_comment(comment) for comment in comments], approval)


def _log(log: Row) -> WorkLog:
    hours = log["hours"]
    return WorkLog(
        **{
            **log,
            "hours": None if hours is None else Decimal(str(hours)),
            "work_date": date.fromisoformat(str(log["work_date"])),
            "created_at": datetime.fromisoformat(str(log["created_at"])),
        }
    )


def _comment(comment: Row) -> Comment:
    return Comment(**{**comment, "at": datetime.fromisoformat(str(comment["at"]))})
