"""Rights of `techops_app`, the role of the bot's own processes: given by the migrations, and given again where need be.

The role belongs to the whole server: it may be missing, and a dump of the database does not hold it. So the statements
that give rights are found in the migration files, to be left out while there is no role and repeated when there is.
"""

from collections.abc import Sequence
from typing import Any, Final

from db.queries import app_role
from db.queries import schema_migrations as records
from db.queries.app_role import ROLE
from db.scripts import Script

__all__ = ["ROLE", "ensure_role", "explain_missing", "give_if_missing"]

_MISSING: Final = (
    "There is no role techops_app, and this one may not make it: until then the bot works with all rights of the role "
    "that DATABASE_URL names. An administrator of the server runs `CREATE ROLE techops_app LOGIN`, then "
    "`techops migrate` gives it its rights."
)


async def ensure_role(conn: Any, scripts: Sequence[Script]) -> bool:
    """Whether the role is there, made now if need be; False too where these scripts know nothing of it."""
    return _is_wanted(scripts) and await app_role.create_role(conn)


def explain_missing(scripts: Sequence[Script]) -> tuple[str, ...]:
    """What to do where `ensure_role` has said False."""
    return (_MISSING,) if _is_wanted(scripts) else ()


async def give_if_missing(conn: Any, scripts: Sequence[Script]) -> bool:
    """Give the rights of all migrations that were applied, where the role came later or a restore has left them out.

    Returns whether that was necessary. The role has to be there, and the connection to be the tables' owner's.
    """
    if await app_role.has_rights(conn):
        return False
    applied = {row["version"] for row in await records.list_migrations(conn)}
    async with conn.transaction():
        for script in scripts:
            if script.version in applied:
                for statement in script.rights():
                    await conn.execute(statement)
    return True


def _is_wanted(scripts: Sequence[Script]) -> bool:
    return any(ROLE in script.sql for script in scripts)
