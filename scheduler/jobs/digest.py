"""Every minute: digests whose local time has come are sent; one that was missed is sent later on the same local day."""

from datetime import datetime
from typing import Final

import structlog

from bot.context import Deps
from bot.services import digest

ID: Final = "digest"
CRON: Final = "* * * * *"
CATCH_UP: Final = True

_log = structlog.get_logger(__name__)


async def run(deps: Deps, now: datetime) -> None:
    """Take each digest that is due, and enqueue it. Running twice, or in several places at once, sends none twice."""
    taken = await digest.send_due(deps, now)
    if taken:
        _log.info("digests_taken", digests=taken)
