"""Added to the conftest.py of the previous release: its tests get databases that this release has migrated."""

import os
from pathlib import Path

import pytest

import bot

TREE = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def template() -> str:
    """The name of a database migrated by the release that comes next."""
    assert Path(bot.__file__).is_relative_to(TREE), "these tests would try another release's code"
    return os.environ["UPGRADED_TEMPLATE"]
