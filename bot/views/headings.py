"""What stands above a list of requests."""

from bot.views.wording import line, priority_label, status_label

_NAMES = {
    "mine": "My requests",
    "open": "Open requests",
    "overdue": "Overdue requests",
    "unassigned": "Requests without an assignee",
    "all": "All requests",
}


def list_heading(
    scope: str,
    *,
    project: str | None = None,
    priority: str | None = None,
    status: str | None = None,
    assignee: str | None = None,
) -> str:
    """Name a list and what it is narrowed to: "Open requests, project Shop, high priority"."""
    named = _NAMES.get(scope, "Requests")
    parts = [
        "My open requests" if scope == "mine" and not status else named,
        f"project {line(project, 30)}" if project else "",
        f"{priority_label(priority).lower()} priority" if priority else "",
        status_label(status).lower() if status else "",
        f"assigned to {line(assignee, 30)}" if assignee else "",
    ]
    return ", ".join(part for part in parts if part)
