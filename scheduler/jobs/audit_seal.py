"""Every minute: what was committed since is sealed into the chain of the audit."""

from datetime import datetime
from typing import Final

import structlog

from bot.context import Deps
from bot.services import audit

ID: Final = "audit_seal"
CRON: Final = "* * * * *"

_log = structlog.get_logger(__name__)


async def run(deps: Deps, now: datetime) -> None:
    """Seal by the clock: a seal tells when it was made. Running twice, or in several places, seals nothing twice."""
    del now
    for sealed in await audit.seal(deps):
        _log.info("audit_sealed", segment=sealed.number, rows=sealed.rows, late=sealed.late, hash=sealed.hash)
