"""`/worklog`: work that was done, and its hours added up."""

from bot.context import Deps
from bot.registry import Ask, action, command, submission
from bot.rules import forms
from bot.rules import worklog as rules
from bot.rules.ids import parse_id
from bot.rules.pages import read_report_token, report_token
from bot.services import reports, worklogs
from bot.views import worklog as views
from bot.views.answers import Answer, OpenModal
from db.models import Role


@command(
    "worklog",
    role=Role.ENGINEER,
    usage="ID HOURS [DATE] WHAT",
    help="Logs your work on a request; the number alone opens the form",
    examples=["MR-42 1h30m Replaced the disk", "MR-42 0.5 yesterday Ordered a new one", "MR-42"],
    default=True,
)
async def log(ask: Ask, deps: Deps) -> Answer:
    """Log work, or ask for it."""
    wanted = rules.parse_log(ask.text, now=deps.now(), tz=ask.person.tz)
    if wanted.hours is None or wanted.description is None:
        return OpenModal(views.log_work(await worklogs.find_loggable(deps, wanted.id), wanted.work_date))
    done = (wanted.hours, wanted.work_date, wanted.description)
    return views.logged(await worklogs.log(deps, ask.act, ask.person, wanted.id, *done))


@submission(views.LOG_CALLBACK, role=Role.ENGINEER)
async def log_submitted(ask: Ask, deps: Deps) -> Answer:
    """Log what the form says."""
    form = forms.read_log(ask.values, now=deps.now(), tz=ask.person.tz)
    done = (form.hours, form.work_date, form.description)
    return views.logged(await worklogs.log(deps, ask.act, ask.person, parse_id(ask.metadata), *done))


@command(
    "worklog",
    "list",
    role=Role.ENGINEER,
    usage="list ID",
    help="Lists the work on a request, with the numbers of the logs",
    examples=["list MR-42"],
)
async def list_logs(ask: Ask, deps: Deps) -> Answer:
    """The work on a request."""
    row, logs = await worklogs.list_of(deps, rules.parse_list_logs(ask.text))
    return views.log_list(row, logs)


@command(
    "worklog",
    "report",
    role=Role.ENGINEER,
    usage="report [mine|all|@x|project:P] [today|week|month|FROM..TO]",
    help="Adds up hours by person, project and request",
    examples=["report", "report all month", 'report project:"Web App" 2026-11-01..2026-11-30'],
)
async def report(ask: Ask, deps: Deps) -> Answer:
    """Hours added up, with a button for the file."""
    wanted = rules.parse_report(ask.text, now=deps.now(), tz=ask.person.tz)
    found = await reports.report(deps, ask.person, wanted)
    return views.report(found.lines, found.view.period, scope=found.whose, token=report_token(found.view))


@action("worklog.export", role=Role.ENGINEER)
async def export(ask: Ask, deps: Deps) -> Answer:
    """Send the report as a file."""
    return views.exporting(await reports.export(deps, ask.act, ask.person, read_report_token(ask.value)))


@command(
    "worklog",
    "delete",
    role=Role.ENGINEER,
    usage="delete LOGID",
    help="Deletes a work log of your own within 24 hours; admins any",
    examples=["delete 7"],
)
async def delete(ask: Ask, deps: Deps) -> Answer:
    """Delete a work log."""
    return views.deleted(await worklogs.delete(deps, ask.act, ask.person, rules.parse_delete(ask.text)))
