"""All checks, side by side: none waits for another, none stops another, and each has an end."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.redaction import message_of, scrub
from bot.services.doctor import machine, server, work, workspace
from bot.services.doctor.lines import Check, Level, Line, Looks, fail, skip
from db.errors import DatabaseError

_SECONDS: Final = 10.0
_AT_ONCE: Final = 5
# a table, schema, function or column, or the right to one, is missing
_NOT_MIGRATED: Final = frozenset({"42P01", "3F000", "42883", "42703", "42501"})
_START: Final = "Start the server, or correct DATABASE_URL (or the DB_ variables)."

FIRST: Final = Check("database", server.database)
CHECKS: Final = (
    Check("settings", machine.settings, needs_database=False),
    FIRST,
    Check("encryption", server.encryption),
    Check("role", server.role),
    Check("owner", server.owner),
    Check("extensions", server.extensions),
    Check("migrations", server.migrations),
    Check("constraints", server.constraints),
    Check("connections", server.connections),
    Check("clocks", server.clocks),
    Check("time zones", server.zones),
    Check("row security", server.row_security),
    Check("queue", work.waiting),
    Check("schedulers", work.schedulers),
    Check("processes", work.processes),
    Check("backups", work.last_backup),
    Check("audit", work.audit, patience=6),
    Check("Slack token", workspace.token, needs_database=False, needs_slack=True),
    Check("Slack requests", workspace.transport, needs_database=False, needs_slack=True),
    Check("channels", workspace.channels, needs_database=False, needs_slack=True),
    Check("public address", machine.public_url, needs_database=False),
    Check("data directory", machine.data_disk, needs_database=False),
    Check("backup directory", machine.backup_disk),
    Check("tools", machine.programs),
)


async def examine(
    looks: Looks, *, slack: bool = True, checks: Sequence[Check] = CHECKS, seconds: float = _SECONDS
) -> list[Line]:
    """Look at everything; the lines stand in the order of the checks.

    Args:
        looks: what the checks use.
        slack: whether Slack is asked.
        checks: those to do.
        seconds: how long each may take.
    """
    first = await _look(FIRST, looks, seconds)
    reachable = all(line.level is not Level.FAIL for line in first)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def look(check: Check) -> Sequence[Line]:
        if check is FIRST:
            return first
        if check.needs_database and not reachable:
            return skip(check.name, "the database does not answer")
        if check.needs_slack and looks.settings.slack_bot_token is None:
            return skip(check.name, "no SLACK_BOT_TOKEN; `techops up` serves a sandbox instead")
        if check.needs_slack and not slack:
            return skip(check.name, "not asked, as you wished")
        async with gate:
            return await _look(check, looks, seconds)

    found = await asyncio.gather(*(look(check) for check in checks))
    return [line for lines in found for line in lines]


def _fix(check: Check, error: DatabaseError) -> str:
    if check is FIRST:
        return _START
    return "Run `techops migrate`." if error.sqlstate in _NOT_MIGRATED else "See the lines above; then try again."


async def _look(check: Check, looks: Looks, seconds: float) -> Sequence[Line]:
    try:
        async with asyncio.timeout(seconds * check.patience):
            return await check.look(looks)
    except TimeoutError:
        return fail(
            check.name,
            f"no answer within {seconds * check.patience:g} s",
            _START if check.needs_database else "Try again.",
        )
    except DatabaseError as error:
        return fail(check.name, scrub(str(error)), _fix(check, error))
    except Exception as error:  # noqa: BLE001 - a check that breaks is a finding too, and the others go on
        return fail(check.name, f"the check itself failed: {message_of(error)}", "Report this as a fault of the bot.")
