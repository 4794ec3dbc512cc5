"""`/techops db backup`: asked in Slack, made by the worker of the tables' owner, told by direct message."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.care.conftest import care_worker
from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import told


@pytest.fixture
def bot_settings(tmp_path: Path) -> dict[str, object]:
    return {"backup_dir": tmp_path / "archives"}


@pytest.fixture
async def care(bot: RunningBot) -> AsyncIterator[None]:
    """A worker of the tables' owner."""
    async with care_worker(bot.deps):
        yield


async def heard(bot: RunningBot, words: str) -> str:
    """What Ada is told by direct message, once it says these words."""
    await bot.until(lambda: any(words in text for text in texts(bot)), seconds=30)
    return next(text for text in texts(bot) if words in text)


def texts(bot: RunningBot) -> list[str]:
    everywhere = (channel.messages.values() for channel in bot.slack.channels.values() if channel.is_im)
    return [f"{message.text} {message.blocks}" for messages in everywhere for message in messages]


async def test_a_backup_is_asked_for_listed_and_checked(bot: RunningBot, care: None, tmp_path: Path) -> None:
    assert "no backup yet" in await told(bot.ada, "techops", "db backup")
    assert "A backup will be made" in await told(bot.ada, "techops", "db backup run")
    answer = await heard(bot, "verified")
    [archive] = (tmp_path / "archives").glob("*.dump")
    assert archive.name in answer
    listed = await told(bot.ada, "techops", "db backup list")
    assert "verified" in listed
    assert archive.name in listed
    archive.write_bytes(archive.read_bytes()[:5000])
    assert "is checked" in await told(bot.ada, "techops", "db backup verify")
    assert "cut off" in await heard(bot, "not proven")
    await bot.until(lambda: any("A backup is damaged" in message.text for message in bot.cards()))
    assert "damaged" in await told(bot.ada, "techops", "db backup list")


async def test_backups_are_for_admins(bot: RunningBot) -> None:
    for verb in ("run", "list", "verify"):
        assert "admin" in await told(bot.erik, "techops", f"db backup {verb}")
    assert await bot.fetch("SELECT 1 FROM techops.pgqueuer WHERE entrypoint = 'backup_run'") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("rnu", "Did you mean run"), ("run now", "nothing else"), ("erase", "nothing to do with backups")],
)
async def test_what_is_mistyped_is_answered(bot: RunningBot, text: str, said: str) -> None:
    assert said in await told(bot.ada, "techops", f"db backup {text}")
