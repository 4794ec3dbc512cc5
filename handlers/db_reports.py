"""`/techops db`: a look at the database."""

from bot.context import Deps
from bot.registry import Ask, command
from bot.rules.care_commands import parse_report
from bot.services.care import looks
from bot.views import care as views
from bot.views.answers import Answer
from db.models import Role


@command(
    "techops",
    "db",
    role=Role.ADMIN,
    usage="db status|sizes|indexes|slow|locks|long|integrity|bloat",
    help="Shows how the database does: one report each",
    examples=["db status", "db sizes", "db locks"],
)
async def db_report(ask: Ask, deps: Deps) -> Answer:
    """One report, now."""
    name = parse_report(ask.text)
    return views.report(name, await looks.look(deps, name), deps.now())
