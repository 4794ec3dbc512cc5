"""What people type after /maintenance, one function a verb; all raise BadInput that says what to type instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.rules.ids import is_labelled, looks_like_id, parse_id
from bot.rules.mentions import parse_person
from bot.rules.suggest import closest
from bot.rules.text import Words, clean_text, clean_title, is_blank, split
from bot.rules.validate import LIMITS, clean_comment, clean_note, priority_named, status_named
from bot.rules.when import parse_due
from bot.rules.wording import bad, listed, quoted
from db.models import Priority, RequestStatus

NEW_OPTIONS: Final = ("project", "priority", "due", "assignee")
LIST_OPTIONS: Final = ("project", "priority", "status", "assignee")
NEW_EXAMPLE: Final = '/maintenance new Replace the disk priority:high due:"friday 17:00"'
LIST_EXAMPLE: Final = "/maintenance list overdue priority:high"


class Scope(StrEnum):
    """Which requests a list shows."""

    MINE = "mine"
    OPEN = "open"
    OVERDUE = "overdue"
    UNASSIGNED = "unassigned"
    ALL = "all"


SCOPES: Final = frozenset(str(scope) for scope in Scope)


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What prefills the modal. `assignee` is a Slack user id or "me"; `due_at` is in UTC."""

    title: str | None
    project: str | None
    priority: Priority | None
    due_at: datetime | None
    assignee: str | None


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What a list is narrowed to. `project` is a name as typed, `assignee` a Slack user id or "me"."""

    scope: Scope
    project: str | None
    priority: Priority | None
    status: RequestStatus | None
    assignee: str | None


@dataclass(frozen=True, slots=True)
class Noted:
    """A request and the note that goes with the change."""

    id: int
    note: str | None


@dataclass(frozen=True, slots=True)
class Assign:
    """A request and who is to do it: a Slack user id or "me"."""

    id: int
    who: str


def parse_new(text: str, *, now: datetime, tz: str) -> NewRequest:
    """[TITLE] [project:P] [priority:P] [due:WHEN] [assignee:@x], in any order."""
    words = split(text, NEW_OPTIONS, timed=("due",))
    title, options = words.rest(), words.options
    return NewRequest(
        title=None if is_blank(title) else clean_title(title),
        project=options.get("project"),
        priority=priority_named(options["priority"]) if "priority" in options else None,
        due_at=parse_due(options["due"], now=now, tz=tz) if "due" in options else None,
        assignee=_person(options, NEW_EXAMPLE),
    )


def parse_list(text: str) -> ListFilter:
    """[mine|open|overdue|unassigned|all] [project: priority: status: assignee:], in any order.

    Without a scope it is open, and all where a status is asked for.
    """
    words = split(text, LIST_OPTIONS)
    options = words.options
    status = status_named(options["status"]) if "status" in options else None
    return ListFilter(
        scope=_scope(words.plain, Scope.ALL if status else Scope.OPEN),
        project=options.get("project"),
        priority=priority_named(options["priority"]) if "priority" in options else None,
        status=status,
        assignee=_person(options, "/maintenance list all assignee:me"),
    )


def parse_one(text: str, verb: str) -> int:
    """ID and nothing else: show, history, edit."""
    plain = split(text, ()).plain
    example = f"/maintenance {verb} MR-42"
    if not plain:
        raise bad(f"Say which request to {_spoken(verb)}.", example=example)
    if len(plain) > 1:
        raise bad("Give one request and nothing else.", example=f"/maintenance {verb} {_id_among(plain)}")
    return parse_id(plain[0])


def parse_noted(text: str, verb: str) -> Noted:
    """ID [note]: start, complete, reopen, cancel."""
    words = split(text, ())
    request_id = _leading_id(words, f"Say which request to {verb}.", f"/maintenance {verb} MR-42 optional note")
    return Noted(request_id, clean_note(words.rest(1)))


def parse_comment(text: str) -> tuple[int, str]:
    """ID TEXT."""
    words = split(text, ())
    example = "/maintenance comment MR-42 The spare part has arrived"
    request_id = _leading_id(words, "Say which request to comment on, then the comment.", example)
    if is_blank(words.rest(1)):
        raise bad("The comment is missing.", example=example)
    return request_id, clean_comment(words.rest(1))


def parse_assign(text: str) -> Assign:
    """ID @x|me, in either order."""
    example = "/maintenance assign MR-42 @name"
    request_id, others = _id_and_rest(
        text, "Say which request and who: an engineer, or me.", example, option="assignee"
    )
    if not others:
        raise bad("Say who is to do it: @ and a name, or me.", example=example)
    if len(others) > 1:
        raise bad("A request is assigned to one person.", example=example)
    return Assign(request_id, parse_person(others[0], example=example))


def parse_priority(text: str) -> tuple[int, Priority]:
    """ID P, in either order."""
    example = "/maintenance priority MR-42 high"
    request_id, others = _id_and_rest(
        text, f"Say which request and its priority: {listed(Priority)}.", example, option="priority"
    )
    if len(others) != 1:
        raise bad(f"Say one priority: {listed(Priority)}.", example=example)
    return request_id, priority_named(others[0])


def parse_due_command(text: str, *, now: datetime, tz: str) -> tuple[int, datetime | None]:
    """ID WHEN|none, in either order."""
    example = "/maintenance due MR-42 friday 17:00"
    request_id, others = _id_and_rest(text, "Say which request and when it is due.", example, option="due")
    if not others:
        raise bad("Say when it is due, or none.", example=example)
    return request_id, parse_due(" ".join(others), now=now, tz=tz)


def parse_search(text: str) -> str:
    """WORDS to look for, at most 200 characters."""
    wanted = split(text, ()).rest()
    if is_blank(wanted):
        raise bad("Say what to look for.", example="/maintenance search login page")
    return clean_text(" ".join(wanted.split()), LIMITS["search"], field="search")


def _person(options: dict[str, str], example: str) -> str | None:
    return parse_person(options["assignee"], example=example, field="assignee") if "assignee" in options else None


def _scope(plain: Sequence[str], default: Scope) -> Scope:
    if not plain:
        return default
    if len(plain) > 1:
        raise bad(f"A list takes one of {listed(Scope)}, then options.", example=LIST_EXAMPLE)
    wanted = plain[0].casefold()
    if wanted in SCOPES:
        return Scope(wanted)
    near = closest(wanted, Scope) or closest(wanted.replace("-", "_"), RequestStatus)
    hint = f" Did you mean {near if near in SCOPES else f'status:{near}'}?" if near else ""
    raise bad(f"{quoted(plain[0])} is no list.{hint} There are {listed(Scope, last='and')}.", example=LIST_EXAMPLE)


def _leading_id(words: Words, missing: str, example: str) -> int:
    if not words.plain:
        raise bad(missing, example=example)
    if not looks_like_id(words.plain[0]):
        raise bad(f"{quoted(words.plain[0])} is no number of a request; it comes first.", example=example)
    return parse_id(words.plain[0])


def _id_and_rest(text: str, missing: str, example: str, *, option: str) -> tuple[int, list[str]]:
    """The id, and the other words; their option's value where it was written as one.

    The id is MR-42 or #42 wherever it stands, else a number that stands first, else one that stands last.
    """
    words = split(text, (option,), timed=("due",))
    plain = list(words.plain)
    if not plain and not words.options:
        raise bad(missing, example=example)
    labelled = [place for place, word in enumerate(plain) if is_labelled(word)]
    bare = [place for place in (0, len(plain) - 1) if plain and looks_like_id(plain[place])]
    if not labelled and not bare:
        raise bad(f"There is no number of a request in {quoted(text)}.", example=example)
    request_id = parse_id(plain.pop((labelled + bare)[0]))
    return request_id, [*plain, *words.options.values()]


def _id_among(plain: Sequence[str]) -> str:
    return next((word for word in plain if looks_like_id(word)), "MR-42")


def _spoken(verb: str) -> str:
    return {"history": "look up"}.get(verb, verb)
