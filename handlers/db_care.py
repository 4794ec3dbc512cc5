"""Care of the database from Slack: a run ordered or cancelled, a query or session ended."""

from bot.context import Deps
from bot.registry import Ask, action, command
from bot.rules import care_commands as rules
from bot.services.care import runs, sessions
from bot.views import care as views
from bot.views.answers import Answer, Done
from db.models import Role


@command(
    "techops",
    "db maintenance",
    role=Role.ADMIN,
    usage="db maintenance run",
    help="Cares for the database now, as it is done every night",
    examples=["db maintenance run"],
)
async def db_maintenance(ask: Ask, deps: Deps) -> Answer:
    """Order a run."""
    rules.parse_run(ask.text)
    return views.run_ordered(await runs.order(deps, ask.act))


@action(views.CANCEL_RUN, role=Role.ADMIN)
async def cancel_run(ask: Ask, deps: Deps) -> Answer:
    """Cancel a run; its card says it."""
    await runs.cancel(deps, ask.act, rules.read_run_id(ask.value))
    return Done()


@command(
    "techops",
    "db kill",
    role=Role.ADMIN,
    usage="db kill PID",
    help="Shows a session's query and owner, and a button that cancels it; then, if need be, one that ends the session",
    examples=["db kill 12345"],
)
async def db_kill(ask: Ask, deps: Deps) -> Answer:
    """Show the session, and ask."""
    session, backend_start = await sessions.find(deps, rules.parse_pid(ask.text))
    return views.session(session, backend_start, deps.now())


@action(views.CANCEL_QUERY, role=Role.ADMIN)
async def cancel_query(ask: Ask, deps: Deps) -> Answer:
    """Cancel the query of the session that was shown."""
    session = await sessions.order(deps, ask.act, ask.person, *rules.read_session(ask.value), sessions.CANCEL)
    return views.end_ordered(session, sessions.CANCEL)


@action(views.END_SESSION, role=Role.ADMIN)
async def end_session(ask: Ask, deps: Deps) -> Answer:
    """End the session whose query was cancelled before."""
    session = await sessions.order(deps, ask.act, ask.person, *rules.read_session(ask.value), sessions.TERMINATE)
    return views.end_ordered(session, sessions.TERMINATE)
