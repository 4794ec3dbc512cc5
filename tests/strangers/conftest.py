"""One house a module: its tests make rows of their own and do not come into each other's way."""

from collections.abc import AsyncIterator

import pytest_asyncio

from db.pool import DatabaseConfig
from tests.fixtures.database import scratch_database
from tests.strangers.house import House, open_house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server: DatabaseConfig, template: str) -> AsyncIterator[House]:
    """The bot without a worker, and everybody who may come to its door."""
    with scratch_database(server, template) as database:
        settings = {"webhook_secret": "0123456789abcdef", "rate_limit": 100_000}
        async with open_house(database, public_url="https://bot.example.com", **settings) as opened:
            yield opened
