"""What `/techops audit` is asked for, what its buttons carry, how a change reads, and the lines of its file."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.errors import BadInput
from bot.rules.csvfile import table_csv
from bot.rules.deployments import deployment_label
from bot.rules.ids import LARGEST, card_label, is_labelled, looks_like_id, parse_id
from bot.rules.mentions import ME, parse_mention, parse_person
from bot.rules.pages import number, pack, strange, unpack
from bot.rules.suggest import closest
from bot.rules.text import split
from bot.rules.when import Period, looks_like_period, parse_period
from bot.rules.wording import bad, quoted
from db.models import JsonObject, SubjectKind
from db.models_audit import AuditEntry, AuditView

EXAMPLE: Final = "/techops audit MR-42, /techops audit @name week or /techops audit verb:role_changed"
OPTIONS: Final = ("project", "verb", "source")
SOURCES: Final = (
    "slack", "api", "dashboard", "cli", "scheduler", "care", "github", "webhook", "sample", "migration", "page",
    "worker",
)  # fmt: skip
LARGEST_ID: Final = 2**63 - 1
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NEAR: Final = 0.75
_HIDDEN: Final = frozenset({"password_hash", "token_sha256"})


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which changes are wanted, as typed: one record, by one person (Slack id or "me"), in a project, of some kind.

    `is_guessed`: the number had no letters before it, so that a request was meant.
    """

    kind: SubjectKind | None = None
    subject_id: int | None = None
    is_guessed: bool = False
    person: str | None = None
    project: str | None = None
    verb: str | None = None
    source: str | None = None
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """Where a page begins: behind the change with this number, or before it."""

    id: int
    backwards: bool


def parse_audit(text: str, *, now: datetime, tz: str) -> AuditFilter:
    """[ID|@x|project:P|verb:V|source:S] [today|week|month|FROM..TO], in any order. Raises BadInput."""
    words = split(text, OPTIONS)
    wanted = AuditFilter(
        project=words.options.get("project"),
        verb=_word(words.options.get("verb"), "verb"),
        source=_source(words.options.get("source")),
    )
    for word in words.plain:
        if looks_like_period(word):
            _once(wanted.period, "one period", word)
            wanted = replace(wanted, period=parse_period(word, now=now, tz=tz))
        elif looks_like_id(word) or looks_like_id(word, prefix="D"):
            _once(wanted.subject_id, "one record", word)
            wanted = _record(wanted, word)
        else:
            _once(wanted.person, "one person", word)
            wanted = replace(wanted, person=_person(word))
    return wanted


def instants(period: Period | None, tz: str) -> tuple[datetime | None, datetime | None]:
    """When the days of a period begin and when they are over, in a person's zone; None for no limit."""
    if period is None:
        return None, None
    zone = ZoneInfo(tz)
    begin = datetime.combine(period.first, time(), zone)
    end = datetime.combine(period.last + timedelta(days=1), time(), zone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def page_value(view: AuditView, place: AuditPlace) -> str:
    """What a page button carries, as opaque text."""
    return pack([*_parts(view), place.id, place.backwards])


def read_page_value(value: str) -> tuple[AuditView, AuditPlace]:
    """What `page_value` made. Raises BadInput for any other text."""
    *parts, place, backwards = unpack(value, 10)
    if not isinstance(place, int) or isinstance(place, bool) or not 0 < place <= LARGEST_ID:
        raise strange()
    if not isinstance(backwards, bool):
        raise strange()
    return _view(parts), AuditPlace(place, backwards)


def export_value(view: AuditView) -> str:
    """What the export button carries, as opaque text."""
    return pack(_parts(view))


def read_export_value(value: str) -> AuditView:
    """What `export_value` made. Raises BadInput for any other text."""
    return _view(unpack(value, 8))


def subject_label(kind: str, subject_id: int) -> str:
    """What people call a record: MR-42, D-17, project 3."""
    match kind:
        case SubjectKind.MAINTENANCE:
            return card_label(subject_id)
        case SubjectKind.DEPLOYMENT:
            return deployment_label(subject_id)
        case _:
            return f"{kind} {subject_id}"


def place_text(entry: AuditEntry) -> str:
    """From where something was done: Slack's team, channel, message and person, a token, a job, or the dashboard."""
    origin = entry.origin or {}
    told = [f"{name.replace('_', ' ')} {value}" for name, value in origin.items() if value is not None]
    return f"{entry.source} ({', '.join(told)})" if told else entry.source


def changes(entry: AuditEntry) -> list[tuple[str, str | None, str | None]]:
    """What changed: column, old and new value as text; None where there was, or is, none."""
    old, new = entry.old or {}, entry.new or {}
    columns = [name for name in {**new, **old} if name not in _HIDDEN]
    return [(name, _text(old, name), _text(new, name)) for name in columns if not _is_void(old, new, name)]


def audit_csv(entries: Sequence[AuditEntry]) -> str:
    """The changes as a CSV file: one a line, values whole."""
    return table_csv(
        ("Number", "Time (UTC)", "Person", "Account", "Source", "Origin", "Record", "What", "Old", "New", "Note"),
        [
            (
                str(entry.id),
                f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                entry.actor_name or "",
                "" if entry.actor_id is None else str(entry.actor_id),
                entry.source,
                _json(entry.origin),
                subject_label(entry.subject_kind, entry.subject_id),
                entry.verb,
                _json(entry.old),
                _json(entry.new),
                entry.note or "",
            )
            for entry in entries
        ],
    )


def _record(wanted: AuditFilter, word: str) -> AuditFilter:
    if is_labelled(word, prefix="D") and not word.startswith("#"):
        number_ = parse_id(word, prefix="D", what="deployment")
        return replace(wanted, kind=SubjectKind.DEPLOYMENT, subject_id=number_)
    is_guessed = not word.upper().startswith("MR")
    return replace(wanted, kind=SubjectKind.MAINTENANCE, subject_id=parse_id(word), is_guessed=is_guessed)


def _person(word: str) -> str:
    if parse_mention(word) or word.startswith("@") or word.casefold() == ME:
        return parse_person(word, example="/techops audit @name")
    near = closest(word, ("today", "week", "month"))
    hint = f" Did you mean {near}?" if near else ""
    raise bad(f"{quoted(word)} is neither a record, a person nor a period.{hint}", example=EXAMPLE)


def _once(known: object, what: str, word: str) -> None:
    if known is not None:
        raise bad(f"The audit takes {what}; {quoted(word)} would be a second one.", example=EXAMPLE)


def _word(text: str | None, option: str) -> str | None:
    if text is None:
        return None
    wanted = text.strip().casefold().replace("-", "_").replace(" ", "_")
    if not _WORD.fullmatch(wanted):
        raise bad(f"{quoted(text)} cannot be a {option}. It is one word.", example=f"{option}:created")
    return wanted


def _source(text: str | None) -> str | None:
    wanted = _word(text, "source")
    near = closest(wanted, SOURCES, cutoff=_NEAR) if wanted and wanted not in SOURCES else None
    if near is not None:
        raise bad(f"{quoted(text or '')} is no source. Did you mean {near}?", example=f"source:{near}")
    return wanted


def _parts(view: AuditView) -> list[object]:
    since, until = (int(at.timestamp()) if at else None for at in (view.since, view.until))
    return [view.kind, view.subject_id, view.actor_id, view.project_id, view.verb, view.source, since, until]


def _view(parts: Sequence[object]) -> AuditView:
    kind, subject_id, actor_id, project_id, verb, source, since, until = parts
    try:
        return AuditView(
            None if kind is None else SubjectKind(str(kind)),
            number(subject_id),
            number(actor_id),
            number(project_id),
            _word(_string(verb), "verb"),
            _word(_string(source), "source"),
            _instant(since),
            _instant(until),
        )
    except (ValueError, OverflowError, OSError, BadInput) as error:
        raise strange() from error


def _string(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"{value!r} is no word")


def _instant(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST * 100:
        raise ValueError(f"{value!r} is no time")
    return datetime.fromtimestamp(value, UTC)


def _is_void(old: Mapping[str, object], new: Mapping[str, object], name: str) -> bool:
    """Whether a column says nothing: empty in a record that was made or deleted."""
    return (not old or not new) and old.get(name) is None and new.get(name) is None


def _text(columns: Mapping[str, object], name: str) -> str | None:
    if name not in columns:
        return None
    value = columns[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(value: JsonObject | None) -> str:
    if value is None:
        return ""
    return json.dumps({name: it for name, it in value.items() if name not in _HIDDEN}, ensure_ascii=False)
