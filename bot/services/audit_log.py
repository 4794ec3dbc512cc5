"""The audit, read: pages of the activity log, and a file of it."""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from pydantic import BaseModel

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import Forbidden
from bot.rules import audit as rules
from bot.rules.access import allows
from bot.rules.audit import AuditFilter, AuditPlace
from bot.rules.mentions import ME
from bot.services import projects
from bot.services.people import find_account
from db.models import Page, Role
from db.models_audit import AuditEntry, AuditView
from db.pool import Conn
from db.queries import audit_pages as pages
from db.queries import delivery, outbox, people
from db.queries import projects as project_queries
from db.queries.keyset import Cursor

PAGE_SIZE: Final = 10
MOST_LINES: Final = 20_000
EXPORT_ENTRY: Final = "audit_export"
# Columns whose values are numbers of accounts.
PEOPLE: Final = frozenset(
    {"assigned_to", "requested_by", "deployed_by", "user_id", "owner_id", "created_by", "decided_by", "held_by"}
)


class Export(BaseModel):
    """Payload of `audit_export`: for whom, which changes (as the button carries them), and the file's key."""

    user_id: int
    slack_user_id: str
    value: str
    key: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the audit, what it is narrowed to, the names in it by account, and of the project."""

    page: Page[AuditEntry]
    view: AuditView
    names: dict[int, str]
    project_name: str | None
    is_guessed: bool = False


@dataclass(frozen=True, slots=True)
class AuditFile:
    """The file of an export: its name, its content, how many changes are in it and how many were left out."""

    filename: str
    content: bytes
    rows: int
    left: int


async def first_page(deps: Deps, person: Actor, wanted: AuditFilter) -> Listing:
    """The newest changes.

    Raises:
        BadInput: no such project.
        Missing, Stranger: no such person.
    """
    project = await projects.named(deps, wanted.project) if wanted.project else None
    actor_id = await _actor_id(deps, person, wanted.person) if wanted.person else None
    since, until = rules.instants(wanted.period, person.tz)
    view = AuditView(
        kind=wanted.kind,
        subject_id=wanted.subject_id,
        actor_id=actor_id,
        project_id=project.id if project else None,
        verb=wanted.verb,
        source=wanted.source,
        since=since,
        until=until,
    )
    return await page(deps, view, None, is_guessed=wanted.is_guessed)


async def page(deps: Deps, view: AuditView, place: AuditPlace | None, *, is_guessed: bool = False) -> Listing:
    """The page behind or before a place, the first one without."""
    cursor = Cursor(place.id, place.backwards) if place else None
    async with deps.pool.acquire() as conn:
        found = await pages.list_page(conn, view, cursor, PAGE_SIZE)
        names = await delivery.list_names(conn, _people_in(found.rows, view))
        project = await project_queries.find_project(conn, view.project_id) if view.project_id else None
    shown = Page(found.rows, _value(view, found.before), _value(view, found.after))
    return Listing(shown, view, names, project.name if project else None, is_guessed)


async def export(deps: Deps, act: Act, person: Actor, view: AuditView) -> None:
    """Have the changes put into a file and sent by direct message, once this is committed."""
    wanted = Export(
        user_id=person.user_id,
        slack_user_id=person.slack_user_id,
        value=rules.export_value(view),
        key=f"audit:{act.key or uuid4().hex}",
    )
    async with deps.transaction(act) as conn:
        await outbox.insert_jobs(conn, [outbox.NewJob(EXPORT_ENTRY, wanted.model_dump_json())])


async def make_file(deps: Deps, wanted: Export) -> AuditFile:
    """The file that was asked for, the newest changes first, 20,000 at most.

    Raises:
        Forbidden: whoever asked is no admin any more.
    """
    view = rules.read_export_value(wanted.value)
    async with deps.pool.acquire() as conn:
        await _check_admin(conn, wanted.user_id)
        found = await pages.list_page(conn, view, None, MOST_LINES)
        total = await pages.count_entries(conn, view) if found.after else len(found.rows)
    filename = f"audit_{deps.now():%Y-%m-%d}.csv"
    content = rules.audit_csv(found.rows).encode()
    return AuditFile(filename, content, len(found.rows), total - len(found.rows))


async def _check_admin(conn: Conn, user_id: int) -> None:
    user = await people.get_user(conn, user_id)
    if not (user.is_active and allows(user.role, Role.ADMIN)):
        raise Forbidden("Only an admin may read the audit, so no file was made.")


async def _actor_id(deps: Deps, person: Actor, slack_user_id: str) -> int:
    if slack_user_id in {ME, person.slack_user_id}:
        return person.user_id
    return (await find_account(deps, person, slack_user_id)).id


def _value(view: AuditView, cursor: Cursor | None) -> str | None:
    return rules.page_value(view, AuditPlace(cursor.id, cursor.backwards)) if cursor else None


def _people_in(rows: tuple[AuditEntry, ...], view: AuditView) -> list[int]:
    values = [
        value
        for row in rows
        for columns in (row.old or {}, row.new or {})
        for name, value in columns.items()
        if name in PEOPLE
    ]
    return [it for it in {*values, view.actor_id} if isinstance(it, int)]
