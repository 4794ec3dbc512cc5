"""`/deploy`: freezes and locks."""

from bot.context import Deps
from bot.registry import Ask, action, command
from bot.rules import deploy as rules
from bot.rules import freezes as freeze_rules
from bot.rules.deploy_forms import read_take_over
from bot.services import freezes, locks
from bot.views import freezes as freeze_views
from bot.views import locks as lock_views
from bot.views.answers import Answer
from db.models import Role


@command(
    "deploy",
    "freeze",
    role=Role.ADMIN,
    usage="freeze ENV|all FROM..TO REASON [tz:ZONE]",
    help="Nothing is requested or started there meanwhile; both ends are included",
    examples=[
        "freeze production 2026-12-24..2026-12-26 Holidays",
        "freeze all 2026-12-31T18:00..2027-01-01T12:00 New Year tz:Europe/Berlin",
    ],
)
async def freeze(ask: Ask, deps: Deps) -> Answer:
    """Freeze an environment."""
    wanted = freeze_rules.parse_freeze(ask.text, now=deps.now(), tz=ask.person.tz)
    return freeze_views.added(await freezes.freeze(deps, ask.act, wanted), now=deps.now())


@command("deploy", "unfreeze", role=Role.ADMIN, usage="unfreeze ID", help="Lifts a freeze", examples=["unfreeze F-3"])
async def unfreeze(ask: Ask, deps: Deps) -> Answer:
    """Lift a freeze."""
    return freeze_views.lifted(await freezes.lift(deps, ask.act, freeze_rules.parse_unfreeze(ask.text)))


@command("deploy", "freezes", help="What is frozen, until when and why", examples=["freezes"])
async def list_freezes(_ask: Ask, deps: Deps) -> Answer:
    """The freezes that last or are to come."""
    return freeze_views.freeze_list(await freezes.list_ahead(deps), now=deps.now())


@command(
    "deploy",
    "lock",
    role=Role.ENGINEER,
    usage="lock PROJECT ENV REASON",
    help="Keeps an environment for yourself; to take over somebody's lock, you are asked again",
    examples=['lock "Web App" production Migrating the database'],
)
async def lock(ask: Ask, deps: Deps) -> Answer:
    """Lock an environment, or offer to take it over."""
    place, reason = rules.parse_lock(ask.text)
    taken = await locks.take(deps, ask.act, ask.person, place, reason)
    return lock_views.held(taken.lock, reason) if taken.held else lock_views.locked(taken.lock, kept=taken.kept)


@action(lock_views.TAKE_OVER, role=Role.ENGINEER)
async def take_over(ask: Ask, deps: Deps) -> Answer:
    """Take a lock from its holder."""
    return lock_views.taken_over(await locks.take_over(deps, ask.act, ask.person, read_take_over(ask.value)))


@command(
    "deploy",
    "unlock",
    role=Role.ENGINEER,
    usage="unlock PROJECT ENV",
    help="Releases your lock, an admin anybody's; who waits for it is told",
    examples=['unlock "Web App" production'],
)
async def unlock(ask: Ask, deps: Deps) -> Answer:
    """Release a lock."""
    return lock_views.unlocked(*await locks.release(deps, ask.act, ask.person, rules.parse_unlock(ask.text)))
