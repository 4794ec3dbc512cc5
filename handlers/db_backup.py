"""`/techops db backup`: made, listed, checked."""

from bot.context import Deps
from bot.registry import Ask, command
from bot.rules.backups import Verb, parse_backup
from bot.services import backups
from bot.views import backups as views
from bot.views.answers import Answer
from db.models import Role


@command(
    "techops",
    "db backup",
    role=Role.ADMIN,
    usage="db backup run|list|verify",
    help="Makes a backup and proves it by a restore, lists those there are, or checks the newest one",
    examples=["db backup list", "db backup run", "db backup verify"],
)
async def backup(ask: Ask, deps: Deps) -> Answer:
    """List at once; what takes long is done by a worker, and told when it is done."""
    verb = parse_backup(ask.text)
    if verb is Verb.LIST:
        return views.backup_list(await backups.list_backups(deps))
    await backups.ask(deps, ask.act, "run" if verb is Verb.RUN else "verify")
    return views.asked(verb)
