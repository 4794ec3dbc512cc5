"""Maintenance requests, read: lists by page, one in full, its history, a search."""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from bot.auth import Actor
from bot.context import Deps
from bot.rules.maintenance import ListFilter, Scope
from bot.rules.mentions import ME
from bot.rules.pages import ListView, Place, list_token, place_token
from bot.rules.requests import missing
from bot.services import projects
from bot.services.people import find_account
from db.models import Activity, HistoryEntry, Page, Request, SubjectKind
from db.pool import Conn
from db.queries import delivery, records
from db.queries import history as histories
from db.queries import projects as project_queries
from db.queries import request_pages as pages
from db.queries import requests as queries
from db.queries.records import Record
from db.queries.request_pages import Narrowing

PAGE_SIZE: Final = 10
FOUND_AT_MOST: Final = 20
_OVERVIEW: Final = 200
_OPEN_SCOPES: Final = {Scope.OPEN, Scope.OVERDUE, Scope.UNASSIGNED}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list, what the list is, the names in its heading, and the token that turns pages."""

    page: Page[Request]
    view: ListView
    project_name: str | None
    assignee_name: str | None
    token: str


@dataclass(frozen=True, slots=True)
class Past:
    """What happened to a request, newest first; `names` of the people in it by id, `zone` of its zone-less times."""

    row: Request
    entries: list[HistoryEntry]
    activity: list[Activity]
    names: dict[int, str]
    zone: ZoneInfo


async def overview(deps: Deps, person: Actor) -> tuple[list[Request], list[Request]]:
    """A person's own open requests, and those they are to do; the first due first."""
    me = person.user_id
    async with deps.pool.acquire() as conn:
        mine = await pages.list_page(conn, Narrowing(open_only=True, requested_by=me), None, _OVERVIEW)
        waiting = await pages.list_page(conn, Narrowing(open_only=True, assigned_to=me), None, _OVERVIEW)
    return list(mine.rows), list(waiting.rows)


async def first_page(deps: Deps, person: Actor, wanted: ListFilter) -> Listing:
    """The first page of a list.

    Raises:
        BadInput: no such project.
        Missing, Stranger: no such assignee.
    """
    project = await projects.named(deps, wanted.project) if wanted.project else None
    assignee_id = await _person_id(deps, person, wanted.assignee) if wanted.assignee else None
    view = ListView(wanted.scope, project.id if project else None, wanted.priority, wanted.status, assignee_id)
    return await page(deps, person, view, None)


async def page(deps: Deps, person: Actor, view: ListView, place: Place | None) -> Listing:
    """The page behind or before a place, the first one without."""
    cursor = pages.Cursor(place.due, place.id, place.backwards) if place else None
    async with deps.pool.acquire() as conn:
        found = await pages.list_page(conn, _narrowing(deps, person, view), cursor, PAGE_SIZE)
        project = await project_queries.find_project(conn, view.project_id) if view.project_id else None
        assignee = await _name(conn, view.assignee_id)
    shown = Page(found.rows, _token(found.before), _token(found.after))
    return Listing(shown, view, project.name if project else None, assignee, list_token(view))


async def show(deps: Deps, request_id: int) -> Record:
    """One request in full.

    Raises:
        Missing: there is none.
    """
    async with deps.pool.acquire() as conn:
        found = await records.find_record(conn, request_id)
    if found is None:
        raise missing(request_id)
    return found


async def history(deps: Deps, request_id: int) -> Past:
    """What happened to a request.

    Raises:
        Missing: there is none.
    """
    async with deps.pool.acquire() as conn:
        row = await _get(conn, request_id)
        entries = await histories.list_history(conn, request_id)
        activity = await histories.list_activity(conn, SubjectKind.MAINTENANCE, request_id)
        names = await delivery.list_names(conn, _people_in(activity))
    return Past(row, entries, activity, names, ZoneInfo(deps.settings.dashboard_timezone))


async def search(deps: Deps, words: str) -> tuple[list[Request], bool]:
    """The newest requests that hold all the words, twenty at most, and whether there are more."""
    async with deps.pool.acquire() as conn:
        found = await queries.list_found(conn, words.split(), FOUND_AT_MOST + 1)
    return found[:FOUND_AT_MOST], len(found) > FOUND_AT_MOST


async def _get(conn: Conn, request_id: int) -> Request:
    row = await queries.find_request(conn, request_id)
    if row is None:
        raise missing(request_id)
    return row


async def _person_id(deps: Deps, person: Actor, who: str) -> int:
    if who in {ME, person.slack_user_id}:
        return person.user_id
    return (await find_account(deps, person, who)).id


async def _name(conn: Conn, user_id: int | None) -> str | None:
    return (await delivery.list_names(conn, [user_id])).get(user_id) if user_id else None


def _narrowing(deps: Deps, person: Actor, view: ListView) -> Narrowing:
    mine = view.scope is Scope.MINE
    return Narrowing(
        # "mine" with a status asks for that one; without, for what is not over
        open_only=view.scope in _OPEN_SCOPES or (mine and view.status is None),
        overdue_at=deps.now() if view.scope is Scope.OVERDUE else None,
        unassigned=view.scope is Scope.UNASSIGNED,
        of=person.user_id if mine else None,
        assigned_to=view.assignee_id,
        project_id=view.project_id,
        priority=view.priority,
        status=view.status,
    )


def _token(cursor: pages.Cursor | None) -> str | None:
    return place_token(Place(cursor.due, cursor.id, cursor.backwards)) if cursor else None


def _people_in(activity: list[Activity]) -> list[int]:
    columns = (change.new or {} for change in activity)
    ids = {found.get(column) for found in columns for column in ("assigned_to", "user_id")}
    return [user_id for user_id in ids if isinstance(user_id, int)]
