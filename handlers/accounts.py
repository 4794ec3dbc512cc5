"""`/techops whoami`, `users`, `role`, `deactivate`, `activate`, and the dialog of an account."""

from bot.context import Deps
from bot.registry import Ask, action, command, submission
from bot.rules import accounts as rules
from bot.services import accounts, links
from bot.views import accounts as views
from bot.views.answers import Answer, OpenModal
from db.models import Role


@command("techops", "whoami", help="Your account, role, time zone, working hours and tokens, and what you may do")
async def whoami(ask: Ask, deps: Deps) -> Answer:
    """Who I am to TechOps."""
    it = await accounts.whoami(deps, ask.person)
    return views.whoami(it.account, it.hours, it.tokens, ask.person.tz)


@command(
    "techops",
    "users",
    role=Role.ADMIN,
    usage="users [WORDS] [role:R] [inactive]",
    help="Lists accounts, ten a page, each with Manage: role, state, password link",
    examples=["users", "users ada", "users role:admin", "users inactive"],
)
async def users(ask: Ask, deps: Deps) -> Answer:
    """The first page of accounts."""
    found = await accounts.page(deps, rules.parse_users(ask.text))
    return views.user_list(found.page, heading=_heading(found.view))


@action(views.NEXT, role=Role.ADMIN)
@action(views.PREVIOUS, role=Role.ADMIN)
async def turn_page(ask: Ask, deps: Deps) -> Answer:
    """Another page of a list, in the place of the one that was there."""
    found = await accounts.page(deps, rules.read_page_value(ask.value))
    return views.user_list(found.page, heading=_heading(found.view), replace=True)


@command(
    "techops",
    "role",
    role=Role.ADMIN,
    usage="role @x ROLE",
    help="Gives somebody another role: user, engineer or admin; the last active admin stays one",
    examples=["role @ada engineer", "role ada@example.com admin"],
)
async def set_role(ask: Ask, deps: Deps) -> Answer:
    """Give somebody another role."""
    who, role = rules.parse_role(ask.text)
    user = await accounts.find(deps, ask.person, who)
    it = await accounts.set_role(deps, ask.act, user.id, role)
    return views.changed(it.user, it.before, it.left)


@command(
    "techops",
    "deactivate",
    role=Role.ADMIN,
    usage="deactivate @x",
    help="Refuses somebody from their next request on, and lists what is left without an owner",
    examples=["deactivate @ada", "deactivate ada@example.com"],
)
async def deactivate(ask: Ask, deps: Deps) -> Answer:
    """Deactivate an account."""
    user = await accounts.find(deps, ask.person, rules.parse_who(ask.text, "deactivate"))
    it = await accounts.set_active(deps, ask.act, user.id, is_active=False)
    return views.changed(it.user, it.before, it.left)


@command(
    "techops",
    "activate",
    role=Role.ADMIN,
    usage="activate @x",
    help="Lets somebody in again who was deactivated",
    examples=["activate @ada", "activate ada@example.com"],
)
async def activate(ask: Ask, deps: Deps) -> Answer:
    """Activate an account again."""
    user = await accounts.find(deps, ask.person, rules.parse_who(ask.text, "activate"))
    it = await accounts.set_active(deps, ask.act, user.id, is_active=True)
    return views.changed(it.user, it.before, it.left)


@action(views.MANAGE, role=Role.ADMIN)
async def manage(ask: Ask, deps: Deps) -> Answer:
    """The dialog of an account."""
    return OpenModal(views.manage(await accounts.get(deps, rules.read_user(ask.value))))


@submission(views.MANAGE_CALLBACK, role=Role.ADMIN)
async def save(ask: Ask, deps: Deps) -> Answer:
    """Make the account what the dialog says."""
    it = await accounts.manage(deps, ask.act, rules.read_manage(ask.metadata, ask.values))
    return views.changed(it.user, it.before, it.left)


@action(views.PASSWORD_LINK, role=Role.ADMIN)
async def password_link(ask: Ask, deps: Deps) -> Answer:
    """Make a one-time link for a password, and show it once."""
    account = await accounts.get(deps, rules.read_user(ask.value))
    return OpenModal(views.password_link(account.user, await links.issue_password_link(deps, ask.act, account.user.id)))


def _heading(view: rules.UserView) -> str:
    return views.list_heading(view.words, view.role, inactive=view.inactive)
