"""Fixtures of all tests; on a second server only what speaks to it is run."""

import os

import pytest

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.slack",
    "tests.fixtures.bot",
    "tests.fixtures.delivery",
    "tests.fixtures.logs",
    "tests.fixtures.reminders",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on the server in TEST_DATABASE_URL, what has no use for one: the first run has told of it."""
    if "TEST_DATABASE_URL" not in os.environ:
        return
    apart = [item for item in items if "server" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=apart)
    items[:] = [item for item in items if item not in set(apart)]
