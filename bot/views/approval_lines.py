"""What happens to approvals, told in the thread of their subject's card and at its foot."""

from collections.abc import Mapping
from datetime import datetime

from bot.views.kit import Part
from db.models import Activity

# What happened, as it stands before "by NAME".
DONE: Mapping[str, str] = {
    "approval_requested": "Approval asked for",
    "approved": "Approved",
    "rejected": "Rejected",
    "approval_granted": "Approved",
    "approval_expired": "Approval expired",
    "approval_voided": "Approval voided by a change",
    "approval_skipped": "Continued without approval",
    "approval_reminded": "Approvers reminded",
}
# The card itself shows that approval is asked for; of votes the last one tells that it is granted.
ON_THE_CARD = frozenset({"approval_requested", "approval_granted"})


def approval_sentence(a: Activity, what: str, who: str | None) -> list[Part] | None:
    """Tell one event of an approval; `what` and `who` name subject and person. None for what is no such event."""
    match a.verb:
        case "approval_requested":
            return [f"{who} asked for approval of {what}." if who else f"{what} needs approval."]
        case "approved" | "rejected":
            return [f"{who} {a.verb} {what}." if who else f"{what} was {a.verb}."]
        case "approval_granted":
            return [f"{what} has the approval it needs."]
        case "approval_expired":
            return [f"The approval of {what} has expired: nobody decided in time."]
        case "approval_voided":
            return [f"What is asked for {what} has changed, so its approval is void."]
        case "approval_skipped":
            return [f"{who} continued {what} without approval." if who else f"{what} was continued without approval."]
        case "approval_reminded":
            return [f"{what} still waits for approval", *_until(a), "."]
    return None


def _until(a: Activity) -> list[Part]:
    try:
        at = datetime.fromisoformat(str((a.new or {}).get("expires_at")))
    except ValueError:
        return []
    return [", which expires ", at] if at.tzinfo else []
