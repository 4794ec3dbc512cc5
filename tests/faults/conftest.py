"""The surroundings of a process of its own, on the test's database and workspace."""

from pathlib import Path

import pytest

from db.pool import DatabaseConfig
from sandbox.workspace import Workspace
from tests.processes.commands import environment


@pytest.fixture
def env(slack: Workspace, database: DatabaseConfig, tmp_path: Path) -> dict[str, str]:
    """What such a process is given."""
    assert database.dsn is not None
    return environment(
        tmp_path,
        DATABASE_URL=database.dsn,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_SIGNING_SECRET=slack.signing_secret,
        SLACK_API_URL=slack.api_url,
    )
