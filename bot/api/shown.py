"""Records as the API gives them."""

from datetime import UTC, datetime
from typing import cast

from bot.api import models
from bot.rules.ids import card_label
from bot.services.pipelines import Seen
from db.models import Deployment, Request
from db.models_approvals import Approval


def deployment(seen: Seen[Deployment]) -> models.Deployment:
    """A deployment with its approval."""
    row = seen.row
    return models.Deployment(
        id=row.id,
        project_id=row.project_id,
        project=row.project_name,
        version=row.version,
        environment=row.environment,
        status=row.status,
        approval=cast("models.Approval", seen.word),
        approval_detail=_detail(seen.approval) if seen.approval else None,
        without_approval=seen.without_approval,
        requested_by=row.requester_name,
        deployed_by=row.deployer_name,
        deployed_at=_utc(row.deployed_at),
        duration=row.duration,
        notes=row.notes,
        created_at=row.created_at.astimezone(UTC),
        updated_at=row.updated_at.astimezone(UTC),
    )


def request(seen: Seen[Request]) -> models.Request:
    """A maintenance request with its approval."""
    row = seen.row
    return models.Request(
        id=row.id,
        label=card_label(row.id),
        title=row.title,
        description=row.description,
        project_id=row.project_id,
        project=row.project_name,
        priority=row.priority,
        status=row.status,
        approval=cast("models.Approval", seen.word),
        requested_by=row.requester_name,
        assigned_to=row.assignee_name,
        due_at=_utc(row.due_at),
        created_at=row.created_at.astimezone(UTC),
        updated_at=row.updated_at.astimezone(UTC),
    )


def _detail(approval: Approval) -> models.ApprovalDetail:
    votes = [models.Vote(name=vote.name, vote=vote.vote, comment=vote.comment, at=vote.at) for vote in approval.votes]
    return models.ApprovalDetail(
        required=approval.required,
        role=approval.role,
        expires_at=approval.expires_at,
        decided_at=approval.decided_at,
        votes=votes,
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
