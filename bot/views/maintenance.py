"""What `/maintenance` answers: lists, one request in full, its history, and one sentence after each act."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from bot.rules.forms import NO_PROJECT
from bot.rules.ids import card_label
from bot.views import kit
from bot.views.activity import Names, hours_text, sentence, words_of
from bot.views.answers import Block, Choices, Reply
from bot.views.approvals import approval_blocks
from bot.views.cards import card_actions, card_fields
from bot.views.cards import heading as card_heading
from bot.views.kit import Part
from bot.views.maintenance_modals import (
    cancel_request,
    complete_request,
    edit_request,
    message_description,
    new_request,
)
from bot.views.wording import count, line, priority_label, quoted, status_label, truncate, units
from db.models import Activity, Comment, HistoryEntry, Page, Project, Request, RequestStatus, WorkLog
from db.models_approvals import Approval

__all__ = [
    "assigned",
    "cancel_request",
    "commented",
    "complete_request",
    "created",
    "due_changed",
    "edit_request",
    "edited",
    "history",
    "message_description",
    "moved",
    "new_request",
    "overview",
    "page_token",
    "prioritised",
    "project_choices",
    "read_page_token",
    "request_list",
    "search_results",
    "show",
    "unchanged",
]

_VALUE_LIMIT = 2000
_DESCRIPTION = 2900
_SHOWN = 5
_HALF = 5_500
_MOVED = {"started": "in progress", "completed": "completed", "cancelled": "cancelled", "reopened": "open again"}
# Told by the status history and by the request itself.
_TOLD_ELSEWHERE = {"created", "started", "completed", "cancelled", "reopened", "status_changed"}


def page_token(filter_token: str, cursor: str) -> str:
    """Pack what a page button has to know."""
    return json.dumps([filter_token, cursor], separators=(",", ":"))


def read_page_token(value: str) -> tuple[str, str]:
    """Unpack (filter token, cursor). Raises ValueError for what no page button carries."""
    read = json.loads(value)
    if not isinstance(read, list) or len(read) != 2 or not all(isinstance(part, str) for part in read):  # noqa: PLR2004 - a pair
        raise ValueError("not the value of a page button")
    return read[0], read[1]


def request_list(
    page: Page[Request],
    *,
    heading: str,
    filter_token: str,
    now: datetime | None = None,
    replace: bool = False,
) -> Reply:
    """Show a page of requests with buttons for the pages beside it; `now` marks those that are overdue."""
    if not page.rows:
        return _nothing(heading, replace=replace)
    turns, cut = _turns(page, filter_token)
    tail = [*([kit.actions(*turns)] if turns else []), *([kit.context(_NARROW)] if cut else []), kit.note(*_OPEN_ONE)]
    blocks = kit.stack([kit.header(heading)], [_item(row, now) for row in page.rows], tail)
    told = f"{line(heading, 150)}: {count(len(page.rows), 'request')} on this page."
    return kit.reply(kit.escape(told), blocks, replace=replace)


def overview(mine: Sequence[Request], waiting: Sequence[Request], *, now: datetime | None = None) -> Reply:
    """Show a person's own open requests and those that wait for them."""
    own = f"You have {count(len(mine), 'open request') if mine else 'no open requests'}"
    told = f"{own}, and {count(len(waiting), 'request') if waiting else 'nothing'} {_wait(len(waiting))} for you."
    parts = [
        *_part("Waiting for you", [_item(row, now) for row in waiting], "`/maintenance list assignee:me`", _HALF),
        *_part("Your open requests", [_item(row, now) for row in mine], "`/maintenance list mine`", _HALF),
    ]
    new = kit.actions(kit.button("New request", "maintenance.new", "new", "primary"))
    return kit.reply(told, [kit.section(told), *parts, new, kit.note(*_OPEN_ONE)])


def show(row: Request, logs: Sequence[WorkLog], comments: Sequence[Comment], approval: Approval | None = None) -> Reply:
    """Show one request in full: description, the newest comments and work logs, approval, and the card's buttons."""
    head, label = [*card_heading(row), card_fields(row), *_whole(row)], card_label(row.id)
    tail = [*approval_blocks(approval), card_actions(row)]
    half = (kit.MESSAGE_SIZE - kit.size([*head, *tail])) // 2
    told = sorted(comments, key=lambda comment: comment.at, reverse=True)
    worked = sorted(logs, key=lambda log: (log.work_date, log.id), reverse=True)
    parts = [
        *_part("Comments", [_comment(comment) for comment in told], f"`/maintenance history {label}`", half),
        *_part("Work", [_log(log) for log in worked], f"`/worklog list {label}`", half),
    ]
    status = status_label(row.status).lower()
    text = kit.spoken([*quoted(row.id, row.title), f" is {status}, with {count(len(comments), 'comment')}"])
    return kit.reply(f"{text} and {count(len(logs), 'work log')}.", [*head, *parts, *tail])


def history(
    row: Request,
    entries: Sequence[HistoryEntry],
    activity: Sequence[Activity],
    *,
    names: Names | None = None,
    zone: tzinfo = UTC,
) -> Reply:
    """Show what happened to a request, newest first: its status history, and every other change that is known.

    `names` and `zone` as for `cards.activity_line`.
    """
    others = [change for change in activity if change.verb not in _TOLD_ELSEWHERE]
    told = [*[(entry.at, 0, entry.id, _entry(entry)) for entry in entries]]
    told += [(change.at, 1, change.id, _change(change, names or {}, zone)) for change in others]
    told.sort(key=lambda item: item[:3], reverse=True)
    head = [kit.header(f"History of {card_label(row.id)}"), kit.section(line(row.title, 255))]
    raised = kit.rich(f"{line(row.requester_name, 80)} raised it. ", row.created_at)
    text = kit.spoken([*quoted(row.id, row.title), f" has {count(len(told), 'change')} in its history."])
    return kit.reply(text, kit.stack(head, [blocks for *_, blocks in told], [raised], more=_and_earlier))


def search_results(rows: Sequence[Request], *, words: str, more: bool = False, now: datetime | None = None) -> Reply:
    """Show what a search found; `more` where there are results beyond these."""
    asked = line(words, 100)
    if not rows:
        return kit.say(f"No request contains “{asked}”. Try fewer or other words.")
    told = f"{'More than ' if more else ''}{count(len(rows), 'request')} found for “{asked}”."
    tail = [kit.note("To see fewer, search for more words."), kit.note(*_OPEN_ONE)] if more else [kit.note(*_OPEN_ONE)]
    return kit.reply(kit.escape(told), kit.stack([kit.section(told)], [_item(row, now) for row in rows], tail))


def created(row: Request, where: str | None = None) -> Reply:
    """Confirm a new request; `where` is the channel of its card, an id or a name."""
    card = f" Its card is in {channel_name(where)}." if where else ""
    named = kit.spoken(quoted(row.id, row.title))
    text = f"{named} was created.{card}"
    return kit.reply(
        text, [kit.section(kit.mrkdwn(text))] if where else [kit.rich(*quoted(row.id, row.title), " was created.")]
    )


def assigned(row: Request, *, to_self: bool = False) -> Reply:
    """Confirm who a request is assigned to now."""
    who = "you" if to_self else line(row.assignee_name or "", 80, empty="nobody")
    return kit.say(*quoted(row.id, row.title), f" is assigned to {who} now.")


def moved(row: Request, verb: str) -> Reply:
    """Confirm a change of status; `verb` as in the activity log, such as "started"."""
    return kit.say(*quoted(row.id, row.title), f" is {_MOVED.get(verb, status_label(row.status).lower())} now.")


def prioritised(row: Request) -> Reply:
    """Confirm a request's new priority."""
    return kit.say(*quoted(row.id, row.title), f" has priority {priority_label(row.priority).lower()} now.")


def due_changed(row: Request) -> Reply:
    """Confirm a request's new due date, or that it has none."""
    if row.due_at is None:
        return kit.say(*quoted(row.id, row.title), " has no due date now.")
    return kit.say(*quoted(row.id, row.title), " is due ", row.due_at, " now.")


def commented(row: Request) -> Reply:
    """Confirm a comment."""
    return kit.say("Your comment on ", *quoted(row.id, row.title), " stands in the thread of its card.")


def edited(row: Request) -> Reply:
    """Confirm an edit."""
    return kit.say(*quoted(row.id, row.title), " was saved.")


def unchanged(row: Request) -> Reply:
    """Tell that an edit changed nothing."""
    return kit.say(*quoted(row.id, row.title), " stays as it was: nothing in the form was changed.")


def project_choices(projects: Sequence[Project], *, none: bool = True) -> Choices:
    """Offer no project, unless `none` is off, and up to 99 projects with their groups."""
    offered = [(_offered(project), str(project.id)) for project in projects[:99]]
    return Choices([("None", NO_PROJECT), *offered] if none else offered)


_OPEN_ONE: tuple[Part, ...] = ("To open one, type ", kit.Code("/maintenance show MR-42"), " with its number.")
_NARROW = "The filter is too long to turn pages. Use a shorter one."


def _offered(project: Project) -> str:
    group = f" ({line(project.group_name, 30)})" if project.group_name else ""
    return f"{line(project.name, 75 - units(group))}{group}"


def _item(row: Request, now: datetime | None) -> list[Block]:
    """Show a request in a list: its name, then its state in words."""
    who = line(row.assignee_name, 60) if row.assignee_name else "not assigned"
    state = [
        status_label(row.status),
        f"{priority_label(row.priority)} priority",
        line(row.project_name or "No project", 60),
        who,
    ]
    when: list[str | Block] = []
    if row.due_at:
        late = now is not None and row.due_at < now and row.status in {RequestStatus.OPEN, RequestStatus.IN_PROGRESS}
        when = [kit.mrkdwn(kit.spoken(["Overdue since " if late else "Due ", row.due_at]))]
    return [kit.rich(kit.Bold(card_label(row.id)), f"  {line(row.title, 200)}"), kit.context(" · ".join(state), *when)]


def _part(title: str, items: Sequence[Sequence[Block]], hint: str, room: int) -> list[Block]:
    """Show the first few entries under a title, in at most `room` characters, and where the others are."""
    if not items:
        return []
    head = [kit.rich(kit.Bold(title))]
    return kit.stack(head, items[:_SHOWN], more=lambda left: kit.and_more(left, hint), total=len(items), room=room)


def _whole(row: Request) -> list[Block]:
    """Show a description as whole as a message holds it."""
    text = kit.clean(row.description).strip()
    left = units(text) - _DESCRIPTION
    cut = [kit.context(f"The description goes on for {count(left, 'character')}; the dashboard has all of it.")]
    return [kit.section(truncate(text, _DESCRIPTION)), *(cut if left > 0 else [])] if kit.visible(text) else []


def _wait(number: int) -> str:
    return "wait" if number > 1 else "waits"


def _nothing(heading: str, *, replace: bool) -> Reply:
    parts: list[Part] = [f"{line(heading, 150)}: no request is on this list. Others are under "]
    return kit.say(*parts, kit.Code("/maintenance list all"), ".", replace=replace)


def _turns(page: Page[Request], filter_token: str) -> tuple[list[Block], bool]:
    """Make the buttons to the pages beside this one; True where their value would not fit a button."""
    wanted = [("Previous", "maintenance.list_previous", page.before), ("Next", "maintenance.list_next", page.after)]
    values = [(label, action, page_token(filter_token, cursor)) for label, action, cursor in wanted if cursor]
    fitting = [kit.button(*turn) for turn in values if len(turn[2]) <= _VALUE_LIMIT]
    return fitting, len(fitting) < len(values)


def _comment(comment: Comment) -> list[Block]:
    who = line(comment.user_name or "", 80, empty="Somebody")
    return [kit.note(f"{who}, ", comment.at), kit.quote(truncate(comment.body, 500))]


def _log(log: WorkLog) -> list[Block]:
    amount = hours_text(log.hours) or "No hours given"
    return [
        kit.context(
            f"{amount} · {log.work_date.isoformat()} · {line(log.user_name, 80)}", truncate(log.description, 300)
        )
    ]


def _entry(entry: HistoryEntry) -> list[Block]:
    old = f" from {status_label(entry.old_status).lower()}" if entry.old_status else ""
    who, new = line(entry.changed_by_name, 80), status_label(entry.new_status).lower()
    return _told([f"{who} moved it{old} to {new}. ", entry.at], entry.notes or "")


def _change(change: Activity, names: Names, zone: tzinfo) -> list[Block]:
    return _told([*sentence(change, names=names, zone=zone), " ", change.at], words_of(change))


def _told(parts: Sequence[Part], words: str) -> list[Block]:
    return [kit.rich(*parts), *([kit.quote(truncate(words, 500))] if kit.visible(words) else [])]


def _and_earlier(left: int) -> Block:
    return kit.context(f"and {left:,} earlier changes" if left > 1 else "and 1 earlier change")


def channel_name(where: str) -> str:
    """Name a channel in markup: a link for an id, else #name."""
    is_id = where[:1] in {"C", "G", "D"} and where.isalnum() and where.isupper()
    return f"<#{where}>" if is_id else f"#{kit.escape(line(where.removeprefix('#'), 80))}"
