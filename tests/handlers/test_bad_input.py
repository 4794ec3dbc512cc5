"""What cannot be meant gets a clear private answer, and changes nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from sandbox.records import View
from tests.fixtures.bot import RunningBot
from tests.fixtures.database import on_database
from tests.handlers.conftest import Insert, Snapshot, told

# what is typed (1 is an open request, 2 a cancelled one), and words of the answer
COMMANDS = [
    ("maintenance", "show 99", "There is no MR-99"),
    ("maintenance", "start MR-99", "There is no MR-99"),
    ("maintenance", "assign 99 me", "There is no MR-99"),
    ("maintenance", "edit 99", "There is no MR-99"),
    ("maintenance", "history 99", "There is no MR-99"),
    ("maintenance", "comment 99 hello", "There is no MR-99"),
    ("maintenance", "show 12345678901234567890", "larger than any number"),
    ("maintenance", "show 2147483648", "larger than any number"),
    ("maintenance", "show 0", "numbers start at 1"),
    ("maintenance", "show -1", "is no number of a request"),
    ("maintenance", "show \uff14\uff12", "is no number of a request"),
    ("maintenance", "show", "Say which request"),
    ("maintenance", "start the disk", "is no number of a request"),
    ("maintenance", "assign 1 @uma", "is no engineer"),
    ("maintenance", "assign 1 @gus", "only to an engineer or admin"),
    ("maintenance", "assign 1 @otherbot", "only to an engineer or admin"),
    ("maintenance", "assign 1 somebody", "is nobody I can find"),
    ("maintenance", "assign 1", "Say who"),
    ("maintenance", "assign 2 me", "already cancelled"),
    ("maintenance", "cancel 2", "already cancelled"),
    ("maintenance", "priority 1 urgent", "is no priority"),
    ("maintenance", "priority 1 hihg", "Did you mean high?"),
    ("maintenance", "due 1 2026-02-30", "2026-02-30"),
    ("maintenance", "due 1 2020-01-01", "passed"),
    ("maintenance", "due 1 someday", "someday"),
    ("maintenance", 'comment 1 "unclosed', "quote"),
    ("maintenance", "comment 1 a\u202eb", "character"),
    ("maintenance", "comment 1", "comment is missing"),
    ("maintenance", "list mnie", "Did you mean mine?"),
    ("maintenance", "list project:Webapp", "Did you mean Web App?"),
    ("maintenance", "list priority:hihg", "Did you mean high?"),
    ("maintenance", "list assignee:@gus", "guests cannot use it"),
    ("maintenance", "search", "Say what to look for"),
    ("maintenance", f"new {'x' * 256}", "255"),
    ("maintenance", "new project:Old", "archived"),
    ("maintenance", "new project:Nothing", "There is no project"),
    ("maintenance", "new due:2026-02-30 x", "2026-02-30"),
    ("worklog", "1 -2 x", "negative"),
    ("worklog", "1 0 x", "more than 0"),
    ("worklog", "1 25 x", "at most 24"),
    ("worklog", "1 1h90m x", "at most 59"),
    ("worklog", "1 1e5 x", "is no number of hours"),
    ("worklog", "1 NaN x", "is no number of hours"),
    ("worklog", "1 1 2026-02-30 x", "2026-02-30"),
    ("worklog", "1 1 2999-01-01 x", "in the future"),
    ("worklog", "1 1", "Say what was done"),
    ("worklog", "2 1 x", "cancelled"),
    ("worklog", "2", "cancelled"),
    ("worklog", "99 1 x", "There is no MR-99"),
    ("worklog", "99", "There is no MR-99"),
    ("worklog", "", "Say which request"),
    ("worklog", "list 99", "There is no MR-99"),
    ("worklog", "delete 99", "There is no work log 99"),
    ("worklog", "delete 12345678901234567890", "larger than any number"),
    ("worklog", "report 2026-11-30..2026-11-01", "ends before it begins"),
    ("worklog", "report project:Nothing", "There is no project"),
]
# what is entered in the form of a new request, and the field and words of its refusal
FORMS = [
    ({"Title": "x" * 256}, "title", "255"),
    ({"Title": "a\x00b"}, "title", "character"),
    ({"Title": "a\u202eb"}, "title", "character"),
    ({"Title": "\u200b \u200b"}, "title", ""),
    ({"Description": "\x1b[31m"}, "description", "character"),
    ({"Due date": "2020-01-01"}, "due_date", "passed"),
    ({"Due time": "10:00"}, "due_date", "needs a date"),
    ({"Assignee": "uma"}, "assignee", "is no engineer"),
    ({"Assignee": "gus"}, "assignee", "only to an engineer"),
    ({"Assignee": "otherbot"}, "assignee", "only to an engineer"),
]


@pytest.fixture
async def requests(bot: RunningBot, insert: Insert) -> None:
    await told(bot.uma, "maintenance", "")
    await told(bot.erik, "maintenance", "")
    await insert()
    await insert(status="cancelled")


async def new_form(bot: RunningBot) -> View:
    opened = await bot.uma.slash("maintenance", "new Disk full")
    assert opened.view is not None
    bot.uma.fill(opened.view, {"Description": "No space left"})
    return opened.view


async def test_commands(bot: RunningBot, requests: None, snapshot: Snapshot) -> None:
    before = await snapshot()
    missed = {}
    for command, text, words in COMMANDS:
        answer = await bot.erik.slash(command, text)
        if words not in answer.text or answer.view is not None or "gives an admin" in answer.text:
            missed[f"/{command} {text}"] = answer.text or answer.view
    assert missed == {}
    assert await snapshot() == before


async def test_fields(bot: RunningBot, requests: None, snapshot: Snapshot) -> None:
    before = await snapshot()
    missed = {}
    for values, field, words in FORMS:
        refused = await bot.uma.submit(await new_form(bot), values)
        if list(refused.errors) != [field] or words not in refused.errors[field]:
            missed[str(values)] = refused
    assert missed == {}
    assert await snapshot() == before


async def test_a_project_that_was_archived_or_deleted_while_the_form_was_open(
    bot: RunningBot, requests: None, snapshot: Snapshot
) -> None:
    form = await new_form(bot)
    options = await bot.uma.options(form, "maintenance.project", "")
    assert [option["text"]["text"] for option in options] == ["None", "E-commerce Platform", "Web App"]
    await bot.fetch("UPDATE projects SET status = 'archived' WHERE name = 'Web App'")
    await bot.fetch("DELETE FROM projects WHERE name = 'E-commerce Platform'")
    before = await snapshot()
    assert "is archived" in (await bot.uma.submit(form, {"Project": "Web App"})).errors["project"]
    assert "is gone" in (await bot.uma.submit(form, {"Project": "E-commerce Platform"})).errors["project"]
    assert await snapshot() == before
    assert (await bot.uma.submit(form, {"Project": "None"})).closed


@asynccontextmanager
async def taken_away(bot: RunningBot) -> AsyncIterator[None]:
    """Let nobody into the bot's database, and end who is there."""
    outside = await asyncpg.connect(on_database(bot.database, "postgres").dsn)
    [name] = [row["name"] for row in await bot.fetch("SELECT current_database() AS name")]
    try:
        await outside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await outside.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)
        await outside.execute(f'ALTER DATABASE "{name}" RENAME TO "{name}_away"')
        yield
        await outside.execute(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"')
        await outside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        await outside.close()


async def test_the_database_is_down(bot: RunningBot, requests: None) -> None:
    form = await new_form(bot)
    async with taken_away(bot):
        answer = await bot.erik.slash("maintenance", "start 1")
        assert "database cannot be reached" in answer.text
        assert answer.ms < 3000
        refused = await bot.uma.submit(form)
        assert "database cannot be reached" in refused.errors["title"]
    assert "is in progress now" in await told(bot.erik, "maintenance", "start 1")
    assert (await bot.uma.submit(form)).closed
