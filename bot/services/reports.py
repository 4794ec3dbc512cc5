"""Hours added up, on the screen and as a file."""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from bot.auth import Actor
from bot.context import Act, Deps
from bot.errors import BadInput
from bot.rules.mentions import ME
from bot.rules.pages import ReportView
from bot.rules.worklog import ReportFilter, ReportScope, report_csv
from bot.services import projects
from bot.services.people import find_account
from db.models import ReportLine
from db.pool import Conn
from db.queries import delivery, outbox, worklogs
from db.queries import projects as project_queries

MOST_LINES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Report:
    """Hours by person and request; `whose` as it stands in a heading: "hours of Erik"."""

    lines: list[ReportLine]
    view: ReportView
    whose: str


async def report(deps: Deps, person: Actor, wanted: ReportFilter) -> Report:
    """Add up hours.

    Raises:
        BadInput: no such project, or more lines than a report takes.
        Missing, Stranger: no such person.
    """
    view = await _view(deps, person, wanted)
    async with deps.pool.acquire() as conn:
        return await _add_up(conn, person, view)


async def export(deps: Deps, act: Act, person: Actor, view: ReportView) -> str:
    """Send a report as a CSV file by direct message once this is committed; returns the file's name.

    Raises:
        BadInput: as `report`.
    """
    async with deps.transaction(act) as conn:
        found = await _add_up(conn, person, view)
        first, last = view.period.first.isoformat(), view.period.last.isoformat()
        filename = f"hours_{first}_{last}.csv"
        await outbox.enqueue_file(
            conn,
            user=person.slack_user_id,
            filename=filename,
            title=f"{found.whose[:1].upper()}{found.whose[1:]}, {first} to {last}"[:200],
            content=report_csv(found.lines).encode(),
            key=f"report:{act.key or uuid4().hex}",
            now=deps.now(),
        )
    return filename


async def _view(deps: Deps, person: Actor, wanted: ReportFilter) -> ReportView:
    user_id = project_id = None
    match wanted.scope:
        case ReportScope.MINE:
            user_id = person.user_id
        case ReportScope.PERSON:
            who = wanted.value or ME
            mine = who in {ME, person.slack_user_id}
            user_id = person.user_id if mine else (await find_account(deps, person, who)).id
        case ReportScope.PROJECT:
            project_id = (await projects.named(deps, wanted.value or "")).id
        case ReportScope.ALL:
            pass
    return ReportView(user_id, project_id, wanted.period)


async def _add_up(conn: Conn, person: Actor, view: ReportView) -> Report:
    scope = worklogs.ReportScope(view.user_id, view.project_id)
    lines = await worklogs.list_report(conn, scope, view.period.first, view.period.last, MOST_LINES + 1)
    if len(lines) > MOST_LINES:
        raise BadInput(
            f"That report has more than {MOST_LINES:,} lines. Ask for a shorter period, or for one project or person."
        )
    return Report(lines, view, await _whose(conn, person, view))


async def _whose(conn: Conn, person: Actor, view: ReportView) -> str:
    if view.user_id == person.user_id:
        return "your hours"
    if view.user_id is not None:
        return f"hours of {(await delivery.list_names(conn, [view.user_id])).get(view.user_id, 'nobody')}"
    if view.project_id is not None:
        project = await project_queries.find_project(conn, view.project_id)
        return f"hours on {project.name if project else 'no project'}"
    return "everybody's hours"
