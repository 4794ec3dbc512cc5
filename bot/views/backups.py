"""Backups in Slack: lists, results, alarms."""

from collections.abc import Sequence
from typing import Final

from bot.rules.care import size
from bot.rules.durations import format_duration
from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.kit import Bold, Message, Part
from bot.views.wording import code_parts, line
from db.models_backups import Backup, BackupStatus

_ALARMS: Final = {
    "failed": "The backup failed.",
    "unverified": "A backup could not be proven.",
    "damaged": "A backup is damaged.",
    "shrunk": "The backup is much smaller than the last one.",
    "late": "Backups are late.",
    "copy": "A backup was not copied.",
    "retention": "Old backups cannot be deleted.",
}
_SHOWN: Final = 10
_FAULT: Final = 800
_WORKER: Final = (
    "The worker of the tables' owner (`techops worker --care`) does it; you get a direct message at the end."
)


def alarm(cause: str, report: str) -> Message:
    """Tell the operations channel what is wrong, and what to look at."""
    heading = _ALARMS.get(cause, "Something is wrong with the backups.")
    return told(report, heading=heading)


def told(report: str, *, heading: str = "About the backups:") -> Message:
    """Say something, with commands in backticks."""
    parts: list[Part] = [Bold(heading), " ", *code_parts(line(report, _FAULT))]
    return Message(kit.spoken(parts), [kit.rich(*parts)])


def made(row: Backup) -> Message:
    """Tell who asked how a backup went."""
    parts = _sentence(row)
    return Message(kit.spoken(parts), [kit.rich(*parts), *_notes((row.notes or "").splitlines())])


def checked(file: str, fault: str | None, notes: Sequence[str]) -> Message:
    """Tell who asked what a look at an archive has shown."""
    if fault is None:
        said = "is verified: it is what was written, and a restore of it holds what was dumped."
        return _with_notes([Bold(line(file, 150)), f" {said}"], notes)
    return _with_notes([Bold(line(file, 150)), " is not proven. ", *code_parts(line(fault, _FAULT))], notes)


def asked(what: str) -> Reply:
    """Confirm that a backup, or a look at one, is on its way."""
    begun = "A backup will be made and restored to prove it." if what == "run" else "The newest archive is checked."
    return kit.say(f"{begun} ", *code_parts(_WORKER))


def backup_list(rows: Sequence[Backup]) -> Reply:
    """Show the latest backups, each verified or with its fault."""
    if not rows:
        return kit.say("There is no backup yet. Make one with ", kit.Code("/techops db backup run"), ".")
    good = next((row for row in rows if row.status == BackupStatus.VERIFIED), None)
    newest: list[Part] = ["The last verified backup is of ", good.started_at, "."] if good else ["None is verified."]
    items: list[list[Block]] = [[kit.rich(*_sentence(row))] for row in rows[:_SHOWN]]
    head = [kit.header("Backups"), kit.rich(*newest)]
    return kit.reply(kit.spoken(newest), kit.stack(head, items, total=len(rows)))


def _sentence(row: Backup) -> list[Part]:
    """One backup: its state first, in a word, then when, what and why."""
    parts: list[Part] = [Bold(row.status), ": ", row.started_at]
    if row.file is not None:
        rows = f", {row.contents.rows:,} rows" if row.contents else ""
        took = f", in {format_duration(round(row.seconds))}" if row.seconds is not None else ""
        parts.append(
            f", {line(row.file, 150)}, {size(row.size_bytes or 0)}{rows}{took}"
            f", pg_dump {line(row.tool_version or '', 50)}"
        )
    parts.append(". ")
    return parts + (code_parts(line(row.fault, _FAULT)) if row.fault else [])


def _with_notes(parts: list[Part], notes: Sequence[str]) -> Message:
    return Message(kit.spoken(parts), [kit.rich(*parts), *_notes(notes)])


def _notes(notes: Sequence[str]) -> list[Block]:
    return [kit.note(*code_parts(line(note, _FAULT))) for note in notes[:10]]
