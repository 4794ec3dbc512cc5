"""/worklog: logging, the day's 24 hours, lists, deletion, reports and their file."""

import asyncio
import csv
import io
from datetime import timedelta

import pytest

from tests.fixtures.bot import RunningBot
from tests.handlers.conftest import ADA, ERIK, EVA, Insert, Snapshot, told, whispered

LOGS = """
SELECT maintenance_request_id AS request, user_id, hours_spent AS hours, work_description AS what,
    (now() AT TIME ZONE 'America/New_York')::date - work_date AS days_ago
FROM maintenance_work_logs ORDER BY id
"""
WORK = """
INSERT INTO maintenance_work_logs (maintenance_request_id, user_id, work_description, hours_spent, work_date)
VALUES (1, 2, 'a', 1.25, '2026-11-02'), (1, 2, 'b', 0.5, '2026-11-30'), (2, 2, 'c', 2, '2026-11-10'),
    (2, 3, 'd', NULL, '2026-11-10'), (2, 3, 'e', 3, '2026-11-11'), (1, 1, 'f', 4, '2026-12-01')
"""


async def test_logging(bot: RunningBot, insert: Insert) -> None:
    await insert()
    answer = await told(bot.erik, "worklog", "MR-1 1h30m Replaced the “disk”")
    assert "1.5 hours" in answer
    assert "/worklog delete 1" in answer
    await told(bot.erik, "worklog", "#1 90m yesterday Ordered it")
    await told(bot.erik, "worklog", "1 1,75 date:yesterday Waited")
    assert [tuple(row.values()) for row in await bot.fetch(LOGS)] == [
        (1, ERIK, 1.5, "Replaced the “disk”", 0),
        (1, ERIK, 1.5, "Ordered it", 1),
        (1, ERIK, 1.75, "Waited", 1),
    ]
    assert "3 work logs, 4.75 hours in all" in await told(bot.eva, "worklog", "list 1")
    card = await bot.card(1)
    await bot.until(lambda: "4.75 hours" in str(card.blocks))


async def test_work_on_a_completed_request_may_be_logged_late(bot: RunningBot, insert: Insert) -> None:
    await insert(status="completed")
    assert "1 hour" in await told(bot.erik, "worklog", "1 1 Forgot to log it")


async def test_the_dialog(bot: RunningBot, insert: Insert) -> None:
    await insert()
    opened = await bot.eva.slash("worklog", "1")
    assert opened.view is not None
    assert opened.view.title == "Log work"
    [today] = await bot.fetch("SELECT (now() AT TIME ZONE 'Asia/Kolkata')::date::text AS day")
    assert f"'initial_date': '{today['day']}'" in str(opened.view.blocks)
    refusals = [
        ({"Hours": "-2"}, "hours", "negative"),
        ({"Hours": "0"}, "hours", "more than 0"),
        ({"Hours": "25"}, "hours", "at most 24"),
        ({"Hours": "1h90m"}, "hours", "at most 59"),
        ({"Hours": "1", "Date": "2999-01-01"}, "work_date", "in the future"),
        ({"Date": today["day"], "What was done": "a\u202eb"}, "description", "character"),
    ]
    for values, field, words in refusals:
        refused = await bot.eva.submit(opened.view, {"What was done": "x"} | values)
        assert list(refused.errors) == [field], values
        assert words in refused.errors[field], values
    assert await bot.fetch(LOGS) == []
    assert (await bot.eva.submit(opened.view, {"What was done": "Looked"}, repeat=5)).closed
    [log] = await bot.fetch(LOGS)
    assert (log["user_id"], log["hours"], log["what"]) == (EVA, 1, "Looked")
    assert "1 hour on" in whispered(bot.eva, "general")


async def test_a_day_has_24_hours_all_requests_together(bot: RunningBot, insert: Insert, snapshot: Snapshot) -> None:
    await insert()
    await insert("Other")
    await told(bot.erik, "worklog", "1 20 a")
    before = await snapshot()
    answer = await told(bot.erik, "worklog", "2 4h30m b")
    assert "20 are logged already" in answer
    assert "At most 4 can be added" in answer
    assert await snapshot() == before
    await told(bot.erik, "worklog", "2 4 b")
    await told(bot.erik, "worklog", "2 4 yesterday c")
    await told(bot.eva, "worklog", "2 24 d")
    assert len(await bot.fetch(LOGS)) == 4


async def test_two_logs_at_once_cannot_exceed_the_day(bot: RunningBot, insert: Insert) -> None:
    await insert()
    await insert("Other")
    await told(bot.erik, "maintenance", "")
    answers = await asyncio.gather(*(told(bot.erik, "worklog", f"{1 + n % 2} 5 work {n}") for n in range(8)))
    assert sum("5 hours" in answer and "logged on" in answer for answer in answers) == 4
    assert sum("20 are logged already" in answer for answer in answers) == 4
    assert len(await bot.fetch(LOGS)) == 4


async def test_deleting(bot: RunningBot, insert: Insert, snapshot: Snapshot) -> None:
    await insert()
    for text in ("1 1 a", "1 2 b", "1 3 c"):
        await told(bot.erik, "worklog", text)
    before = await snapshot()
    assert "Work log 1 is Erik Engineer's" in await told(bot.eva, "worklog", "delete 1")
    assert "Only an engineer" in await told(bot.uma, "worklog", "delete 1")
    assert (await snapshot())["maintenance_work_logs"] == before["maintenance_work_logs"]
    assert "Work log 1 (1 hour" in await told(bot.erik, "worklog", "delete 1")
    assert "There is no work log 1" in await told(bot.erik, "worklog", "delete 1")
    bot.clock.offset += timedelta(hours=25)
    assert "older than 24 hours" in await told(bot.erik, "worklog", "delete #2")
    assert "Work log 2 (2 hours" in await told(bot.ada, "worklog", "delete WL-2")
    assert [row["what"] for row in await bot.fetch(LOGS)] == ["c"]
    deleted = await bot.fetch("SELECT actor_id FROM techops.activity WHERE verb = 'work_deleted' ORDER BY id")
    assert [row["actor_id"] for row in deleted] == [ERIK, ADA]


async def test_two_people_delete_one_log(bot: RunningBot, insert: Insert) -> None:
    await insert()
    await told(bot.erik, "worklog", "1 1 a")
    await told(bot.ada, "maintenance", "")
    answers = await asyncio.gather(told(bot.erik, "worklog", "delete 1"), told(bot.ada, "worklog", "delete 1"))
    assert sorted("was deleted from" in answer for answer in answers) == [False, True]
    assert sum("There is no work log 1" in answer for answer in answers) == 1


@pytest.fixture
async def worked(bot: RunningBot, insert: Insert) -> None:
    await insert("=Disk, full", project_id=2)
    await insert("Other")
    await bot.fetch(WORK)


async def test_reports(bot: RunningBot, worked: None) -> None:
    november = "2026-11-01..2026-11-30"
    answer = await told(bot.erik, "worklog", f"report {november}")
    for words in (
        "Your hours",
        "3.75 hours",
        "Erik Engineer: 3.75 hours",
        "Web App: 1.75 hours",
        "No project: 2 hours",
    ):
        assert words in answer, words
    everybody = await told(bot.erik, "worklog", f"report all {november}")
    for words in ("6.75 hours", "Eva Engineer: 3 hours", "Erik Engineer: 3.75 hours", "MR-2 Other"):
        assert words in everybody, words
    assert "Hours of Eva Engineer" in await told(bot.erik, "worklog", f"report {november} @eva")
    project = await told(bot.erik, "worklog", f'report project:"web app" {november}')
    assert "Hours on Web App" in project
    assert "1.75 hours" in project
    assert "no work is logged" in await told(bot.erik, "worklog", "report 2020-01-01..2020-12-31")
    assert "Only an engineer" in await told(bot.uma, "worklog", "report")


async def test_the_file(bot: RunningBot, worked: None) -> None:
    answer = await bot.erik.slash("worklog", "report all 2026-11-01..2026-11-30")
    clicked = await bot.erik.click(answer.messages[0], "worklog.export", repeat=5)
    assert [delivered.error for delivered in clicked.repeats] == [""] * 5
    assert "hours_2026-11-01_2026-11-30.csv" in whispered(bot.erik, "general")
    await bot.until(lambda: any(message.files for message in bot.erik.dms_from_bot()))
    [message] = bot.erik.dms_from_bot()
    [file] = message.files
    content = bot.slack.files[file["id"]].content.decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [(row["Person"], row["Request"], row["Hours"]) for row in rows] == [
        ("Erik Engineer", "MR-1", "1.75"),
        ("Erik Engineer", "MR-2", "2"),
        ("Eva Engineer", "MR-2", "3"),
    ]
    assert {row["Title"] for row in rows} == {"'=Disk, full", "Other"}, "a title is no formula"


@pytest.mark.parametrize("value", ["", "x", "W10=", "bnVsbA==", "WzEsMiwzLDQsNV0="])
async def test_a_forged_export_is_refused(bot: RunningBot, worked: None, value: str) -> None:
    answer = await bot.erik.slash("worklog", "report all 2026-11-01..2026-11-30")
    await bot.erik.click(answer.messages[0], "worklog.export", value=value)
    assert "Please type the command again" in whispered(bot.erik, "general")
    assert await bot.fetch("SELECT FROM techops.messages WHERE key LIKE 'file:%'") == []


async def test_an_export_pressed_by_somebody_without_the_role(bot: RunningBot, worked: None) -> None:
    answer = await bot.erik.slash("worklog", "report all 2026-11-01..2026-11-30")
    await bot.uma.click(answer.messages[0], "worklog.export")
    assert "Only an engineer" in whispered(bot.uma, "general")


async def test_hours_and_days_that_only_the_dashboard_can_write(bot: RunningBot, insert: Insert) -> None:
    await insert()
    await bot.fetch("""
        INSERT INTO maintenance_work_logs (maintenance_request_id, user_id, work_description, hours_spent, work_date)
        VALUES (1, 2, 'a', 'NaN', 'infinity'), (1, 2, 'b', -3, '20260-01-01'), (1, 2, 'c', NULL, '0044-03-15 BC'),
            (1, 2, 'd', 999, '2026-11-10'), (1, 2, 'e', 'NaN', '2026-11-10')
    """)
    for command, text in (("worklog", "list 1"), ("maintenance", "show 1"), ("maintenance", "history 1")):
        answer = await told(bot.erik, command, text)
        assert "MR-1" in answer, text
        assert "fault in the bot" not in answer, text
    assert "999 hours" in await told(bot.erik, "worklog", "report all 2026-11-01..2026-11-30")
    assert "999 are logged already" in await told(bot.erik, "worklog", "1 1 2026-11-10 more")
