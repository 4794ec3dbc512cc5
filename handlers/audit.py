"""`/techops audit`: who changed what, when and from where."""

from bot.context import Deps
from bot.registry import Ask, action, command
from bot.rules import audit as rules
from bot.services import audit_log
from bot.services.audit_log import Listing
from bot.views import audit as views
from bot.views.answers import Answer, Reply
from db.models import Role


@command(
    "techops",
    "audit",
    role=Role.ADMIN,
    usage="audit [ID|@x|project:P|verb:V|source:S] [today|week|month|FROM..TO]",
    help="Shows who changed what, when and from where, the newest first; a number alone means a request",
    examples=["audit MR-42", "audit D-17", "audit @ada week", "audit source:api 2026-11-01..2026-11-30"],
)
async def audit(ask: Ask, deps: Deps) -> Answer:
    """The newest changes."""
    wanted = rules.parse_audit(ask.text, now=deps.now(), tz=ask.person.tz)
    return _shown(await audit_log.first_page(deps, ask.person, wanted))


@action(views.NEXT, role=Role.ADMIN)
@action(views.PREVIOUS, role=Role.ADMIN)
async def turn_page(ask: Ask, deps: Deps) -> Answer:
    """Another page, in the place of this one."""
    view, place = rules.read_page_value(ask.value)
    return _shown(await audit_log.page(deps, view, place), replace=True)


@action(views.EXPORT, role=Role.ADMIN)
async def export(ask: Ask, deps: Deps) -> Answer:
    """Send the changes as a file."""
    await audit_log.export(deps, ask.act, ask.person, rules.read_export_value(ask.value))
    return views.exporting()


def _shown(found: Listing, *, replace: bool = False) -> Reply:
    return views.audit_list(
        found.page,
        found.view,
        names=found.names,
        people=audit_log.PEOPLE,
        project_name=found.project_name,
        is_guessed=found.is_guessed,
        replace=replace,
    )
