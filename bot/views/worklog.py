"""What `/worklog` shows: the dialog, lists of logs, and reports."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from bot.rules.hours import format_hours
from bot.rules.ids import card_label
from bot.rules.when import Period
from bot.views import kit
from bot.views.activity import hours_text
from bot.views.answers import Block, Reply, View
from bot.views.wording import count, line, quoted, truncate
from db.models import ReportLine, Request, WorkLog

LOG_CALLBACK = "worklog.log"

_TABLE_ROWS = 60
_TOTALS = 8
_VALUE_LIMIT = 2000


def log_work(row: Request, today: date, *, hours: str = "", description: str = "", metadata: str | None = None) -> View:
    """Ask what was done on a request; `today` is the person's own."""
    blocks = [
        kit.section(line(row.title, 255)),
        kit.number(
            "hours", "Hours", initial=hours, placeholder="1.5 or 1h30m", hint="As 1.5, 1h30m or 90m; at most 24."
        ),
        kit.date("work_date", "Date", initial=today, hint=f"The day it was done, on {card_label(row.id)}."),
        kit.area("description", "What was done", initial=description),
    ]
    return kit.modal(LOG_CALLBACK, "Log work", blocks, "Create", str(row.id) if metadata is None else metadata)


def logged(log: WorkLog) -> Reply:
    """Confirm work that was logged, with the number that deletes it."""
    amount = hours_text(log.hours) or "Work"
    told = f"{amount} on {log.work_date.isoformat()} logged on "
    undo = kit.note("A mistake? Within 24 hours you can type ", kit.Code(f"/worklog delete {log.id}"), ".")
    return kit.say(told, *quoted(log.request_id, log.request_title), ".", blocks=[undo])


def deleted(log: WorkLog) -> Reply:
    """Confirm that a work log is gone."""
    amount = hours_text(log.hours) or "no hours"
    told = f"Work log {log.id} ({amount} on {log.work_date.isoformat()}) was deleted from "
    return kit.say(told, *quoted(log.request_id, log.request_title), ".")


def log_list(row: Request, logs: Sequence[WorkLog]) -> Reply:
    """Show the work logged on a request, newest day first, each with the number that deletes it."""
    if not logs:
        how = kit.Code(f"/worklog {card_label(row.id)} 1.5 what was done")
        return kit.say("No work is logged on ", *quoted(row.id, row.title), " yet. Log some with ", how, ".")
    told = f"{count(len(logs), 'work log')}, {hours_text(_total(log.hours for log in logs))} in all."
    head = [kit.header(f"Work on {card_label(row.id)}"), kit.section(line(row.title, 255)), kit.context(told)]
    newest = sorted(logs, key=lambda log: (log.work_date, log.id), reverse=True)
    text = kit.spoken([*quoted(row.id, row.title), f" has {told}"])
    return kit.reply(text, kit.stack(head, [_log(log) for log in newest]))


def report(lines: Sequence[ReportLine], period: Period, *, scope: str, token: str) -> Reply:
    """Add up hours by person, by project and by request.

    `scope` says whose hours, as in "your hours"; `token` is what the export button carries.
    """
    heading = f"{line(scope, 80)}, {line(period.label, 60)}"
    heading = heading[:1].upper() + heading[1:]
    days = f"{period.first.isoformat()} to {period.last.isoformat()}"
    if not lines:
        return kit.say(f"{heading} ({days}): no work is logged.")
    told = f"{heading} ({days}): {hours_text(_total(entry.hours for entry in lines))}."
    people = _sums((entry.user_name, entry.hours) for entry in lines)
    projects = _sums((entry.project_name or "No project", entry.hours) for entry in lines)
    head = [kit.header(heading), kit.section(told), _totals("By person", people), _totals("By project", projects)]
    tail, cut = _export(token)
    return kit.reply(kit.escape(told), [*head, *_table(lines, kit.size([*head, *tail])), *tail, *cut])


def exporting(filename: str) -> Reply:
    """Tell that a report is on its way as a file."""
    return kit.say("I am sending you the file ", kit.Code(filename), " in a direct message.")


def _log(log: WorkLog) -> list[Block]:
    amount = hours_text(log.hours) or "no hours given"
    who = f"  {amount} · {log.work_date.isoformat()} · {line(log.user_name, 80)}"
    words = truncate(kit.clean(log.description).strip(), 300)
    return [kit.rich(kit.Bold(f"Log {log.id}"), who), *([kit.quote(words)] if kit.visible(words) else [])]


def _total(hours: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in hours if amount is not None), Decimal(0))


def _sums(entries: Iterable[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """Add up by name, largest first."""
    sums: dict[str, Decimal] = {}
    for name, hours in entries:
        sums[name] = sums.get(name, Decimal(0)) + hours
    return sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))


def _totals(title: str, sums: Sequence[tuple[str, Decimal]]) -> Block:
    rows = [f"\n{line(name, 60)}: {hours_text(hours)}" for name, hours in sums[:_TOTALS]]
    left = len(sums) - _TOTALS
    return kit.rich(kit.Bold(title), "".join(rows), *([f"\nand {left:,} more"] if left > 0 else []))


def _table(lines: Sequence[ReportLine], used: int) -> list[Block]:
    """Show the lines as a table, as many as fit beside `used` characters of other blocks."""
    rows = [_row("Person", "Project", "Request", "Hours")]
    room = kit.MESSAGE_SIZE - used - kit.size(rows[0]) - 600
    for entry in lines[:_TABLE_ROWS]:
        request = f"{card_label(entry.request_id)} {line(entry.request_title, 80)}"
        row = _row(
            line(entry.user_name, 40), line(entry.project_name or "No project", 40), request, format_hours(entry.hours)
        )
        room -= kit.size(row) + 1
        if room < 0:
            break
        rows.append(row)
    left = len(lines) - (len(rows) - 1)
    settings = [{"align": "left"}, {"align": "left"}, {"align": "left", "is_wrapped": True}, {"align": "right"}]
    table: Block = {"type": "table", "rows": rows, "column_settings": settings}
    return [table, *([kit.context(f"and {left:,} more: Export CSV has all of them")] if left else [])]


def _row(*cells: str) -> list[Block]:
    return [{"type": "raw_text", "text": cell} for cell in cells]


def _export(token: str) -> tuple[list[Block], list[Block]]:
    if len(token) > _VALUE_LIMIT:
        return [], [kit.context("To export it, ask for a report with a shorter filter.")]
    return [kit.actions(kit.button("Export CSV", "worklog.export", token))], []
