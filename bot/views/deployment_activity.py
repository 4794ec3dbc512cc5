"""One change of a deployment, told in a sentence."""

from collections.abc import Mapping

from bot.rules.durations import format_duration
from bot.views.kit import Part
from bot.views.wording import join_words, status_label
from db.models import Activity

_STEPS: Mapping[str, tuple[str, str]] = {
    "started": ("started {}", "{} was started"),
    "succeeded": ("finished {} with success", "{} succeeded"),
    "failed": ("says that {} failed", "{} failed"),
    "rolled_back": ("rolled {} back", "{} was rolled back"),
    "created": ("created {}", "{} was created"),
    "deleted": ("deleted {}", "{} was deleted"),
}
_COLUMNS = {
    "version": "version",
    "environment": "environment",
    "project_id": "project",
    "deployed_by": "person who deployed",
    "deployed_at": "time",
    "duration": "duration",
    "notes": "notes",
}


def deployment_sentence(a: Activity, what: str, who: str | None) -> list[Part]:
    """Tell one change; `what` and `who` name deployment and person, passive where nobody is known to have done it."""
    new = a.new or {}
    if a.verb in _STEPS:
        active, passive = _STEPS[a.verb]
        told = f"{who} {active.format(what)}" if who else passive.format(what)
        return [f"{told}{_took(a)}."]
    if a.verb == "status_changed":
        status = f" to {status_label(str(new['status'])).lower()}" if new.get("status") else ""
        return [f"{who} changed the status of {what}{status}." if who else f"The status of {what} changed{status}."]
    changed = join_words([name for column, name in _COLUMNS.items() if column in new]) or "record"
    return [f"{who} edited the {changed} of {what}." if who else f"The {changed} of {what} was edited."]


def _took(a: Activity) -> str:
    duration = (a.new or {}).get("duration")
    measured = isinstance(duration, int) and duration >= 0 and a.verb in {"succeeded", "failed"}
    return f" after {format_duration(duration)}" if measured and isinstance(duration, int) else ""
