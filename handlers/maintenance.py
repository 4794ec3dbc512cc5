"""`/maintenance`: what reads requests."""

from bot.context import Deps
from bot.registry import Ask, action, command
from bot.rules import maintenance as rules
from bot.rules.pages import read_page
from bot.services import lists
from bot.views import maintenance as views
from bot.views.answers import Answer
from bot.views.headings import list_heading


@command("maintenance", help="Your open requests and what waits for you")
async def overview(ask: Ask, deps: Deps) -> Answer:
    """My open requests, what waits for me, and a button for a new one."""
    mine, waiting = await lists.overview(deps, ask.person)
    return views.overview(mine, waiting, now=deps.now())


@command(
    "maintenance",
    "list",
    usage="list [mine|open|overdue|unassigned|all] [project: priority: status: assignee:]",
    help="Lists requests, ten a page",
    examples=["list overdue priority:high", 'list all project:"Web App" assignee:me'],
)
async def list_requests(ask: Ask, deps: Deps) -> Answer:
    """The first page of a list."""
    found = await lists.first_page(deps, ask.person, rules.parse_list(ask.text))
    return views.request_list(found.page, heading=_heading(found), filter_token=found.token, now=deps.now())


@action("maintenance.list_next")
@action("maintenance.list_previous")
async def turn_page(ask: Ask, deps: Deps) -> Answer:
    """Another page of a list, in the place of the one that was there."""
    view, place = read_page(ask.value)
    found = await lists.page(deps, ask.person, view, place)
    heading = _heading(found)
    return views.request_list(found.page, heading=heading, filter_token=found.token, now=deps.now(), replace=True)


@command("maintenance", "show", usage="show ID", help="Shows one request in full", examples=["show MR-42"])
async def show(ask: Ask, deps: Deps) -> Answer:
    """One request with its comments, work logs and buttons."""
    found = await lists.show(deps, rules.parse_one(ask.text, "show"))
    return views.show(found.row, found.logs, found.comments, found.approval)


@command("maintenance", "history", usage="history ID", help="Tells who changed what", examples=["history MR-42"])
async def history(ask: Ask, deps: Deps) -> Answer:
    """What happened to a request, newest first."""
    past = await lists.history(deps, rules.parse_one(ask.text, "history"))
    return views.history(past.row, past.entries, past.activity, names=past.names, zone=past.zone)


@command(
    "maintenance",
    "search",
    usage="search WORDS",
    help="Finds requests by words in title and description",
    examples=["search login page"],
)
async def search(ask: Ask, deps: Deps) -> Answer:
    """The newest requests that hold all the words."""
    words = rules.parse_search(ask.text)
    rows, more = await lists.search(deps, words)
    return views.search_results(rows, words=words, more=more, now=deps.now())


def _heading(found: lists.Listing) -> str:
    view = found.view
    return list_heading(
        view.scope,
        project=found.project_name,
        priority=view.priority,
        status=view.status,
        assignee=found.assignee_name,
    )
