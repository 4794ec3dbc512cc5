"""The bot's parts in this process, for what is measured without a server."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from bot.context import Deps, utc_now
from bot.settings import Settings
from bot.slack import Slack
from db.pool import DatabaseConfig, open_pool

TOKEN: Final = "xoxb-benchmark"  # noqa: S105 - opens nothing
NOWHERE: Final = "http://127.0.0.1:9/"


@asynccontextmanager
async def parts(
    config: DatabaseConfig,
    *,
    api_url: str = NOWHERE,
    token: str = TOKEN,
    clock: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Deps]:
    """The parts of one process; `api_url` is where its Slack is, nowhere where it has to say nothing."""
    settings = Settings(
        _env_file=None,
        database_url=config.dsn,
        slack_bot_token=token,
        slack_signing_secret="not checked here",  # noqa: S106 - opens nothing
        slack_api_url=api_url,
    )
    pool = await open_pool(settings.database("bench"))
    slack = Slack(settings)
    try:
        yield Deps(settings, pool, slack, clock)
    finally:
        await slack.close()
        await pool.close()
