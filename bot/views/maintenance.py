"""What `/maintenance` answers: lists, one request in full, its history, and one sentence after each act."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.rules.ids import card_label
from bot.views import kit
from bot.views.activity import hours_text, sentence, words_of
from bot.views.answers import Block, Choices, Reply
from bot.views.cards import card_actions, card_fields
from bot.views.cards import heading as card_heading
from bot.views.kit import Part
from bot.views.maintenance_modals import cancel_request, complete_request, edit_request, new_request
from bot.views.wording import count, line, priority_label, quoted, status_label, truncate
from db.models import Activity, Comment, HistoryEntry, Page, Project, Request, RequestStatus, WorkLog

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
]

_VALUE_LIMIT = 2000
_OVERVIEW = 6
_RECENT = 5
_MOVED = {"started": "started", "completed": "completed", "cancelled": "cancelled", "reopened": "open again"}
_STATUS_VERBS = {"started", "completed", "cancelled", "reopened", "status_changed"}


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
    first, last = card_label(page.rows[0].id), card_label(page.rows[-1].id)
    told = f"{line(heading, 150)}: {count(len(page.rows), 'request')}, from {first} to {last}."
    return kit.reply(kit.escape(told), blocks, replace=replace)


def overview(mine: Sequence[Request], waiting: Sequence[Request], *, now: datetime | None = None) -> Reply:
    """Show a person's own open requests and those that wait for them."""
    own, due = count(len(mine), "open request"), count(len(waiting), "request")
    told = f"You have {own}, and {due} {_wait(len(waiting))} for you."
    head = [kit.section(told)]
    tail = [kit.actions(kit.button("New request", "maintenance.new", "new", "primary")), kit.note(*_OPEN_ONE)]
    parts = [
        *_part("Waiting for you", waiting, "`/maintenance list assignee:me`", now),
        *_part("Your open requests", mine, "`/maintenance list mine`", now),
    ]
    return kit.reply(told, kit.stack(head, parts, tail))


def show(row: Request, logs: Sequence[WorkLog], comments: Sequence[Comment]) -> Reply:
    """Show one request in full: description, the newest comments and work logs, and the card's buttons."""
    head = [*card_heading(row), card_fields(row), kit.section(truncate(kit.clean(row.description), 2900))]
    label = card_label(row.id)
    told = sorted(comments, key=lambda comment: comment.at, reverse=True)
    worked = sorted(logs, key=lambda log: (log.work_date, log.id), reverse=True)
    items = [
        *_recent("Comments", [_comment(comment) for comment in told], f"`/maintenance history {label}`"),
        *_recent("Work", [_log(log) for log in worked], f"`/worklog list {label}`"),
    ]
    status = status_label(row.status).lower()
    text = kit.spoken([*quoted(row.id, row.title), f" is {status}, with {count(len(comments), 'comment')}"])
    return kit.reply(f"{text} and {count(len(logs), 'work log')}.", kit.stack(head, items, [card_actions(row)]))


def history(row: Request, entries: Sequence[HistoryEntry], activity: Sequence[Activity]) -> Reply:
    """Show what happened to a request, newest first: its status history, and every other change that is known."""
    others = [change for change in activity if change.verb not in _STATUS_VERBS]
    told = [*[(entry.at, 0, entry.id, _entry(entry)) for entry in entries]]
    told += [(change.at, 1, change.id, _change(change)) for change in others]
    told.sort(key=lambda item: item[:3], reverse=True)
    head = [kit.header(f"History of {card_label(row.id)}"), kit.section(line(row.title, 255))]
    if not told:
        head.append(kit.section("Nothing has changed since it was raised."))
    text = kit.spoken([*quoted(row.id, row.title), f" has {count(len(told), 'change')} in its history."])
    return kit.reply(text, kit.stack(head, [blocks for *_, blocks in told], more=_and_earlier))


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
    card = f" Its card is in {_channel(where)}." if where else ""
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


def project_choices(projects: Sequence[Project]) -> Choices:
    """Offer projects in a menu, at most 100."""
    return Choices([(line(project.name, 75), str(project.id)) for project in projects[:100]])


_OPEN_ONE: tuple[Part, ...] = ("To open one, type ", kit.Code("/maintenance show MR-42"), " with its number.")
_NARROW = "The filter is too long to turn pages. Use a shorter one."


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


def _part(title: str, rows: Sequence[Request], hint: str, now: datetime | None) -> list[list[Block]]:
    if not rows:
        return []
    items = [[kit.rich(kit.Bold(title))], *[_item(row, now) for row in rows[:_OVERVIEW]]]
    return items + ([[kit.and_more(len(rows) - _OVERVIEW, hint)]] if len(rows) > _OVERVIEW else [])


def _recent(title: str, items: Sequence[list[Block]], hint: str) -> list[list[Block]]:
    if not items:
        return []
    shown = [[kit.rich(kit.Bold(title))], *items[:_RECENT]]
    return shown + ([[kit.and_more(len(items) - _RECENT, hint)]] if len(items) > _RECENT else [])


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


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
    old = f" (it was {status_label(entry.old_status).lower()})" if entry.old_status else ""
    who = line(entry.changed_by_name, 80)
    told: list[Part] = [f"{who} made it {status_label(entry.new_status).lower()}{old}. ", entry.at]
    return _told(told, entry.notes or "")


def _change(change: Activity) -> list[Block]:
    raised = [f"{card_label(change.subject_id)} was raised by {line(change.actor_name or '', 80, empty='somebody')}."]
    parts: list[Part] = [*raised] if change.verb == "created" else sentence(change, names={})
    return _told([*parts, " ", change.at], words_of(change))


def _told(parts: Sequence[Part], words: str) -> list[Block]:
    return [kit.rich(*parts), *([kit.quote(truncate(words, 500))] if kit.visible(words) else [])]


def _and_earlier(left: int) -> Block:
    return kit.context(f"and {left:,} earlier changes" if left > 1 else "and 1 earlier change")


def _channel(where: str) -> str:
    """Name a channel in markup: a link for an id, else #name."""
    is_id = where[:1] in {"C", "G", "D"} and where.isalnum() and where.isupper()
    return f"<#{where}>" if is_id else f"#{kit.escape(line(where.removeprefix('#'), 80))}"
