"""What `/techops audit` shows: changes, the newest first, each with who made it and from where."""

from collections.abc import Mapping

from bot.rules.audit import changes, export_value, place_text, subject_label
from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Part
from bot.views.wording import line, truncate
from db.models import Page
from db.models_audit import AuditEntry, AuditView

NEXT = "audit.list_next"
PREVIOUS = "audit.list_previous"
EXPORT = "audit.export"

_COLUMNS = 5
_VALUE = 60
_ENTRY = 600
_GUESSED = "A number alone means a request; for a deployment write D- before it."

Names = Mapping[int, str]


def audit_list(
    page: Page[AuditEntry],
    view: AuditView,
    *,
    names: Names,
    people: frozenset[str] = frozenset(),
    project_name: str | None = None,
    is_guessed: bool = False,
    replace: bool = False,
) -> Reply:
    """Show a page of changes; the page's cursors are what the buttons carry.

    `people` are the columns whose values are numbers of accounts; `names` gives their names.
    """
    heading = _heading(view, names, project_name)
    hint = [kit.note(_GUESSED)] if is_guessed else []
    if not page.rows:
        return kit.say(f"{heading}: nothing is recorded.", blocks=hint, replace=replace)
    turns = [("Previous", PREVIOUS, page.before), ("Next", NEXT, page.after)]
    buttons = [kit.button(label, action, value) for label, action, value in turns if value]
    tail = [kit.actions(*buttons, kit.button("Export CSV", EXPORT, export_value(view))), *hint]
    told = f"{heading}: {kit.count(len(page.rows), 'change')} on this page, the newest first."
    items = [[_entry(row, names, people)] for row in page.rows]
    blocks = kit.stack([kit.header(heading), *_limits(view)], items, tail)
    return kit.reply(kit.escape(told), blocks, replace=replace)


def exporting() -> Reply:
    """Tell that the file is on its way."""
    return kit.say("I am putting the changes into a file and send it to you in a direct message.")


def export_words(rows: int, left: int) -> str:
    """Say what is in the file, and how much is not."""
    told = f"The audit: {kit.count(rows, 'change')}, the newest first."
    return f"{told} And {left:,} more: ask for a shorter time to have those." if left else told


def _heading(view: AuditView, names: Names, project_name: str | None) -> str:
    subject = subject_label(view.kind, view.subject_id) if view.kind and view.subject_id else ""
    parts = [
        "Audit",
        subject,
        f"by {line(names.get(view.actor_id, ''), 40, empty='somebody')}" if view.actor_id else "",
        f"project {line(project_name or '', 40, empty='unknown')}" if view.project_id else "",
        f"verb {view.verb}" if view.verb else "",
        f"source {view.source}" if view.source else "",
    ]
    return ", ".join(part for part in parts if part)


def _limits(view: AuditView) -> list[Block]:
    limits = [("from ", view.since), (" to before ", view.until)]
    parts: list[Part] = [piece for word, at in limits if at for piece in (word, at)]
    return [kit.note(*parts)] if parts else []


def _entry(row: AuditEntry, names: Names, people: frozenset[str]) -> Block:
    who = line(row.actor_name or "", 60) if row.actor_name else _nobody(row)
    what = f"{subject_label(row.subject_kind, row.subject_id)} {row.verb.replace('_', ' ')}"
    told = [*_told(row, names, people), *([f"note: {_short(row.note)}"] if row.note else [])]
    parts: list[Part] = [
        kit.Bold(line(what, 80)),
        f" by {who}, ",
        row.at,
        f"\n{truncate(line(place_text(row)), 200)}",
        *[f"\n{text}" for text in told],
    ]
    return kit.rich(*parts, limit=_ENTRY)


def _nobody(row: AuditEntry) -> str:
    return f"account {row.actor_id}" if row.actor_id is not None else "nobody with an account"


def _told(row: AuditEntry, names: Names, people: frozenset[str]) -> list[str]:
    found = changes(row)
    told = []
    for column, old, new in found[:_COLUMNS]:
        before, after = (_value(column, it, names, people) for it in (old, new))
        if row.old is None:
            told.append(f"{line(column, 40)}: {after}")
        elif row.new is None:
            told.append(f"{line(column, 40)} was {before}")
        else:
            told.append(f"{line(column, 40)}: {before} → {after}")
    left = len(found) - len(told)
    return [*told, *([f"and {left:,} more"] if left else [])]


def _value(column: str, text: str | None, names: Names, people: frozenset[str]) -> str:
    if text is None or text == "null":
        return "none"
    if column in people and text.isascii() and text.isdigit() and int(text) in names:
        return f"{line(names[int(text)], _VALUE)} ({text})"
    return _short(text)


def _short(text: str) -> str:
    return line(text, _VALUE)
