"""Digests, as a message and as lines of plain text; subscriptions, listed and confirmed."""

from collections.abc import Sequence
from datetime import datetime

from bot.rules.deployments import deployment_label
from bot.rules.dora import DeploymentStats
from bot.rules.hours import format_hours
from bot.rules.ids import card_label
from bot.rules.zones import local
from bot.views import kit
from bot.views import stats as stats_views
from bot.views.answers import Block, Reply
from bot.views.charts import bar_chart
from bot.views.kit import Message, Part
from bot.views.wording import count, join_words, line, priority_label, quoted, status_label
from db.models import Request, SubjectKind
from db.models_subscriptions import Cadence, Day, Deployed, Digest, Waiting

OPEN = "digest.open"
TAKE = "digest.take"
_FAILED = ("failed", "rolled_back")
_CHART_DAYS = 20
_ORDER = ("failed", "rolled_back", "in_progress", "success")


def digest_message(digest: Digest, stats: DeploymentStats | None = None) -> Message:
    """Show a digest, with buttons on what is late, due today or waiting; where there is nothing to say, in one line."""
    summary = _summary(digest)
    if digest.is_quiet:
        parts: list[Part] = [kit.Bold(_title(digest)), ": nothing to report since ", digest.since, "."]
        return Message(kit.spoken(parts), [kit.rich(*parts)])
    fixed = [
        kit.header(_title(digest)),
        kit.note("Since ", digest.since),
        kit.section(summary),
        *_deployed_block(digest),
        *_weekly(digest, stats),
    ]
    room = max(700, (kit.MESSAGE_SIZE - kit.size(fixed)) // 3)
    lists = [
        *_part(
            "Overdue", digest.overdue_total, [_row(row) for row in digest.overdue], "`/maintenance list overdue`", room
        ),
        *_part("Due today", digest.today_total, [_row(row) for row in digest.today], "`/maintenance list`", room),
        *_part("Waiting for approval", digest.waiting_total, [_waiting(it) for it in digest.waiting], "", room),
    ]
    return Message(kit.spoken([f"{_title(digest)}: {summary}"]), [*fixed[:3], *lists, *fixed[3:]])


def digest_lines(digest: Digest, stats: DeploymentStats | None, tz: str) -> list[str]:
    """Write a digest as plain text, times in `tz`."""
    title = _title(digest)
    if digest.is_quiet:
        return [f"{title}: nothing to report since {_plain([digest.since], tz)}."]
    lines = [title, f"Since {_plain([digest.since], tz)} ({tz})", _summary(digest)]
    for name, total, rows in (
        ("Overdue", digest.overdue_total, [_about(row) for row in digest.overdue]),
        ("Due today", digest.today_total, [_about(row) for row in digest.today]),
        ("Waiting for approval", digest.waiting_total, [_asked(it) for it in digest.waiting]),
        ("Deployments", sum(digest.by_status.values()), [_deployed(it) for it in digest.deployments]),
    ):
        if rows:
            lines += ["", name, *(f"  {_plain(parts, tz)}" for parts in rows)]
            lines += [f"  and {total - len(rows):,} more"] if total > len(rows) else []
    if digest.cadence == Cadence.WEEKLY:
        lines += ["", *(_day_words(day) for day in digest.days)]
    return [
        *lines,
        *(["", stats_views.deployment_stats(stats, project_name=digest.project_name).text] if stats else []),
    ]


def preview(message: Message) -> Reply:
    """Show a digest to one person only."""
    return kit.reply(message.text, message.blocks)


def _title(digest: Digest) -> str:
    of = f" of {line(digest.project_name, 80)}" if digest.project_name else ""
    return f"{'Weekly' if digest.cadence == Cadence.WEEKLY else 'Daily'} digest{of}"


def _summary(digest: Digest) -> str:
    """Say the numbers of a digest in sentences."""
    due = [f"{digest.overdue_total:,} overdue", f"{digest.today_total:,} due today"]
    first = f"{join_words([*due, f'{digest.waiting_total:,} waiting for approval'])}."
    moved = f"{count(digest.opened, 'request')} opened, {digest.closed:,} closed."
    worked = f"{format_hours(digest.hours)} hours logged."
    return f"{first} {moved} {_deployments_words(digest)} {worked}"


def _deployments_words(digest: Digest) -> str:
    total = sum(digest.by_status.values())
    known = [*_ORDER, *(status for status in digest.by_status if status not in _ORDER)]
    each = [f"{digest.by_status[it]:,} {_said(it)}" for it in known if digest.by_status.get(it)]
    return f"{count(total, 'deployment')}: {join_words(each)}." if total else "No deployments."


def _said(status: str) -> str:
    return {"success": "succeeded"}.get(status, status_label(status).lower())


def _part(title: str, total: int, items: Sequence[Sequence[Block]], hint: str, room: int) -> list[Block]:
    if not items:
        return []
    head = [kit.rich(kit.Bold(f"{title} ({total:,})"))]
    return kit.stack(head, items, more=lambda left: kit.and_more(left, hint), total=total, room=room)


def _row(row: Request) -> list[Block]:
    value = card_label(row.id)
    take = [kit.button("Assign to me", TAKE, value)] if row.assigned_to is None else []
    return [kit.rich(*_about(row)), kit.actions(kit.button("Open", OPEN, value), *take)]


def _about(row: Request) -> list[Part]:
    who = line(row.assignee_name, 60) if row.assignee_name else "nobody assigned"
    when: list[Part] = [", due ", row.due_at] if row.due_at else []
    return [
        *quoted(row.id, line(row.title, 100, empty="(no title)")),
        *when,
        f", {priority_label(row.priority).lower()}, {who}",
    ]


def _waiting(it: Waiting) -> list[Block]:
    return [kit.rich(*_asked(it)), kit.actions(kit.button("Open", OPEN, _label(it)))]


def _asked(it: Waiting) -> list[Part]:
    project = f", {line(it.project_name, 60)}" if it.project_name else ""
    return [kit.Bold(_label(it)), f" “{line(it.title, 100, empty='(no title)')}”{project}, since ", it.since]


def _label(it: Waiting) -> str:
    is_request = it.subject_kind == SubjectKind.MAINTENANCE
    return card_label(it.subject_id) if is_request else deployment_label(it.subject_id)


def _deployed_block(digest: Digest) -> list[Block]:
    if not digest.deployments:
        return []
    parts: list[Part] = [kit.Bold("Deployments")]
    for it in digest.deployments:
        parts += ["\n", *_deployed(it)]
    left = sum(digest.by_status.values()) - len(digest.deployments)
    return [kit.rich(*parts, *([f"\nand {left:,} more"] if left > 0 else []), limit=1200)]


def _deployed(it: Deployed) -> list[Part]:
    said = _said(it.status).capitalize()
    named = f"{line(it.project_name, 60)} {line(it.version, 40)} to {line(it.environment, 30)}"
    shown: list[Part] = [kit.Bold(said) if it.status in _FAILED else said]
    return [*shown, f": {named} ({deployment_label(it.id)}), ", it.at]


def _weekly(digest: Digest, stats: DeploymentStats | None) -> list[Block]:
    """Draw the week, with the numbers in words beside it, and the measures of deployments."""
    if digest.cadence != Cadence.WEEKLY:
        return []
    days = digest.days[-_CHART_DAYS:]
    labels = [f"{day.day:%a} {day.day.day}.{day.day.month}." for day in days]
    opened = {"Opened": [day.opened for day in days], "Closed": [day.closed for day in days]}
    deployed = {"Succeeded": [day.succeeded for day in days], "Failed, rolled back": [day.failed for day in days]}
    words = kit.rich(kit.Bold("Day by day"), "".join(f"\n{_day_words(day)}" for day in days), limit=2000)
    charts = [
        bar_chart("Requests opened and closed", labels, opened, x="Day", y="Requests"),
        bar_chart("Deployments", labels, deployed, x="Day", y="Deployments"),
    ]
    measured = stats_views.deployment_stats(stats, project_name=digest.project_name).text if stats else ""
    return [*charts, words, *([kit.section(kit.mrkdwn(measured, 1000))] if measured else [])]


def _day_words(it: Day) -> str:
    requests = f"{it.opened:,} opened, {it.closed:,} closed"
    deployments = f"{it.succeeded:,} deployed with success, {it.failed:,} failed or rolled back"
    return f"{it.day:%A} {it.day.isoformat()}: {requests}; {deployments}"


def _plain(parts: Sequence[Part], tz: str) -> str:
    return "".join(_plain_part(part, tz) for part in parts)


def _plain_part(part: Part, tz: str) -> str:
    if isinstance(part, datetime):
        return f"{local(part, tz):%Y-%m-%d %H:%M}"
    return part if isinstance(part, str) else part.text
